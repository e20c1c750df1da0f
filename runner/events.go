package runner

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/runner/record"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// events creates Events, and counts earlier ones up. Each API server has a
// lease that its events share.
type events struct {
	kind                 scenarios.Events
	name                 string
	seed                 uint64
	stream               *stream
	store                *kube.Store
	size                 sizes
	leases               []*eventLeases // by API server
	recent               recentEvents
	create, patch        *operation
	get, update, granted *operation
	expiry               *expiry // nil where nothing can expire before the run has ended
}

func newEvents(e *env, w scenarios.Workload, kind scenarios.Events) (*events, error) {
	store, err := e.store("events")
	if err != nil {
		return nil, err
	}
	v := &events{
		kind: kind, name: w.Name, seed: e.seed(w.Name), stream: e.stream(w), store: store, size: sizesIn(kind.Size),
		create: e.operation(w, "create-event", "events", writeTimeout),
		patch:  &operation{series: e.recorder.Chain(w.Name, "patch-event", "events")},
		get:    e.operation(w, "get-event", "events", readTimeout), update: e.operation(w, "update-event", "events", writeTimeout),
		granted: e.operation(w, "lease-grant", "events", writeTimeout),
	}
	for range e.scenario.Cluster.APIServers {
		v.leases = append(v.leases, &eventLeases{granted: &e.leases, reuse: kind.Reuse()})
	}
	if p := e.scenario.Phases; kind.LeaseTTL() < p.Warmup+p.Measure+p.Drain {
		v.expiry = newExpiry(e, e.operation(w, "expire", "events", writeTimeout))
	}
	e.arrivals(w, v.arrive)
	return v, nil
}

// ttl is what the API server asks of etcd, in seconds.
func (v *events) ttl() int64 { return int64(v.kind.LeaseTTL() / time.Second) }

// shares reports whether events share leases; otherwise each has its own.
func (v *events) shares() bool { return v.kind.Reuse() > 0 }

// prepare grants each API server its first lease.
func (v *events) prepare(ctx context.Context, e *env) error {
	if v.expiry != nil {
		if err := v.expiry.prepare(e, v.store); err != nil {
			return err
		}
	}
	if !v.shares() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	for i, l := range v.leases {
		lease, err := v.store.At(i).Grant(ctx, v.ttl())
		if err != nil {
			return fmt.Errorf("granting a lease for events: %w", err)
		}
		l.renew(lease, e.clock.Now())
	}
	return nil
}

// arrive creates an event or counts one up.
func (v *events) arrive(a arriving) {
	rng := rand.New(rand.NewPCG(v.seed, uint64(a.index)))
	c := &eventChange{events: v, rng: rng, store: v.store.At(a.index), leases: v.leases[a.index%len(v.leases)], index: a.index}
	if rng.Float64()*100 < float64(v.kind.Patches) {
		key, ok := v.recent.pick(rng)
		if !ok {
			v.patch.series.Count(0, v.stream.clock.Phase(a.due), record.Skipped, 1)
			return
		}
		c.key = key
		v.stream.arrive(c, &chain{row: v.patch}, v.get, a)
		return
	}
	c.key = c.store.Key(namespaceOf(a.index), fmt.Sprintf("%s-%010d.%016x", v.name, a.index, rng.Uint64()))
	v.stream.arrive(c, nil, c.grantOr(v.create), a)
}

// grantOr is the grant of a new lease, where the write that is due needs one, or else the write.
func (c *eventChange) grantOr(write *operation) *operation {
	c.then = write
	if !c.events.shares() || c.leases.claim(c.events.stream.clock.Now()) {
		return c.events.granted
	}
	return write
}

// eventChange is one creation or one patch under way: a script.
type eventChange struct {
	events   *events
	store    *kube.Store
	leases   *eventLeases
	rng      *rand.Rand
	index    int
	key      string
	revision int64       // that a patch has read
	then     *operation  // what follows a grant
	own      sharedLease // where none is shared
}

func (c *eventChange) do(ctx context.Context, w *worker, t *task) next {
	v := c.events
	switch t.operation {
	case v.granted:
		return c.grant(ctx, w, t)
	case v.create:
		if !c.write(ctx, w, t, create) {
			return next{failed: true}
		}
		v.recent.add(c.key)
		return next{}
	case v.get:
		ok := w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) {
			reply, err := c.store.Get(ctx, c.key)
			if reply.Current != nil {
				c.revision = reply.Current.ModRevision
			}
			return reply, err
		})
		switch {
		case !ok:
			return next{failed: true}
		case c.revision == 0:
			return next{} // it has expired meanwhile: there is nothing to count up
		}
		return next{operation: c.grantOr(v.update)}
	default:
		return next{failed: !c.write(ctx, w, t, update) && !w.outcome.Conflict}
	}
}

// grant grants the lease that the next events share, or this one's own, and goes on with the write.
func (c *eventChange) grant(ctx context.Context, w *worker, t *task) next {
	var lease kube.Granted
	ok := w.call(ctx, t, func(ctx context.Context) (reply kube.Reply, err error) {
		lease, err = c.store.Grant(ctx, c.events.ttl())
		return reply, err
	})
	if !ok {
		c.leases.unclaim()
		return next{failed: true}
	}
	c.own = c.leases.renew(lease, w.outcome.Done)
	return next{operation: c.then}
}

// write writes the event with the lease that is shared at present, or its own.
func (c *eventChange) write(ctx context.Context, w *worker, t *task, request requester) bool {
	v := c.events
	lease := c.own
	if v.shares() {
		lease = c.leases.use()
	}
	if v.expiry != nil {
		v.expiry.expect(c.key, lease.ID, lease.due)
	}
	_, ok := w.write(ctx, t, c.store, request, write{key: c.key, size: v.size.draw(c.rng), revision: c.revision, lease: lease.ID, pick: c.rng.Uint64()})
	if !ok && v.expiry != nil {
		v.expiry.forget(c.key)
	}
	return ok
}

// unreached: of a patch, the update; of a grant, the write that needed it.
func (c *eventChange) unreached(t *task) []*operation {
	switch t.operation {
	case c.events.get:
		return []*operation{c.events.update}
	case c.events.granted:
		return []*operation{c.then}
	default:
		return nil
	}
}

// keptEvents is how many events may be counted up: the newest.
const keptEvents = 1000

// recentEvents are the keys of the newest events. It may be shared by goroutines.
type recentEvents struct {
	mu   sync.Mutex // guards all below
	keys []string
	at   int
}

func (r *recentEvents) add(key string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.keys) < keptEvents {
		r.keys = append(r.keys, key)
		return
	}
	r.keys[r.at] = key
	r.at = (r.at + 1) % keptEvents
}

// pick is one of them; it reports false where there is none yet.
func (r *recentEvents) pick(rng *rand.Rand) (string, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.keys) == 0 {
		return "", false
	}
	return r.keys[rng.IntN(len(r.keys))], true
}
