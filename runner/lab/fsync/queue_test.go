package fsync

import (
	"slices"
	"testing"
	"time"
)

func (q *queue) dues() (dues []time.Duration) {
	for _, f := range q.waiting {
		dues = append(dues, f.due)
	}
	return dues
}

func mustBeDue(t *testing.T, q *queue, want ...time.Duration) {
	t.Helper()
	if got := q.dues(); !slices.Equal(got, want) {
		t.Errorf("due at %v, want %v", got, want)
	}
}

func TestQueueDoesOneAfterTheOther(t *testing.T) {
	q := newQueue(Delay{P50: 10 * ms, P99: 10 * ms}, 1)
	q.add(1, 5*ms)
	q.add(2, 7*ms)
	mustBeDue(t, q, 15*ms, 25*ms)
	if next, ok := q.next(); !ok || next.id != 1 {
		t.Errorf("next is %v, %v", next, ok)
	}
	q.done()
	q.add(3, 40*ms) // the disk is idle since 25
	mustBeDue(t, q, 25*ms, 50*ms)
}

func TestQueueStandsStillInStalls(t *testing.T) {
	q := newQueue(Delay{P50: 10 * ms, P99: 10 * ms, Stall: Stall{Every: 100 * ms, For: 50 * ms}}, 1)
	q.add(1, 35*ms)
	q.add(2, 35*ms)
	q.add(3, 60*ms)
	mustBeDue(t, q, 45*ms, 105*ms, 115*ms)
}

func TestSetBeginsAnewWhatWaits(t *testing.T) {
	q := newQueue(Delay{P50: time.Hour, P99: time.Hour}, 1)
	q.add(1, 0)
	q.add(2, 0)
	q.set(Delay{P50: 10 * ms, P99: 10 * ms, Stall: Stall{Every: 20 * ms, For: 5 * ms}}, 100*ms)
	mustBeDue(t, q, 110*ms, 125*ms) // the second has 5 ms before the stall from 115 to 120
	q.set(Delay{}, 112*ms)
	q.add(3, 113*ms)
	mustBeDue(t, q, 112*ms, 112*ms, 113*ms)
}

func TestHoldStopsAllUntilItBeginsAnew(t *testing.T) {
	q := newQueue(Delay{P50: 10 * ms, P99: 10 * ms}, 1)
	q.add(1, 0)
	q.hold(true, 5*ms)
	q.add(2, 6*ms)
	if next, ok := q.next(); ok {
		t.Errorf("%v ends on a disk that stands still", next)
	}
	q.hold(false, 100*ms)
	mustBeDue(t, q, 110*ms, 120*ms)
	q.hold(false, 105*ms) // it goes on as it was
	mustBeDue(t, q, 110*ms, 120*ms)
}

func TestEqualSeedsGiveEqualDelays(t *testing.T) {
	varying := Delay{P50: 10 * ms, P99: 50 * ms}
	delays := func(seed uint64, first Delay) []time.Duration {
		q := newQueue(first, seed)
		q.add(0, 0)
		q.done()
		q.set(varying, 0)
		for id := range uint64(10) {
			q.add(id, 0)
		}
		return q.dues()
	}
	one := delays(1, varying)
	if again := delays(1, Delay{}); !slices.Equal(one, again) {
		t.Errorf("the same seed gives %v and, after another delay, %v", one, again)
	}
	if other := delays(2, varying); slices.Equal(one, other) {
		t.Errorf("two seeds give %v", one)
	}
}
