package kube

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/kubernetes"

	"github.com/etcd-dyno/etcd-dyno/runner/record"
)

// Watcher follows a resource as an API server's cache does: the whole prefix,
// previous values, progress notifications, and only as long as there is a leader.
type Watcher struct {
	// Number is the watcher's place in its ledger.
	Number int
	store  *Store
	client *kubernetes.Client
	clock  Clock
	manner Manner
	// reached is the highest revision that the watcher is known to have seen everything up to.
	reached atomic.Int64
	// last is the highest revision of an event so far, keys are those that it saw of it; only Run uses them.
	last int64
	keys [][]byte
	// history is where etcd's is known to begin; only Run uses it.
	history int64
}

// Clock tells the offset from the start of the run and the phase that it lies in.
type Clock interface {
	Now() time.Duration
	Phase(at time.Duration) record.Phase
}

// Manner is how a watcher goes about it; the zero value is an API server's.
type Manner struct {
	// NoPrevKV and NoProgress leave out what API servers ask for: the values before, and word of progress.
	NoPrevKV, NoProgress bool
	// Delay is what it takes for each response before it looks at the next.
	Delay time.Duration
	// Reopen is how long a watch lasts before it is cancelled and opened anew; 0 for ever.
	Reopen time.Duration
	// Key is the one that is followed; the whole resource where it is empty.
	Key string
	// Behind is how many revisions before where it was a watch begins: what it has seen, or
	// was before it, comes again and is counted as replayed.
	Behind int64
}

// NewWatcher makes a watcher of a store that accounts for its writes. Watchers
// of the same client share its connection and a stream.
func NewWatcher(s *Store, number int, c *kubernetes.Client, clock Clock, m Manner) *Watcher {
	return &Watcher{Number: number, store: s, client: c, clock: clock, manner: m}
}

// Run watches from a revision on until the context ends, and calls opened each
// time etcd has confirmed the watch. A watch that breaks off is opened again
// where it was, and broken is told why; a compaction under it loses what lay
// before, and the watch goes on where etcd's history begins.
func (w *Watcher) Run(ctx context.Context, from int64, opened func(), broken func(error)) {
	ctx = clientv3.WithRequireLeader(ctx)
	w.reached.Store(from - 1)
	for ctx.Err() == nil {
		each, cancel := ctx, context.CancelFunc(func() {})
		if w.manner.Reopen > 0 {
			each, cancel = context.WithTimeout(ctx, w.manner.Reopen)
		}
		next, err := w.follow(each, from, opened)
		over := each.Err() != nil
		cancel()
		if ctx.Err() != nil {
			return
		}
		if from = next; over || errors.Is(err, errReplayCompacted) {
			continue
		}
		broken(err)
		select {
		case <-ctx.Done():
		case <-time.After(reopenAfter):
		}
	}
}

// reopenAfter is how long a watcher waits before it opens a broken watch again: the API server's 0.8 s.
const reopenAfter = 800 * time.Millisecond

// errReplayCompacted tells that only what would have come again was compacted.
var errReplayCompacted = errors.New("what would have been replayed was compacted")

// replay is what comes again when a watch begins.
type replay struct {
	asked, last time.Duration
	events      int64
}

// add counts events of one response.
func (p *replay) add(w *Watcher, events int64, at time.Duration) {
	if events > 0 {
		p.last, p.events = at, p.events+events
		w.series().Count(w.Number, w.clock.Phase(at), record.Replayed, events)
	}
}

// over times it, once it is known that all of it has come.
func (p *replay) over(w *Watcher) {
	if p.events > 0 {
		w.series().Time(w.Number, w.clock.Phase(p.last), record.CatchUp, p.last-p.asked, 1)
		p.events = 0
	}
}

func (w *Watcher) series() *record.Series { return w.store.Ledger.watchers[w.Number] }

