package runner

import (
	"context"
	"fmt"

	"github.com/etcd-dyno/etcd-dyno/runner/arrival"
	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// locks are the Leases by which controllers elect their leader.
type locks struct {
	store *kube.Store
	renew []beat
}

// lockNamespace is where they lie.
const lockNamespace = "kube-system"

// lockSize is a lock's value (measured: 366 to 424 bytes, median 407).
func lockSize() sizes { return sizesIn(scenarios.SizeDistribution{P50: 407, P99: 424}) }

// lockName is that of a controller, the two of every control plane first.
func lockName(workload string, i int) string {
	if known := [...]string{"kube-controller-manager", "kube-scheduler"}; i < len(known) {
		return workload + "-" + known[i]
	}
	return fmt.Sprintf("%s-controller-%04d", workload, i)
}

func newLocks(e *env, w scenarios.Workload, kind scenarios.LeaderElection) (*locks, error) {
	store, err := e.store("leases")
	if err != nil {
		return nil, err
	}
	l := &locks{store: store, renew: make([]beat, kind.Locks)}
	o := e.operation(w, "renew-lock", "leases", writeTimeout)
	get := e.readFirst(w, "leases", kind.Uncached)
	for i := range l.renew {
		b := &l.renew[i]
		b.store, b.get, b.operation, b.seed = store.At(i), get, o, e.seed(w.Name)+uint64(i)<<32
		b.namespace, b.name, b.size = lockNamespace, lockName(w.Name, i), lockSize()
	}
	s := e.stream(w)
	e.pacer.add(e.windowed(w, arrival.Periodic(kind.Locks, kind.Period, 0, e.seed(w.Name))), func(a arriving) {
		b := &l.renew[a.index]
		s.arrive(b, nil, b.first(), a)
	})
	return l, nil
}

// prepare makes the Leases.
func (l *locks) prepare(ctx context.Context, e *env) error {
	return e.parallel(ctx, len(l.renew), func(ctx context.Context, i int) error { return l.renew[i].create(ctx, e, uint64(i)) })
}
