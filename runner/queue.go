package runner

import "sync"

// maxBacklog is how many operations of a workload may wait; beyond it they are dropped and counted.
const maxBacklog = 1 << 20

// queue is a workload's backlog: what is due and waits for a worker, in order.
// It may be shared by goroutines.
type queue struct {
	mu      sync.Mutex // guards all below
	ready   sync.Cond
	ring    []task // its length is a power of two
	head, n int
	idle    int // workers that wait
	closed  bool
}

// The ring is made for smallRing tasks; one that a stall has made larger than
// largeRing is given back once all that waited has been done, so that memory
// does not tell of the longest stall for the rest of a run.
const (
	smallRing = 64
	largeRing = 1024
)

func newQueue() *queue {
	q := &queue{ring: make([]task, smallRing)}
	q.ready.L = &q.mu
	return q
}

// pushed is what became of a task.
type pushed uint8

const (
	taken  pushed = iota // a worker waits that will take it
	queued               // it waits for a worker
	full                 // there was no room
	closed               // the run is over
)

// push adds a task.
func (q *queue) push(t task) pushed {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return closed
	case q.n == maxBacklog:
		return full
	}
	if q.n == len(q.ring) {
		q.grow()
	}
	q.ring[(q.head+q.n)&(len(q.ring)-1)] = t
	q.n++
	if q.idle >= q.n {
		q.ready.Signal()
		return taken
	}
	return queued
}

func (q *queue) grow() {
	ring := make([]task, 2*len(q.ring))
	n := copy(ring, q.ring[q.head:])
	copy(ring[n:], q.ring[:q.head])
	q.ring, q.head = ring, 0
}

// pop takes the first task; it waits for one and reports false once the queue is closed.
func (q *queue) pop() (task, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for q.n == 0 && !q.closed {
		q.idle++
		q.ready.Wait()
		q.idle--
	}
	if q.closed {
		return task{}, false
	}
	t := q.ring[q.head]
	q.ring[q.head] = task{}
	q.head = (q.head + 1) & (len(q.ring) - 1)
	if q.n--; q.n == 0 && len(q.ring) > largeRing {
		q.ring, q.head = make([]task, smallRing), 0
	}
	return t, true
}

// close ends all waiting and hands over what is left.
func (q *queue) close() []task {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.ready.Broadcast()
	left := make([]task, 0, q.n)
	for i := range q.n {
		left = append(left, q.ring[(q.head+i)&(len(q.ring)-1)])
	}
	q.n = 0
	return left
}

// length is how many tasks wait.
func (q *queue) length() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n
}
