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
)

// awaitHealthy asks the member until it answers, knows a leader and has served a
// linearizable read. If ctx ends first, the error says what was missing.
func (m *member) awaitHealthy(ctx context.Context) error {
	const (
		every = 20 * time.Millisecond
		most  = time.Second // for one question, which a starting etcd may never answer
	)
	client, err := clientv3.New(clientv3.Config{
		Endpoints: []string{m.endpoint},
		Logger:    zap.NewNop(),
		// gRPC's own first pause is a second, longer than etcd takes to start.
		DialOptions: []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: every, Multiplier: 1, MaxDelay: every},
			MinConnectTimeout: most,
		})},
	})
	if err != nil {
		return fmt.Errorf("dialing member %s: %w", m.name, err)
	}
	defer client.Close()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		question, cancel := context.WithTimeout(ctx, most)
		err := m.probe(question, client)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("member %s is not healthy: %w%s", m.name, err, indented(lastWords(m.log)))
		}
	}
}

func (m *member) probe(ctx context.Context, client *clientv3.Client) error {
	status, err := client.Status(ctx, m.endpoint)
	if err != nil {
		return fmt.Errorf("asking for its status: %w", err)
	}
	if status.Leader == 0 {
		return errors.New("it knows no leader")
	}
	if _, err := client.Get(ctx, "health"); err != nil {
		return fmt.Errorf("a linearizable read: %w", err)
	}
	m.version = status.Version
	return nil
}
