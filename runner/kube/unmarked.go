package kube

import (
	"slices"
	"sync"
)

// byKey joins writes that carry no mark with their events, by key and revision. An
// event may come before the reply that tells its write's revision, and several
// writes of a key may be under way. It may be shared by goroutines.
type byKey struct {
	mu   sync.Mutex // guards keys
	keys map[string]*unmarkedKey
}

// unmarkedKey is what is known of a key on which writes without a mark are under
// way, or not yet seen by every watcher.
type unmarkedKey struct {
	writes []unmarkedWrite
	early  []sighting // of no write that is acknowledged so far
}

// unmarkedWrite is one such write; its revision is 0 until it is acknowledged.
type unmarkedWrite struct {
	index    uint64
	revision int64
}

func (b *byKey) enter(key string, index uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.keys[key]
	if k == nil {
		k = &unmarkedKey{}
		b.keys[key] = k
	}
	k.writes = append(k.writes, unmarkedWrite{index: index})
}

// see finds the write that an event is of. It waits where that may still turn out.
func (b *byKey) see(key string, seen sighting) (index uint64, ours, waits bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.keys[key]
	if k == nil {
		return 0, false, false
	}
	if i := slices.IndexFunc(k.writes, func(w unmarkedWrite) bool { return w.revision == seen.revision }); i >= 0 {
		return k.writes[i].index, true, false
	}
	if !k.waiting() {
		return 0, false, false
	}
	k.early = append(k.early, seen)
	return 0, false, true
}

// acknowledge notes a write's revision. It returns the events of it that came
// before, and those that turn out to be of no write of ours.
func (b *byKey) acknowledge(key string, index uint64, revision int64) (early, others []sighting) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.keys[key]
	for i := range k.writes {
		if k.writes[i].index == index {
			k.writes[i].revision = revision
		}
	}
	k.early = slices.DeleteFunc(k.early, func(s sighting) bool {
		if s.revision == revision {
			early = append(early, s)
		}
		return s.revision == revision
	})
	return early, k.resolved()
}

// leave forgets a write, that failed or that every watcher has seen. It returns
// the events that turn out to be of no write of ours.
func (b *byKey) leave(key string, index uint64) []sighting {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := b.keys[key]
	k.writes = slices.DeleteFunc(k.writes, func(w unmarkedWrite) bool { return w.index == index })
	if len(k.writes) == 0 {
		delete(b.keys, key)
	}
	return k.resolved()
}

// waiting reports whether a write is under way.
func (k *unmarkedKey) waiting() bool {
	return slices.ContainsFunc(k.writes, func(w unmarkedWrite) bool { return w.revision == 0 })
}

// resolved takes what waited, once there is nothing to wait for.
func (k *unmarkedKey) resolved() []sighting {
	if k.waiting() {
		return nil
	}
	others := k.early
	k.early = nil
	return others
}
