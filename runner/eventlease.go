package runner

import (
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// eventLeases shares a lease among events as the API server does. One chain at
// a time grants the next one; the others go on with the present one meanwhile.
// It may be shared by goroutines.
type eventLeases struct {
	granted *leaseList // of the whole run
	mu      sync.Mutex // guards all below
	id      clientv3.LeaseID
	since   time.Duration
	uses    int
	claimed bool
}

// claim reports whether the caller is to grant a new lease.
func (l *eventLeases) claim(now time.Duration) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.claimed || now-l.since < eventLeaseReuse && l.uses < eventLeaseShared {
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

// renew makes id the present lease.
func (l *eventLeases) renew(id clientv3.LeaseID, now time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.id, l.since, l.uses, l.claimed = id, now, 0, false
	l.granted.add(id)
}

// use is the present lease, for one event.
func (l *eventLeases) use() clientv3.LeaseID {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.uses++
	return l.id
}
