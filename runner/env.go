package runner

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"

	"github.com/etcd-dyno/etcd-dyno/runner/arrival"
	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/runner/record"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// env is what the workloads of one run share.
type env struct {
	scenario scenarios.Scenario
	api      *kube.API
	recorder *record.Recorder
	clock    *clock
	pacer    *pacer
	filler   []byte
	run      uint64
	finish   context.Context //nolint:containedctx // the one that ends finishing; streams hand it to their workers
	stores   map[string]*kube.Store
	streams  []*stream
	leases   leaseList
	// caches are the watchers of the API servers' caches, by resource and API server.
	caches map[string][]*kube.Watcher
	setup  progress
	// background is what goes on beside the load, until its context ends.
	background []func(ctx context.Context)
	// expiries time what goes by itself; the drain waits for it.
	expiries []*expiry
	// compacts tells that etcd's history may be compacted: it is a lab's, or the user said so.
	compacts bool
	// aborted tells that a threshold has ended the load.
	aborted *atomic.Bool
	// lab tells that the cluster is this run's own.
	lab bool
	// warn notes what is told beside the numbers.
	warn func(text string)
}

// workload is one workload of a scenario, ready to begin. Its arrivals are with the pacer already.
type workload interface {
	// prepare makes what must exist in etcd before the load begins.
	prepare(ctx context.Context, e *env) error
}

// build makes the scenario's workloads.
func (e *env) build() ([]workload, error) {
	var all []workload
	for _, w := range e.scenario.Workloads {
		made, err := e.workload(w)
		if err != nil {
			return nil, fmt.Errorf("preparing the workload %s: %w", w.Name, err)
		}
		if made != nil {
			all = append(all, made)
		}
	}
	return all, nil
}

func (e *env) workload(w scenarios.Workload) (workload, error) {
	switch kind := w.Kind.(type) {
	case scenarios.APIServer:
		return newAPIServers(e, w, kind)
	case scenarios.Compaction:
		return newCompaction(e, w, kind)
	case scenarios.Count:
		return newCounts(e, w, kind)
	case scenarios.Events:
		return newEvents(e, w, kind)
	case scenarios.Get:
		return newGets(e, w, kind)
	case scenarios.LeaderElection:
		return newLocks(e, w, kind)
	case scenarios.Lease:
		return newLeases(e, w, kind)
	case scenarios.List:
		return newLists(e, w, kind)
	case scenarios.NodeHeartbeat:
		return newHeartbeats(e, w, kind)
	case scenarios.NamespaceDeletion:
		return newDeletions(e, w, kind)
	case scenarios.PodChurn:
		return newPodChurn(e, w, kind)
	case scenarios.Raw:
		return newRaws(e, w, kind)
	case scenarios.Relist:
		return newRelists(e, w, kind), nil
	case scenarios.Update:
		return newUpdates(e, w, kind)
	case scenarios.Watch:
		return nil, nil // all watchers are made together: see newWatching
	default:
		return nil, fmt.Errorf("this program cannot run the kind %q", w.KindName())
	}
}

// store is the store of a built-in or custom resource; all workloads use the
// same one, as the API server does.
func (e *env) store(name string) (*kube.Store, error) {
	r, ok := model.ResourceNamed(name)
	if !ok {
		return nil, fmt.Errorf("there is no resource %q", name)
	}
	return e.storeOf(r)
}

// storeOf is store for any resource, those included that API servers only cache.
func (e *env) storeOf(r model.Resource) (*kube.Store, error) {
	if s := e.stores[r.Name]; s != nil {
		return s, nil
	}
	s, err := e.api.Store(r, e.scenario.Cluster.APIServers)
	if err != nil {
		return nil, err
	}
	e.stores[r.Name] = s
	return s, nil
}

