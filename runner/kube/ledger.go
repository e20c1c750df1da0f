package kube

import (
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-dyno/etcd-dyno/runner/record"
	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// Ledger joins the writes to one resource with the events that watchers see of
// them, and knows at the end which events are missing.
//
// A write is entered before it is sent, since its event may come before its own
// reply. An entry leaves as soon as the write is acknowledged and each watcher
// has seen it, so that memory follows what is under way and what is missing,
// not the length of the run. A ledger may be shared by goroutines.
type Ledger struct {
	resource model.Resource
	run      uint64
	watchers []*record.Series // by the watcher's number; does not change after NewLedger
	// What follows does not change after the last Narrow. each is how many watchers of the whole
	// resource a series has, and wide the sum; keyed are those of a single key, and narrow
	// tells by the watcher's number which they are; both are nil where there are none.
	each     map[*record.Series]int64
	wide     int
	keyed    map[string][]int32
	narrow   []bool
	next     atomic.Uint64
	shards   [ledgerShards]ledgerShard
	unmarked byKey
	// highest is the highest acknowledged revision.
	highest atomic.Int64
	late    atomic.Bool
}

const ledgerShards = 64

type ledgerShard struct {
	mu      sync.Mutex // guards entries and free
	entries map[uint64]*entry
	free    []*entry
}

// entry is one write that not every watcher has seen yet.
type entry struct {
	acknowledged bool
	phase        record.Phase
	key          string // of a write without a mark
	revision     int64
	sent         time.Duration
	acked        time.Duration
	keyed        []int32 // the watchers of its key alone
	seen         int
	seenBy       []uint64   // a bit a watcher
	early        []sighting // events that came before the reply
}

// sighting is one event as a watcher saw it.
type sighting struct {
	revision int64
	at       time.Duration
	watcher  int32
	// phase is the one that it was seen in.
	phase record.Phase
	// behind tells that the watcher had seen a later event, or this one, before.
	behind bool
}

// NewLedger makes a ledger for a resource that is watched. watchers has, for
// each watcher by its number, the series that counts what it sees.
func NewLedger(r model.Resource, run uint64, watchers []*record.Series) *Ledger {
	l := &Ledger{resource: r, run: run, watchers: watchers, each: map[*record.Series]int64{}, wide: len(watchers), unmarked: byKey{keys: map[string]*unmarkedKey{}}}
	for _, series := range watchers {
		l.each[series]++
	}
	for i := range l.shards {
		l.shards[i].entries = map[uint64]*entry{}
	}
	return l
}

// Narrow makes a watcher one that follows a single key. Each only once, and before anything is entered.
func (l *Ledger) Narrow(watcher int, key string) {
	if l.keyed == nil {
		l.keyed, l.narrow = map[string][]int32{}, make([]bool, len(l.watchers))
	}
	l.keyed[key] = append(l.keyed[key], int32(watcher))
	l.narrow[watcher] = true
	l.each[l.watchers[watcher]]--
	l.wide--
}

// Entry names a write in a ledger. The zero value is none, and can be settled.
type Entry struct {
	ledger *Ledger
	index  uint64
}

// Enter notes a write that is about to be sent, and stamps its value. What has no
// room for a stamp, a delete or a value below MinValueSize, is joined by its key
// and the revision that its reply tells. A nil ledger notes nothing.
func (l *Ledger) Enter(key string, value []byte, phase record.Phase, sent time.Duration) Entry {
	if l == nil {
		return Entry{}
	}
	index := l.next.Add(1)
	Stamp{Run: l.run, Index: index, Sent: sent}.Put(l.resource, value)
	s := &l.shards[index%ledgerShards]
	s.mu.Lock()
	e := s.entry(len(l.watchers))
	e.phase, e.sent, e.keyed = phase, sent, l.keyed[key]
	if len(value) < MinValueSize {
		e.key = key
		l.unmarked.enter(key, index)
	}
	s.entries[index] = e
	s.mu.Unlock()
	return Entry{l, index}
}

// entry returns an empty entry for so many watchers. The shard is locked.
func (s *ledgerShard) entry(watchers int) *entry {
	if n := len(s.free); n > 0 {
		e := s.free[n-1]
		s.free = s.free[:n-1]
		return e
	}
	return &entry{seenBy: make([]uint64, (watchers+63)/64)}
}

// Acknowledge notes that the write succeeded at a revision.
func (w Entry) Acknowledge(shard int, revision int64, at time.Duration) {
	l := w.ledger
	if l == nil {
		return
	}
	for {
		h := l.highest.Load()
		if revision <= h || l.highest.CompareAndSwap(h, revision) {
			break
		}
	}
	s := &l.shards[w.index%ledgerShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[w.index]
	e.acknowledged, e.revision, e.acked = true, revision, at
	for series, n := range l.each {
		series.Count(shard, e.phase, record.Expected, n)
	}
	for _, watcher := range e.keyed {
		l.watchers[watcher].Count(shard, e.phase, record.Expected, 1)
	}
	if e.key != "" {
		early, others := l.unmarked.acknowledge(e.key, w.index, revision)
		e.early = append(e.early, early...)
		l.others(others)
	}
	for _, seen := range e.early {
		l.settle(e, seen)
	}
	l.leaveIfSeen(s, w.index, e)
}

// Fail notes that the write did not succeed: etcd is known not to have applied
// it, or its outcome is unknown, and then an event of it may have come or may
// still come. Nobody is owed that event, so that the entry leaves at once and
// memory does not grow with the time-outs of a run.
func (w Entry) Fail(_ int, _ bool) {
	l := w.ledger
	if l == nil {
		return
	}
	s := &l.shards[w.index%ledgerShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[w.index]
	for _, seen := range e.early {
		l.other(seen)
	}
	l.leave(s, w.index, e)
}

// leave drops an entry. Its shard is locked.
func (l *Ledger) leave(s *ledgerShard, index uint64, e *entry) {
	delete(s.entries, index)
	if e.key != "" {
		l.others(l.unmarked.leave(e.key, index))
	}
	clear(e.seenBy)
	*e = entry{seenBy: e.seenBy, early: e.early[:0]}
	s.free = append(s.free, e)
}

func (l *Ledger) leaveIfSeen(s *ledgerShard, index uint64, e *entry) {
	if e.seen == l.wide+len(e.keyed) {
		l.leave(s, index, e)
	}
}

// see counts an event that a watcher saw, or keeps it until the reply of its write tells what it is.
func (l *Ledger) see(ev *clientv3.Event, seen sighting) {
	index, ours, waits := l.indexOf(ev, seen)
	switch {
	case waits:
		return
	case !ours:
		l.other(seen)
		return
	}
	s := &l.shards[index%ledgerShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[index]
	switch {
	case e == nil: // each watcher has seen it, or its outcome is unknown
		l.other(seen)
	case e.acknowledged:
		l.settle(e, seen)
		l.leaveIfSeen(s, index, e)
	default:
		e.early = append(e.early, seen)
	}
}

// settle counts an event that carries the mark of an acknowledged write. It is
// another's at another revision: a delete of the same key, or a value of ours
// that someone wrote again. The entry's shard is locked.
func (l *Ledger) settle(e *entry, seen sighting) {
	word, bit := seen.watcher/64, uint64(1)<<(seen.watcher%64)
	if e.revision != seen.revision || e.seenBy[word]&bit != 0 {
		l.other(seen)
		return
	}
	e.seenBy[word] |= bit
	e.seen++
	counter := record.Delivered
	if l.late.Load() {
		counter = record.Late
	}
	series, shard := l.watchers[seen.watcher], int(seen.watcher)
	series.Value(shard, e.phase, counter, record.Delivery, seen.at-e.sent)
	series.Time(shard, e.phase, record.DeliveryFromAck, max(seen.at-e.acked, 0), 1)
	if seen.behind {
		series.Count(shard, e.phase, record.OutOfOrder, 1)
	}
}

// other counts an event that no watcher is owed: a foreign one, or one of ours
// again. Whoever sees an event twice has come past it, so that one is told from
// the other without keeping what was seen. (A foreign event out of order is
// called duplicated, therefore.)
func (l *Ledger) other(seen sighting) {
	counter := record.Unmatched
	if seen.behind {
		counter = record.Duplicated
	}
	l.watchers[seen.watcher].Count(int(seen.watcher), seen.phase, counter, 1)
}

// others counts what turned out to be of no write of ours; see other.
func (l *Ledger) others(all []sighting) {
	for _, seen := range all {
		l.other(seen)
	}
}

// indexOf finds the write that an event belongs to; ours is false for a foreign
// one. What has no mark waits, where a write of its key is under way.
func (l *Ledger) indexOf(ev *clientv3.Event, seen sighting) (index uint64, ours, waits bool) {
	if ev.Type == clientv3.EventTypeDelete || len(ev.Kv.Value) < MinValueSize {
		return l.unmarked.see(string(ev.Kv.Key), seen)
	}
	stamp, ok := StampOf(l.resource, ev.Kv.Value, l.run)
	return stamp.Index, ok && stamp.Index > 0 && stamp.Index <= l.next.Load(), false
}

// CallLate makes every event from now on a late one.
func (l *Ledger) CallLate() { l.late.Store(true) }

// Highest is the highest acknowledged revision; 0 where there is none.
func (l *Ledger) Highest() int64 { return l.highest.Load() }

// CountMissing counts, once all watchers have come to a revision, the events of
// writes acknowledged up to it that they did not see. What a compaction took
// from a broken watch is among them: it was promised to nobody any more, but it
// did not come, and an API server would have to list anew.
func (l *Ledger) CountMissing(revision int64) {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		for _, e := range s.entries {
			if e.acknowledged && e.revision <= revision {
				l.countMissing(e)
			}
		}
		s.mu.Unlock()
	}
}

// Lose takes back what watchers were owed of writes that were acknowledged up to
// now, since the cluster has lost them.
func (l *Ledger) Lose() {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		for index, e := range s.entries {
			if e.acknowledged {
				l.unseen(e, func(w int) { l.watchers[w].Count(w, e.phase, record.Expected, -1) })
				l.leave(s, index, e)
			}
		}
		s.mu.Unlock()
	}
}

func (l *Ledger) countMissing(e *entry) {
	l.unseen(e, func(w int) { l.watchers[w].Count(w, e.phase, record.Missing, 1) })
}

// unseen calls each for the watchers that have not seen a write.
func (l *Ledger) unseen(e *entry, each func(watcher int)) {
	tell := func(w int) {
		if e.seenBy[w/64]&(1<<(w%64)) == 0 {
			each(w)
		}
	}
	for w := range l.watchers {
		if l.narrow == nil || !l.narrow[w] {
			tell(w)
		}
	}
	for _, w := range e.keyed {
		tell(int(w))
	}
}
