package runner

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// prober is a client of its own beside a run, that knows nothing of it: every
// 10 ms it asks for a write, and notes when one is acknowledged.
type prober struct {
	write  func(ctx context.Context, c *clientv3.Client) error
	mu     sync.Mutex // guards acks
	acks   []time.Time
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// deleteNothing goes through raft and the log, and leaves nothing that a check could find.
func deleteNothing(ctx context.Context, c *clientv3.Client) error {
	_, err := c.Delete(ctx, "/prober")
	return err
}

// grantLease is a write that a full database refuses.
func grantLease(ctx context.Context, c *clientv3.Client) error {
	_, err := c.Grant(ctx, 3600)
	return err
}

// beside makes a prober that begins when the job's target is up, and ends when all that
// was done to it is over: members that end wait for whom they still owe an answer.
func beside(tb testing.TB, job *Job, write func(ctx context.Context, c *clientv3.Client) error) *prober {
	tb.Helper()
	p := &prober{write: write}
	ctx, cancel := context.WithCancel(tb.Context())
	p.cancel = cancel
	tb.Cleanup(p.end)
	var folder string
	job.Started = func(f string) {
		folder = f
		p.wg.Go(func() { p.run(ctx, f) })
	}
	job.Progress = func(s Status) {
		if s.Phase == results.PhaseDrain && hasRecovered(folder) {
			cancel()
		}
	}
	return p
}

func (p *prober) run(ctx context.Context, folder string) {
	var endpoints []string
	for len(endpoints) == 0 && ctx.Err() == nil {
		_ = pause(ctx, 20*time.Millisecond)
		endpoints = endpointsIn(folder)
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints: endpoints, Logger: zap.NewNop(),
		DialOptions: []grpc.DialOption{grpc.WithConnectParams(grpc.ConnectParams{
			Backoff: backoff.Config{BaseDelay: 10 * time.Millisecond, Multiplier: 1, MaxDelay: 10 * time.Millisecond}, MinConnectTimeout: time.Second,
		})},
	})
	if err != nil {
		return // no acknowledgement comes, which fails the test
	}
	defer client.Close()
	var writes sync.WaitGroup
	defer writes.Wait()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		writes.Go(func() {
			each, cancel := context.WithTimeout(ctx, 8*time.Second)
			defer cancel()
			if p.write(each, client) == nil {
				p.mu.Lock()
				p.acks = append(p.acks, time.Now())
				p.mu.Unlock()
			}
		})
	}
}

// hasRecovered reports whether the journal says of each action that the service is as before.
func hasRecovered(folder string) bool {
	run, err := results.Load(folder)
	return err == nil && !slices.ContainsFunc(run.Actions, func(a results.ActionRecord) bool { return a.RecoveredMS == nil })
}

// endpointsIn are the client URLs in the header of a run's journal; none where it is not written yet.
func endpointsIn(folder string) []string {
	text, err := os.ReadFile(filepath.Join(folder, results.JournalFile))
	if err != nil {
		return nil
	}
	first, _, whole := strings.Cut(string(text), "\n")
	if !whole {
		return nil
	}
	run, err := results.LoadFrom(strings.NewReader(first + "\n"))
	if err != nil {
		return nil
	}
	return run.Header.Configuration.Endpoints
}

// end ends the probing.
func (p *prober) end() {
	p.cancel()
	p.wg.Wait()
}

// gap is the longest time without an acknowledgement that touches a span.
func (p *prober) gap(from, to time.Time) (longest time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := 1; i < len(p.acks); i++ {
		if begin, end := p.acks[i-1], p.acks[i]; end.After(from) && begin.Before(to) {
			longest = max(longest, end.Sub(begin))
		}
	}
	return longest
}
