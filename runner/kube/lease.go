package kube

import (
	"context"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Granted is a lease that etcd has granted.
type Granted struct {
	ID clientv3.LeaseID
	// TTL is what etcd gave, which may be more than was asked for.
	TTL time.Duration
}

// Grant is LeaseGrant with a time to live in seconds.
func (s *Store) Grant(ctx context.Context, ttl int64) (Granted, error) {
	r, err := s.client.Grant(ctx, ttl)
	if err != nil {
		return Granted{}, err
	}
	return Granted{ID: r.ID, TTL: time.Duration(r.TTL) * time.Second}, nil
}

// Renew is a stream of LeaseKeepAlive for one message, as etcd's client has it.
func (s *Store) Renew(ctx context.Context, id clientv3.LeaseID) (Reply, error) {
	sent := time.Now()
	r, err := s.client.KeepAliveOnce(ctx, id)
	if err != nil {
		return Reply{}, err
	}
	s.api.books.renewed(int64(id), time.Duration(r.TTL)*time.Second, sent) // it is a stream, which no interceptor sees
	return Reply{Revision: r.Revision}, nil
}

// Revoke is LeaseRevoke, which deletes the lease's keys.
func (s *Store) Revoke(ctx context.Context, id clientv3.LeaseID) (Reply, error) {
	r, err := s.client.Revoke(ctx, id)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Revision: r.Header.Revision}, nil
}

// Deletions tells the keys below the prefix that are deleted, as they go, until
// ctx ends. It returns once etcd has confirmed the watch.
func (s *Store) Deletions(ctx context.Context) (<-chan []string, error) {
	events := s.client.Watch(ctx, s.prefix, clientv3.WithPrefix(), clientv3.WithFilterPut(), clientv3.WithCreatedNotify())
	first, ok := <-events
	if err := first.Err(); err != nil || !ok {
		return nil, context.Cause(ctx)
	}
	keys := make(chan []string)
	go func() {
		defer close(keys)
		for r := range events {
			gone := make([]string, 0, len(r.Events))
			for _, ev := range r.Events {
				gone = append(gone, string(ev.Kv.Key))
			}
			select {
			case keys <- gone:
			case <-ctx.Done():
				return
			}
		}
	}()
	return keys, nil
}
