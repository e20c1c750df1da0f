package runner

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// raws sends plain requests on keys of its own: a script of a single operation that all arrivals share.
type raws struct {
	kind      scenarios.Raw
	seed      uint64
	store     *kube.Store
	size      sizes
	operation *operation
}

func newRaws(e *env, w scenarios.Workload, kind scenarios.Raw) (*raws, error) {
	store, err := e.api.Store(model.Resource{Path: "etcd-dyno-raw/" + w.Name}, kind.Connections)
	if err != nil {
		return nil, err
	}
	r := &raws{
		kind: kind, seed: e.seed(w.Name), store: store, size: sizesIn(kind.Size),
		operation: e.operation(w, string(kind.Operation), "", rawTimeout(kind.Operation)),
	}
	s := e.stream(w)
	e.arrivals(w, func(a arriving) { s.arrive(r, nil, r.operation, a) })
	if kind.Filled() {
		e.setup.total.Add(int64(kind.Keys.Count))
	}
	return r, nil
}

func rawTimeout(o scenarios.RawOperation) time.Duration {
	if o == scenarios.RawGet || o == scenarios.RawRange {
		return readTimeout
	}
	return writeTimeout
}

// prepare puts all keys, where the operation needs them.
func (r *raws) prepare(ctx context.Context, e *env) error {
	if !r.kind.Filled() {
		return nil
	}
	return e.parallel(ctx, r.kind.Keys.Count, func(ctx context.Context, i int) error {
		rng := rand.New(rand.NewPCG(r.seed+1, uint64(i)))
		value := kube.NewValues(e.filler).Make(r.store.Resource, r.size.draw(rng), rng.Uint64())
		ctx, cancel := context.WithTimeout(ctx, writeTimeout)
		defer cancel()
		if _, err := r.store.At(i).Put(ctx, r.key(i), value); err != nil {
			return fmt.Errorf("filling the keys that are to be read or deleted: %w", err)
		}
		e.setup.done.Add(1)
		return nil
	})
}

func (r *raws) do(ctx context.Context, w *worker, t *task) next {
	rng := rand.New(rand.NewPCG(r.seed, uint64(t.index)))
	at := chooseKey(r.kind.Keys, rng, t.index)
	store := r.store.At(t.index)
	var ok bool
	switch r.kind.Operation {
	case scenarios.RawGet, scenarios.RawRange:
		ok = w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) {
			return store.Fetch(ctx, r.key(at), r.kind.Limit, r.kind.Serializable)
		})
	case scenarios.RawDelete:
		ok = w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) { return store.Remove(ctx, r.key(at)) })
	case scenarios.RawTxn:
		keys := make([]string, r.kind.Ops)
		for i := range keys {
			keys[i] = r.key((at + i) % r.kind.Keys.Count)
		}
		value := w.values.Make(store.Resource, r.size.draw(rng), rng.Uint64())
		ok = w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) { return store.PutAll(ctx, keys, value) })
	default:
		_, ok = w.write(ctx, t, store, put, write{key: r.key(at), size: r.size.draw(rng), pick: rng.Uint64()})
	}
	return next{failed: !ok}
}

func (*raws) unreached(*task) []*operation { return nil }

// key is the i-th key, of the size that was asked for unless the prefix and the number are longer.
func (r *raws) key(i int) string {
	key := fmt.Sprintf("%s%010d", r.store.Prefix(), i)
	return key + strings.Repeat("x", max(r.kind.Keys.Size-len(key), 0))
}
