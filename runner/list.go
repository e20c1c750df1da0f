package runner

import (
	"context"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// lists reads all objects of a resource, page by page.
type lists struct {
	store      *kube.Store
	limit      int
	list, page *operation
}

func newLists(e *env, w scenarios.Workload, kind scenarios.List) (*lists, error) {
	store, err := e.store(kind.Resource.Name)
	if err != nil {
		return nil, err
	}
	l := &lists{
		store: store, limit: kind.Limit,
		list: &operation{series: e.recorder.Chain(w.Name, "list", kind.Resource.Name)},
		page: e.operation(w, "page", kind.Resource.Name, readTimeout),
	}
	s := e.stream(w)
	e.arrivals(w, func(a arriving) {
		s.arrive(&listing{lists: l, store: l.store.At(a.index)}, &chain{row: l.list}, l.page, a)
	})
	return l, nil
}

func (*lists) prepare(context.Context, *env) error { return nil }

// listing is one list under way: a script.
type listing struct {
	lists *lists
	store *kube.Store
	last  kube.Page
}

func (l *listing) do(ctx context.Context, w *worker, t *task) next {
	ctx, cancel := w.begin(ctx, t)
	defer cancel()
	page, err := l.store.Page(ctx, l.lists.limit, l.last)
	w.outcome.Revision = page.Revision
	if !w.end(err, false) {
		return next{failed: true}
	}
	l.last = page
	if page.Continue == "" {
		return next{}
	}
	return next{operation: l.lists.page}
}

// unreached: how many pages would have followed is not known.
func (*listing) unreached(*task) []*operation { return nil }