// follow watches until the watch breaks off; it returns the revision to go on from and the reason.
func (w *Watcher) follow(ctx context.Context, from int64, opened func()) (int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	key, options := w.store.prefix, []clientv3.OpOption{clientv3.WithRev(max(from-w.manner.Behind, w.history, 1)), clientv3.WithCreatedNotify()}
	if w.manner.Key != "" {
		key = w.manner.Key
	} else {
		options = append(options, clientv3.WithPrefix())
	}
	if !w.manner.NoPrevKV {
		options = append(options, clientv3.WithPrevKV())
	}
	if !w.manner.NoProgress {
		options = append(options, clientv3.WithProgressNotify())
	}
	again := replay{asked: w.clock.Now()}
	events := w.client.Watch(ctx, key, options...)
	for r := range events {
		at := w.clock.Now()
		if err := r.Err(); err != nil {
			if errors.Is(err, rpctypes.ErrCompacted) {
				if w.history = r.CompactRevision; w.history <= from {
					return from, errReplayCompacted
				}
				return r.CompactRevision, fmt.Errorf("watcher %d: revisions below %d were compacted before it saw them", w.Number, r.CompactRevision)
			}
			return w.reached.Load() + 1, fmt.Errorf("watcher %d: %w", w.Number, err)
		}
		if r.Created {
			opened()
		}
		old := slices.IndexFunc(r.Events, func(ev *clientv3.Event) bool { return ev.Kv.ModRevision >= from })
		if old < 0 {
			old = len(r.Events)
		}
		if again.add(w, int64(old), at); old < len(r.Events) || r.IsProgressNotify() {
			again.over(w)
		}
		for _, ev := range r.Events[old:] {
			w.see(ev, at)
		}
		if n := len(r.Events); n > 0 {
			w.reach(r.Events[n-1].Kv.ModRevision)
		} else if r.IsProgressNotify() {
			w.reach(r.Header.Revision)
		}
		if w.manner.Delay > 0 && len(r.Events) > 0 {
			select {
			case <-time.After(w.manner.Delay):
			case <-ctx.Done():
			}
		}
	}
	return w.reached.Load() + 1, fmt.Errorf("watcher %d: its stream was closed", w.Number)
}

func (w *Watcher) reach(revision int64) {
	if revision > w.reached.Load() {
		w.reached.Store(revision)
	}
}

// see hands one event to the ledger, and tells it whether the watcher had come past it before.
func (w *Watcher) see(ev *clientv3.Event, at time.Duration) {
	revision, key := ev.Kv.ModRevision, ev.Kv.Key
	// The events of one revision have a key each and come in no order that could be known here.
	behind := revision < w.last || revision == w.last && slices.ContainsFunc(w.keys, func(k []byte) bool { return bytes.Equal(k, key) })
	switch {
	case revision > w.last:
		w.last, w.keys = revision, append(w.keys[:0], key)
	case !behind:
		w.keys = append(w.keys, key)
	}
	w.store.Ledger.see(ev, sighting{revision: revision, at: at, watcher: int32(w.Number), phase: w.clock.Phase(at), behind: behind})
}

// Reached is the revision that the watcher is known to have seen everything up to.
func (w *Watcher) Reached() int64 { return w.reached.Load() }

// askTimeout is how long asking for progress waits for a stream that is being opened anew.
const askTimeout = 100 * time.Millisecond

// AskProgress asks etcd how far watchers are, once on each connection that they
// share; the answer shows in Reached. etcd gives none on a connection while it
// still has events for one of its watchers.
func AskProgress(ctx context.Context, watchers []*Watcher) {
	ctx, cancel := context.WithTimeout(clientv3.WithRequireLeader(ctx), askTimeout)
	defer cancel()
	var wg sync.WaitGroup
	asked := map[*kubernetes.Client]bool{}
	for _, w := range watchers {
		if asked[w.client] {
			continue
		}
		asked[w.client] = true
		// An error of the request shows in the watch itself.
		wg.Go(func() { _ = w.client.RequestProgress(ctx) })
	}
	wg.Wait()
}
