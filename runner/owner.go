package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
)

// ErrPrefix tells that the prefix of a cluster that exists cannot be used, so that nothing was written.
var ErrPrefix = errors.New("the prefix is not free")

// ErrOwnership tells that another run has taken the prefix over, since this one could not be heard of for long.
var ErrOwnership = errors.New("the prefix belongs to another run now")

// How long a run that is not heard of counts as alive, how often it tells that
// it lives, and how long that may take.
const (
	ownerTTL     = time.Minute
	renewEvery   = ownerTTL / 4
	ownerTimeout = 10 * time.Second
)

// ownership is a run's hold on its prefix. It goes on until it is released.
type ownership struct {
	client *clientv3.Client
	prefix string
	value  string // of marker and owner's key, that of no other run
	// claimed tells that the prefix was known to be the run's.
	claimed bool
	// lost is told once when another run has taken over.
	lost chan error
	stop context.CancelFunc
	wg   sync.WaitGroup
	// lease is the renewing goroutine's until that has ended.
	lease clientv3.LeaseID
}

// newOwnership says who the owner would be; nothing is written.
func newOwnership(c *clientv3.Client, prefix, run, tool string) (*ownership, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, fmt.Errorf("finding this machine's name: %w", err)
	}
	value, err := json.Marshal(Owner{Tool: tool, Run: run, Host: host, PID: os.Getpid(), Started: time.Now().UTC()})
	if err != nil {
		return nil, fmt.Errorf("encoding the owner of %s: %w", prefix, err)
	}
	return &ownership{client: c, prefix: prefix, value: string(value), lost: make(chan error, 1), stop: func() {}}, nil
}

// claim makes the prefix the run's own, if nothing has come there since h was
// seen. An error may come after the keys were written, so that release is due in
// any case.
func (o *ownership) claim(ctx context.Context, h contents) error {
	free := []clientv3.Cmp{clientv3.Compare(clientv3.CreateRevision(o.prefix), "=", 0).WithPrefix()}
	if h.marked {
		free = []clientv3.Cmp{
			clientv3.Compare(clientv3.ModRevision(o.prefix+markerKey), "=", h.markerRevision),
			clientv3.Compare(clientv3.CreateRevision(o.prefix+ownerKey), "=", 0),
		}
	}
	taken, err := o.put(ctx, free, clientv3.OpPut(o.prefix+markerKey, o.value))
	if err != nil {
		return fmt.Errorf("marking %s as this run's: %w", o.prefix, err)
	}
	if !taken {
		return fmt.Errorf("%w: another run began on %s at this moment", ErrPrefix, o.prefix)
	}
	o.claimed = true
	renewing, stop := context.WithCancel(context.WithoutCancel(ctx))
	o.stop = stop
	o.wg.Go(func() { o.renew(renewing) })
	return nil
}

// put writes the owner's key with a new lease, where the guards hold.
func (o *ownership) put(ctx context.Context, guards []clientv3.Cmp, also ...clientv3.Op) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, ownerTimeout)
	defer cancel()
	lease, err := o.client.Grant(ctx, int64(ownerTTL/time.Second))
	if err != nil {
		return false, err
	}
	o.lease = lease.ID
	r, err := o.client.Txn(ctx).If(guards...).Then(append(also, clientv3.OpPut(o.prefix+ownerKey, o.value, clientv3.WithLease(lease.ID)))...).Commit()
	if err != nil {
		return false, err
	}
	return r.Succeeded, nil
}

// renew tells again and again that the run lives.
func (o *ownership) renew(ctx context.Context) {
	tick := time.NewTicker(renewEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if err := o.again(ctx); err != nil {
			o.lost <- err
			return
		}
	}
}

// again tells once that the run lives. A lease that has expired meanwhile, since
// the cluster was out of reach for long, is replaced unless another run has come.
// Other errors pass: there is time to try again.
func (o *ownership) again(ctx context.Context) error {
	asking, cancel := context.WithTimeout(ctx, ownerTimeout)
	defer cancel()
	_, err := o.client.KeepAliveOnce(asking, o.lease)
	if !errors.Is(err, rpctypes.ErrLeaseNotFound) {
		return nil
	}
	if done, err := o.put(ctx, o.absent()); err != nil || done {
		return nil
	}
	if guards, err := o.guards(ctx); err != nil || guards != nil {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrOwnership, o.prefix)
}

// absent holds while the marker is the run's and no owner is there.
func (o *ownership) absent() []clientv3.Cmp {
	return []clientv3.Cmp{
		clientv3.Compare(clientv3.Value(o.prefix+markerKey), "=", o.value),
		clientv3.Compare(clientv3.CreateRevision(o.prefix+ownerKey), "=", 0),
	}
}

// guards are what holds while the prefix is the run's own. They are nil where it is not.
func (o *ownership) guards(ctx context.Context) ([]clientv3.Cmp, error) {
	ctx, cancel := context.WithTimeout(ctx, ownerTimeout)
	defer cancel()
	own, err := o.client.Get(ctx, o.prefix+ownFolder, clientv3.WithPrefix(), clientv3.WithLimit(10))
	if err != nil {
		return nil, err
	}
	owned := false
	for _, kv := range own.Kvs {
		if string(kv.Value) != o.value {
			return nil, nil
		}
		owned = owned || string(kv.Key) == o.prefix+ownerKey
	}
	switch {
	case owned:
		return []clientv3.Cmp{clientv3.Compare(clientv3.Value(o.prefix+ownerKey), "=", o.value)}, nil
	case len(own.Kvs) > 0:
		return o.absent(), nil
	default:
		return nil, nil
	}
}

// release deletes what the run has written below its prefix, the marks last, and
// revokes their lease. What is another run's by now stays.
func (o *ownership) release(ctx context.Context) error {
	guards, err := o.guards(ctx)
	switch {
	case err != nil:
	case guards != nil:
		_, err = erase(ctx, o.client, o.prefix, guards)
	case o.claimed:
		err = kube.ErrGuard
	}
	o.stop()
	o.wg.Wait()
	if errors.Is(err, kube.ErrGuard) {
		err = fmt.Errorf("%w, or its marks are gone: what this run wrote below %s is left there", ErrOwnership, o.prefix)
	}
	if o.lease == clientv3.NoLease {
		return err
	}
	return errors.Join(err, revoke(ctx, o.client, o.lease))
}
