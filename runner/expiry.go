package runner

import (
	"context"
	"fmt"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"google.golang.org/grpc/codes"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/runner/record"
)

// expiry times how late keys go whose lease has run out: from the instant at
// which the lease was over, by its grant's or last renewal's reply and the time
// to live that etcd gave, until a watcher sees the key deleted. It may be shared
// by goroutines.
type expiry struct {
	clock  *clock
	expire *operation
	leases *leaseList
	mu     sync.Mutex        // guards mortal
	mortal map[string]dueKey // by key
}

// dueKey is when a key is to go, and whose lease it has.
type dueKey struct {
	at    time.Duration
	lease clientv3.LeaseID
}

// newExpiry follows the keys of a store from the time at which prepare is called.
func newExpiry(e *env, expire *operation) *expiry {
	return &expiry{clock: e.clock, expire: expire, leases: &e.leases, mortal: map[string]dueKey{}}
}

// prepare opens the watch that tells of deletions, and has it followed beside the load.
func (x *expiry) prepare(e *env, s *kube.Store) error {
	gone, err := s.Deletions(e.finish) // to the end of the run, not of the setup
	if err != nil {
		return fmt.Errorf("watching for keys that expire: %w", err)
	}
	e.background = append(e.background, func(ctx context.Context) { x.follow(ctx, gone) })
	e.expiries = append(e.expiries, x)
	return nil
}

// follow records what goes, until ctx ends, and then what is overdue.
func (x *expiry) follow(ctx context.Context, gone <-chan []string) {
	for {
		select {
		case keys, ok := <-gone:
			if !ok {
				gone = nil // the watch has ended; so will the run
				continue
			}
			now := x.clock.Now()
			for _, key := range keys {
				x.went(key, now)
			}
		case <-ctx.Done():
			x.overdue()
			return
		}
	}
}

// expect notes that a key goes at an instant, with a lease; a later call for the same key counts.
func (x *expiry) expect(key string, lease clientv3.LeaseID, at time.Duration) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.mortal[key] = dueKey{at, lease}
}

// forget notes that a key is not known to be there.
func (x *expiry) forget(key string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	delete(x.mortal, key)
}

// went records that a key has gone.
func (x *expiry) went(key string, now time.Duration) {
	x.mu.Lock()
	due, known := x.mortal[key]
	delete(x.mortal, key)
	x.mu.Unlock()
	if !known {
		return
	}
	x.leases.ended(due.lease)
	x.record(due.at, now, codes.OK)
}

// open is how many keys are due before an instant and have not gone.
func (x *expiry) open(before time.Duration) (n int64) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, due := range x.mortal {
		if due.at < before {
			n++
		}
	}
	return n
}

// overdue records the keys that should have gone before the end of the load and are still there.
func (x *expiry) overdue() {
	now := x.clock.Now()
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, due := range x.mortal {
		if due.at < x.clock.loadEnd() {
			x.record(due.at, now, codes.DeadlineExceeded)
		}
	}
}

func (x *expiry) record(due, now time.Duration, code codes.Code) {
	// etcd counts from when it granted, a little before its reply: a key may go before it is due.
	now = max(now, due)
	phase := x.clock.Phase(due)
	x.expire.series.Count(0, phase, record.Intended, 1)
	x.expire.series.Done(0, &record.Outcome{
		Phase: phase, DonePhase: x.clock.Phase(now), Intended: due, Dispatched: due, Done: now, Code: code,
		Unfinished: code != codes.OK, NotSent: true,
	})
	x.expire.series.Time(0, phase, record.ExpiryLateness, now-due, 1)
}
