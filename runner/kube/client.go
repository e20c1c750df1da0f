// Package kube does to etcd what the Kubernetes API server does: its keys, its
// values, its Txns and ranges, its watches and its leases, each in the shape
// that kube-apiserver 1.37 sends, through the library that it uses.
package kube

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/kubernetes"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// Options say how to reach a cluster and where objects lie in it.
type Options struct {
	// Endpoints are the client URLs that requests go to; at least one. Each client
	// has a connection to all of them and sends each request, and opens each watch,
	// by the next one in turn that can be reached.
	Endpoints []string
	// Members are the client URLs of all members, which Endpoints of the API are
	// asked for their state at; nil means Endpoints.
	Members []string
	// TLS is nil for plain text.
	TLS *tls.Config
	Login
	// Examiner is whom the cluster is examined as; as Login where it is nil.
	Examiner *Login
	// Prefix stands in front of every key and ends in '/': "/registry/" on labs.
	Prefix string
	// Interceptors see each attempt of each request of the load, below the retries of etcd's client.
	Interceptors []grpc.UnaryClientInterceptor
	// NoRangeStream has prefixes read by Range, page by page, as API servers do
	// that do not know RangeStream.
	NoRangeStream bool
}

// Login is a user of etcd; the zero one where a cluster asks for none.
type Login struct{ Username, Password string }

// API is one API server's view of a cluster. It may be shared by goroutines.
type API struct {
	options     Options
	connections Connections
	books       *Books
	streams     streaming
	mu          sync.Mutex // guards clients
	clients     []*kubernetes.Client
}

// Connections counts the API's connections.
func (a *API) Connections() *Connections { return &a.connections }

// Books are kept of all that is written through the API.
func (a *API) Books() *Books { return a.books }

// The API server's own settings of its etcd client.
const (
	keepAliveTime    = 30 * time.Second
	keepAliveTimeout = 10 * time.Second
)

// Dial makes an API and asks the cluster for its state, which tells whether it
// can be reached at all. The error names the endpoints, never the credentials.
func Dial(ctx context.Context, o Options) (*API, *clientv3.StatusResponse, error) {
	a := &API{options: o, books: NewBooks()}
	a.streams.never = o.NoRangeStream
	c, err := a.Connect()
	if err != nil {
		return nil, nil, err
	}
	status, err := firstStatus(ctx, c.Client, o.Endpoints)
	if err != nil {
		return nil, nil, errors.Join(err, a.Close())
	}
	return a, status, nil
}

// firstStatus is the state of the first endpoint that answers.
func firstStatus(ctx context.Context, c *clientv3.Client, endpoints []string) (*clientv3.StatusResponse, error) {
	var failed []error
	for _, e := range endpoints {
		each, cancel := context.WithTimeout(ctx, 4*time.Second/time.Duration(len(endpoints)))
		status, err := c.Status(each, e)
		cancel()
		if err == nil {
			return status, nil
		}
		failed = append(failed, fmt.Errorf("etcd at %s does not answer: %w", e, err))
	}
	return nil, errors.Join(failed...)
}

// Connect opens a client with a connection of its own, as the API server does
// for each resource. It is closed by Close.
func (a *API) Connect() (*kubernetes.Client, error) {
	return a.connect(a.options.Endpoints, grpc.WithStatsHandler(wireStats{&a.connections}), grpc.WithChainUnaryInterceptor(a.interceptors()...))
}

// interceptors see what is sent: the books, and those that were asked for.
func (a *API) interceptors() []grpc.UnaryClientInterceptor {
	return append([]grpc.UnaryClientInterceptor{a.books.intercept}, a.options.Interceptors...)
}

// ConnectApart is Connect for what is no part of the load: its writes are in no books.
func (a *API) ConnectApart() (*kubernetes.Client, error) {
	return a.connect(a.options.Endpoints, grpc.WithStatsHandler(wireStats{&a.connections}))
}

func (a *API) connect(endpoints []string, options ...grpc.DialOption) (*kubernetes.Client, error) {
	return a.connectAs(a.options.Login, endpoints, options...)
}

func (a *API) connectAs(user Login, endpoints []string, options ...grpc.DialOption) (*kubernetes.Client, error) {
	c, err := kubernetes.New(clientv3.Config{
		Endpoints: endpoints, TLS: a.options.TLS,
		Username: user.Username, Password: user.Password,
		DialKeepAliveTime: keepAliveTime, DialKeepAliveTimeout: keepAliveTimeout,
		DialTimeout: 4 * time.Second,
		DialOptions: options,
		Logger:      zap.NewNop(),
	})
	if err != nil {
		return nil, fmt.Errorf("connecting to the etcd at %s: %w", strings.Join(endpoints, ", "), err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.clients = append(a.clients, c)
	return c, nil
}

// forget leaves a client out of those that Close closes.
func (a *API) forget(c *kubernetes.Client) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.clients = slices.DeleteFunc(a.clients, func(each *kubernetes.Client) bool { return each == c })
}

// Close closes every connection.
func (a *API) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	var all []error
	for _, c := range a.clients {
		if err := c.Close(); err != nil && !errors.Is(err, context.Canceled) {
			all = append(all, err)
		}
	}
	a.clients = nil
	return errors.Join(all...)
}

// Store is one resource's part of etcd as one API server has it: on a connection of its own. It may be shared by goroutines.
type Store struct {
	Resource model.Resource
	// Ledger accounts for the writes that watchers must see; nil where nobody watches.
	Ledger *Ledger
	prefix string
	client *kubernetes.Client
	api    *API
	each   []*Store // of all API servers; the first is the one that others were made with
}

// Store opens a resource's store in so many API servers, and returns the first's. n is at least 1.
func (a *API) Store(r model.Resource, n int) (*Store, error) {
	each := make([]*Store, n)
	for i := range each {
		c, err := a.Connect()
		if err != nil {
			return nil, err
		}
		each[i] = &Store{Resource: r, prefix: a.options.Prefix + r.Path + "/", client: c, api: a, each: each}
	}
	return each[0], nil
}

// At is the resource's store in API server i, counted round and round.
func (s *Store) At(i int) *Store { return s.each[i%len(s.each)] }

// Client is the store's own connection.
func (s *Store) Client() *kubernetes.Client { return s.client }

// Account makes all API servers' stores of the resource account for their
// writes in l. It comes before the first write.
func (s *Store) Account(l *Ledger) {
	for _, each := range s.each {
		each.Ledger = l
	}
}

// Prefix is what all keys of the resource begin with; it ends in '/'.
func (s *Store) Prefix() string { return s.prefix }

// Key is where an object lies. The namespace is not looked at where the resource has none.
func (s *Store) Key(namespace, name string) string {
	if s.Resource.Namespaced {
		return s.prefix + namespace + "/" + name
	}
	return s.prefix + name
}
