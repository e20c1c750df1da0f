package kube

import (
	"context"
	"errors"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// Cache is an API server's cache of one resource while it is filled, on a
// connection of its own that ends with it.
type Cache struct {
	api    *API
	store  *Store
	ctx    context.Context //nolint:containedctx // the one that ends the watch
	cancel context.CancelFunc
}

// Cache opens a cache's connection. Close ends it.
func (a *API) Cache(r model.Resource) (*Cache, error) {
	c, err := a.connect(a.options.Endpoints, grpc.WithStatsHandler(wireStats{}))
	if err != nil {
		return nil, err
	}
	s := &Store{Resource: r, prefix: a.options.Prefix + r.Path + "/", client: c, api: a}
	s.each = []*Store{s}
	ctx, cancel := context.WithCancel(clientv3.WithRequireLeader(context.Background()))
	return &Cache{api: a, store: s, ctx: ctx, cancel: cancel}, nil
}

// List reads all objects and returns the revision that they were read at; chunk is called at each reply of a stream.
func (c *Cache) List(ctx context.Context, chunk func()) (int64, error) {
	return c.store.Bootstrap(ctx, chunk)
}

// Revision is the store's present revision.
func (c *Cache) Revision(ctx context.Context) (Reply, error) {
	revision, err := c.store.Revision(ctx)
	return Reply{Revision: revision}, err
}

// errNotWatched tells that etcd ended a watch instead of confirming it.
var errNotWatched = errors.New("the watch was not confirmed")

// Watch watches from a revision on, with word of progress where progress is set, and
// returns when etcd has confirmed it. The events end with Close.
func (c *Cache) Watch(ctx context.Context, from int64, progress bool) (clientv3.WatchChan, error) {
	options := []clientv3.OpOption{clientv3.WithPrefix(), clientv3.WithRev(from), clientv3.WithPrevKV(), clientv3.WithCreatedNotify()}
	if progress {
		options = append(options, clientv3.WithProgressNotify())
	}
	events := c.store.client.Watch(c.ctx, c.store.prefix, options...) //nolint:contextcheck // the watch outlives the call that opens it
	select {
	case r, ok := <-events:
		switch {
		case !ok:
			return nil, errNotWatched
		case r.Err() != nil:
			return nil, r.Err()
		}
		return events, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close ends the watch and the connection. It may be called more than once.
func (c *Cache) Close() {
	c.cancel()
	c.api.forget(c.store.client)
	_ = c.store.client.Close() // it ends what is under way, which tells
}
