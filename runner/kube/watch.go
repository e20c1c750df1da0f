package kube

import (
	"context"
	"errors"
	"fmt"
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
	// reached is the highest revision that the watcher is known to have seen everything up to.
	reached atomic.Int64
	// last is the revision of the event before, lastKey its key; only Run uses them.
	last    int64
	lastKey string
}

// Clock tells the offset from the start of the run and the phase that it lies in.
type Clock interface {
	Now() time.Duration
	Phase(at time.Duration) record.Phase
}

// NewWatcher makes a watcher of a store that accounts for its writes. Watchers
// of the same client share its connection and a stream.
func NewWatcher(s *Store, number int, c *kubernetes.Client, clock Clock) *Watcher {
	return &Watcher{Number: number, store: s, client: c, clock: clock}
}

// Run watches from a revision on until the context ends, and calls opened each
// time etcd has confirmed the watch. A watch that breaks off is opened again
// where it was, and broken is told why; a compaction under it loses what lay before.
func (w *Watcher) Run(ctx context.Context, from int64, opened func(), broken func(error)) {
	ctx = clientv3.WithRequireLeader(ctx)
	w.reached.Store(from - 1)
	for ctx.Err() == nil {
		next, err := w.follow(ctx, from, opened)
		if ctx.Err() != nil {
			return
		}
		broken(err)
		from = next
		select {
		case <-ctx.Done():
		case <-time.After(reopenAfter):
		}
	}
}

// reopenAfter is how long a watcher waits before it opens a broken watch again: the API server's 0.8 s.
const reopenAfter = 800 * time.Millisecond

// follow watches until the watch breaks off; it returns the revision to go on from and the reason.
func (w *Watcher) follow(ctx context.Context, from int64, opened func()) (int64, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	events := w.client.Watch(ctx, w.store.prefix, clientv3.WithPrefix(), clientv3.WithRev(from), clientv3.WithPrevKV(),
		clientv3.WithProgressNotify(), clientv3.WithCreatedNotify())
	for r := range events {
		at := w.clock.Now()
		if err := r.Err(); err != nil {
			if errors.Is(err, rpctypes.ErrCompacted) {
				return r.CompactRevision, fmt.Errorf("watcher %d: revisions below %d were compacted before it saw them", w.Number, r.CompactRevision)
			}
			return w.reached.Load() + 1, fmt.Errorf("watcher %d: %w", w.Number, err)
		}
		if r.Created {
			opened()
		}
		for _, ev := range r.Events {
			w.see(ev, at)
		}
		if n := len(r.Events); n > 0 {
			w.reach(r.Events[n-1].Kv.ModRevision)
		} else if r.IsProgressNotify() {
			w.reach(r.Header.Revision)
		}
	}
	return w.reached.Load() + 1, fmt.Errorf("watcher %d: its stream was closed", w.Number)
}

func (w *Watcher) reach(revision int64) {
	if revision > w.reached.Load() {
		w.reached.Store(revision)
	}
}

// see counts one event in the state that it has.
func (w *Watcher) see(ev *clientv3.Event, at time.Duration) {
	l := w.store.Ledger
	now := w.clock.Phase(at)
	revision := ev.Kv.ModRevision
	series := l.watchers[w.Number]
	counter, phase := l.see(w.Number, ev, at, now)
	behind := revision < w.last || revision == w.last && string(ev.Kv.Key) == w.lastKey
	switch {
	case counter == record.Unmatched && behind, counter == record.Duplicated:
		series.Count(w.Number, phase, record.Duplicated, 1)
	case counter == record.Unmatched:
		series.Count(w.Number, phase, record.Unmatched, 1)
	case behind:
		series.Count(w.Number, phase, record.OutOfOrder, 1)
	}
	if revision >= w.last {
		w.last, w.lastKey = revision, string(ev.Kv.Key)
	}
}

// progressEvery is how often a watcher that is waited for is asked how far it is.
const progressEvery = 100 * time.Millisecond

// Reach waits until the watcher has seen everything up to a revision, asking
// etcd for progress meanwhile. The error says how far it came.
func (w *Watcher) Reach(ctx context.Context, revision int64) error {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	for w.reached.Load() < revision {
		// An error of the request shows in the watch itself.
		_ = w.client.RequestProgress(clientv3.WithRequireLeader(ctx))
		select {
		case <-ctx.Done():
			return fmt.Errorf("watcher %d came to revision %d of %d", w.Number, w.reached.Load(), revision)
		case <-tick.C:
		}
	}
	return nil
}
