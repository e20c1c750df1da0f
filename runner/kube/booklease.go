package kube

import (
	"sync"
	"time"
)

// leaseBook is what is known of leases. It may be shared by goroutines.
type leaseBook struct {
	mu sync.Mutex // guards all below
	of map[int64]*bookLease
	// turn is all leases, in the order in which they are looked at.
	turn []int64
	// forgotten is how many keys went with leases that are over for long.
	forgotten int64
}

// bookLease is one lease.
type bookLease struct {
	// over is when it may be over at the earliest.
	over time.Time
	// unsure tells that it may have been revoked, or will be, so that renewing it means nothing.
	unsure bool
	// revoked is when that was acknowledged; zero where it was not.
	revoked time.Time
	// keys are the hashes of those that were written with it.
	keys []uint64
}

// Clocks may differ by early in a lease's time, and a lease that is over for longer than lingering is forgotten.
const (
	early     = time.Second
	lingering = time.Minute
)

// granted notes a lease that was asked for at an instant, and looks at two others.
func (b *Books) granted(id int64, ttl time.Duration, sent time.Time) {
	l := &b.leases
	l.mu.Lock()
	l.add(id, &bookLease{over: sent.Add(ttl - early)})
	var due [2]int64
	var keys [2][]uint64
	for i := range due {
		due[i], keys[i] = l.next(sent)
	}
	l.mu.Unlock()
	for i, id := range due {
		b.forget(id, keys[i])
	}
}

// add adds a lease; l is locked.
func (l *leaseBook) add(id int64, of *bookLease) *bookLease {
	l.of[id] = of
	l.turn = append(l.turn, id)
	return of
}

// next looks at the lease whose turn it is, and returns its keys
// where they are to be forgotten; l is locked.
func (l *leaseBook) next(now time.Time) (id int64, keys []uint64) {
	if len(l.turn) == 0 {
		return 0, nil
	}
	id = l.turn[0]
	l.turn = l.turn[1:]
	of := l.of[id]
	end := of.over
	if !of.revoked.IsZero() {
		end = of.revoked
	}
	if now.Sub(end) < lingering {
		l.turn = append(l.turn, id)
		return 0, nil
	}
	delete(l.of, id)
	return id, of.keys
}

// forget takes away what is known of the keys of a lease that is long over.
func (b *Books) forget(lease int64, keys []uint64) {
	var n int64
	for _, hash := range keys {
		if b.expired(hash, lease, true) {
			n++
		}
	}
	b.leases.mu.Lock()
	defer b.leases.mu.Unlock()
	b.leases.forgotten += n
}

// renewed notes that a lease was renewed by a request of an instant.
func (b *Books) renewed(id int64, ttl time.Duration, sent time.Time) {
	l := &b.leases
	l.mu.Lock()
	defer l.mu.Unlock()
	of, ok := l.of[id]
	if over := sent.Add(ttl - early); ok && !of.unsure && over.After(of.over) {
		of.over = over
	}
}

// attach notes that a key was written with a lease; it reports whether the lease has gone already.
func (l *leaseBook) attach(id int64, hash uint64) (gone bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	of, ok := l.of[id]
	if !ok {
		// Nobody here was granted it: it may be over at any time.
		of = l.add(id, &bookLease{over: time.Now(), unsure: true})
	}
	if !of.revoked.IsZero() {
		return true
	}
	of.keys = append(of.keys, hash)
	return false
}

// doubted notes that a lease may have been revoked, or will be.
func (b *Books) doubted(id int64, now time.Time) {
	l := &b.leases
	l.mu.Lock()
	defer l.mu.Unlock()
	if of, ok := l.of[id]; ok {
		of.unsure = true
		if now.Before(of.over) {
			of.over = now
		}
	}
}

// revoked notes that a lease is no more, and so its keys.
func (b *Books) revoked(id int64, now time.Time) {
	l := &b.leases
	l.mu.Lock()
	of, ok := l.of[id]
	if !ok {
		of = l.add(id, &bookLease{})
	}
	keys := of.keys
	of.revoked, of.keys = now, nil
	l.mu.Unlock()
	for _, hash := range keys {
		b.expired(hash, id, false)
	}
}

// over is the leases that may be over, and were not revoked.
func (l *leaseBook) over(now time.Time) map[int64]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	all := map[int64]bool{}
	for id, of := range l.of {
		if of.revoked.IsZero() && !now.Before(of.over) {
			all[id] = true
		}
	}
	return all
}
