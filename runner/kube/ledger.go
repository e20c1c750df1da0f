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
	watchers []*record.Series         // by the watcher's number; does not change after NewLedger
	each     map[*record.Series]int64 // how many watchers a series has; does not change after NewLedger
	next     atomic.Uint64
	shards   [ledgerShards]ledgerShard
	mu       sync.Mutex        // guards deletes
	deletes  map[string]uint64 // the delete under way on a key
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
	state    entryState
	phase    record.Phase
	key      string // of a delete
	revision int64
	sent     time.Duration
	acked    time.Duration
	seen     int
	seenBy   []uint64 // a bit a watcher
	early    []early  // events that came before the reply
}

type entryState uint8

const (
	pending entryState = iota
	acknowledged
	unknown // it may have been applied or not
)

type early struct {
	watcher int
	at      time.Duration
}

// NewLedger makes a ledger for a resource that is watched. watchers has, for
// each watcher by its number, the series that counts what it sees.
func NewLedger(r model.Resource, run uint64, watchers []*record.Series) *Ledger {
	l := &Ledger{resource: r, run: run, watchers: watchers, each: map[*record.Series]int64{}, deletes: map[string]uint64{}}
	for _, series := range watchers {
		l.each[series]++
	}
	for i := range l.shards {
		l.shards[i].entries = map[uint64]*entry{}
	}
	return l
}

// Entry names a write in a ledger. The zero value is none, and can be settled.
type Entry struct {
	ledger *Ledger
	index  uint64
}

// Enter notes a write that is about to be sent, and stamps its value. A delete
// has no value and is joined by its key, on which only one delete may be under
// way. A nil ledger notes nothing.
func (l *Ledger) Enter(key string, value []byte, phase record.Phase, sent time.Duration) Entry {
	if l == nil {
		return Entry{}
	}
	index := l.next.Add(1)
	Stamp{Run: l.run, Index: index, Sent: sent}.Put(l.resource, value)
	s := &l.shards[index%ledgerShards]
	s.mu.Lock()
	e := s.entry(len(l.watchers))
	e.phase, e.sent = phase, sent
	if value == nil {
		e.key = key
	}
	s.entries[index] = e
	s.mu.Unlock()
	if value == nil {
		l.mu.Lock()
		l.deletes[key] = index
		l.mu.Unlock()
	}
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
	e.state, e.revision, e.acked = acknowledged, revision, at
	for series, n := range l.each {
		series.Count(shard, e.phase, record.Expected, n)
	}
	for _, seen := range e.early {
		l.deliver(seen.watcher, e, seen.at)
	}
	l.leaveIfSeen(s, w.index, e)
}

// Fail notes that the write did not succeed. notApplied tells that etcd is
// known not to have applied it (a failed compare above all); otherwise an event
// of it may still come.
func (w Entry) Fail(shard int, notApplied bool) {
	l := w.ledger
	if l == nil {
		return
	}
	s := &l.shards[w.index%ledgerShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[w.index]
	if notApplied {
		l.leave(s, w.index, e)
		return
	}
	e.state = unknown
	for _, seen := range e.early {
		l.watchers[seen.watcher].Count(shard, e.phase, record.Unmatched, 1)
	}
}

// leave drops an entry. Its shard is locked.
func (l *Ledger) leave(s *ledgerShard, index uint64, e *entry) {
	delete(s.entries, index)
	if e.key != "" {
		l.mu.Lock()
		if l.deletes[e.key] == index {
			delete(l.deletes, e.key)
		}
		l.mu.Unlock()
	}
	clear(e.seenBy)
	*e = entry{seenBy: e.seenBy, early: e.early[:0]}
	s.free = append(s.free, e)
}

func (l *Ledger) leaveIfSeen(s *ledgerShard, index uint64, e *entry) {
	if e.state == acknowledged && e.seen == len(l.watchers) {
		l.leave(s, index, e)
	}
}

// deliver counts one event of an acknowledged write. The entry's shard is locked.
func (l *Ledger) deliver(watcher int, e *entry, at time.Duration) {
	counter := record.Delivered
	if l.late.Load() {
		counter = record.Late
	}
	series := l.watchers[watcher]
	series.Value(watcher, e.phase, counter, record.Delivery, at-e.sent)
	series.Time(watcher, e.phase, record.DeliveryFromAck, max(at-e.acked, 0), 1)
}

// see notes an event that a watcher saw and returns what it was: Delivered,
// Duplicated or Unmatched. now's phase is for what belongs to no write of ours.
func (l *Ledger) see(watcher int, ev *clientv3.Event, at time.Duration, now record.Phase) (record.Counter, record.Phase) {
	index, ours := l.indexOf(ev)
	if !ours {
		return record.Unmatched, now
	}
	s := &l.shards[index%ledgerShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[index]
	word, bit := watcher/64, uint64(1)<<(watcher%64)
	switch {
	case e == nil || e.seenBy[word]&bit != 0:
		return record.Duplicated, now
	case e.state == acknowledged && e.revision != ev.Kv.ModRevision:
		// The key was deleted again, by someone else, after our delete of it.
		return record.Unmatched, now
	}
	e.seenBy[word] |= bit
	e.seen++
	phase := e.phase
	switch e.state {
	case pending:
		e.early = append(e.early, early{watcher, at})
	case unknown:
		return record.Unmatched, phase
	case acknowledged:
		l.deliver(watcher, e, at)
		l.leaveIfSeen(s, index, e)
	}
	return record.Delivered, phase
}

// indexOf finds the write that an event belongs to; it reports false for a
// foreign one, and for a delete that is not under way.
func (l *Ledger) indexOf(ev *clientv3.Event) (uint64, bool) {
	if ev.Type == clientv3.EventTypeDelete {
		l.mu.Lock()
		defer l.mu.Unlock()
		index, ok := l.deletes[string(ev.Kv.Key)]
		return index, ok
	}
	stamp, ok := StampOf(l.resource, ev.Kv.Value, l.run)
	return stamp.Index, ok && stamp.Index > 0 && stamp.Index <= l.next.Load()
}

// CallLate makes every event from now on a late one.
func (l *Ledger) CallLate() { l.late.Store(true) }

// Highest is the highest acknowledged revision; 0 where there is none.
func (l *Ledger) Highest() int64 { return l.highest.Load() }

// CountMissing counts, once all watchers have come to a revision, the events of
// writes acknowledged up to it that they did not see.
func (l *Ledger) CountMissing(revision int64) {
	for i := range l.shards {
		s := &l.shards[i]
		s.mu.Lock()
		for _, e := range s.entries {
			if e.state == acknowledged && e.revision <= revision {
				l.countMissing(e)
			}
		}
		s.mu.Unlock()
	}
}

func (l *Ledger) countMissing(e *entry) {
	for w, series := range l.watchers {
		if e.seenBy[w/64]&(1<<(w%64)) == 0 {
			series.Count(w, e.phase, record.Missing, 1)
		}
	}
}
