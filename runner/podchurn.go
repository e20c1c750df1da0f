package runner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"path"
	"sync"
	"sync/atomic"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/runner/record"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// podChurn starts and stops pods with the requests that kube-apiserver 1.37
// sends for them (measured: 14.5 from create to Ready, 10.2 for a deletion).
type podChurn struct {
	kind scenarios.PodChurn
	// starts are the steps of a pod's start by its containers less one; stops, of its stop,
	// by whether it is tried on a stale copy first too.
	starts                  [2][]podStep
	stops                   [2]map[bool][]podStep
	seed                    uint64
	stream                  *stream
	pods, accounts, events  *kube.Store
	leases                  []*eventLeases // by API server
	ready                   readyPods
	podStart, podStop       *operation
	create, bind, get       *operation
	updateStatus, mark      *operation
	deleteStale, remove     *operation
	createEvent, leaseGrant *operation
	// All below is of waves; upkeep is nil and the operations are where there are none.
	upkeep                *upkeep
	aborted               *atomic.Bool // by a threshold
	whole                 *operation   // the wave
	evict, finalizer      *operation
	getEvent, repeatEvent *operation
}

func newPodChurn(e *env, w scenarios.Workload, kind scenarios.PodChurn) (*podChurn, error) {
	c := &podChurn{kind: kind, seed: e.seed(w.Name), stream: e.stream(w)}
	for i := range c.starts {
		c.starts[i] = c.steps(startSteps(kind.Wave.Shape, i+1))
		c.stops[i] = map[bool][]podStep{
			false: c.steps(stopSteps(kind.Wave.Shape, i+1, false)),
			true:  c.steps(stopSteps(kind.Wave.Shape, i+1, true)),
		}
	}
	for _, s := range []struct {
		to   **kube.Store
		name string
	}{{&c.pods, "pods"}, {&c.accounts, "serviceaccounts"}, {&c.events, "events"}} {
		store, err := e.store(s.name)
		if err != nil {
			return nil, err
		}
		*s.to = store
	}
	for _, o := range []struct {
		to             **operation
		name, resource string
		timeout        time.Duration
	}{
		{&c.create, "create", "pods", writeTimeout},
		{&c.bind, "bind", "pods", writeTimeout},
		{&c.get, "get", "pods", readTimeout},
		{&c.updateStatus, "update-status", "pods", writeTimeout},
		{&c.mark, "mark-deleted", "pods", writeTimeout},
		{&c.deleteStale, "delete-stale", "pods", writeTimeout},
		{&c.remove, "delete", "pods", writeTimeout},
		{&c.createEvent, "create-event", "events", writeTimeout},
		{&c.leaseGrant, "lease-grant", "events", writeTimeout},
	} {
		*o.to = e.operation(w, o.name, o.resource, o.timeout)
	}
	c.podStart = &operation{series: e.recorder.Chain(w.Name, "pod-start", "pods")}
	c.podStop = &operation{series: e.recorder.Chain(w.Name, "pod-stop", "pods")}
	for range e.scenario.Cluster.APIServers {
		c.leases = append(c.leases, &eventLeases{granted: &e.leases, reuse: eventLeaseReuse})
	}
	if kind.Wave.Shape == scenarios.NoWave {
		e.arrivals(w, c.arrive)
		return c, nil
	}
	return c, c.waves(e, w)
}

// waves makes what only waves have.
func (c *podChurn) waves(e *env, w scenarios.Workload) (err error) {
	shape := c.kind.Wave.Shape
	c.aborted = e.aborted
	c.whole = &operation{series: e.recorder.Chain(w.Name, string(shape), "pods")}
	if c.upkeep, err = newUpkeep(e, w, c); err != nil {
		return err
	}
	switch shape {
	case scenarios.NodeDrain:
		c.evict = e.operation(w, "evict", "pods", writeTimeout)
	case scenarios.BatchJob:
		c.finalizer = e.operation(w, "remove-finalizer", "pods", writeTimeout)
	default:
	}
	if c.upkeep.events.share.RepeatedStarted > 0 {
		c.getEvent = e.operation(w, "get-event", "events", readTimeout)
		c.repeatEvent = e.operation(w, "update-event", "events", writeTimeout)
	}
	e.arrivals(w, c.arriveWave)
	return nil
}

