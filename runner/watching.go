package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/client/v3/kubernetes"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/runner/record"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// watching is all watchers of a run.
type watching struct {
	env       *env
	resources []watchedResource
	wg        sync.WaitGroup
	// tell is told of watches that break off.
	tell   func(error)
	broken atomic.Int64 // watches so far, each as often as it broke off
}

// watchedResource is a resource and all who watch it, from any workload.
type watchedResource struct {
	store     *kube.Store
	workloads []watchWorkload
	series    []*record.Series // by the watcher's number
	watchers  []*kube.Watcher
}

type watchWorkload struct {
	name                  string
	watchers, connections int
}

// newWatching makes the ledgers of all watched resources. tell is told of watches that break off.
func newWatching(e *env, tell func(error)) (*watching, error) {
	w := &watching{env: e, tell: tell}
	for _, each := range e.scenario.Workloads {
		kind, ok := each.Kind.(scenarios.Watch)
		if !ok {
			continue
		}
		store, err := e.store(kind.Resource.Name)
		if err != nil {
			return nil, err
		}
		r := w.resource(store)
		r.workloads = append(r.workloads, watchWorkload{each.Name, kind.Watchers, kind.Connections})
		series := e.recorder.Watch(each.Name, kind.Watchers)
		for range kind.Watchers {
			r.series = append(r.series, series)
		}
	}
	for i := range w.resources {
		r := &w.resources[i]
		r.store.Account(kube.NewLedger(r.store.Resource, e.run, r.series))
	}
	return w, nil
}

func (w *watching) resource(s *kube.Store) *watchedResource {
	for i := range w.resources {
		if w.resources[i].store == s {
			return &w.resources[i]
		}
	}
	w.resources = append(w.resources, watchedResource{store: s})
	return &w.resources[len(w.resources)-1]
}

// openTimeout is how long etcd may take to confirm one more watcher: a
// connection's are opened one after the other, so that all together take longer
// the more they are.
const openTimeout = 30 * time.Second

// start opens all watchers at the present revision and returns when etcd has
// confirmed each, or begin ends. They watch until ctx ends; wg waits for them.
func (w *watching) start(begin, ctx context.Context) error {
	opened := make(chan struct{}, w.count())
	for i := range w.resources {
		r := &w.resources[i]
		asking, cancel := context.WithTimeout(begin, readTimeout)
		revision, err := r.store.Revision(asking)
		cancel()
		if err != nil {
			return fmt.Errorf("asking for the revision of %s: %w", r.store.Resource.Name, err)
		}
		if err := r.connect(w.env); err != nil {
			return err
		}
		for _, watcher := range r.watchers {
			once := sync.OnceFunc(func() { opened <- struct{}{} })
			w.wg.Go(func() { watcher.Run(ctx, revision+1, once, w.brokeOff) })
		}
	}
	patience := time.NewTimer(openTimeout)
	defer patience.Stop()
	for n := range w.count() {
		select {
		case <-opened:
			patience.Reset(openTimeout)
		case <-begin.Done():
			return context.Cause(begin)
		case <-patience.C:
			return fmt.Errorf("%d of %d were confirmed, and no more within %v", n, w.count(), openTimeout)
		}
	}
	return nil
}

// brokeOff tells of the first ten watches that break off, and from then on of
// the hundredth, the thousandth and so on: a member that dies breaks all of its
// watches, and they must not fill the journal.
func (w *watching) brokeOff(err error) {
	n := w.broken.Add(1)
	decade := int64(10)
	for decade < n {
		decade *= 10
	}
	switch {
	case n < 10:
		w.tell(err)
	case n == decade:
		w.tell(fmt.Errorf("the %dth so far, more are told at the %dth: %w", n, 10*n, err))
	}
}

// connect makes the watchers of a resource, each workload's spread over its connections in turn.
func (r *watchedResource) connect(e *env) error {
	for _, workload := range r.workloads {
		connections := make([]*kubernetes.Client, workload.connections)
		for i := range connections {
			c, err := e.api.Connect()
			if err != nil {
				return err
			}
			connections[i] = c
		}
		for i := range workload.watchers {
			number := len(r.watchers)
			r.watchers = append(r.watchers, kube.NewWatcher(r.store, number, connections[i%len(connections)], e.clock))
		}
	}
	return nil
}

// count is how many watchers there are.
func (w *watching) count() int {
	n := 0
	for _, r := range w.resources {
		n += len(r.series)
	}
	return n
}

// sealTimeout is how long watchers get after the drain to come to the last acknowledged revision.
const sealTimeout = 5 * time.Second

// lateAfter is how long after the last operation of the run an event may come
// and still count as delivered; then it is late.
const lateAfter = time.Second

// seal waits until each watcher has seen everything up to the last acknowledged
// write, counts what is missing, and returns a row a workload that tells whether
// it is sealed. The error says who did not get there; nothing is called missing there.
func (w *watching) seal(ctx context.Context) ([]results.WatchInterval, error) {
	ctx, cancel := context.WithTimeout(ctx, sealTimeout)
	defer cancel()
	var wg sync.WaitGroup
	failed := make([]error, len(w.resources))
	for i := range w.resources {
		wg.Go(func() { failed[i] = w.resources[i].seal(ctx) })
	}
	wg.Wait()
	var rows []results.WatchInterval
	for i, r := range w.resources {
		for _, each := range r.workloads {
			rows = append(rows, results.WatchInterval{Workload: each.name, Phase: results.PhaseMeasure, Watchers: each.watchers, Sealed: failed[i] == nil})
		}
	}
	return rows, errors.Join(failed...)
}

func (r *watchedResource) seal(ctx context.Context) error {
	inTime, cancel := context.WithTimeout(ctx, lateAfter)
	defer cancel()
	revision := r.store.Ledger.Highest()
	if behind := r.reach(inTime, revision); len(behind) > 0 {
		r.store.Ledger.CallLate()
		if behind = r.reach(ctx, revision); len(behind) > 0 {
			return fmt.Errorf("watching %s: %d of %d watchers did not come to the last acknowledged write within %v: watcher %d came to revision %d of %d",
				r.store.Resource.Name, len(behind), len(r.watchers), sealTimeout, behind[0].Number, behind[0].Reached(), revision)
		}
	}
	r.store.Ledger.CountMissing(revision)
	return nil
}

// progressEvery is how often watchers that are waited for are asked how far they are.
const progressEvery = 100 * time.Millisecond

// reach waits until all watchers have come to a revision; it returns those that did not.
func (r *watchedResource) reach(ctx context.Context, revision int64) []*kube.Watcher {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	behind := slices.Clone(r.watchers)
	for {
		behind = slices.DeleteFunc(behind, func(w *kube.Watcher) bool { return w.Reached() >= revision })
		if len(behind) == 0 || ctx.Err() != nil {
			return behind
		}
		kube.AskProgress(ctx, behind)
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}
