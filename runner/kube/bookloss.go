package kube

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
)

// tally is which keys were written by acknowledged writes since it began, and how often.
type tally struct {
	on    atomic.Bool
	mu    sync.Mutex         // guards since
	since map[uint64][]int64 // revisions, by the key's hash
}

// Tally begins to remember, for each key, the revisions of its acknowledged
// writes, so that it can be told which are lost when a snapshot of now or later
// is all that is left. A second call forgets those before. Memory follows the
// number of writes since.
func (b *Books) Tally() {
	b.tally.mu.Lock()
	defer b.tally.mu.Unlock()
	b.tally.since = map[uint64][]int64{}
	b.tally.on.Store(true)
}

// count notes an acknowledged write.
func (t *tally) count(hash uint64, revision int64) {
	if !t.on.Load() {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.since[hash] = append(t.since[hash], revision)
}

// Loss is what a cluster has lost that was acknowledged.
type Loss struct {
	// Writes is how many, and Keys of how many keys.
	Writes, Keys int64
}

// Rewind tells the books that the cluster holds again what it held at a
// revision, by a snapshot taken after Tally was called, and that what was
// acknowledged after it is lost. What became of the keys that were written since
// is in doubt until they are written again, and so is what leases took: they
// count anew.
func (b *Books) Rewind(revision int64) (lost Loss) {
	b.tally.mu.Lock()
	since := b.tally.since
	b.tally.mu.Unlock()
	var last int64
	gone := map[uint64]int64{}
	for hash, all := range since {
		for _, r := range all {
			if last = max(last, r); r > revision {
				gone[hash]++
			}
		}
	}
	for hash, writes := range gone {
		lost.Writes += writes
		lost.Keys++
		b.shardOf(hash).rewind(hash, last)
	}
	for i := range b.shards {
		b.shards[i].reconsider(last)
	}
	b.rewound.Store(true)
	return lost
}

// rewind puts a key in doubt, of which nothing is known but that no write up to a revision will come any more.
func (s *bookShard) rewind(hash uint64, last int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.keys[hash]
	s.doubts[hash] = doubt{put: true, remove: true, until: last}
	e.doubtful, e.revision = true, 0
	s.keys[hash] = e
}

// reconsider takes out of the samples what may have come back with its lease, and
// puts in doubt what may go later than its lease would have it.
func (s *bookShard) reconsider(last int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for hash := range s.gone.keys {
		delete(s.gone.keys, hash)
		e := s.keys[hash]
		e.sampled = false
		s.keep(hash, e)
	}
	for hash := range s.leases {
		e := s.keys[hash]
		s.doubts[hash] = doubt{put: true, remove: true, until: last}
		e.doubtful = true
		s.keys[hash] = e
	}
}

// Rewound reports whether Rewind was called: how many keys there are is not known then.
func (b *Books) Rewound() bool { return b.rewound.Load() }

// hashOf is the name of a key in the books.
func (b *Books) hashOf(key []byte) uint64 { return maphash.Bytes(b.seed, key) }
