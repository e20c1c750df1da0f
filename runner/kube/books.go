package kube

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
)

// Books is what a cluster must hold by what it has acknowledged: which keys are
// there, and since which revision. It is kept from the requests themselves, so
// that whoever sends one need not know of it. It may be shared by goroutines.
//
// Replies come in any order, so it is the revision that decides, and what is
// known of a key is kept as long as one of its writes is under way. A key that
// is known to be absent is forgotten then: memory follows the number of keys
// that are there, not the length of a run. A write whose reply never came may be
// applied at any later time; its key is in doubt, which widens what is expected
// and never makes a fault.
//
// Note: keys are told apart by 64 bits of their hash. Among 10 million keys, two
// have the same in one run of 400,000.
type Books struct {
	seed   maphash.Seed
	shards [bookShards]bookShard
	leases leaseBook
	tally  tally
	// unbooked tells that a write came whose keys it does not name, rewound that an older state was restored.
	unbooked, rewound atomic.Bool
}

// bookShards is a power of two.
const bookShards = 64

// bookShard is the keys whose hashes end alike.
type bookShard struct {
	mu   sync.Mutex // guards all below
	keys map[uint64]entryOf
	// leases are those that keys go with; doubts are what unknown outcomes may do.
	leases     map[uint64]int64
	doubts     map[uint64]doubt
	live, gone sample
}

// entryOf is what is known of one key. It has no pointers, so that the collector passes over millions.
type entryOf struct {
	// revision of the last write that was acknowledged; 0 where none was.
	revision int64
	// flying is how many writes are under way.
	flying                             int32
	present, leased, doubtful, sampled bool
}

// doubt is what writes of unknown outcome may still do to a key.
type doubt struct {
	put, remove bool
	// until is the last revision of the key at which they can; a later acknowledged write ends the doubt.
	until int64
}

// always is the until of a write that depends on no revision.
const always = math.MaxInt64

// NewBooks are books of an empty cluster.
func NewBooks() *Books {
	b := &Books{seed: maphash.MakeSeed(), leases: leaseBook{of: map[int64]*bookLease{}}}
	for i := range b.shards {
		s := &b.shards[i]
		s.keys, s.leases, s.doubts = map[uint64]entryOf{}, map[uint64]int64{}, map[uint64]doubt{}
		s.live.keys, s.gone.keys = map[uint64]string{}, map[uint64]string{}
	}
	return b
}

// Unbooked reports whether keys were written that the books do not know: ranges
// that were deleted, or Txns within Txns. No workload does either.
func (b *Books) Unbooked() bool { return b.unbooked.Load() }

func (b *Books) shardOf(hash uint64) *bookShard { return &b.shards[hash%bookShards] }

// begin notes that a write leaves.
func (b *Books) begin(key []byte) {
	hash := b.hashOf(key)
	s := b.shardOf(hash)
	s.mu.Lock()
	e := s.keys[hash]
	e.flying++
	s.keys[hash] = e
	s.mu.Unlock()
}

// refused notes that a write came back and that etcd did not apply it.
func (b *Books) refused(key []byte) {
	hash := b.hashOf(key)
	s := b.shardOf(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.keys[hash]
	e.flying--
	s.keep(hash, e)
}

// unknown notes that a write may have been applied, or will be.
func (b *Books) unknown(key []byte, d doubt) {
	hash := b.hashOf(key)
	s := b.shardOf(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.keys[hash]
	e.flying--
	if e.revision <= d.until {
		was := s.doubts[hash]
		s.doubts[hash] = doubt{was.put || d.put, was.remove || d.remove, max(was.until, d.until)}
		e.doubtful = true
	}
	s.keep(hash, e)
}

// acknowledged notes that since a revision a key is there, with a lease or none
// (0), or is not. A deletion that found nothing counts too, with the store's revision.
func (b *Books) acknowledged(key []byte, revision int64, present bool, lease int64) {
	hash := b.hashOf(key)
	s := b.shardOf(hash)
	s.mu.Lock()
	e := s.keys[hash]
	e.flying--
	attach := false
	if revision >= e.revision {
		e.revision, e.present = revision, present
		attach = s.lease(hash, &e, lease)
		if e.doubtful && revision > s.doubts[hash].until {
			delete(s.doubts, hash)
			e.doubtful = false
		}
		s.sample(hash, key, &e)
	}
	s.keep(hash, e)
	s.mu.Unlock()
	b.tally.count(hash, revision)
	if attach && b.leases.attach(lease, hash) {
		b.expired(hash, lease, false)
	}
}

// keep stores what is known of a key, unless that is only that it is absent.
func (s *bookShard) keep(hash uint64, e entryOf) {
	if e.flying == 0 && !e.present && !e.doubtful && !e.sampled {
		delete(s.keys, hash)
		return
	}
	s.keys[hash] = e
}

// lease notes which lease a key goes with; it reports whether that is a new one.
func (s *bookShard) lease(hash uint64, e *entryOf, lease int64) (attach bool) {
	if !e.present || lease == 0 {
		if e.leased {
			delete(s.leases, hash)
			e.leased = false
		}
		return false
	}
	attach = !e.leased || s.leases[hash] != lease
	if attach {
		s.leases[hash] = lease
		e.leased = true
	}
	return attach
}

// expired notes that a lease is over and its key with it. With forget nothing is
// known of the key any more; expired reports then whether it was the lease's.
func (b *Books) expired(hash uint64, lease int64, forget bool) bool {
	s := b.shardOf(hash)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.keys[hash]
	if !e.leased || s.leases[hash] != lease {
		return false // it was written anew, with another lease or none
	}
	// The revision stays: a write that comes between it and the end of the lease may be acknowledged yet.
	e.present, e.leased = false, false
	delete(s.leases, hash)
	if e.sampled {
		key := s.live.keys[hash]
		delete(s.live.keys, hash)
		e.sampled = false
		if !forget {
			s.sample(hash, []byte(key), &e)
		}
	}
	s.keep(hash, e)
	return true
}

// Found notes a key that was there before anything was written: what a snapshot has that the cluster began with.
func (b *Books) Found(key string, revision int64) {
	b.begin([]byte(key))
	b.acknowledged([]byte(key), revision, true, 0)
}
