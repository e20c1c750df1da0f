package runner

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync/atomic"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
)

// ownLeases are the two objects by which other API servers know that one is alive.
type ownLeases struct{ master, peer ownLease }

// ownLease is one of them: it goes with an etcd lease of 15 s, a new one at each
// turn. A turn may begin while a stalled one is under way.
type ownLease struct {
	store *kube.Store
	key   string
	bytes int
	turns atomic.Uint64 // so far
}

// create makes the object, with a lease that the first turn replaces.
func (l *ownLease) create(ctx context.Context, e *env) error {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	lease, err := l.store.Grant(ctx, ownLeaseTTL)
	if err != nil {
		return fmt.Errorf("granting an API server's own lease: %w", err)
	}
	e.leases.add(lease.ID)
	reply, err := l.store.Create(ctx, l.key, kube.NewValues(e.filler).Make(l.store.Resource, l.bytes, 1), lease.ID)
	if err != nil {
		return fmt.Errorf("creating %s: %w", l.key, err)
	}
	if reply.Conflict {
		return fmt.Errorf("creating %s: %w", l.key, errExists)
	}
	return nil
}

// leaseStep is one request of a turn.
type leaseStep uint8

const (
	readOwn leaseStep = iota
	grantOwn
	writeOwn
	readEndpoints
	listOwn
	readSlices
)

// masterSteps and peerSteps are the requests of one turn, as they were recorded.
func (*apiServers) masterSteps() []leaseStep {
	return []leaseStep{readOwn, grantOwn, writeOwn, readEndpoints, listOwn, readSlices}
}

func (*apiServers) peerSteps() []leaseStep { return []leaseStep{readOwn, grantOwn, writeOwn} }

// leaseTurn is one turn under way: a script.
type leaseTurn struct {
	servers  *apiServers
	server   int
	lease    *ownLease
	steps    []leaseStep
	at       int
	granted  kube.Granted
	revision int64
}

func (l *leaseTurn) do(ctx context.Context, w *worker, t *task) next {
	if !w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) { return l.request(ctx, w) }) {
		return next{failed: true}
	}
	if l.at++; l.at == len(l.steps) {
		return next{}
	}
	return next{operation: l.servers.operationOf(l.steps[l.at])}
}

// request is the step that is due.
func (l *leaseTurn) request(ctx context.Context, w *worker) (kube.Reply, error) {
	a, store := l.servers, l.lease.store
	switch l.steps[l.at] {
	case readOwn:
		reply, err := store.Get(ctx, l.lease.key)
		if reply.Current != nil {
			l.revision = reply.Current.ModRevision
		}
		return reply, err
	case grantOwn:
		lease, err := store.Grant(ctx, ownLeaseTTL)
		if err == nil {
			a.env.leases.add(lease.ID)
			l.granted = lease
		}
		return kube.Reply{}, err
	case writeOwn:
		// Where the object has expired, revision is 0 and it is made anew.
		value := w.values.Make(store.Resource, l.lease.bytes, rand.New(rand.NewPCG(uint64(l.server), l.lease.turns.Add(1))).Uint64())
		return store.Update(ctx, l.lease.key, value, l.revision, l.granted.ID)
	case readEndpoints:
		return a.endpoints.At(l.server).Get(ctx, a.endpoints.Key(defaultNamespace, apiServerService))
	case listOwn:
		revision, err := store.ReadAll(ctx, 0, 0, w.chunk)
		return kube.Reply{Revision: revision}, err
	default:
		return a.slices.At(l.server).Get(ctx, a.slices.Key(defaultNamespace, apiServerService))
	}
}

// operationOf is where a step is recorded.
func (a *apiServers) operationOf(s leaseStep) *operation {
	switch s {
	case grantOwn:
		return a.grant
	case writeOwn:
		return a.update
	case listOwn:
		return a.list
	default:
		return a.get
	}
}

func (l *leaseTurn) unreached(*task) (left []*operation) {
	for _, s := range l.steps[min(l.at+1, len(l.steps)):] {
		left = append(left, l.servers.operationOf(s))
	}
	return left
}
