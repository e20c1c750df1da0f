package runner

import (
	"context"
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// lists reads all objects of a resource, at once or page by page.
type lists struct {
	name    string
	kind    scenarios.List
	store   *kube.Store
	asked   kube.Listing
	streams bool
	// list is a chain, and page its operation, where there are pages; page is nil otherwise.
	list, page *operation
}

func newLists(e *env, w scenarios.Workload, kind scenarios.List) (*lists, error) {
	store, err := e.store(kind.Resource.Name)
	if err != nil {
		return nil, err
	}
	l := &lists{
		name: w.Name, kind: kind, store: store, streams: kind.Mode == scenarios.Stream,
		asked: kube.Listing{Limit: kind.Limit, KeysOnly: kind.KeysOnly, Serializable: kind.Serializable},
	}
	resource := kind.Resource.Name
	if kind.Pages() {
		l.list = &operation{series: e.recorder.Chain(w.Name, "list", resource)}
		l.page = e.operation(w, "page", resource, readTimeout)
	} else {
		l.list = e.operation(w, "list", resource, readTimeout)
	}
	s := e.stream(w)
	e.arrivals(w, func(a arriving) {
		reading := &listing{lists: l, store: l.store.At(a.index)}
		if l.page == nil {
			s.arrive(reading, nil, l.list, a)
		} else {
			s.arrive(reading, &chain{row: l.list}, l.page, a)
		}
	})
	return l, nil
}

// prepare finds out whether etcd knows RangeStream, where that is asked for.
func (l *lists) prepare(ctx context.Context, e *env) error {
	if !l.streams {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	_, err := l.store.Stream(ctx, kube.Listing{Limit: 1}, kube.Page{}, func() {})
	switch {
	case err == nil:
		return nil
	case kube.Code(err) != codes.Unimplemented:
		return fmt.Errorf("trying RangeStream: %w", err)
	}
	l.streams = false
	if l.asked.Limit == 0 {
		l.asked.Limit = kube.FallbackPage
	}
	e.warn(fmt.Sprintf("%s: this etcd does not know RangeStream (it came with 3.7); the lists are read in pages of %d instead, as an API server falls back", l.name, l.asked.Limit))
	return nil
}

// listing is one list under way: a script.
type listing struct {
	lists *lists
	store *kube.Store
	last  kube.Page
}

func (l *listing) do(ctx context.Context, w *worker, t *task) next {
	if l.lists.page == nil {
		return next{failed: !w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) { return l.whole(ctx, w) })}
	}
	ok := w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) { return l.one(ctx, w) })
	switch {
	case !ok:
		return next{failed: true}
	case l.last.Continue == "":
		return next{}
	default:
		return next{operation: l.lists.page}
	}
}

// one reads the next page.
func (l *listing) one(ctx context.Context, w *worker) (kube.Reply, error) {
	var page kube.Page
	var err error
	if l.lists.streams {
		page, err = l.store.Stream(ctx, l.lists.asked, l.last, w.chunk)
	} else {
		page, err = l.store.Page(ctx, l.lists.asked, l.last)
	}
	if err != nil {
		return kube.Reply{}, err
	}
	l.last = page
	return kube.Reply{Revision: page.Revision}, nil
}

// errNoEnd tells that pages go on although none has an object.
var errNoEnd = errors.New("an empty page that is not the last")

// whole reads everything as one operation: at once, or in the pages of a fallback.
func (l *listing) whole(ctx context.Context, w *worker) (reply kube.Reply, err error) {
	for {
		if reply, err = l.one(ctx, w); err != nil || l.last.Continue == "" {
			return reply, err
		}
		if l.last.Keys == 0 {
			return reply, errNoEnd
		}
	}
}

// unreached: how many pages would have followed is not known.
func (*listing) unreached(*task) []*operation { return nil }
