package kube

import (
	"fmt"
	"math/bits"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
)

// sample is whole keys, chosen by their hashes: one in 2^level.
type sample struct {
	keys  map[uint64]string
	level int
}

// shardSample is how many keys a shard's sample holds at most: 64 shards have
// some 2,000 keys that are there, and as many that are not.
const shardSample = 48

// chosen reports whether a sample has a key. The lowest bits of the hash choose the shard.
func (s *sample) chosen(hash uint64) bool {
	return bits.TrailingZeros64(hash/bookShards) >= s.level
}

// sample puts a key into the sample of those that are there, or of those that are not.
func (s *bookShard) sample(hash uint64, key []byte, e *entryOf) {
	in, out := &s.live, &s.gone
	if !e.present {
		in, out = out, in
	}
	if e.sampled {
		delete(out.keys, hash)
	}
	e.sampled = in.chosen(hash)
	if !e.sampled {
		return
	}
	if _, known := in.keys[hash]; known {
		return
	}
	in.keys[hash] = string(key)
	for len(in.keys) > shardSample {
		in.level++
		s.thin(in)
	}
	e.sampled = in.chosen(hash)
}

// thin takes keys out of a sample whose level has risen.
func (s *bookShard) thin(in *sample) {
	for hash := range in.keys {
		if in.chosen(hash) {
			continue
		}
		delete(in.keys, hash)
		e := s.keys[hash]
		e.sampled = false
		s.keep(hash, e)
	}
}

// Expected is what must be found at a key.
type Expected struct {
	Key string
	// Revision of the last acknowledged write or deletion.
	Revision int64
	// Present tells that the key was written, not deleted.
	Present bool
	// MayPut and MayDelete tell what may have become of it since.
	MayPut, MayDelete bool
}

// Sample is keys whose last write or deletion was acknowledged, as they must be
// found until an instant, some 2,000 of either.
func (b *Books) Sample(until time.Time) []Expected {
	over := b.leases.over(until)
	var all []Expected
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		for _, keys := range []map[uint64]string{s.live.keys, s.gone.keys} {
			for hash, key := range keys {
				e := s.keys[hash]
				d := s.possible(hash, e, over)
				all = append(all, Expected{key, e.revision, e.present, d.put, d.remove})
			}
		}
		s.mu.Unlock()
	}
	return all
}

// Fault says how what was found, nil for nothing, is not what must be; it is empty where it is.
func (x Expected) Fault(found *mvccpb.KeyValue) string {
	switch {
	case found == nil && x.Present && !x.MayDelete:
		return fmt.Sprintf("%s is absent, but was written at revision %d", x.Key, x.Revision)
	case found == nil:
		return ""
	case !x.Present && found.ModRevision <= x.Revision:
		return fmt.Sprintf("%s is there, of revision %d, but was deleted after it", x.Key, found.ModRevision)
	case found.ModRevision < x.Revision:
		return fmt.Sprintf("%s is of revision %d, but was written at revision %d", x.Key, found.ModRevision, x.Revision)
	case found.ModRevision > x.Revision && !x.MayPut:
		return fmt.Sprintf("%s is of revision %d, which nobody here wrote: the last known is %d", x.Key, found.ModRevision, x.Revision)
	default:
		return ""
	}
}
