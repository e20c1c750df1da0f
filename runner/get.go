package runner

import (
	"context"
	"math/rand/v2"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// gets reads single objects of a population: a script of one operation that all arrivals share.
type gets struct {
	kind       scenarios.Get
	seed       uint64
	population string
	store      *kube.Store
	get        *operation
}

func newGets(e *env, w scenarios.Workload, kind scenarios.Get) (*gets, error) {
	store, err := e.store(kind.Resource.Name)
	if err != nil {
		return nil, err
	}
	g := &gets{
		kind: kind, seed: e.seed(w.Name), population: e.populationOf(kind.Resource).Name, store: store,
		get: e.operation(w, "get", kind.Resource.Name, readTimeout),
	}
	s := e.stream(w)
	e.arrivals(w, func(a arriving) { s.arrive(g, nil, g.get, a) })
	return g, nil
}

func (*gets) prepare(context.Context, *env) error { return nil }

func (g *gets) do(ctx context.Context, w *worker, t *task) next {
	i := chooseKey(g.kind.Keys, rand.New(rand.NewPCG(g.seed, uint64(t.index))), t.index)
	store := g.store.At(t.index)
	key := store.Key(namespaceOf(i), objectName(g.population, i))
	if !g.kind.Serializable {
		return next{failed: !w.read(ctx, t, store, key)}
	}
	return next{failed: !w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) { return store.Fetch(ctx, key, 0, true) })}
}

func (*gets) unreached(*task) []*operation { return nil }
