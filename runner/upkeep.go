package runner

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// upkeep is what controllers do while pods come and go in waves: they update the
// objects that tell of them, and write Events.
type upkeep struct {
	objects []*kept
	events  *controllerEvents
}

// controllerThink is between two updates of one object (recorded: 29 ms in the median of a rollout's).
const controllerThink = 25 * time.Millisecond

func newUpkeep(e *env, w scenarios.Workload, c *podChurn) (*upkeep, error) {
	objects, events := c.kind.Wave.Upkeep()
	u := &upkeep{}
	for i, o := range objects {
		store, err := e.store(o.Resource)
		if err != nil {
			return nil, err
		}
		k := &kept{
			churn: c, share: o, store: store, key: store.Key(namespaceOf(0), w.Name), size: sizesOf(store.Resource),
			operation: e.operation(w, o.Operation, o.Resource, writeTimeout),
			rng:       rand.New(rand.NewPCG(c.seed, uint64(i)<<40)),
		}
		if c.kind.Uncached {
			k.get = c.get
		}
		u.objects = append(u.objects, k)
	}
	u.events = &controllerEvents{churn: c, share: events}
	return u, nil
}

// prepare makes the objects.
func (u *upkeep) prepare(ctx context.Context, e *env) error {
	for i, k := range u.objects {
		f := filled{store: k.store, namespace: namespaceOf(0), name: k.churn.stream.name, size: k.size}
		revision, err := e.create(ctx, f, uint64(i))
		if err != nil {
			return err
		}
		k.revision.Store(revision)
	}
	return nil
}

// started and stopped tell that a pod has.
func (u *upkeep) started(at time.Duration) {
	for _, k := range u.objects {
		k.caused(k.share.Started, at)
	}
	u.events.caused(u.events.share.Started, u.events.share.RepeatedStarted, at)
}

func (u *upkeep) stopped(at time.Duration) {
	for _, k := range u.objects {
		k.caused(k.share.Stopped, at)
	}
	u.events.caused(u.events.share.Stopped, u.events.share.RepeatedStopped, at)
}

// kept is an object that a controller keeps up to date, one update after the
// other: a script of its own.
type kept struct {
	churn     *podChurn
	share     scenarios.Upkeep
	store     *kube.Store
	key       string
	size      sizes
	operation *operation
	get       *operation // that comes before, where there is no watch cache; nil otherwise
	mu        sync.Mutex // guards all below
	owed      float64    // updates that are due
	busy      bool       // one is under way
	// Only the update that is under way uses these.
	revision atomic.Int64
	rng      *rand.Rand
}

// oneUpdate is a little less than one update: shares are added up.
const oneUpdate = 1 - 1e-9

// caused adds updates that something has caused.
func (k *kept) caused(updates float64, at time.Duration) {
	k.mu.Lock()
	k.owed += updates
	begin := !k.busy && k.owed >= oneUpdate
	if begin {
		k.busy = true
		k.owed--
	}
	k.mu.Unlock()
	if begin {
		k.churn.stream.arrive(k, nil, k.first(), arriving{due: at, early: true})
	}
}

// another reports whether another update is due; without one the controller rests.
func (k *kept) another() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.busy = k.owed >= oneUpdate; k.busy {
		k.owed--
	}
	return k.busy
}

// first is the operation that an update begins with.
func (k *kept) first() *operation { return cmp.Or(k.get, k.operation) }

func (k *kept) do(ctx context.Context, w *worker, t *task) next {
	if t.operation == k.get {
		if w.readRevision(ctx, t, k.store.At(0), k.key, &k.revision) {
			return next{operation: k.operation}
		}
		return k.then(false)
	}
	reply, ok := w.write(ctx, t, k.store.At(0), update, write{key: k.key, size: k.size.draw(k.rng), revision: k.revision.Load(), pick: k.rng.Uint64()})
	switch {
	case ok:
		k.revision.Store(reply.Revision)
	case w.outcome.Conflict && reply.Current != nil:
		k.revision.Store(reply.Current.ModRevision)
		return next{operation: t.operation}
	}
	return k.then(ok)
}

// then is the next update, or the end.
func (k *kept) then(ok bool) next {
	if ok && k.another() {
		return next{operation: k.first(), think: controllerThink}
	}
	return next{failed: !ok}
}

// unreached is asked for when an update failed or never came: the controller
// rests then, until something else is caused.
func (k *kept) unreached(t *task) []*operation {
	k.mu.Lock()
	k.busy = false
	k.mu.Unlock()
	if t.operation == k.get {
		return []*operation{k.operation}
	}
	return nil
}

// controllerEvents are the Events of controllers: new ones, and earlier ones counted up.
type controllerEvents struct {
	churn             *podChurn
	share             scenarios.EventUpkeep
	mu                sync.Mutex // guards all below
	owed, owedRepeats float64
	number            int
	last              string // the key of the newest that is written
}

func (v *controllerEvents) caused(created, repeated float64, at time.Duration) {
	v.mu.Lock()
	v.owed, v.owedRepeats = v.owed+created, v.owedRepeats+repeated
	begin, repeats := v.owed >= oneUpdate, 0
	if begin {
		v.owed--
		v.number++
	}
	for v.owedRepeats >= oneUpdate && v.last != "" {
		v.owedRepeats--
		repeats++
	}
	number, last := v.number, v.last
	v.mu.Unlock()
	c := v.churn
	if begin {
		c.event(eventChain{name: fmt.Sprintf("%s.%d", c.stream.name, number), steps: []podStep{stepEvent}, written: v.written}, number, at)
	}
	for range repeats {
		c.event(eventChain{key: last, steps: []podStep{stepGetEvent, stepRepeatEvent}}, number, at)
	}
}

// written keeps the newest event's key.
func (v *controllerEvents) written(key string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last = key
}

// eventChain is an Event of a controller: what is written, or counted up.
type eventChain struct {
	name, key string
	steps     []podStep
	written   func(key string)
}

// event begins it.
func (c *podChurn) event(e eventChain, number int, at time.Duration) {
	p := &podChain{churn: c, pod: &pod{namespace: namespaceOf(0), name: e.name}, rng: c.randomOf(-1 - number), server: number, steps: e.steps, event: e.key, written: e.written}
	c.stream.arrive(p, nil, p.due(), arriving{due: at, early: true})
}
