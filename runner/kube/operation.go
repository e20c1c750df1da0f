package kube

import (
	"context"
	"errors"
	"strings"

	"go.etcd.io/etcd/api/v3/mvccpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/kubernetes"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Reply is what an operation gave.
type Reply struct {
	// Revision is the store's at the operation: a write's own revision where it succeeded.
	Revision int64
	// Conflict tells that the Txn's compare failed; Current is then the object as it is, where the Txn asked for it.
	Conflict bool
	Current  *mvccpb.KeyValue
}

// Create is Txn{if MOD(k)=0 then put(k,v[,lease]) else []}.
func (s *Store) Create(ctx context.Context, key string, value []byte, lease clientv3.LeaseID) (Reply, error) {
	r, err := s.client.Kubernetes.OptimisticPut(ctx, key, value, 0, kubernetes.PutOptions{LeaseID: lease})
	return Reply{Revision: r.Revision, Conflict: err == nil && !r.Succeeded}, err
}

// Update is Txn{if MOD(k)=R then put(k,v[,lease]) else range(k)}.
func (s *Store) Update(ctx context.Context, key string, value []byte, revision int64, lease clientv3.LeaseID) (Reply, error) {
	r, err := s.client.Kubernetes.OptimisticPut(ctx, key, value, revision, kubernetes.PutOptions{GetOnFailure: true, LeaseID: lease})
	return Reply{Revision: r.Revision, Conflict: err == nil && !r.Succeeded, Current: r.KV}, err
}

// Delete is Txn{if MOD(k)=R then delete(k) else range(k)}.
func (s *Store) Delete(ctx context.Context, key string, revision int64) (Reply, error) {
	r, err := s.client.Kubernetes.OptimisticDelete(ctx, key, revision, kubernetes.DeleteOptions{GetOnFailure: true})
	return Reply{Revision: r.Revision, Conflict: err == nil && !r.Succeeded, Current: r.KV}, err
}

// Get is Range{k, limit=1}, linearizable. Current is nil where there is no such object.
func (s *Store) Get(ctx context.Context, key string) (Reply, error) {
	r, err := s.client.Kubernetes.Get(ctx, key, kubernetes.GetOptions{})
	return Reply{Revision: r.Revision, Current: r.KV}, err
}

// Revision is the store's present revision: Range{/registry/<resource>, limit=1}, as the API server asks for it.
func (s *Store) Revision(ctx context.Context) (int64, error) {
	r, err := s.Get(ctx, strings.TrimSuffix(s.prefix, "/"))
	return r.Revision, err
}

// Code is the gRPC code of an operation's error; codes.OK for nil.
func Code(err error) codes.Code {
	if err == nil {
		return codes.OK
	}
	var etcd rpctypes.EtcdError
	switch {
	case errors.As(err, &etcd):
		return etcd.Code()
	case errors.Is(err, context.DeadlineExceeded):
		return codes.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		return codes.Canceled
	default:
		return status.Code(err)
	}
}

// NotApplied reports whether an error proves that etcd did not apply the write.
// Anything else, a time-out above all, may have been applied.
func NotApplied(err error) bool {
	if rpctypes.ErrorDesc(err) == rpctypes.ErrorDesc(rpctypes.ErrGRPCNoSpace) {
		return false // the write that finds the quota used up is applied all the same: quotaApplierV3
	}
	switch Code(err) {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.ResourceExhausted, codes.PermissionDenied, codes.Unauthenticated, codes.NotFound, codes.OutOfRange:
		return true
	default:
		return false
	}
}
