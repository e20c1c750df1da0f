package runner

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"math/rand/v2"
	"sync"
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
	setup    progress
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
	case scenarios.PodChurn:
		return newPodChurn(e, w, kind)
	case scenarios.NodeHeartbeat:
		return newHeartbeats(e, w, kind)
	case scenarios.List:
		return newLists(e, w, kind)
	case scenarios.Raw:
		return newRawPuts(e, w, kind)
	case scenarios.Watch:
		return nil, nil // all watchers are made together: see newWatching
	default:
		return nil, fmt.Errorf("this program cannot run the kind %q", w.KindName())
	}
}

// store is the store of a built-in or custom resource; all workloads use the
// same one, as the API server does.
func (e *env) store(name string) (*kube.Store, error) {
	if s := e.stores[name]; s != nil {
		return s, nil
	}
	r, ok := model.ResourceNamed(name)
	if !ok {
		return nil, fmt.Errorf("there is no resource %q", name)
	}
	s, err := e.api.Store(r, e.scenario.Cluster.APIServers)
	if err != nil {
		return nil, err
	}
	e.stores[name] = s
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

func sequence(a scenarios.Arrival, seed uint64) arrival.Sequence {
	if a.Process == scenarios.Poisson {
		return arrival.Poisson(float64(a.Rate), seed)
	}
	return arrival.Constant(float64(a.Rate))
}

// sizes is a distribution of value sizes in bytes: log-normal through its
// median and 99th percentile, fixed where they are equal.
type sizes struct{ p50, p99 int64 }

func sizesOf(r model.Resource) sizes { return sizes{r.P50, r.P99} }

// z99 is the 99th percentile of the standard normal distribution.
const z99 = 2.3263478740408408

// maxValue bounds a drawn size: etcd takes requests of 1.5 MiB.
const maxValue = 1<<20 + 1<<18

func (s sizes) draw(rng *rand.Rand) int {
	if s.p99 <= s.p50 {
		return int(s.p50)
	}
	sigma := math.Log(float64(s.p99)/float64(s.p50)) / z99
	size := math.Round(float64(s.p50) * math.Exp(sigma*rng.NormFloat64()))
	return int(min(max(size, 1), max(maxValue, float64(s.p99))))
}

// leaseList is the leases that a run has granted. It may be shared by goroutines.
type leaseList struct {
	mu  sync.Mutex // guards ids
	ids []clientv3.LeaseID
}

func (l *leaseList) add(id clientv3.LeaseID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids = append(l.ids, id)
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
