package runner

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"github.com/etcd-dyno/etcd-dyno/runner/arrival"
)

// pacer releases everything at its due time: arrivals by their schedule, and
// the later steps of chains when their think time is over. One locked OS thread
// sleeps until the next instant and then dispatches all that is due, so that
// lateness never adds up and no timer of the Go runtime, which rounds up to a
// millisecond, stands between the schedule and etcd.
type pacer struct {
	clock *clock
	// sources are looked at in turn; only the thread uses them.
	sources []source
	// clients are those of closed loops, which all begin at the start.
	clients []*client
	steps   stepHeap
	mu      sync.Mutex // guards inbox
	inbox   []step
	wake    atomic.Uint32 // a futex: its value changes when the thread must look again
	sleep   atomic.Int64  // until when the thread sleeps
	ended   atomic.Bool   // no arrival is released any more
	over    atomic.Bool   // every arrival was released
	stopped atomic.Bool
}

// source is a sequence of arrivals and what to do at each.
type source struct {
	next   arrival.Sequence
	arrive func(arriving)
	due    arrival.Arrival
}

// step is a later operation of a chain, the next arrival of a client, or a chain
// that begins later, and when it is due.
type step struct {
	at     time.Duration
	task   task
	client *client // nil for the others
	start  *start  // nil for the others
}

// start is a chain that begins when it is due, or never, where the run ends before.
type start struct {
	arrive func(arriving)
	never  func(at time.Duration)
}

// longestSleep bounds how long the thread sleeps when nothing is due.
const longestSleep = 50 * time.Millisecond

// add adds a source; only before run.
func (p *pacer) add(next arrival.Sequence, arrive func(arriving)) {
	p.sources = append(p.sources, source{next: next, arrive: arrive, due: next()})
}

// later does what a step says when it is due, or at once when that is past.
func (p *pacer) later(s step) {
	switch due := s.at <= p.clock.Now(); {
	case due && s.client != nil:
		s.client.ready(s.at, true)
		return
	case due && s.start != nil:
		s.start.arrive(arriving{due: s.at, early: true})
		return
	case due:
		s.task.stream.dispatch(s.task, s.at)
		return
	}
	p.mu.Lock()
	p.inbox = append(p.inbox, s)
	p.mu.Unlock()
	if int64(s.at) < p.sleep.Load() {
		p.wakeUp()
	}
}

// run dispatches until stop. begin is the start of all sources' schedules, end
// the offset at which arrivals stop; steps go on after it.
func (p *pacer) run(begin, end time.Duration) {
	// The thread is not unlocked: it ends with the goroutine, and its timer slack with it.
	runtime.LockOSThread()
	// Without it the kernel may wake the thread up to 50 µs late. It cannot fail for a valid number.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	for _, c := range p.clients {
		p.steps.push(step{at: begin + c.loop.opens, client: c})
	}
	for !p.stopped.Load() {
		seen := p.wake.Load()
		p.collect()
		next := min(p.arrivals(begin, end), p.due())
		p.sleep.Store(int64(next))
		if p.pending() {
			continue // a step came in before it could see until when the thread sleeps
		}
		if d := min(next-p.clock.Now(), longestSleep); d > 0 {
			futexWait(&p.wake, seen, d)
		}
	}
}

// spared is the processor that the runs of this process share which have their load under way.
var spared shared //nolint:gochecknoglobals // GOMAXPROCS is the process's own

// shared is something of the process that is set while anybody wants it.
type shared struct {
	mu     sync.Mutex // guards all below
	n      int
	before int // what was set before the first came
}

// enter sets it where nobody has, by set, and returns what was before.
func (s *shared) enter(set func() (before int)) (before int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n++; s.n == 1 {
		s.before = set()
	}
	return s.before
}

// leave restores it where nobody wants it any more.
func (s *shared) leave(restore func(before int)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n--; s.n == 0 {
		restore(s.before)
	}
}

