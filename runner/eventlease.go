package runner

import (
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
)

// eventLeases shares a lease among events as the API server does. One chain at
// a time grants the next one; the others go on with the present one meanwhile.
// It may be shared by goroutines.
type eventLeases struct {
	granted *leaseList    // of the whole run
	reuse   time.Duration // how long it is shared
	mu      sync.Mutex    // guards all below
	lease   sharedLease
	since   time.Duration
	uses    int
	claimed bool
}

// claim reports whether the caller is to grant a new lease.
func (l *eventLeases) claim(now time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.claimed || now-l.since < l.reuse && l.uses < eventLeaseShared {
		return false
	}
	l.claimed = true
	return true
}

// unclaim lets another caller try.
func (l *eventLeases) unclaim() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.claimed = false
}

// renew makes a lease that was granted at an instant the present one.
func (l *eventLeases) renew(g kube.Granted, at time.Duration) sharedLease {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lease = sharedLease{ID: g.ID, due: at + g.TTL}
	l.since, l.uses, l.claimed = at, 0, false
	l.granted.add(g.ID)
	return l.lease
}

// sharedLease is a lease and when it expires.
type sharedLease struct {
	ID  clientv3.LeaseID
	due time.Duration
}

// use is the present lease, for one event.
func (l *eventLeases) use() sharedLease {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uses++
	return l.lease
}
