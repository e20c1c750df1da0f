package runner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// namespaces is how many namespaces objects are spread over.
const namespaces = scenarios.Namespaces

func namespaceOf(index int) string { return fmt.Sprintf("ns-%02d", index%namespaces) }

// objectName is that of an object of a population.
func objectName(population string, index int) string {
	return fmt.Sprintf("%s-setup-%09d", population, index)
}

// populationOf is what setup makes of a resource; the scenario is known to have it.
func (e *env) populationOf(r model.Resource) scenarios.Population {
	i := slices.IndexFunc(e.scenario.Setup, func(p scenarios.Population) bool { return p.Resource == r })
	return e.scenario.Setup[i]
}

// progress is how far setup is. It may be shared by goroutines.
type progress struct{ done, total atomic.Int64 }

// filled is one object that setup makes.
type filled struct {
	store           *kube.Store
	namespace, name string
	size            sizes
}

// errExists tells that an object of the setup was there already.
var errExists = errors.New("it exists already")

// create makes one object of the setup and returns its revision.
func (e *env) create(ctx context.Context, f filled, pick uint64) (int64, error) {
	value := e.value(f, pick)
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	key := f.store.Key(f.namespace, f.name)
	reply, err := f.store.Create(ctx, key, value, 0)
	if err != nil {
		return 0, fmt.Errorf("creating %s: %w", key, err)
	}
	if reply.Conflict {
		return 0, fmt.Errorf("creating %s: %w", key, errExists)
	}
	return reply.Revision, nil
}

// fill makes one object of a population. In a lab nothing was there before, so
// that a bare Put leaves what a create leaves, and lets etcd take 1.17 times as many
// a second (BenchmarkSetup). Elsewhere someone else may have come meanwhile.
func (e *env) fill(ctx context.Context, f filled, pick uint64) (int64, error) {
	if !e.lab {
		return e.create(ctx, f, pick)
	}
	value := e.value(f, pick)
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	key := f.store.Key(f.namespace, f.name)
	reply, err := f.store.Put(ctx, key, value)
	if err != nil {
		return 0, fmt.Errorf("putting %s: %w", key, err)
	}
	return reply.Revision, nil
}

// value is an object's, which pick chooses.
func (e *env) value(f filled, pick uint64) []byte {
	rng := rand.New(rand.NewPCG(e.scenario.Seed, pick))
	return kube.NewValues(e.filler).Make(f.store.Resource, f.size.draw(rng), rng.Uint64())
}

// expectSetup adds the scenario's populations to how far setup has to go.
func (e *env) expectSetup() {
	for _, p := range e.scenario.Setup {
		e.setup.total.Add(int64(p.Count))
	}
}

// populate makes the scenario's populations. made is told of each object.
func (e *env) populate(ctx context.Context, made func(p scenarios.Population, key string, index int, revision int64)) error {
	e.expectSetup()
	for _, p := range e.scenario.Setup {
		store, err := e.store(p.Resource.Name)
		if err != nil {
			return err
		}
		size := sizesIn(p.Size)
		revisions := make([]int64, p.Count)
		err = e.parallel(ctx, p.Count, func(ctx context.Context, i int) error {
			f := filled{store: store, namespace: namespaceOf(i), name: objectName(p.Name, i), size: size}
			revision, err := e.fill(ctx, f, uint64(i))
			revisions[i] = revision
			e.setup.done.Add(1)
			return err
		})
		if err != nil {
			return fmt.Errorf("filling setup.%s: %w", p.Name, err)
		}
		for i, revision := range revisions {
			made(p, store.Key(namespaceOf(i), objectName(p.Name, i)), i, revision)
		}
	}
	return nil
}
