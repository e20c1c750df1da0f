package unit

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// memories are Kubernetes' units of memory, and those of sizes.
var memories = []scale{
	{"", 1},
	{"k", 1e3},
	{"M", 1e6},
	{"G", 1e9},
	{"T", 1e12},
	{"Ki", 1 << 10},
	{"Mi", 1 << 20},
	{"Gi", 1 << 30},
	{"Ti", 1 << 40},
	{"B", 1},
	{"KB", 1e3},
	{"KiB", 1 << 10},
	{"MB", 1e6},
	{"MiB", 1 << 20},
	{"GB", 1e9},
	{"GiB", 1 << 30},
}

// ParseCPU reads processors as Kubernetes writes them, "500m" or "1.5", as
// thousandths of a processor, rounded up as Kubernetes does.
func ParseCPU(text string) (millis int, err error) {
	const want = `write processors as Kubernetes does, as in "500m" or "2"`
	m := number.FindStringSubmatch(text)
	if m == nil || m[2] != "" && m[2] != "m" {
		return 0, fmt.Errorf("%q is no number of processors; %s", text, want)
	}
	factor := 1000.0
	if m[2] == "m" {
		factor = 1
	}
	n, err := finite(m[1], factor, 1)
	if err == nil && n > math.MaxInt32 {
		err = fmt.Errorf("%q is too many processors", text)
	}
	// 1.1 · 1000 is 1100.0000000000002 in floating point.
	return int(math.Ceil(n - 1e-6)), err
}

// FormatCPU writes thousandths of a processor as Kubernetes does.
func FormatCPU(millis int) string {
	if millis%1000 == 0 {
		return strconv.Itoa(millis / 1000)
	}
	return strconv.Itoa(millis) + "m"
}

// ParseMemory reads memory as Kubernetes writes it, "2Gi", "512M" or a number
// of bytes, or as a size, "2GiB", as a number of bytes.
func ParseMemory(text string) (bytes int64, err error) {
	const want = `write memory as Kubernetes does, as in "2Gi" or "512Mi"`
	m := number.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is no amount of memory; %s", text, want)
	}
	return whole(text, m[1], m[2], memories, want)
}

// whole is so many of a unit, in the base unit and rounded to the nearest, at most 2^62.
func whole(text, count, unit string, scales []scale, want string) (int64, error) {
	for _, s := range scales {
		if s.name != unit {
			continue
		}
		n, err := finite(count, s.factor, 1)
		if err == nil && n > 1<<62 {
			err = fmt.Errorf("%q is too much", text)
		}
		return int64(math.Round(n)), err
	}
	return 0, fmt.Errorf("%q: unknown unit %q; %s", text, unit, want)
}

// FormatMemory writes bytes exactly, as Kubernetes does.
func FormatMemory(bytes int64) string {
	best := strconv.FormatInt(bytes, 10)
	for _, s := range memories[1:] {
		text := decimal(float64(bytes)/s.factor, -1) + s.name
		if back, err := ParseMemory(text); err == nil && back == bytes && len(text) < len(best) {
			best = text
		}
	}
	return best
}

// bandwidths are in bytes a second; networks are sold in bits.
var bandwidths = []scale{
	{"Kbit", 1e3 / 8},
	{"Mbit", 1e6 / 8},
	{"Gbit", 1e9 / 8},
	{"B", 1},
	{"KB", 1e3},
	{"KiB", 1 << 10},
	{"MB", 1e6},
	{"MiB", 1 << 20},
	{"GB", 1e9},
	{"GiB", 1 << 30},
}

// ParseBandwidth reads "1Gbit/s" or "100MB/s" as bytes a second, rounded to the nearest.
func ParseBandwidth(text string) (bytesPerSecond int64, err error) {
	const want = `write a number with Mbit/s, Gbit/s or MB/s, as in "1Gbit/s"`
	m := number.FindStringSubmatch(text)
	if m == nil {
		return 0, fmt.Errorf("%q is no bandwidth; %s", text, want)
	}
	name, ok := strings.CutSuffix(m[2], "/s")
	if !ok {
		return 0, fmt.Errorf(`%q is a bandwidth without "/s"; %s`, text, want)
	}
	return whole(text, m[1], name, bandwidths, want)
}

// FormatBandwidth writes bytes a second exactly, in the unit that gives the
// shortest text; in bits where two are equally short.
func FormatBandwidth(bytesPerSecond int64) string {
	best := strconv.FormatInt(bytesPerSecond, 10) + "B/s"
	for _, s := range bandwidths {
		text := decimal(float64(bytesPerSecond)/s.factor, -1) + s.name + "/s"
		if back, err := ParseBandwidth(text); err == nil && back == bytesPerSecond && len(text) < len(best) {
			best = text
		}
	}
	return best
}
