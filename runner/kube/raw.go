package kube

import (
	"context"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Put is a bare Put, as etcd's own benchmark sends and the API server never does.
func (s *Store) Put(ctx context.Context, key string, value []byte) (Reply, error) {
	r, err := s.client.Put(ctx, key, string(value))
	if err != nil {
		return Reply{}, err
	}
	return Reply{Revision: r.Header.Revision}, nil
}

// Attach is a bare Put whose key goes with a lease.
func (s *Store) Attach(ctx context.Context, key string, value []byte, lease clientv3.LeaseID) (Reply, error) {
	r, err := s.client.Put(ctx, key, string(value), clientv3.WithLease(lease))
	if err != nil {
		return Reply{}, err
	}
	return Reply{Revision: r.Header.Revision}, nil
}

// Remove is a bare DeleteRange of one key.
func (s *Store) Remove(ctx context.Context, key string) (Reply, error) {
	r, err := s.client.Delete(ctx, key)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Revision: r.Header.Revision}, nil
}

// Fetch is a bare Range of one key, or where limit is above 0 of so many from
// it on. Serializable asks the member alone, without the leader's word.
func (s *Store) Fetch(ctx context.Context, key string, limit int, serializable bool) (Reply, error) {
	var options []clientv3.OpOption
	if limit > 0 {
		options = append(options, clientv3.WithRange(clientv3.GetPrefixRangeEnd(s.prefix)), clientv3.WithLimit(int64(limit)))
	}
	if serializable {
		options = append(options, clientv3.WithSerializable())
	}
	r, err := s.client.KV.Get(ctx, key, options...)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Revision: r.Header.Revision}, nil
}

// PutAll is a Txn without compare that puts the value on each key.
func (s *Store) PutAll(ctx context.Context, keys []string, value []byte) (Reply, error) {
	puts := make([]clientv3.Op, len(keys))
	for i, key := range keys {
		puts[i] = clientv3.OpPut(key, string(value))
	}
	r, err := s.client.Txn(ctx).Then(puts...).Commit()
	if err != nil {
		return Reply{}, err
	}
	return Reply{Revision: r.Header.Revision}, nil
}
