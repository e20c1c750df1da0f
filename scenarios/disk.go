package scenarios

import (
	"path/filepath"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// Disk is where a lab's members keep their data, and how slow it is made.
type Disk struct {
	// Data and WAL are absolute paths of existing folders; each member gets one
	// of its own below. Data is empty for the run folder, WAL where it lies with the data.
	Data, WAL string
	// Filtered tells that the members' fsyncs pass through the lab host, also
	// where it adds no delay.
	Filtered bool
	// FsyncDelay is added to what each fsync takes by itself.
	FsyncDelay FsyncDelay
	// DropCaches has the page cache flushed before the lab starts.
	DropCaches bool
}

// FsyncDelay is a distribution of delays: always the same where P50 and P99
// are equal, log-normal otherwise. The fsyncs of a member wait for one another,
// as those of one device do.
type FsyncDelay struct {
	P50, P99 time.Duration
	// Every so often the device does nothing for a while; zero for never.
	StallEvery, StallFor time.Duration
}

// maxDelay is how much one fsync or round trip may be delayed.
const maxDelay = 10 * time.Second

// readDisk reads [disk].
func readDisk(t *table) Disk {
	defer t.unknown()
	d := Disk{Data: t.folder("data"), WAL: t.folder("wal"), Filtered: t.has("fsync_delay")}
	d.FsyncDelay = t.fsyncDelay("fsync_delay")
	d.DropCaches = t.boolean("drop_caches", false)
	return d
}

// folder is an absolute path, clean; empty if it was not written.
func (t *table) folder(key string) string {
	path := t.text(key, "")
	if !t.has(key) {
		return ""
	}
	if !filepath.IsAbs(path) || filepath.Clean(path) == "/" {
		t.fault(key, `= %q is not the absolute path of a folder; write for example "/mnt/ssd"`, shorten(path))
		return ""
	}
	return filepath.Clean(path)
}

// fsyncDelay is a duration, or a table of a distribution.
func (t *table) fsyncDelay(key string) FsyncDelay {
	if _, isTable := t.values[key].(map[string]any); !isTable {
		d := t.duration(key, 0, 0, maxDelay)
		return FsyncDelay{P50: d, P99: d}
	}
	below := t.sub(key)
	defer below.unknown()
	below.require("p50", `p50 = "1ms", p99 = "10ms"`)
	d := FsyncDelay{P50: below.duration("p50", 0, 0, maxDelay)}
	d.P99 = below.duration("p99", d.P50, 0, maxDelay)
	switch {
	case d.P99 < d.P50:
		below.fault("p99", "= %q is less than p50", unit.FormatDuration(d.P99))
	case below.has("p50") && d.P50 == 0 && d.P99 > 0:
		below.fault("p50", `= "0s" with a p99 above it is no log-normal distribution; write for example "100us"`)
	}
	stall := below.sub("stall")
	defer stall.unknown()
	if below.has("stall") || stall.shape != nil {
		stall.require("every", `every = "30s", for = "500ms"`)
		stall.require("for", `every = "30s", for = "500ms"`)
		d.StallEvery = stall.duration("every", 0, 100*time.Millisecond, time.Hour)
		d.StallFor = stall.duration("for", 0, time.Millisecond, time.Minute)
		if d.StallFor >= d.StallEvery && d.StallEvery > 0 {
			stall.fault("for", "= %q is not less than every: the device would never do anything", unit.FormatDuration(d.StallFor))
		}
	}
	return d
}

// encode writes [disk].
func (d Disk) encode(top *section) {
	s := section{out: top.out, header: "disk"}
	if d.Data != "" {
		s.text("data", d.Data)
	}
	if d.WAL != "" {
		s.text("wal", d.WAL)
	}
	if d.Filtered {
		d.FsyncDelay.encode(&s)
	}
	if d.DropCaches {
		s.boolean("drop_caches", true)
	}
	s.flushUnlessEmpty()
}

func (d FsyncDelay) encode(s *section) {
	if d.P50 == d.P99 && d.StallEvery == 0 {
		s.duration("fsync_delay", d.P50)
		return
	}
	pairs := []pair{{"p50", quote(unit.FormatDuration(d.P50))}, {"p99", quote(unit.FormatDuration(d.P99))}}
	if d.StallEvery > 0 {
		pairs = append(pairs, pair{"stall", inlineTable([]pair{
			{"every", quote(unit.FormatDuration(d.StallEvery))}, {"for", quote(unit.FormatDuration(d.StallFor))},
		})})
	}
	s.inline("fsync_delay", pairs...)
}
