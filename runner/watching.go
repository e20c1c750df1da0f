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
	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
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
	// caches tells that the watchers are the API servers' caches: each on the
	// connection that its API server has for the resource, and begun by a list.
	caches bool
	manner kube.Manner
	// keys are the objects that are followed, one a watcher in turn; none for the whole resource.
	keys []string
}

// key is the one that a watcher of the workload follows; empty for the whole resource.
func (w watchWorkload) key(i int) string {
	if len(w.keys) == 0 {
		return ""
	}
	return w.keys[i%len(w.keys)]
}

// newWatching makes the ledgers of all watched resources. tell is told of watches that break off.
func newWatching(e *env, tell func(error)) (*watching, error) {
	w := &watching{env: e, tell: tell}
	for _, each := range e.scenario.Workloads {
		var err error
		switch kind := each.Kind.(type) {
		case scenarios.Watch:
			workload := watchWorkload{name: each.Name, watchers: kind.Watchers, connections: kind.Connections, manner: mannerOf(kind)}
			if workload.keys, err = e.objects(kind); err == nil {
				err = w.add(kind.Resource, workload, e.recorder.Watch(each.Name, kind.Watchers))
			}
		case scenarios.APIServer:
			series := e.recorder.Watch(each.Name, kind.Servers*len(kind.Watched()))
			for _, r := range kind.Watched() {
				workload := watchWorkload{name: each.Name, watchers: kind.Servers, caches: true, manner: kube.Manner{NoProgress: kind.Uncached}}
				err = errors.Join(err, w.add(r, workload, series))
			}
		}
		if err != nil {
			return nil, err
		}
	}
	for i := range w.resources {
		r := &w.resources[i]
		r.store.Account(r.ledger(e.run))
	}
	return w, nil
}

// ledger accounts for the resource's writes.
func (r *watchedResource) ledger(run uint64) *kube.Ledger {
	l, number := kube.NewLedger(r.store.Resource, run, r.series), 0
	for _, workload := range r.workloads {
		for i := range workload.watchers {
			if key := workload.key(i); key != "" {
				l.Narrow(number, key)
			}
			number++
		}
	}
	return l
}

// objects are the keys that a workload's watchers follow; none where it is the whole resource.
func (e *env) objects(w scenarios.Watch) ([]string, error) {
	if !w.ByKey {
		return nil, nil
	}
	store, err := e.storeOf(w.Resource)
	if err != nil {
		return nil, err
	}
	name := e.populationOf(w.Resource).Name
	keys := make([]string, min(w.Objects, w.Watchers))
	for i := range keys {
		keys[i] = store.Key(namespaceOf(i), objectName(name, i))
	}
	return keys, nil
}

func mannerOf(w scenarios.Watch) kube.Manner {
	return kube.Manner{NoPrevKV: !w.PrevKV, NoProgress: !w.Progress, Delay: w.Delay, Reopen: w.Reopen, Behind: int64(w.Behind)}
}

// add adds a workload's watchers of a resource, who are counted in a series.
func (w *watching) add(r model.Resource, workload watchWorkload, series *record.Series) error {
	store, err := w.env.storeOf(r)
	if err != nil {
		return err
	}
	watched := w.resource(store)
	watched.workloads = append(watched.workloads, workload)
	for range workload.watchers {
		watched.series = append(watched.series, series)
	}
	return nil
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
		if err := r.connect(w.env); err != nil {
			return err
		}
	}
	for i := range w.resources {
		r := &w.resources[i]
		from, err := r.begin(begin)
		if err != nil {
			return err
		}
		for k, watcher := range r.watchers {
			once := sync.OnceFunc(func() { opened <- struct{}{} })
			w.wg.Go(func() { watcher.Run(ctx, from[k]+1, once, w.brokeOff) })
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

// begin is the revision after which each watcher begins: the present one, or for
// a cache that of the list that fills it.
func (r *watchedResource) begin(ctx context.Context) (from []int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	revision := int64(0)
	for _, workload := range r.workloads {
		if !workload.caches && revision == 0 {
			if revision, err = r.store.Revision(ctx); err != nil {
				return nil, fmt.Errorf("asking for the revision of %s: %w", r.store.Resource.Name, err)
			}
		}
		for i := range workload.watchers {
			at := revision
			if workload.caches {
				if at, err = r.store.At(i).Bootstrap(ctx, func() {}); err != nil {
					return nil, fmt.Errorf("filling the cache of %s: %w", r.store.Resource.Name, err)
				}
			}
			from = append(from, at)
		}
	}
	return from, nil
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
		if workload.caches {
			for i := range workload.watchers {
				watcher := kube.NewWatcher(r.store, len(r.watchers), r.store.At(i).Client(), e.clock, workload.manner)
				r.watchers = append(r.watchers, watcher)
				e.caches[r.store.Resource.Name] = append(e.caches[r.store.Resource.Name], watcher)
			}
			continue
		}
		connections := make([]*kubernetes.Client, workload.connections)
		for i := range connections {
			c, err := e.api.Connect()
			if err != nil {
				return err
			}
			connections[i] = c
		}
		for i := range workload.watchers {
			number, manner := len(r.watchers), workload.manner
			manner.Key = workload.key(i)
			r.watchers = append(r.watchers, kube.NewWatcher(r.store, number, connections[i%len(connections)], e.clock, manner))
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
	return w.rows(failed), errors.Join(failed...)
}

// rows tells of each workload whether all that it watches is sealed.
func (w *watching) rows(failed []error) (rows []results.WatchInterval) {
	for i, r := range w.resources {
		for _, each := range r.workloads {
			at := slices.IndexFunc(rows, func(row results.WatchInterval) bool { return row.Workload == each.name })
			if at < 0 {
				at = len(rows)
				rows = append(rows, results.WatchInterval{Workload: each.name, Phase: results.PhaseMeasure, Sealed: true})
			}
			rows[at].Watchers += each.watchers
			rows[at].Sealed = rows[at].Sealed && failed[i] == nil
		}
	}
	return rows
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
