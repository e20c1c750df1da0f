package runner

import (
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// arriving is one arrival of a workload.
type arriving struct {
	// index is the arrival's number, or the subject of a periodic one.
	index int
	due   time.Duration
	// client is whose arrival it is in a closed loop; nil in an open one.
	client *client
	// early tells that the arrival was due at once, so that no pacing thread was late with it.
	early bool
}

// arrivals starts a workload's chains when they are due: by its schedule, or
// in a closed loop whenever one of its clients has ended the last. In a closed
// loop start is called by several goroutines at once.
func (e *env) arrivals(w scenarios.Workload, start func(arriving)) {
	if w.Arrival.Process != scenarios.Closed {
		e.pacer.add(e.sequence(w), start)
		return
	}
	l := &loop{pacer: e.pacer, clock: e.clock, think: w.Arrival.Think, start: start}
	if w.Window.Set {
		l.opens = e.opens(w)
		if w.Window.For > 0 {
			l.closes = l.opens + w.Window.For
		}
	}
	if w.Arrival.MaxRate > 0 {
		l.limiter = rate.NewLimiter(rate.Limit(w.Arrival.MaxRate), 1)
	}
	for range w.Arrival.Clients {
		e.pacer.clients = append(e.pacer.clients, &client{loop: l})
	}
}

// loop is a closed loop: as many chains under way as there are clients, and the
// next due only when one has ended. A stalled etcd is then asked less instead
// of seen to be slow. It is what most load tools do, and what DESIGN.md's first
// promise is about.
type loop struct {
	pacer   *pacer
	clock   *clock
	think   time.Duration
	limiter *rate.Limiter // nil without a maximal rate
	start   func(arriving)
	// opens and closes are its window, from the start of the warm-up; closes is 0 where the load's end is its own.
	opens, closes time.Duration
	next          atomic.Int64 // the number of the next arrival
}

// client starts chains one after the other. Only one goroutine at a time has to do with it.
type client struct {
	loop *loop
	// open is how many chains of the present arrival have not ended.
	open atomic.Int32
	// allowed tells that the limiter has let the next arrival pass, at its due time.
	allowed bool
}

// ended notes that a chain of the client's has ended.
func (c *client) ended(at time.Duration) {
	if c.open.Add(-1) > 0 {
		return
	}
	if c.loop.think > 0 {
		c.loop.pacer.later(step{at: at + c.loop.think, client: c})
		return
	}
	c.ready(at, true)
}

// ready starts the next arrival, or waits until the limiter allows it. What
// the limiter holds back is due when it lets it pass: the clock starts behind
// the limiter, as in other closed loops.
func (c *client) ready(due time.Duration, early bool) {
	if l := c.loop.limiter; l != nil && !c.allowed {
		if wait := l.Reserve().Delay(); wait > 0 {
			c.allowed = true
			c.loop.pacer.later(step{at: c.loop.clock.Now() + wait, client: c})
			return
		}
	}
	c.allowed = false
	if l := c.loop; !l.clock.loads(due) || l.closes > 0 && due >= time.Duration(l.clock.begin.Load())+l.closes {
		return
	}
	c.open.Store(1) // so that it cannot end before all its chains have begun
	c.loop.start(arriving{index: int(c.loop.next.Add(1) - 1), due: due, client: c, early: early})
	c.ended(due)
}
