package runner

import (
	"context"
	"fmt"
	"sync"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// relists starts API servers, which fill their caches.
type relists struct {
	env                   *env
	watched               []model.Resource
	progress              bool // the watches tell of their progress
	bootstrap             *operation
	list, revision, watch *operation     // revision is nil where nothing is cached
	after                 []*operation   // that follow the list
	wg                    sync.WaitGroup // of those who drain watches
	mu                    sync.Mutex     // guards caches
	caches                []*kube.Cache  // by server and resource; nil before the first start
}

func newRelists(e *env, w scenarios.Workload, kind scenarios.Relist) *relists {
	r := &relists{
		env: e, watched: kind.Watched(), progress: !kind.Uncached,
		bootstrap: &operation{series: e.recorder.Chain(w.Name, "bootstrap", "")},
		list:      e.operation(w, "list", "", readTimeout), watch: e.operation(w, "watch", "", readTimeout),
	}
	r.after = []*operation{r.watch}
	if !kind.Uncached {
		r.revision = e.operation(w, "get-revision", "", readTimeout)
		r.after = []*operation{r.revision, r.watch}
	}
	r.caches = make([]*kube.Cache, kind.Servers*len(r.watched))
	e.background = append(e.background, r.end)
	s := e.stream(w)
	e.arrivals(w, func(a arriving) {
		for i := range r.caches {
			s.arrive(&cacheStart{relists: r, at: i}, &chain{row: r.bootstrap}, r.list, a)
		}
	})
	return r
}

func (*relists) prepare(context.Context, *env) error { return nil }

// end closes what is still open once the load is over.
func (r *relists) end(ctx context.Context) {
	<-ctx.Done()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.caches {
		if c != nil {
			c.Close()
		}
	}
	r.wg.Wait()
}

// replace puts a new cache in the place of the one of the start before, which is closed.
func (r *relists) replace(at int, c *kube.Cache) {
	r.mu.Lock()
	old := r.caches[at]
	r.caches[at] = c
	r.mu.Unlock()
	if old != nil {
		old.Close()
	}
}

// cacheStart is the start of one cache: a script.
type cacheStart struct {
	relists  *relists
	at       int
	cache    *kube.Cache
	revision int64
}

func (c *cacheStart) do(ctx context.Context, w *worker, t *task) next {
	r := c.relists
	resource := r.watched[c.at%len(r.watched)]
	switch t.operation {
	case r.list:
		ok := w.call(ctx, t, func(ctx context.Context) (reply kube.Reply, err error) {
			if c.cache, err = r.env.api.Cache(resource); err != nil {
				return reply, fmt.Errorf("opening a connection for %s: %w", resource.Name, err)
			}
			r.replace(c.at, c.cache)
			c.revision, err = c.cache.List(ctx, w.chunk)
			return kube.Reply{Revision: c.revision}, err
		})
		if !ok {
			return next{failed: true}
		}
		return next{operation: r.after[0]}
	case r.revision:
		if !w.call(ctx, t, c.cache.Revision) {
			return next{failed: true}
		}
		return next{operation: r.watch}
	default:
		var events clientv3.WatchChan
		ok := w.call(ctx, t, func(ctx context.Context) (reply kube.Reply, err error) {
			events, err = c.cache.Watch(ctx, c.revision+1, r.progress)
			return kube.Reply{}, err
		})
		if ok {
			r.wg.Go(func() {
				for range events { // as a cache takes them in
				}
			})
		}
		return next{failed: !ok}
	}
}

func (c *cacheStart) unreached(t *task) []*operation {
	switch t.operation {
	case c.relists.list:
		return c.relists.after
	case c.relists.revision:
		return []*operation{c.relists.watch}
	default:
		return nil
	}
}
