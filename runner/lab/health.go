package lab

import (
	"context"
	"errors"
	"fmt"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// dialer connects to one client URL.
type dialer func(url string) (*clientv3.Client, error)

// dial connects as root, before users are demanded.
func (h host) dial() dialer {
	return func(url string) (*clientv3.Client, error) {
		config, err := clientCertificates(h.order.Configuration, h.files, scenarios.Root).config()
		if err != nil {
			return nil, err
		}
		client, err := clientv3.New(clientv3.Config{
			Endpoints: []string{url}, TLS: config,
			Logger: zap.NewNop(),
			// gRPC's own first pause is a second, longer than etcd takes to start.
			DialOptions: []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: probeEvery, Multiplier: 1, MaxDelay: probeEvery},
				MinConnectTimeout: probeTimeoutOf(h.order.Configuration),
			})},
		})
		if err != nil {
			return nil, fmt.Errorf("dialing %s: %w", url, err)
		}
		return client, nil
	}
}

const (
	probeEvery   = 20 * time.Millisecond
	probeTimeout = time.Second // see probeTimeoutOf
)

// awaitHealthy asks the member until it answers, knows a leader and has served a
// linearizable read, which a learner never does; each question may take so long.
// If ctx ends first, the error says what was missing.
func (m *member) awaitHealthy(ctx context.Context, dial dialer, each time.Duration) error {
	client, err := dial(m.clientURL())
	if err != nil {
		return fmt.Errorf("member %s: %w", m.site.name, err)
	}
	defer client.Close()
	tick := time.NewTicker(probeEvery)
	defer tick.Stop()
	for {
		question, cancel := context.WithTimeout(ctx, each)
		err := m.probe(question, client)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("member %s is not healthy: %w%s", m.site.name, err, indented(lastWords(m.log)))
		}
	}
}

func (m *member) probe(ctx context.Context, client *clientv3.Client) error {
	status, err := client.Status(ctx, m.clientURL())
	if err != nil {
		return fmt.Errorf("asking for its status: %w", err)
	}
	if status.Leader == 0 {
		return errors.New("it knows no leader")
	}
	m.setVersion(status.Version)
	if m.learner {
		return nil
	}
	if _, err := client.Get(ctx, "health"); err != nil {
		return fmt.Errorf("a linearizable read: %w", err)
	}
	return nil
}

func (m *member) setVersion(v string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.version = v
}