// stream makes a workload's stream.
func (e *env) stream(w scenarios.Workload) *stream {
	s := &stream{
		name: w.Name, lag: e.recorder.Lag(w.Name), queue: newQueue(), pacer: e.pacer, clock: e.clock,
		filler: e.filler, most: w.MaxInFlight, ctx: e.finish,
	}
	e.streams = append(e.streams, s)
	return s
}

// seed is a workload's own, from the scenario's.
func (e *env) seed(workload string) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d/%s", e.scenario.Seed, workload)
	return h.Sum64()
}

// operation is where one kind of request of a workload is recorded. Its
// deadline is usual, unless the workload has one of its own.
func (e *env) operation(w scenarios.Workload, name, resource string, usual time.Duration) *operation {
	return &operation{series: e.recorder.Operation(w.Name, name, resource), timeout: cmp.Or(w.Timeout, usual)}
}

// readFirst is the operation that comes before each change of an object, where
// API servers have no watch cache; nil where they have one.
func (e *env) readFirst(w scenarios.Workload, resource string, uncached bool) *operation {
	if !uncached {
		return nil
	}
	return e.operation(w, "get", resource, readTimeout)
}

// sequence is when an open loop's chains are due, from the start of the warm-up.
func (e *env) sequence(w scenarios.Workload) arrival.Sequence {
	a, seed := w.Arrival, e.seed(w.Name)
	if a.Profile.Shape == scenarios.Times {
		// They count from the start of the measure phase, or from the window's.
		return arrival.Window(arrival.Times(a.Profile.Times), e.opens(w), w.Window.For)
	}
	var s arrival.Sequence
	switch along, steady := e.profile(w), a.Profile.Shape == scenarios.Steady; {
	case steady && a.Process == scenarios.Poisson:
		s = arrival.Poisson(float64(a.Rate), seed)
	case steady:
		s = arrival.Constant(float64(a.Rate))
	case a.Process == scenarios.Poisson:
		s = arrival.PoissonAlong(along, seed)
	default:
		s = arrival.Along(along)
	}
	return e.windowed(w, s)
}

// profile is how a workload's rate changes. Where there is no window, the warm-up leads in.
func (e *env) profile(w scenarios.Workload) (p arrival.Profile) {
	pieces, repeat := w.Arrival.Pieces()
	for _, each := range pieces {
		p.Pieces = append(p.Pieces, arrival.Piece(each))
	}
	p.Repeat = repeat
	if !w.Window.Set {
		p.Lead = e.scenario.Phases.Warmup
	}
	return p
}

// opens is when a workload's window opens, from the start of the warm-up; without a window, with the measure phase.
func (e *env) opens(w scenarios.Workload) time.Duration {
	return e.scenario.Phases.Warmup + w.Window.From
}

// windowed puts a sequence into a workload's window, if it has one.
func (e *env) windowed(w scenarios.Workload, s arrival.Sequence) arrival.Sequence {
	if !w.Window.Set {
		return s
	}
	return arrival.Window(s, e.opens(w), w.Window.For)
}

// leaseList is the leases that a run has granted and that are not known to have ended. It may be shared by goroutines.
type leaseList struct {
	mu  sync.Mutex // guards ids
	ids map[clientv3.LeaseID]struct{}
}

func (l *leaseList) add(id clientv3.LeaseID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ids == nil {
		l.ids = map[clientv3.LeaseID]struct{}{}
	}
	l.ids[id] = struct{}{}
}

// ended notes that a lease is no more.
func (l *leaseList) ended(id clientv3.LeaseID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.ids, id)
}

// setupWorkers is how many requests of the setup are in flight.
const setupWorkers = 64

// parallel calls each for 0 … n−1, several at a time, until one fails.
func (e *env) parallel(ctx context.Context, n int, each func(ctx context.Context, i int) error) error {
	g, ctx := errgroup.WithContext(ctx)
	for k := range min(setupWorkers, n) {
		g.Go(func() error {
			for i := k; i < n && ctx.Err() == nil; i += setupWorkers {
				if err := each(ctx, i); err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	return g.Wait()
}
