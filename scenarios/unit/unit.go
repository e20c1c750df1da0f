// Package unit reads and writes quantities with their units, as users write
// them in scenarios, configurations and thresholds: rates, sizes, durations.
//
// Parsing what a Format function wrote gives the identical value.
package unit

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
)

// scale is a unit and how many of the base unit it is.
type scale struct {
	name   string
	factor float64
}

// rates are per that many seconds.
var rates = []scale{{"s", 1}, {"min", 60}, {"h", 3600}}

// sizes are in bytes; where two texts are equally long the later unit is written.
var sizes = []scale{
	{"B", 1},
	{"KB", 1e3},
	{"KiB", 1 << 10},
	{"MB", 1e6},
	{"MiB", 1 << 20},
	{"GB", 1e9},
	{"GiB", 1 << 30},
}

// number is an unsigned decimal number, without exponent, sign, infinity or hexadecimal.
var number = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?(.*)$`)

// ParseRate reads "500/s", "30/min" or "2/h" as a number per second. It does
// not bound the rate; 0 and any finite number are read.
func ParseRate(text string) (perSecond float64, err error) {
	const want = `write a number per s, min or h, as in "500/s" or "30/min"`
	m := number.FindStringSubmatch(text)
	switch {
	case m == nil && strings.HasPrefix(text, "-"):
		return 0, fmt.Errorf("%q is negative; %s", text, want)
	case m == nil:
		return 0, fmt.Errorf("%q is not a rate; %s", text, want)
	}
	name, ok := strings.CutPrefix(m[2], "/")
	if !ok {
		return 0, fmt.Errorf("%q is a rate without its time; %s", text, want)
	}
	for _, r := range rates {
		if r.name == name {
			return finite(m[1], 1, r.factor)
		}
	}
	return 0, fmt.Errorf("%q: unknown time %q in a rate; %s", text, name, want)
}

// ParseSize reads "64B", "6.8KB" (1,000) or "4KiB" (1,024) as a number of
// bytes, rounded to the nearest, at most 2^62.
func ParseSize(text string) (bytes int64, err error) {
	const want = `write a number with B, KB, KiB, MB, MiB, GB or GiB, as in "4KiB"`
	m := number.FindStringSubmatch(text)
	switch {
	case m == nil && strings.HasPrefix(text, "-"):
		return 0, fmt.Errorf("%q is negative; %s", text, want)
	case m == nil:
		return 0, fmt.Errorf("%q is not a size; %s", text, want)
	case m[2] == "":
		return 0, fmt.Errorf(`%q is a size without its unit; write "%sB" or another unit`, text, m[1])
	}
	for _, s := range sizes {
		if s.name != m[2] {
			continue
		}
		n, err := finite(m[1], s.factor, 1)
		if err == nil && n > 1<<62 {
			err = fmt.Errorf("%q is too large a size", text)
		}
		return int64(math.Round(n)), err
	}
	return 0, fmt.Errorf("%q: unknown unit %q%s; %s", text, m[2], nearest.Hint(m[2], names(sizes)), want)
}

// ParseDuration reads a duration as Go writes it: "250ms", "5s", "1m30s". It
// may be zero or negative.
func ParseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	switch {
	case err == nil:
		return d, nil
	case number.MatchString(text) && number.FindStringSubmatch(text)[2] == "":
		return 0, fmt.Errorf(`%q is a duration without its unit; write "%ss" or "%sms"`, text, text, text)
	}
	return 0, fmt.Errorf(`%q is not a duration; write a number with ms, s, m or h, as in "250ms" or "1m30s"`, text)
}

// FormatRate writes a rate in the unit that gives the shortest text.
func FormatRate(perSecond float64) string {
	best := decimal(perSecond, -1) + "/s"
	for _, r := range rates {
		for _, digits := range []int{-1, 12} {
			n := decimal(perSecond*r.factor, digits)
			text := n + "/" + r.name
			if back, err := ParseRate(text); err == nil && back == perSecond && len(text) < len(best) {
				best = text
			}
		}
	}
	return best
}

// FormatSize writes a size exactly, in the unit that gives the shortest text.
func FormatSize(bytes int64) string {
	best := strconv.FormatInt(bytes, 10) + "B"
	for _, s := range sizes[1:] {
		text := decimal(float64(bytes)/s.factor, -1) + s.name
		if back, err := ParseSize(text); err == nil && back == bytes && len(text) <= len(best) {
			best = text
		}
	}
	return best
}

// FormatDuration writes a duration as Go does, without parts that are zero:
// "5m" where Go writes "5m0s".
func FormatDuration(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// finite reads a decimal number and scales it, which must not overflow.
func finite(text string, times, over float64) (float64, error) {
	n, err := strconv.ParseFloat(text, 64)
	if err != nil || math.IsInf(n*times, 0) {
		return 0, fmt.Errorf("%.20q… is too large a number", text)
	}
	return n * times / over, nil
}

// decimal writes a number without exponent, with that many significant
// digits, or as many as it takes where digits is -1.
func decimal(n float64, digits int) string {
	if digits > 0 {
		if n, err := strconv.ParseFloat(strconv.FormatFloat(n, 'g', digits, 64), 64); err == nil {
			return strconv.FormatFloat(n, 'f', -1, 64)
		}
	}
	return strconv.FormatFloat(n, 'f', -1, 64)
}

// names are the scales' names in order.
func names(scales []scale) []string {
	all := make([]string, len(scales))
	for i, s := range scales {
		all[i] = s.name
	}
	return all
}
