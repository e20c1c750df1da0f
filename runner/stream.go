package runner

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/runner/record"
)

// stream is a workload at work: its backlog and its workers.
type stream struct {
	name    string
	lag     *record.Series
	queue   *queue
	pacer   *pacer
	clock   *clock
	filler  []byte
	most    int          // of workers: the bound of operations in flight
	open    atomic.Int64 // chains that have begun and not ended
	mu      sync.Mutex   // guards workers
	workers int
	wg      sync.WaitGroup
	ctx     context.Context //nolint:containedctx // the one that ends finishing; workers are started by arrivals, from the pacing thread
}

// arrive starts a chain, whose first operation is due now. c is nil for a single operation.
func (s *stream) arrive(sc script, c *chain, op *operation, a arriving) {
	s.open.Add(1)
	if a.client != nil {
		a.client.open.Add(1)
	}
	if c != nil {
		c.phase, c.intended, c.dispatched = s.clock.Phase(a.due), a.due, s.clock.Now()
		c.row.series.Count(a.index, c.phase, record.Intended, 1)
	}
	t := task{stream: s, script: sc, chain: c, operation: op, index: a.index, client: a.client}
	if a.early {
		s.dispatch(t, a.due)
	} else {
		s.release(t, a.due)
	}
}

// release dispatches a task from the pacing thread, whose lateness is recorded.
func (s *stream) release(t task, due time.Duration) {
	s.lag.Time(0, s.clock.Phase(due), record.Lag, s.clock.Now()-due, 1)
	s.dispatch(t, due)
}

// dispatch puts a task, due at an instant that is past, into the backlog, and
// starts a worker where none waits and there may be one more.
func (s *stream) dispatch(t task, due time.Duration) {
	t.intended, t.dispatched, t.phase = due, s.clock.Now(), s.clock.Phase(due)
	t.operation.series.Count(t.index, t.phase, record.Intended, 1)
	switch s.queue.push(t) {
	case taken:
	case queued:
		s.hire()
	case full:
		t.operation.series.Count(0, t.phase, record.Dropped, 1)
		dropped := t // of its own, so that t itself need not be on the heap
		dropped.drop()
	case closed:
		late := t
		late.cutOff(0, t.dispatched, true)
	}
}

// hire starts one more worker unless there are enough.
func (s *stream) hire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.workers == s.most {
		return
	}
	w := &worker{id: s.workers, stream: s, values: kube.NewValues(s.filler)}
	s.workers++
	s.wg.Go(func() { w.work(s.ctx) })
}

// finish ends the workers after their present operation and records what was left in the backlog.
func (s *stream) finish() {
	left := s.queue.close()
	s.wg.Wait()
	for i := range left {
		left[i].cutOff(0, s.clock.Now(), true)
	}
}

// worker does one operation at a time.
type worker struct {
	id      int
	stream  *stream
	values  *kube.Values
	wire    kube.Wire
	task    task // the one under way
	outcome record.Outcome
}

// work does tasks until the queue is closed.
func (w *worker) work(ctx context.Context) {
	ctx = kube.WithWire(ctx, &w.wire)
	for {
		var ok bool
		if w.task, ok = w.stream.queue.pop(); !ok {
			return
		}
		w.do(ctx, &w.task)
	}
}

// do does one operation, records it, and passes on what follows.
func (w *worker) do(ctx context.Context, t *task) {
	if ctx.Err() != nil {
		t.cutOff(w.id, w.stream.clock.Now(), true)
		return
	}
	w.outcome = record.Outcome{Phase: t.phase, Intended: t.intended, Dispatched: t.dispatched, NotSent: true}
	w.wire.Reset()
	n := t.script.do(ctx, w, t)
	o := &w.outcome
	cut := ctx.Err() != nil
	if cut && o.Code != codes.OK {
		o.Code, o.Unfinished = codes.DeadlineExceeded, true
		n = next{failed: true}
	}
	if c := t.chain; c != nil && !c.started {
		c.sent, c.started = o.Sent, !o.NotSent
	}
	o.DonePhase = w.stream.clock.Phase(o.Done)
	t.operation.series.Done(w.id, o)
	switch {
	case n.failed:
		t.giveUp(w.id, o)
	case n.operation == nil:
		t.chain.end(w.id, o)
		t.over(o.Done)
	default:
		follow := *t
		follow.operation = n.operation
		if cut {
			follow.cutOff(w.id, o.Done, false)
			return
		}
		w.stream.pacer.later(step{at: o.Done + n.think, task: follow})
	}
}

// begin stamps the instant at which the operation leaves for etcd, from which
// its deadline runs.
func (w *worker) begin(ctx context.Context, t *task) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(ctx, t.operation.timeout)
	w.outcome.NotSent = false
	w.outcome.Sent = w.stream.clock.Now()
	return ctx, cancel
}

// chunk stamps one reply of a stream.
func (w *worker) chunk() {
	if w.outcome.Chunks == 0 {
		w.outcome.FirstChunk = w.stream.clock.Now()
	}
	w.outcome.Chunks++
}

// end stamps the instant at which the operation came back, and how. It reports whether it succeeded.
func (w *worker) end(err error, conflict bool) bool {
	o := &w.outcome
	o.Done = w.stream.clock.Now()
	o.Code, o.Conflict = kube.Code(err), conflict
	o.Remote = w.wire.Remote()
	o.Retries, o.BytesSent, o.BytesReceived = w.wire.Retries(), w.wire.BytesSent(), w.wire.BytesReceived()
	return err == nil && !conflict
}
