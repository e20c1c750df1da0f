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

// span is when bytes came: at from the earliest, at to the latest. The latest is
// when they were read.
type span struct{ from, to time.Time }

const (
	// prompt is a read that did not have to wait.
	prompt = 100 * time.Microsecond
	// mostLate bounds how late a sender of waiting bytes may be without a loss of bandwidth.
	mostLate = 50 * time.Millisecond
)

// arrival tells when bytes came whose reading took from begin to end, after
// those before them. Where it took no time they had been waiting, and a line had
// something to send although its sender, on a busy machine, came late.
func arrival(before span, begin, end time.Time) span {
	s := span{from: end, to: end}
	if earliest := end.Add(-mostLate); end.Sub(begin) < prompt {
		if s.from = before.from; s.from.Before(earliest) {
			s.from = earliest
		}
	}
	return s
}

// pass returns when the last of n bytes has gone at rate bytes a second: not
// before they were read, but the line may have begun with them earlier.
func (l *line) pass(came span, n int, rate int64) time.Time {
	if rate == 0 {
		return came.to
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.free.Before(came.from) {
		l.free = came.from
	}
	l.free = l.free.Add(time.Duration(float64(n) / float64(rate) * float64(time.Second)))
	if l.free.Before(came.to) {
		return came.to
	}
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
