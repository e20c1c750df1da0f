package runner

import (
	"context"
	"fmt"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// availability writes one small key again and again, beside the load, and so
// knows when the cluster acknowledges writes and how soon. Its client comes back
// to a member as soon as that is there: what it measures is the cluster's outage,
// and the load tells what clients make of it.
type availability struct {
	client *clientv3.Client
	clock  *clock
	key    string

	mu sync.Mutex // guards all below
	// flying are the writes under way by their number, and next is that of the next.
	flying map[int64]time.Duration
	next   int64
	// lastAck is when a write was acknowledged last.
	lastAck time.Duration
	// usual is how many microseconds writes take while nothing is done to the cluster.
	usual *hdr.Histogram
	open  []*outage
}

// How often the key is written, how long a write may take, and how many may be
// under way: when there are more, one that is due is taken for failed.
const (
	writeEvery    = 20 * time.Millisecond
	writeDeadline = 10 * time.Second
	writesFlying  = 1000
)

// availabilityKey lies below the run's prefix.
const availabilityKey = "etcd-dyno/availability"

func newAvailability(e *env, prefix string) (*availability, error) {
	c, err := e.api.ConnectPrompt()
	if err != nil {
		return nil, fmt.Errorf("preparing to watch the cluster's service: %w", err)
	}
	return &availability{
		client: c, clock: e.clock, key: prefix + availabilityKey, flying: map[int64]time.Duration{},
		lastAck: e.clock.Now(), usual: hdr.New(1, time.Hour.Microseconds(), 2),
	}, nil
}

// run writes until ctx ends, and returns when all that it wrote is over.
func (a *availability) run(ctx context.Context) {
	var writes sync.WaitGroup
	defer writes.Wait()
	tick := time.NewTicker(writeEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		number, ok := a.begin(a.clock.Now())
		if !ok {
			continue
		}
		writes.Go(func() {
			writing, cancel := context.WithTimeout(ctx, writeDeadline)
			defer cancel()
			_, err := a.client.Put(writing, a.key, "")
			if ctx.Err() == nil {
				a.end(number, a.clock.Now(), err == nil)
			}
		})
	}
}

// begin notes a write that leaves; false where too many are under way, which is as if it failed.
func (a *availability) begin(now time.Duration) (number int64, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	number = a.next
	a.next++
	if len(a.flying) >= writesFlying {
		a.tell(written{sent: now, done: now})
		return 0, false
	}
	a.flying[number] = now
	return number, true
}

// end notes what became of a write.
func (a *availability) end(number int64, now time.Duration, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w := written{sent: a.flying[number], done: now, ok: ok}
	delete(a.flying, number)
	if len(a.open) == 0 && ok {
		_ = a.usual.RecordValue(w.took().Microseconds()) // below the deadline, and so in range
	}
	a.tell(w)
	if ok {
		a.lastAck = max(a.lastAck, now)
	}
}

// tell tells the outages of a write; a.mu is held.
func (a *availability) tell(w written) {
	for _, o := range a.open {
		o.see(w)
	}
}

// written is one write, and what became of it.
type written struct {
	sent, done time.Duration
	ok         bool
}

func (w written) took() time.Duration { return w.done - w.sent }

// How many times longer than the 99th percentile before it a write may take to be
// as before, and how long it may take at any rate.
const (
	slower     = 2
	quickWrite = 50 * time.Millisecond
)

// watch follows what becomes of the service from now on.
func (a *availability) watch(from time.Duration) *outage {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, before := range a.open {
		if disturbed, _ := before.look(from, a.flying); before.over && !disturbed && before.closed == never {
			before.closed = from
		}
	}
	o := &outage{from: from, lastAck: min(a.lastAck, from), good: quickWrite, closed: never}
	if a.usual.TotalCount() > 0 {
		o.good = max(o.good, slower*time.Duration(a.usual.ValueAtPercentile(99))*time.Microsecond)
	}
	a.open = append(a.open, o)
	return o
}

// over notes that what was done is undone.
func (a *availability) over(o *outage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	o.over = true
}

// forget ends the following of an outage.
func (a *availability) forget(o *outage) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i, each := range a.open {
		if each == o {
			a.open = append(a.open[:i], a.open[i+1:]...)
			return
		}
	}
}

// serviceState is how an outage stands at a moment.
type serviceState struct {
	// gap is the longest time without an acknowledged write; until is when writes were
	// as before again, and tail when the last that was not had ended: 0 where all were.
	gap, until, tail time.Duration
	// disturbed tells that they are not as before yet, held that some have not ended yet.
	disturbed, held bool
}

// state is how an outage stands now.
func (a *availability) state(o *outage, now time.Duration) serviceState {
	a.mu.Lock()
	defer a.mu.Unlock()
	disturbed, held := o.look(now, a.flying)
	s := serviceState{gap: o.gap, until: o.until, tail: o.tail, disturbed: disturbed, held: held}
	if disturbed {
		s.gap = max(s.gap, now-o.lastAck)
	}
	return s
}