// spareProcessor lets Go use one processor more than it would, until the function
// that it returns is called. The pacing thread then need not wait for a worker to
// give up its own.
//
// Note: two were tried. At 5,000 puts a second into a server beside it on two
// processors the median of the service is then 0.5 ms above what a bare client
// measures, instead of 0.15 ms: four threads take turns on two processors
// (TestAccuracyKnownLatency).
func spareProcessor() (restore func()) {
	spared.enter(func() int { return runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1) })
	return func() { spared.leave(func(before int) { runtime.GOMAXPROCS(before) }) }
}

// stop makes run return soon.
func (p *pacer) stop() {
	p.stopped.Store(true)
	p.wakeUp()
}

// endArrivals makes the sources end at once; steps go on.
func (p *pacer) endArrivals() { p.ended.Store(true) }

// leftover is the steps that never came due. It is called after run has returned.
func (p *pacer) leftover() []step {
	p.collect()
	return p.steps
}

func (p *pacer) collect() {
	p.mu.Lock()
	for _, s := range p.inbox {
		p.steps.push(s)
	}
	clear(p.inbox)
	p.inbox = p.inbox[:0]
	p.mu.Unlock()
}

func (p *pacer) pending() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.inbox) > 0
}

// arrivals dispatches the arrivals that are due and returns when the next one is.
func (p *pacer) arrivals(begin, end time.Duration) time.Duration {
	next := time.Duration(1 << 62)
	over := 0
	for i := range p.sources {
		s := &p.sources[i]
		for {
			due := begin + s.due.Due
			if due >= end || p.ended.Load() {
				over++
				break
			}
			if due > p.clock.Now() {
				next = min(next, due)
				break
			}
			s.arrive(arriving{index: s.due.Index, due: due})
			s.due = s.next()
		}
	}
	if over == len(p.sources) {
		p.over.Store(true)
	}
	return next
}

// due dispatches the steps that are due and returns when the next one is.
func (p *pacer) due() time.Duration {
	for len(p.steps) > 0 {
		if p.steps[0].at > p.clock.Now() {
			return p.steps[0].at
		}
		switch s := p.steps.pop(); {
		case s.client != nil:
			s.client.ready(s.at, false)
		case s.start != nil:
			s.start.arrive(arriving{due: s.at})
		default:
			s.task.stream.release(s.task, s.at)
		}
	}
	return 1 << 62
}

func (p *pacer) wakeUp() {
	p.wake.Add(1)
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(&p.wake)), futexWakePrivate, 1, 0, 0, 0)
}

// The operations of futex(2), which golang.org/x/sys/unix does not name.
const (
	futexWaitPrivate = 0x80
	futexWakePrivate = 0x81
)

// futexWait sleeps for d, or until the word is not seen any more, or by chance less.
func futexWait(word *atomic.Uint32, seen uint32, d time.Duration) {
	ts := unix.NsecToTimespec(int64(d))
	_, _, _ = unix.Syscall6(unix.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWaitPrivate, uintptr(seen), uintptr(unsafe.Pointer(&ts)), 0, 0)
}

// stepHeap is a heap by due time.
type stepHeap []step

func (h *stepHeap) push(s step) {
	*h = append(*h, s)
	a := *h
	for i := len(a) - 1; i > 0; {
		parent := (i - 1) / 2
		if a[parent].at <= a[i].at {
			return
		}
		a[parent], a[i] = a[i], a[parent]
		i = parent
	}
}

func (h *stepHeap) pop() step {
	a := *h
	first := a[0]
	n := len(a) - 1
	a[0], a[n] = a[n], step{}
	a = a[:n]
	*h = a
	for i := 0; ; {
		least := i
		for _, child := range [...]int{2*i + 1, 2*i + 2} {
			if child < n && a[child].at < a[least].at {
				least = child
			}
		}
		if least == i {
			return first
		}
		a[i], a[least] = a[least], a[i]
		i = least
	}
}
