package runner

import (
	"context"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// counts asks how many objects there are: a script of one operation that all arrivals share.
type counts struct {
	store *kube.Store
	count *operation
}

func newCounts(e *env, w scenarios.Workload, kind scenarios.Count) (*counts, error) {
	store, err := e.store(kind.Resource.Name)
	if err != nil {
		return nil, err
	}
	c := &counts{store: store, count: e.operation(w, "count", kind.Resource.Name, readTimeout)}
	s := e.stream(w)
	e.arrivals(w, func(a arriving) { s.arrive(c, nil, c.count, a) })
	return c, nil
}

func (*counts) prepare(context.Context, *env) error { return nil }

func (c *counts) do(ctx context.Context, w *worker, t *task) next {
	ok := w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) {
		_, err := c.store.At(t.index).Count(ctx)
		return kube.Reply{}, err
	})
	return next{failed: !ok}
}

func (*counts) unreached(*task) []*operation { return nil }
