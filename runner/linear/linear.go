// Package linear records what clients saw of a few keys and tells whether one
// etcd that does one thing at a time could have answered so: whether the answers
// are linearizable.
//
// Each key is a register of its own. Replies tell revisions, which makes what may
// be answered sharp: a read must return the very state that the last write left,
// and a write has a higher revision than those before it. A write of unknown
// outcome may have been applied at any time after it was sent, or never.
//
// What is not looked at: reads that ask for less (serializable ones, those of a
// revision, of several keys, of keys or counts only), and keys that go with a
// lease, which may be gone at any time, or that are written by Txns of other forms
// than Kubernetes' own. Keys are checked each by itself. Who writes a key without
// this package is a false alarm.
package linear

import (
	"bytes"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// Options say what is recorded.
type Options struct {
	// Prefix is what keys begin with that are always recorded.
	Prefix string
	// OneIn is of how many other keys about one is recorded, chosen by its hash; 64 where it is 0.
	OneIn int
	// Keys is how many keys are recorded at most, the first ones; 64 where it is 0.
	Keys int
	// Operations is how many requests are recorded at most, 20,000 where it is 0. With the last one the history ends.
	Operations int
	// Refused tells of an error whether it proves that the request was not applied and never will be.
	Refused func(error) bool
}

// History is what clients saw. It may be shared by goroutines.
type History struct {
	options Options
	prefix  []byte
	seed    maphash.Seed
	zero    time.Time
	// full tells that nothing is recorded any more.
	full atomic.Bool

	mu      sync.Mutex // guards all below
	epoch   int
	keys    map[string]struct{}
	dropped map[string]struct{}
	done    []operation
	begun   int
}

// New is an empty history.
func New(o Options) *History {
	if o.OneIn == 0 {
		o.OneIn = 64
	}
	if o.Keys == 0 {
		o.Keys = 64
	}
	if o.Operations == 0 {
		o.Operations = 20_000
	}
	return &History{options: o, prefix: []byte(o.Prefix), seed: maphash.MakeSeed(), zero: time.Now(), keys: map[string]struct{}{}, dropped: map[string]struct{}{}}
}

// verb is what a request does.
type verb uint8

const (
	read verb = iota
	put
	remove
)

// operation is one request and what came of it.
type operation struct {
	key       string
	epoch     int
	call, end int64 // nanoseconds since the history began
	asked     asked
	answer    answer
}

// asked is what was asked for.
type asked struct {
	verb  verb
	value uint64 // hash of what is put
	// guarded tells that it is only done where the key's mod revision is guard, 0 for
	// absent; otherwise the key is read, if reads.
	guarded, reads bool
	guard          int64
}

// answer is what came back.
type answer struct {
	// unknown tells that nothing did: it may have been done, or may be done yet.
	unknown bool
	// refused tells that the guard was wrong.
	refused bool
	// found is what was read, at a read or a refusal that reads.
	found register
	// revision is a write's own; 0 where it changed nothing.
	revision int64
}

// Break tells that the cluster has lost acknowledged writes by announcement, as a
// restored one has: what comes after is a history of its own, of unknown beginning.
func (h *History) Break() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.epoch++
}

// watches reports whether a key is recorded.
func (h *History) watches(key []byte) bool {
	if len(key) == 0 || h.full.Load() {
		return false
	}
	own := len(h.prefix) > 0 && bytes.HasPrefix(key, h.prefix)
	if !own && maphash.Bytes(h.seed, key)%uint64(h.options.OneIn) != 0 {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, known := h.keys[string(key)]; known {
		return true
	}
	if len(h.keys) >= h.options.Keys {
		return false
	}
	h.keys[string(key)] = struct{}{}
	return true
}

// drop leaves a key out of what is checked.
func (h *History) drop(key []byte) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.dropped[string(key)] = struct{}{}
}

// begin notes a request that leaves; false where there is no room for it.
func (h *History) begin(key []byte, a asked) (operation, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.begun >= h.options.Operations {
		h.full.Store(true)
		return operation{}, false
	}
	h.begun++
	return operation{key: string(key), epoch: h.epoch, asked: a, call: int64(time.Since(h.zero))}, true
}

// finish notes what came of it. What ended after the history did may have seen
// what is not in it.
func (h *History) finish(o operation, a answer) {
	o.end, o.answer = int64(time.Since(h.zero)), a
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.full.Load() || o.epoch != h.epoch {
		o.answer = answer{unknown: true}
	}
	if o.answer.unknown && o.asked.verb == read {
		return
	}
	h.done = append(h.done, o)
	if o.epoch != h.epoch {
		// It may have waited for a connection, and been the first thing that the new cluster did.
		o.epoch = h.epoch
		h.done = append(h.done, o)
	}
}