// prepare makes the service accounts that kubelets ask for, and the first lease for events of each API server.
func (c *podChurn) prepare(ctx context.Context, e *env) error {
	for i := range namespaces {
		p := filled{store: c.accounts, namespace: namespaceOf(i), name: "default", size: sizesOf(c.accounts.Resource)}
		if _, err := e.create(ctx, p, uint64(i)); err != nil && !errors.Is(err, errExists) {
			return err
		}
	}
	if c.upkeep != nil {
		if err := c.upkeep.prepare(ctx, e); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	for i, l := range c.leases {
		lease, err := c.events.At(i).Grant(ctx, eventTTL)
		if err != nil {
			return fmt.Errorf("granting a lease for events: %w", err)
		}
		l.renew(lease, e.clock.Now())
	}
	return nil
}

// populated takes a pod that setup has made as one that runs.
func (c *podChurn) populated(p scenarios.Population, key string, index int, revision int64) {
	if p.Resource != c.pods.Resource {
		return
	}
	c.ready.push(&pod{namespace: namespaceOf(index), key: key, name: path.Base(key), revision: revision, containers: 1 + index%2})
}

// arrive starts one pod and stops the oldest ready one.
func (c *podChurn) arrive(a arriving) {
	c.stream.arrive(c.starting(a.index, a.index), &chain{row: c.podStart}, c.create, a)
	old := c.ready.pop()
	if old == nil {
		c.podStop.series.Count(0, c.stream.clock.Phase(a.due), record.Skipped, 1)
		return
	}
	c.stream.arrive(c.stopping(old, a.index, a.index), &chain{row: c.podStop}, c.get, a)
}

// starting is the start of a new pod, by its number, which an API server has to do with.
func (c *podChurn) starting(index, server int) *podChain {
	rng := c.randomOf(2 * index)
	containers := 1
	if rng.Float64() < c.kind.Containers-1 {
		containers = 2
	}
	name := fmt.Sprintf("%s-%010d", c.stream.name, index)
	namespace := namespaceOf(server) // a wave's pods are all in one
	p := &pod{namespace: namespace, name: name, key: c.pods.Key(namespace, name), index: index, containers: containers}
	return &podChain{churn: c, pod: p, rng: rng, steps: c.starts[containers-1], server: server}
}

// stopping is the stop of a pod, by its number.
func (c *podChurn) stopping(old *pod, index, server int) *podChain {
	rng := c.randomOf(2*index + 1)
	stale := rng.Float64() < c.kind.StaleShare()
	return &podChain{churn: c, pod: old, rng: rng, steps: c.stops[old.containers-1][stale], server: server}
}

// randomOf is the generator of a chain's own: chains run at once.
func (c *podChurn) randomOf(number int) *rand.Rand {
	return rand.New(rand.NewPCG(c.seed, uint64(number)))
}

// steps are those that the imitated API server sends for them.
func (c *podChurn) steps(steps []podStep) []podStep {
	if c.kind.Uncached {
		return readingFirst(steps)
	}
	return steps
}

// pod is one pod and what its owner knows of it.
type pod struct {
	namespace, name, key string
	index                int // of those that the workload has started
	containers           int
	revision             int64
	// before is the revision before the last write: what a stale cache holds.
	before int64
}

// readyPods is a queue of pods, the oldest first. It may be shared by goroutines.
type readyPods struct {
	mu   sync.Mutex // guards pods
	pods []*pod
}

func (r *readyPods) push(p *pod) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pods = append(r.pods, p)
}

// pop returns the oldest pod, or nil.
func (r *readyPods) pop() *pod {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.pods) == 0 {
		return nil
	}
	p := r.pods[0]
	r.pods[0] = nil
	r.pods = r.pods[1:]
	return p
}

// The API server's lease for events: each lasts an hour and 5 %, at most 60 s,
// more, and is shared for 60 s and at most 1,000 events.
const (
	eventTTL         = 3660
	eventLeaseReuse  = 60 * time.Second
	eventLeaseShared = 1000
)
