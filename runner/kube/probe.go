package kube

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Prober asks etcd whether it is well, as an API server's health checks do, on a
// connection of its own. It may be shared by goroutines.
type Prober struct {
	client *clientv3.Client
	// passing is for connections of a single call, which are no loss when they end and are not counted.
	passing *clientv3.Client
	prefix  string
}

// Prober makes a prober.
func (a *API) Prober() (*Prober, error) {
	c, err := a.Connect()
	if err != nil {
		return nil, err
	}
	passing, err := a.connect(a.options.Endpoints)
	if err != nil {
		return nil, err
	}
	return &Prober{client: c.Client, passing: passing.Client, prefix: a.options.Prefix}, nil
}

// Health is Range{/registry/health}, a key that never exists.
func (p *Prober) Health(ctx context.Context) (Reply, error) {
	r, err := p.client.KV.Get(ctx, p.prefix+"health")
	if err != nil {
		return Reply{}, err
	}
	return Reply{Revision: r.Header.Revision}, nil
}

// Status asks the n-th endpoint, counted round and round, for its state on a new connection, which is closed again.
func (p *Prober) Status(ctx context.Context, n int) (Reply, error) {
	endpoints := p.client.Endpoints()
	r, err := p.passing.Status(ctx, endpoints[n%len(endpoints)])
	if err != nil {
		return Reply{}, fmt.Errorf("asking for the state: %w", err)
	}
	return Reply{Revision: r.Header.Revision}, nil
}
