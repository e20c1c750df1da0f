package runner

import (
	"runtime/debug"
	"runtime/metrics"
)

// collectorRoom is how much garbage may lie around before Go collects it, in
// bytes, where the heap itself is smaller. Go would leave as much as the heap
// has, which of this program is little: at 5,000 puts a second it would collect
// five times a second, beside the requests that are timed.
const collectorRoom = 64 << 20

// collector keeps Go's garbage collector off while the load runs, unless the
// user has set GOGC. It is used by one goroutine.
type collector struct {
	before int
	live   []metrics.Sample
}

// collected is the setting that the runs of this process share which have their load under way.
var collected shared //nolint:gochecknoglobals // the setting is the process's own

func startCollector() *collector {
	before := collected.enter(func() int { return debug.SetGCPercent(100) })
	c := &collector{before: before, live: []metrics.Sample{{Name: "/gc/heap/live:bytes"}}}
	c.adapt()
	return c
}

// adapt follows the heap's size.
func (c *collector) adapt() {
	if c.before != 100 {
		debug.SetGCPercent(c.before)
		return
	}
	metrics.Read(c.live)
	debug.SetGCPercent(percentOf(c.live[0].Value.Uint64()))
}

// percentOf is by how many percent a heap of so many bytes may grow before it is collected.
func percentOf(live uint64) int {
	return int(max(100, 100*collectorRoom/max(live, 1<<20)))
}

func (c *collector) stop() { collected.leave(func(before int) { debug.SetGCPercent(before) }) }
