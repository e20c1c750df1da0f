package runner

import (
	"context"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/etcd-dyno/etcd-dyno/runner/record"
)

// operation is one kind of request of a workload: where it is recorded and its deadline.
type operation struct {
	series  *record.Series
	timeout time.Duration
}

// The API server's own deadlines, counted from when a request is sent.
const (
	writeTimeout = 34 * time.Second
	readTimeout  = 60 * time.Second
)

// script is what an arrival sets off. The tasks of one chain follow one another,
// so that a script needs no lock for what belongs to its chain alone.
type script interface {
	// do does the task's operation on a worker, which it tells of the instants
	// sent and done, and says what follows.
	do(ctx context.Context, w *worker, t *task) next
	// unreached are the operations that would still follow t's.
	unreached(t *task) []*operation
}

// next is what follows an operation.
type next struct {
	// operation is nil at the end of the chain.
	operation *operation
	// think is the time between the operation's end and when the next is due.
	think time.Duration
	// failed tells that the chain ends early, in error.
	failed bool
}

// chain is what one arrival set off, where that is more than a single operation.
type chain struct {
	// row is where the chain as a whole is recorded.
	row                        *operation
	phase                      record.Phase
	intended, dispatched, sent time.Duration
	started                    bool
	// then is called when the chain has ended, however it did; may be nil.
	then func(c *chain, last *record.Outcome)
}

// task is one operation that is due.
type task struct {
	stream    *stream
	script    script
	chain     *chain // nil for single operations
	operation *operation
	// index is the arrival's number, or the subject of a periodic one.
	index                int
	client               *client // whose arrival it is in a closed loop; nil in an open one
	phase                record.Phase
	intended, dispatched time.Duration
}

// end records a chain's end after its last task's outcome.
func (c *chain) end(shard int, last *record.Outcome) {
	if c == nil {
		return
	}
	c.row.series.Done(shard, &record.Outcome{
		Phase: c.phase, DonePhase: last.DonePhase, Intended: c.intended, Dispatched: c.dispatched, Sent: c.sent, Done: last.Done,
		Code: last.Code, Unfinished: last.Unfinished, NotSent: !c.started,
	})
	if c.then != nil {
		c.then(c, last)
	}
}

// cutOff records a task that the end of the run found waiting: in the backlog,
// or, where it is not dispatched, for its due time.
func (t *task) cutOff(shard int, at time.Duration, dispatched bool) {
	o := record.Outcome{
		Phase: t.phase, Intended: t.intended, Dispatched: t.dispatched, Done: at,
		Code: codes.DeadlineExceeded, Unfinished: true, NotSent: true,
	}
	if dispatched {
		t.operation.series.Done(shard, &o)
	} else {
		t.operation.series.Count(shard, t.phase, record.Unreached, 1)
	}
	t.giveUp(shard, &o)
}

// drop ends a task that found the backlog full. A chain whose first operation it
// was never began, and counts as dropped too.
func (t *task) drop() {
	last := &record.Outcome{Done: t.dispatched, Code: codes.ResourceExhausted}
	if c := t.chain; c != nil && !c.started {
		c.row.series.Count(0, c.phase, record.Dropped, 1)
		t.chain = nil
		if c.then != nil {
			c.then(c, last)
		}
	}
	t.giveUp(0, last)
}

// giveUp ends a task's chain early: what never came is unreached.
func (t *task) giveUp(shard int, last *record.Outcome) {
	for _, o := range t.script.unreached(t) {
		o.series.Count(shard, t.phase, record.Unreached, 1)
	}
	failed := *last
	if failed.Code == codes.OK {
		failed.Code = codes.Aborted // a conflict that could not be resolved
	}
	t.chain.end(shard, &failed)
	t.over(last.Done)
}

// over notes that the task's chain has ended.
func (t *task) over(at time.Duration) {
	t.stream.open.Add(-1)
	if t.client != nil {
		t.client.ended(at)
	}
}
