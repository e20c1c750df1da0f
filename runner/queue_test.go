package runner

import (
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

func TestQueueKeepsOrder(t *testing.T) {
	q := newQueue()
	rng := rand.New(rand.NewPCG(1, 1))
	in, popped := 0, 0
	for range 10000 {
		if q.length() == 0 || rng.IntN(3) > 0 {
			if got := q.push(task{index: in}); got != queued {
				t.Fatalf("push %d: %d; nobody waits", in, got)
			}
			in++
			continue
		}
		got, ok := q.pop()
		if !ok || got.index != popped {
			t.Fatalf("popped %d, want %d", got.index, popped)
		}
		popped++
	}
	left := q.close()
	if len(left) != in-popped || len(left) > 0 && left[0].index != popped {
		t.Errorf("%d left, want %d from %d on", len(left), in-popped, popped)
	}
	if _, ok := q.pop(); ok {
		t.Error("a closed queue gives a task")
	}
	if got := q.push(task{}); got != closed {
		t.Errorf("a closed queue takes a task: %d", got)
	}
}

// The backlog is bounded; what finds it full is told so.
func TestQueueIsBounded(t *testing.T) {
	q := newQueue()
	for i := range maxBacklog {
		if q.push(task{}) == full {
			t.Fatalf("no room for task %d", i)
		}
	}
	if q.push(task{}) != full {
		t.Error("there is room beyond the bound")
	}
}

// Each task goes to one worker, whatever they do at once.
func TestQueueSharedByWorkers(t *testing.T) {
	const n = 20000
	q := newQueue()
	var wg sync.WaitGroup
	var mu sync.Mutex
	var all []int
	for range 8 {
		wg.Go(func() {
			var mine []int
			for {
				got, ok := q.pop()
				if !ok {
					break
				}
				mine = append(mine, got.index)
			}
			mu.Lock()
			defer mu.Unlock()
			all = append(all, mine...)
		})
	}
	for i := range n {
		q.push(task{index: i})
	}
	within(t, 10*time.Second, "the queue is empty", func() bool { return q.length() == 0 })
	q.close()
	wg.Wait()
	slices.Sort(all)
	if len(all) != n || all[0] != 0 || all[n-1] != n-1 {
		t.Errorf("%d tasks came out, want each of %d once", len(all), n)
	}
}

func TestStepHeap(t *testing.T) {
	var h stepHeap
	rng := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		h.push(step{at: time.Duration(rng.IntN(500))})
	}
	last := time.Duration(0)
	for len(h) > 0 {
		s := h.pop()
		if s.at < last {
			t.Fatalf("%v after %v", s.at, last)
		}
		last = s.at
	}
}

// What a stall has made large does not stay large.
func TestQueueGivesBack(t *testing.T) {
	q := newQueue()
	for i := range 100 * largeRing {
		q.push(task{index: i})
	}
	for i := range 100 * largeRing {
		if got, ok := q.pop(); !ok || got.index != i {
			t.Fatalf("popped %d, %v; want %d", got.index, ok, i)
		}
	}
	if len(q.ring) != smallRing {
		t.Errorf("an empty queue holds room for %d tasks", len(q.ring))
	}
}
