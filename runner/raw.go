package runner

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// rawPuts puts values on keys of its own: a script of a single operation that all arrivals share.
type rawPuts struct {
	kind  scenarios.Raw
	seed  uint64
	store *kube.Store
	size  sizes
	put   *operation
}

func newRawPuts(e *env, w scenarios.Workload, kind scenarios.Raw) (*rawPuts, error) {
	store, err := e.api.Store(model.Resource{Path: "etcd-dyno-raw/" + w.Name}, kind.Connections)
	if err != nil {
		return nil, err
	}
	r := &rawPuts{
		kind: kind, seed: e.seed(w.Name), store: store, size: sizes{int64(kind.Size.P50), int64(kind.Size.P99)},
		put: e.operation(w, "put", "", writeTimeout),
	}
	s := e.stream(w)
	e.arrivals(w, func(a arriving) { s.arrive(r, nil, r.put, a) })
	return r, nil
}

func (*rawPuts) prepare(context.Context, *env) error { return nil }

func (r *rawPuts) do(ctx context.Context, w *worker, t *task) next {
	rng := rand.New(rand.NewPCG(r.seed, uint64(t.index)))
	key := r.key(rng.IntN(r.kind.Keys))
	_, ok := w.write(ctx, t, r.store.At(t.index), put, write{key: key, size: r.size.draw(rng), pick: rng.Uint64()})
	return next{failed: !ok}
}

func (*rawPuts) unreached(*task) []*operation { return nil }

// key is the i-th key, of the size that was asked for unless the prefix and the number are longer.
func (r *rawPuts) key(i int) string {
	key := fmt.Sprintf("%s%010d", r.store.Prefix(), i)
	return key + strings.Repeat("x", max(r.kind.KeySize-len(key), 0))
}
