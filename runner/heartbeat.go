package runner

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/arrival"
	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// heartbeats are the Lease renewals and status updates of all kubelets.
type heartbeats struct {
	kind          scenarios.NodeHeartbeat
	leases, nodes *kube.Store
	renew, status []beat
}

// heartbeatJitter is by how much a kubelet's period may be longer: 4 %.
const heartbeatJitter = 0.04

// leaseNamespace is where the nodes' leases lie.
const leaseNamespace = "kube-node-lease"

func newHeartbeats(e *env, w scenarios.Workload, kind scenarios.NodeHeartbeat) (*heartbeats, error) {
	h := &heartbeats{kind: kind}
	var err error
	if h.leases, err = e.store("leases"); err != nil {
		return nil, err
	}
	if h.nodes, err = e.store("nodes"); err != nil {
		return nil, err
	}
	s := e.stream(w)
	seed := e.seed(w.Name)
	get := e.readFirst(w, "", kind.Uncached)
	h.renew = beats(h.leases, get, e.operation(w, "renew-lease", "leases", writeTimeout), w.Name, kind.Nodes, seed)
	h.status = beats(h.nodes, get, e.operation(w, "update-status", "nodes", writeTimeout), w.Name, kind.Nodes, seed+1)
	for i, each := range []struct {
		beats  []beat
		period time.Duration
	}{{h.renew, kind.Period}, {h.status, kind.StatusPeriod}} {
		// A status follows the Lease at once after an outage: it was due long before.
		spread := cmp.Or(kind.Spread, each.period)
		e.pacer.add(e.windowed(w, arrival.Gathered(kind.Nodes, spread, each.period, heartbeatJitter, seed+uint64(i))), func(a arriving) {
			b := &each.beats[a.index]
			s.arrive(b, nil, b.first(), a)
		})
	}
	return h, nil
}

// prepare makes the nodes and their leases.
func (h *heartbeats) prepare(ctx context.Context, e *env) error {
	return e.parallel(ctx, 2*h.kind.Nodes, func(ctx context.Context, i int) error {
		b := &h.renew[i/2]
		if i%2 == 1 {
			b = &h.status[i/2]
		}
		return b.create(ctx, e, uint64(i))
	})
}

// nodeName is a node's name; each workload has nodes of its own.
func nodeName(workload string, i int) string { return fmt.Sprintf("%s-node-%05d", workload, i) }

// beat is the updates of one object that come again and again: a script of a single operation.
type beat struct {
	store     *kube.Store
	operation *operation
	get       *operation // that comes before, where there is no watch cache; nil otherwise
	namespace string
	name      string
	size      sizes
	revision  atomic.Int64
	seed      uint64
	count     atomic.Uint64 // of the updates so far
}

func beats(s *kube.Store, get, o *operation, workload string, nodes int, seed uint64) []beat {
	all := make([]beat, nodes)
	for i := range all {
		b := &all[i]
		b.store, b.get, b.operation, b.seed = s.At(i), get, o, seed+uint64(i)<<32
		b.namespace, b.name, b.size = leaseNamespace, nodeName(workload, i), sizesOf(s.Resource)
	}
	return all
}

// create makes the object.
func (b *beat) create(ctx context.Context, e *env, pick uint64) error {
	revision, err := e.create(ctx, filled{store: b.store, namespace: b.namespace, name: b.name, size: b.size}, pick)
	b.revision.Store(revision)
	return err
}

// first is the operation that a beat begins with.
func (b *beat) first() *operation { return cmp.Or(b.get, b.operation) }

func (b *beat) do(ctx context.Context, w *worker, t *task) next {
	if t.operation == b.get {
		if !w.readRevision(ctx, t, b.store, b.store.Key(b.namespace, b.name), &b.revision) {
			return next{failed: true}
		}
		return next{operation: b.operation}
	}
	rng := rand.New(rand.NewPCG(b.seed, b.count.Add(1)))
	r := write{key: b.store.Key(b.namespace, b.name), size: b.size.draw(rng), revision: b.revision.Load(), pick: rng.Uint64()}
	reply, ok := w.write(ctx, t, b.store, update, r)
	switch {
	case ok:
		b.revision.Store(reply.Revision)
		return next{}
	case w.outcome.Conflict && reply.Current != nil:
		b.revision.Store(reply.Current.ModRevision)
		return next{operation: t.operation}
	default:
		return next{failed: true}
	}
}

func (b *beat) unreached(t *task) []*operation {
	if t.operation == b.get {
		return []*operation{b.operation}
	}
	return nil
}
