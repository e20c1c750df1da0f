package link

import (
	"sync"
	"time"
)

// line is the wire on which the bytes of one party to another go one after
// another, those of all connections.
type line struct {
	mu   sync.Mutex // guards free
	free time.Time  // when all bytes so far have gone
}

// longestQueue is how much a line's sender may be ahead of it.
const longestQueue = 10 * time.Millisecond

// pass returns when the last of n bytes that came at the time at has gone, at
// rate bytes a second.
func (l *line) pass(at time.Time, n int, rate int64) time.Time {
	if rate == 0 {
		return at
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.free.Before(at) {
		l.free = at
	}
	l.free = l.free.Add(time.Duration(float64(n) / float64(rate) * float64(time.Second)))
	return l.free
}

// portion is how many bytes may be put on a line at once: a millisecond's, so
// that connections take turns, but not less than an Ethernet frame carries.
func portion(rate int64) int {
	if rate == 0 {
		return chunkSize
	}
	return int(min(max(rate/1000, 1460), chunkSize))
}
