package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
)

// erase deletes what runs write below a prefix, the marks last, as long as the
// guards hold. It returns how many keys are gone, with an error too.
func erase(ctx context.Context, c *clientv3.Client, prefix string, guards []clientv3.Cmp) (deleted int64, err error) {
	if deleted, err = eraseLoad(ctx, c, prefix, guards); err != nil {
		return deleted, err
	}
	n, err := deleteKeys(ctx, c, guards, prefix+markerKey, prefix+ownerKey)
	return deleted + n, err
}

// eraseLoad deletes what a load has written below a prefix, and leaves the marks.
func eraseLoad(ctx context.Context, c *clientv3.Client, prefix string, guards []clientv3.Cmp) (deleted int64, err error) {
	if deleted, err = kube.DeletePrefix(ctx, c, prefix+registryFolder, guards...); err != nil {
		return deleted, fmt.Errorf("deleting what lies below %s: %w", prefix, err)
	}
	n, err := deleteKeys(ctx, c, guards, prefix+kube.CompactRevKey)
	return deleted + n, err
}

// deleteKeys deletes some keys at once where the guards hold.
func deleteKeys(ctx context.Context, c *clientv3.Client, guards []clientv3.Cmp, keys ...string) (deleted int64, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	deletions := make([]clientv3.Op, 0, len(keys))
	for _, key := range keys {
		deletions = append(deletions, clientv3.OpDelete(key))
	}
	r, err := c.Txn(ctx).If(guards...).Then(deletions...).Commit()
	switch {
	case err != nil:
		return 0, fmt.Errorf("deleting %s: %w", keys[0], err)
	case !r.Succeeded:
		return 0, kube.ErrGuard
	}
	for _, each := range r.Responses {
		deleted += each.GetResponseDeleteRange().GetDeleted()
	}
	return deleted, nil
}

// revokeTimeout is how long revoking one lease may take.
const revokeTimeout = 15 * time.Second

// revoke revokes a lease; one that has expired meanwhile is as good.
func revoke(ctx context.Context, c *clientv3.Client, id clientv3.LeaseID) error {
	ctx, cancel := context.WithTimeout(ctx, revokeTimeout)
	defer cancel()
	if _, err := c.Revoke(ctx, id); err != nil && !errors.Is(err, rpctypes.ErrLeaseNotFound) {
		return fmt.Errorf("revoking the lease %x (it expires by itself): %w", int64(id), err)
	}
	return nil
}

// leasesOfLoad are the leases that have keys, and only keys that a load has written
// below a prefix. etcd tells no key's lease without its value, but each lease's keys.
func leasesOfLoad(ctx context.Context, c *clientv3.Client, prefix string) (ours []clientv3.LeaseID, err error) {
	all, err := c.Leases(ctx)
	if err != nil {
		return nil, fmt.Errorf("listing the leases: %w", err)
	}
	for _, l := range all.Leases {
		each, cancel := context.WithTimeout(ctx, revokeTimeout)
		r, err := c.TimeToLive(each, l.ID, clientv3.WithAttachedKeys())
		cancel()
		if err != nil {
			return nil, fmt.Errorf("looking at the lease %x: %w", int64(l.ID), err)
		}
		foreign := slices.ContainsFunc(r.Keys, func(key []byte) bool { return !fromLoad(prefix, string(key)) })
		if len(r.Keys) > 0 && !foreign {
			ours = append(ours, l.ID)
		}
	}
	return ours, nil
}

// eraseLeases revokes leases, and returns how many are gone.
func eraseLeases(ctx context.Context, c *clientv3.Client, leases []clientv3.LeaseID) (n int, err error) {
	for _, id := range leases {
		if err := revoke(ctx, c, id); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}
