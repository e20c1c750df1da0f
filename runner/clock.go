package runner

import (
	"sync/atomic"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/record"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// clock tells offsets from the start of the run, by the monotonic clock. It may be shared by goroutines.
type clock struct {
	zero   time.Time
	phases scenarios.Phases
	// begin is the start of the warm-up; far away until the load starts.
	begin atomic.Int64
	// ended is when an interruption ended the load; far away unless there is one.
	ended atomic.Int64
}

// far is an instant that never comes.
const far = 1 << 62

func newClock(phases scenarios.Phases) *clock {
	c := &clock{zero: time.Now(), phases: phases}
	c.begin.Store(far)
	c.ended.Store(far)
	return c
}

// Now is the offset from the start of the run.
func (c *clock) Now() time.Duration { return time.Since(c.zero) }

// measureStart and measureEnd are offsets from the start of the run, known once the load has started.
func (c *clock) measureStart() time.Duration {
	return time.Duration(c.begin.Load()) + c.phases.Warmup
}

func (c *clock) measureEnd() time.Duration { return c.measureStart() + c.phases.Measure }

// loadEnd is when the load ends: with the measure phase, or where it was interrupted.
func (c *clock) loadEnd() time.Duration {
	return min(c.measureEnd(), time.Duration(c.ended.Load()))
}

// loads reports whether a chain that is due at an instant may begin: the load has begun and not ended.
func (c *clock) loads(at time.Duration) bool {
	return int64(at) >= c.begin.Load() && at < c.loadEnd()
}

// Phase is the phase that an instant lies in. Setup counts as warm-up, and what
// comes after an interruption as drain.
func (c *clock) Phase(at time.Duration) record.Phase {
	since := at - time.Duration(c.begin.Load())
	switch {
	case int64(at) >= c.ended.Load():
		return record.Drain
	case since < c.phases.Warmup:
		return record.Warmup
	case since < c.phases.Warmup+c.phases.Measure:
		return record.Measure
	default:
		return record.Drain
	}
}
