package runner

import (
	"cmp"
	"context"
	"math/rand/v2"
	"sync/atomic"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// updates changes objects of a population as GuaranteedUpdate does.
type updates struct {
	kind         scenarios.Update
	seed         uint64
	store        *kube.Store
	size         sizes
	objects      []object
	chain, write *operation
	get          *operation // that comes before, where there is no watch cache; nil otherwise
}

// object is what the API servers' caches know of an object.
type object struct {
	key      string
	revision atomic.Int64
}

func newUpdates(e *env, w scenarios.Workload, kind scenarios.Update) (*updates, error) {
	store, err := e.store(kind.Resource.Name)
	if err != nil {
		return nil, err
	}
	u := &updates{
		kind: kind, seed: e.seed(w.Name), store: store, size: sizesIn(kind.Size), objects: make([]object, kind.Keys.Count),
		chain: &operation{series: e.recorder.Chain(w.Name, "guaranteed-update", kind.Resource.Name)},
		write: e.operation(w, "update", kind.Resource.Name, writeTimeout),
	}
	u.get = e.readFirst(w, kind.Resource.Name, kind.Uncached)
	s := e.stream(w)
	e.arrivals(w, func(a arriving) {
		rng := rand.New(rand.NewPCG(u.seed, uint64(a.index)))
		at := chooseKey(kind.Keys, rng, a.index)
		change := &change{updates: u, object: &u.objects[at], store: store.At(a.index), size: u.size.draw(rng), rng: rng}
		s.arrive(change, &chain{row: u.chain}, cmp.Or(u.get, u.write), a)
	})
	return u, nil
}

func (*updates) prepare(context.Context, *env) error { return nil }

func (u *updates) populated(p scenarios.Population, key string, index int, revision int64) {
	if p.Resource != u.kind.Resource {
		return
	}
	u.objects[index].key = key
	u.objects[index].revision.Store(revision)
}

// change is one update under way: a script.
type change struct {
	updates *updates
	object  *object
	store   *kube.Store
	size    int
	rng     *rand.Rand
	// known is the revision that a failed compare told; 0 at first.
	known int64
}

func (c *change) do(ctx context.Context, w *worker, t *task) next {
	if t.operation == c.updates.get {
		if !w.readRevision(ctx, t, c.store, c.object.key, &c.object.revision) {
			return next{failed: true}
		}
		return next{operation: c.updates.write}
	}
	expect := c.known
	if expect == 0 {
		expect = c.object.revision.Load()
	}
	reply, ok := w.write(ctx, t, c.store, update, write{key: c.object.key, size: c.size, revision: expect, pick: c.rng.Uint64()})
	switch {
	case ok:
		raise(&c.object.revision, reply.Revision)
		return next{}
	case w.outcome.Conflict && reply.Current != nil:
		c.known = reply.Current.ModRevision
		raise(&c.object.revision, c.known)
		return next{operation: c.updates.write}
	default:
		return next{failed: true} // also where someone has deleted it
	}
}

func (c *change) unreached(t *task) []*operation {
	if t.operation == c.updates.get {
		return []*operation{c.updates.write}
	}
	return nil
}

// raise stores a revision unless a later one is there.
func raise(into *atomic.Int64, revision int64) {
	for {
		was := into.Load()
		if revision <= was || into.CompareAndSwap(was, revision) {
			return
		}
	}
}
