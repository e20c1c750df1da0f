package runner

import (
	"context"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/runner/record"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// deletions deletes what setup made, one namespace after the other.
type deletions struct {
	clock *clock
	// namespaces hold what is in each, by population.
	namespaces               [namespaces][]*populated
	chain, list, get, remove *operation
}

// populated is what a population has in one namespace.
type populated struct {
	store *kube.Store
	// cached tells that API servers know the objects without asking; those of events they do not.
	cached  bool
	objects []known
}

// known is an object and the revision that it was made at.
type known struct {
	key      string
	revision int64
}

func newDeletions(e *env, w scenarios.Workload, kind scenarios.NamespaceDeletion) (*deletions, error) {
	d := &deletions{
		clock: e.clock,
		chain: &operation{series: e.recorder.Chain(w.Name, "namespace-deletion", "")},
		list:  e.operation(w, "list", "", readTimeout), get: e.operation(w, "get", "", readTimeout), remove: e.operation(w, "delete", "", writeTimeout),
	}
	for _, p := range e.scenario.Setup {
		if !p.Resource.Namespaced {
			continue
		}
		store, err := e.store(p.Resource.Name)
		if err != nil {
			return nil, err
		}
		for i := range d.namespaces {
			d.namespaces[i] = append(d.namespaces[i], &populated{store: store, cached: p.Resource.Name != "events" && !kind.Uncached})
		}
	}
	s := e.stream(w)
	e.arrivals(w, func(a arriving) {
		if a.index >= namespaces {
			d.chain.series.Count(0, d.clock.Phase(a.due), record.Skipped, 1)
			return
		}
		s.arrive(&deletion{deletions: d, left: d.namespaces[a.index], server: a.index}, &chain{row: d.chain}, d.list, a)
	})
	return d, nil
}

func (*deletions) prepare(context.Context, *env) error { return nil }

func (d *deletions) populated(p scenarios.Population, key string, index int, revision int64) {
	for _, each := range d.namespaces[index%namespaces] {
		if each.store.Resource == p.Resource {
			each.objects = append(each.objects, known{key, revision})
		}
	}
}

// deletion is one namespace's under way: a script.
type deletion struct {
	deletions *deletions
	left      []*populated // the first is under way
	server    int
	at        int // the object that is under way
	read      int // how often it was read
	revision  int64
}

func (d *deletion) do(ctx context.Context, w *worker, t *task) next {
	p := d.left[0]
	store := p.store.At(d.server)
	switch t.operation {
	case d.deletions.list:
		if !w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) { return d.lists(ctx, w, store) }) {
			return next{failed: true}
		}
		return d.following()
	case d.deletions.get:
		return d.got(ctx, w, t, p)
	default:
		reply, ok := w.write(ctx, t, store, remove, write{key: p.objects[d.at].key, revision: d.revision})
		switch {
		case !ok && w.outcome.Conflict && reply.Current != nil:
			d.revision = reply.Current.ModRevision // someone has changed it: again
			return next{operation: d.deletions.remove}
		case !ok && !w.outcome.Conflict:
			return next{failed: true}
		}
		d.at, d.read = d.at+1, 0
		return d.following()
	}
}

// got reads the object that is to be deleted, twice where no cache knows its revision.
func (d *deletion) got(ctx context.Context, w *worker, t *task, p *populated) next {
	var reply kube.Reply
	ok := w.call(ctx, t, func(ctx context.Context) (_ kube.Reply, err error) {
		reply, err = p.store.At(d.server).Get(ctx, p.objects[d.at].key)
		return reply, err
	})
	switch d.read++; {
	case !ok:
		return next{failed: true}
	case reply.Current == nil: // someone else has deleted it
		d.at, d.read = d.at+1, 0
		return d.following()
	case p.cached:
		d.revision = p.objects[d.at].revision
	case d.read == 1:
		return next{operation: d.deletions.get}
	default:
		d.revision = reply.Current.ModRevision
	}
	return next{operation: d.deletions.remove}
}

// lists asks for what is to be deleted: of cached resources only the revision, of events all.
func (d *deletion) lists(ctx context.Context, w *worker, store *kube.Store) (kube.Reply, error) {
	if d.left[0].cached {
		revision, err := store.Revision(ctx)
		return kube.Reply{Revision: revision}, err
	}
	revision, err := store.ReadAll(ctx, kube.FallbackPage, 0, w.chunk)
	return kube.Reply{Revision: revision}, err
}

// following is the next object, or the list of the next resource.
func (d *deletion) following() next {
	if d.at < len(d.left[0].objects) {
		return next{operation: d.deletions.get}
	}
	d.left, d.at, d.read = d.left[1:], 0, 0
	if len(d.left) == 0 {
		return next{}
	}
	return next{operation: d.deletions.list}
}

// unreached: how many objects are left is in no relation to what would have come.
func (*deletion) unreached(*task) []*operation { return nil }
