package runner

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// leases makes etcd leases and lets them end.
type leases struct {
	kind                             scenarios.Lease
	seed                             uint64
	store                            *kube.Store
	size                             sizes
	granted                          *leaseList
	life                             *operation
	grant, attach, keepAlive, revoke *operation
	expiry                           *expiry // nil where leases are revoked
}

func newLeases(e *env, w scenarios.Workload, kind scenarios.Lease) (*leases, error) {
	store, err := e.api.Store(model.Resource{Path: "etcd-dyno-lease/" + w.Name}, 1)
	if err != nil {
		return nil, err
	}
	l := &leases{
		kind: kind, seed: e.seed(w.Name), store: store, size: sizesIn(kind.Size), granted: &e.leases,
		life:  &operation{series: e.recorder.Chain(w.Name, "lease-life", "")},
		grant: e.operation(w, "lease-grant", "", writeTimeout), attach: e.operation(w, "attach", "", writeTimeout),
		keepAlive: e.operation(w, "keep-alive", "", writeTimeout),
	}
	if kind.End == scenarios.Expire {
		l.expiry = newExpiry(e, e.operation(w, "expire", "", writeTimeout))
	} else {
		l.revoke = e.operation(w, "revoke", "", writeTimeout)
	}
	s := e.stream(w)
	e.arrivals(w, func(a arriving) {
		s.arrive(&leaseLife{leases: l, index: a.index, rng: rand.New(rand.NewPCG(l.seed, uint64(a.index)))}, &chain{row: l.life}, l.grant, a)
	})
	return l, nil
}

func (l *leases) prepare(_ context.Context, e *env) error {
	if l.expiry == nil {
		return nil
	}
	return l.expiry.prepare(e, l.store)
}

// leaseLife is one lease's life: a script.
type leaseLife struct {
	leases *leases
	index  int
	rng    *rand.Rand
	lease  kube.Granted
	// over is when the lease ends unless it is renewed.
	over              time.Duration
	keys              []string
	attached, renewed int
}

// keepAliveEvery is the part of its time to live after which a lease is renewed, as etcd's client does it.
const keepAliveEvery = 3

func (l *leaseLife) do(ctx context.Context, w *worker, t *task) next {
	of := l.leases
	var ok bool
	switch t.operation {
	case of.grant:
		ok = w.call(ctx, t, func(ctx context.Context) (reply kube.Reply, err error) {
			l.lease, err = of.store.Grant(ctx, int64(of.kind.TTL/time.Second))
			return reply, err
		})
		if ok {
			of.granted.add(l.lease.ID)
			l.over = w.outcome.Done + l.lease.TTL
		}
	case of.attach:
		ok = l.attach(ctx, w, t)
	case of.keepAlive:
		ok = w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) { return of.store.Renew(ctx, l.lease.ID) })
		l.renewed++
		if ok {
			l.over = w.outcome.Done + l.lease.TTL
			l.expect()
		}
	default:
		ok = w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) { return of.store.Revoke(ctx, l.lease.ID) })
		if ok {
			of.granted.ended(l.lease.ID)
		}
		return next{failed: !ok}
	}
	if !ok {
		return next{failed: true}
	}
	return l.following()
}

// attach puts one more key with the lease.
func (l *leaseLife) attach(ctx context.Context, w *worker, t *task) bool {
	store := l.leases.store
	key := store.Key("", fmt.Sprintf("%010d-%04d", l.index, l.attached))
	value := w.values.Make(store.Resource, l.leases.size.draw(l.rng), l.rng.Uint64())
	l.attached++
	l.keys = append(l.keys, key)
	l.expect() // before it is there: it may go before its reply comes
	ok := w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) { return store.Attach(ctx, key, value, l.lease.ID) })
	if x := l.leases.expiry; !ok && x != nil {
		x.forget(key)
		l.keys = l.keys[:len(l.keys)-1]
	}
	return ok
}

// expect has the expiry of the lease's keys timed.
func (l *leaseLife) expect() {
	if x := l.leases.expiry; x != nil {
		for _, key := range l.keys {
			x.expect(key, l.lease.ID, l.over)
		}
	}
}

// following is the step after those that were done; none where the lease is left to expire.
func (l *leaseLife) following() next {
	of := l.leases
	third := l.lease.TTL / keepAliveEvery
	switch {
	case l.attached < of.kind.Keys:
		return next{operation: of.attach}
	case l.renewed < of.kind.KeepAlives:
		return next{operation: of.keepAlive, think: third}
	case of.kind.KeepAlives > 0:
		return next{operation: of.revoke, think: third}
	default:
		return next{operation: of.revoke}
	}
}

func (l *leaseLife) unreached(t *task) (left []*operation) {
	of := l.leases
	if t.operation == of.revoke {
		return nil
	}
	left = append(left, slices.Repeat([]*operation{of.attach}, of.kind.Keys-l.attached)...)
	left = append(left, slices.Repeat([]*operation{of.keepAlive}, of.kind.KeepAlives-l.renewed)...)
	if of.revoke != nil {
		left = append(left, of.revoke)
	}
	return left
}
