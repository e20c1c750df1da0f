package runner

import (
	"slices"
	"time"
)

// outage is what became of the service since something was done to the cluster.
//
// A write is bad that failed or took longer than good. Now and then one is, in
// any cluster; so the service is disturbed where more than fewBad of the writes
// that were sent within a second are bad.
type outage struct {
	from time.Duration
	good time.Duration
	// lastAck is when a write was acknowledged last, and gap the longest time between two.
	lastAck, gap time.Duration
	// until is when the first write was sent after the last bad one of a disturbance; 0 where there was none.
	until time.Duration
	// over tells that what was done is undone. When something else is done then, and
	// the service is as before, what is sent from closed on is no part of it.
	over   bool
	closed time.Duration
	// tail is when the last bad write ended.
	tail time.Duration
	// bad is when the latest bad writes were sent.
	bad []time.Duration
}

// settled is how long the service must be undisturbed to be called so.
const settled = time.Second

// fewBad is how many of a second's writes may be bad without a disturbance: a twentieth.
const fewBad = int(settled/writeEvery) / 20

// see notes a write; they come in the order in which they end.
func (o *outage) see(w written) {
	if w.sent >= o.closed {
		return
	}
	if w.ok {
		o.gap = max(o.gap, w.done-o.lastAck)
		o.lastAck = max(o.lastAck, w.done)
	}
	// What was late already when it began is of something before.
	if w.sent+o.good >= o.from && w.done >= o.from && (!w.ok || w.took() > o.good) {
		o.bad = append(o.bad, w.sent)
		o.tail = max(o.tail, w.done)
	}
}

// never is when an outage is closed that nothing has closed.
const never = time.Duration(1<<63 - 1)

// look looks how the service is, given when the writes were sent that are under
// way; it reports whether it is disturbed, and whether writes are held up still.
func (o *outage) look(now time.Duration, flying map[int64]time.Duration) (disturbed, held bool) {
	all := slices.Clone(o.bad)
	for _, sent := range flying {
		if now-sent > o.good && sent+o.good >= o.from && sent < o.closed {
			all = append(all, sent)
			held = true
		}
	}
	slices.Sort(all)
	first := 0
	for i, sent := range all {
		for all[first] <= sent-settled {
			first++
		}
		if i-first+1 > fewBad {
			o.until = max(o.until, sent+writeEvery)
			disturbed = sent > now-settled
		}
	}
	// What was sent so long ago is over, and is in until.
	o.bad = slices.DeleteFunc(o.bad, func(sent time.Duration) bool { return sent < now-writeDeadline-2*settled })
	return disturbed, held
}
