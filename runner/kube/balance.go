package kube

import "time"

// Balance is how many keys must be there. Lowest and Highest are the same unless
// there are writes of unknown outcome, or leases that may be over.
type Balance struct{ Lowest, Highest int64 }

// Balance is how many keys must have been there at a moment until now, given
// leases that there were after it.
func (b *Books) Balance(now time.Time, alive []int64) (sum Balance) {
	over := b.leases.over(now)
	for _, id := range alive {
		delete(over, id)
	}
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		for hash, e := range s.keys {
			d := s.possible(hash, e, over)
			if e.present && !d.remove {
				sum.Lowest++
			}
			if e.present || d.put {
				sum.Highest++
			}
		}
		s.mu.Unlock()
	}
	b.leases.mu.Lock()
	defer b.leases.mu.Unlock()
	sum.Highest += b.leases.forgotten
	return sum
}

// possible is what may have become of a key since the last acknowledged write.
func (s *bookShard) possible(hash uint64, e entryOf, over map[int64]bool) (d doubt) {
	if e.doubtful {
		d = s.doubts[hash]
	}
	if e.flying > 0 {
		d.put, d.remove = true, true
	}
	if e.leased && over[s.leases[hash]] {
		d.remove = true
	}
	return d
}

// LeasesInDoubt reports whether there are keys of leases that may be over, so that Alive tells more.
func (b *Books) LeasesInDoubt(now time.Time) bool {
	if len(b.leases.over(now)) > 0 {
		return true
	}
	b.leases.mu.Lock()
	defer b.leases.mu.Unlock()
	return b.leases.forgotten > 0
}

// Alive tells the books which leases there are: the keys of others that may be
// over are gone. A lease that is not over by its time is not taken for granted.
func (b *Books) Alive(ids []int64, now time.Time) {
	over := b.leases.over(now)
	known := true
	b.leases.mu.Lock()
	for _, id := range ids {
		delete(over, id)
		_, ok := b.leases.of[id]
		known = known && ok
	}
	if known {
		b.leases.forgotten = 0
	}
	b.leases.mu.Unlock()
	for id := range over {
		b.revoked(id, now)
	}
}
