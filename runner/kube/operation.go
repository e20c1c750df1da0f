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

// Update is Txn{if MOD(k)=R then put(k,v) else range(k)}.
func (s *Store) Update(ctx context.Context, key string, value []byte, revision int64) (Reply, error) {
	r, err := s.client.Kubernetes.OptimisticPut(ctx, key, value, revision, kubernetes.PutOptions{GetOnFailure: true})
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

// Put is a bare Put, as etcd's own benchmark sends and the API server never does.
func (s *Store) Put(ctx context.Context, key string, value []byte) (Reply, error) {
	r, err := s.client.Put(ctx, key, string(value))
	if err != nil {
		return Reply{}, err
	}
	return Reply{Revision: r.Header.Revision}, nil
}

// Page is one page of a list.
type Page struct {
	// Keys is how many objects the page has.
	Keys int
	// Revision is what every page of the list is read at.
	Revision int64
	// Continue is where the next page begins; empty after the last.
	Continue string
}

// Page reads one page of all objects: Range{prefix,limit} first, then
// Range{from-key,limit,rev} from where the last page ended.
func (s *Store) Page(ctx context.Context, limit int, last Page) (Page, error) {
	r, err := s.client.Kubernetes.List(ctx, s.prefix, kubernetes.ListOptions{Limit: int64(limit), Revision: last.Revision, Continue: last.Continue})
	if err != nil {
		return Page{}, err
	}
	p := Page{Keys: len(r.Kvs), Revision: last.Revision}
	if p.Revision == 0 {
		p.Revision = r.Revision
	}
	if n := len(r.Kvs); n > 0 && r.Count > int64(n) {
		p.Continue = string(r.Kvs[n-1].Key) + "\x00"
	}
	return p, nil
}

// Grant is LeaseGrant with a time to live in seconds.
func (s *Store) Grant(ctx context.Context, ttl int64) (clientv3.LeaseID, error) {
	r, err := s.client.Grant(ctx, ttl)
	if err != nil {
		return 0, err
	}
	return r.ID, nil
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
	switch Code(err) {
	case codes.InvalidArgument, codes.FailedPrecondition, codes.ResourceExhausted, codes.PermissionDenied, codes.Unauthenticated, codes.NotFound, codes.OutOfRange:
		return true
	default:
		return false
	}
}
