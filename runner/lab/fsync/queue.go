package fsync

import (
	"math/rand/v2"
	"time"
)

// queue says when each fsync ends on a disk that does one after the other. It
// has no clock: instants are offsets from the start of the disk and never go back.
type queue struct {
	delay   Delay
	since   time.Duration // when delay was set
	free    time.Duration // when the disk has done all that waits
	draws   *rand.Rand
	held    bool    // nothing ends
	waiting []fsync // in the order in which they came and end
}

// fsync is one that waits.
type fsync struct {
	id uint64 // the kernel's
	// z is what it drew. It draws even where all are delayed alike: the n-th of a
	// seed is thus the same whatever was set before.
	z   float64
	due time.Duration
}

func newQueue(d Delay, seed uint64) *queue {
	return &queue{delay: d, draws: rand.New(rand.NewPCG(seed, 0x66737963))}
}

func (q *queue) add(id uint64, now time.Duration) {
	f := fsync{id: id, z: q.draws.NormFloat64()}
	f.due = q.end(f, now)
	q.waiting = append(q.waiting, f)
}

// end is when the disk has done f, which is the last.
func (q *queue) end(f fsync, now time.Duration) time.Duration {
	begin := max(now, q.free)
	q.free = q.since + q.delay.Stall.end(begin-q.since, q.delay.of(f.z))
	return q.free
}

// set changes the delay. What waits begins anew: it may have waited for a stall
// that is over now.
func (q *queue) set(d Delay, now time.Duration) {
	q.delay, q.since = d, now
	q.again(now)
}

// hold makes the disk stand still, or go on: then what waits begins anew.
func (q *queue) hold(held bool, now time.Duration) {
	if q.held && !held {
		q.again(now)
	}
	q.held = held
}

func (q *queue) again(now time.Duration) {
	q.free = now
	for i := range q.waiting {
		q.waiting[i].due = q.end(q.waiting[i], now)
	}
}

// next is the fsync that ends next, if one waits and the disk does not stand still.
func (q *queue) next() (fsync, bool) {
	if q.held || len(q.waiting) == 0 {
		return fsync{}, false
	}
	return q.waiting[0], true
}

// done takes off the fsync that ends next.
func (q *queue) done() {
	q.waiting = append(q.waiting[:0], q.waiting[1:]...)
}
