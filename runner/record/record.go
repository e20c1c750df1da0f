// Package record counts and times operations without workers waiting for one
// another.
//
// Each Series has a few shards with a mutex each; a worker always uses the same
// one. Once a second Swap takes what the shards hold and leaves them empty, and
// Interval merges and encodes it on another goroutine. Histograms are taken from
// a pool on first use and go back there, so that memory does not grow with the
// length of a run and recording does not allocate.
package record

import (
	"net"
	"runtime"
	"sync"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"google.golang.org/grpc/codes"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Phase is the phase that an operation belongs to, by its intended start.
type Phase uint8

// The phases in which anything is recorded.
const (
	Warmup Phase = iota
	Measure
	Drain
	phases
)

// Name is the phase's name in the journal.
func (p Phase) Name() results.PhaseName {
	return [phases]results.PhaseName{results.PhaseWarmup, results.PhaseMeasure, results.PhaseDrain}[p]
}

// Counter is one of the things that are counted.
type Counter uint8

// The counters of operations, as results.Counts has them, then those of watches, as results.WatchInterval has them.
const (
	Intended Counter = iota
	Sent
	Succeeded
	Conflicts
	Achieved
	Retries
	Dropped
	Skipped
	Unreached
	Unfinished
	Clamped
	Chunks
	BytesSent
	BytesReceived
	Expected
	Delivered
	Late
	Missing
	Duplicated
	OutOfOrder
	Unmatched
	Replayed
	counters
)

// Quantity is one of the things that are timed.
type Quantity uint8

// The quantities of operations, of watches, and of the generator itself.
const (
	Response Quantity = iota
	Turnaround
	Service
	FirstChunk
	ExpiryLateness
	Delivery
	DeliveryFromAck
	CatchUp
	Lag
	Wake
	RTT         // of a lab's link
	partService // Service of one endpoint's part
	quantities
)

func (q Quantity) name() string {
	return [quantities]string{results.Response, results.Turnaround, results.Service, results.FirstChunk, results.ExpiryLateness, results.Delivery, results.DeliveryFromAck, results.CatchUp, results.Lag, results.Wake, results.RTT, results.Service}[q]
}

// coarse reports whether a quantity is kept with fewer figures: the generator's own are, and those by endpoint.
func (q Quantity) coarse() bool { return q == Lag || q == Wake || q == partService }

// numCodes is how many gRPC codes there are, codes.OK included.
const numCodes = int(codes.Unauthenticated) + 1

// Recorder holds the series of a run. It may be shared by goroutines.
type Recorder struct {
	shards    int
	pool      pool
	endpoints *Endpoints
	mu        sync.Mutex // guards series
	series    []*Series
}

// New makes a recorder with one shard a processor that Go may use at once.
func New() *Recorder { return &Recorder{shards: runtime.GOMAXPROCS(0)} }

// Split has the operations of the measure phase kept by endpoint too, chains
// excepted. It comes before the first series.
func (r *Recorder) Split(by *Endpoints) { r.endpoints = by }

// kind tells what a series becomes in the journal.
type kind uint8

const (
	operationSeries kind = iota
	chainSeries
	watchSeries
	lagSeries
	wakeSeries
	linkSeries
)

// Series is one operation, one watch workload, one workload's lag, the generator's wake-ups, or a link of a lab. It may be shared by goroutines.
type Series struct {
	kind                          kind
	workload, operation, resource string
	watchers                      int
	pool                          *pool
	endpoints                     *Endpoints // nil where nothing is kept by endpoint
	cells                         []cell
	slowest                       slowest
}

// cell is one shard of a series. Cells of different workers lie on different cache lines.
type cell struct {
	mu      sync.Mutex // guards buffers
	buffers [phases]*buffer
	_       [64]byte
}

// buffer is what one shard saw of one phase since the last Swap.
type buffer struct {
	counts     [counters]int64
	errors     [numCodes]int64
	histograms [quantities]*hdr.Histogram
	// parts are by endpoint's number, nil where nothing was. A part has no parts.
	parts []*buffer
}

// Operation adds a series for an operation of a workload on a resource. A
// (workload, operation) pair is added once a run.
func (r *Recorder) Operation(workload, operation, resource string) *Series {
	return r.add(&Series{kind: operationSeries, workload: workload, operation: operation, resource: resource})
}

// Chain adds a series for the chains of a workload as wholes. See Operation.
func (r *Recorder) Chain(workload, operation, resource string) *Series {
	return r.add(&Series{kind: chainSeries, workload: workload, operation: operation, resource: resource})
}

// Watch adds a series for a watch workload of so many watchers.
func (r *Recorder) Watch(workload string, watchers int) *Series {
	return r.add(&Series{kind: watchSeries, workload: workload, watchers: watchers})
}

// Lag adds a series for the pacing thread's lateness with a workload.
func (r *Recorder) Lag(workload string) *Series {
	return r.add(&Series{kind: lagSeries, workload: workload})
}

// Wake adds the series for how late the generator notices a reply.
func (r *Recorder) Wake() *Series { return r.add(&Series{kind: wakeSeries}) }

// Link adds a series for the round trips of the link between two parties of a lab.
func (r *Recorder) Link(from, to string) *Series {
	return r.add(&Series{kind: linkSeries, workload: from, operation: to})
}

func (r *Recorder) add(s *Series) *Series {
	s.pool = &r.pool
	if s.kind == operationSeries {
		s.endpoints = r.endpoints
	}
	s.cells = make([]cell, r.shards)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.series = append(r.series, s)
	return s
}

// Outcome is one operation that has come to its end. The instants are offsets
// from the start of the run.
type Outcome struct {
	// Phase is that of the intended start, DonePhase that in which it was done.
	Phase, DonePhase                 Phase
	Intended, Dispatched, Sent, Done time.Duration
	// Revision is the store's at the operation; 0 where it is not known.
	Revision int64
	// Remote is who answered; nil where that is not known.
	Remote  net.Addr
	Retries int64
	// FirstChunk is when the first reply of a stream came and Chunks how many came; 0 where there was none.
	FirstChunk time.Duration
	Chunks     int64
	// BytesSent and BytesReceived are of gRPC messages.
	BytesSent, BytesReceived int64
	// Code is codes.OK unless the operation failed.
	Code codes.Code
	// Conflict tells that a Txn's compare failed; it counts where Code is OK.
	Conflict bool
	// Unfinished tells that the run's end cut it off; Done is then that end.
	Unfinished bool
	// NotSent tells that it never left for etcd; Sent is not looked at then.
	NotSent bool
}

// Done records an operation's end. shard is the caller's own number, for
// example that of the worker; any value is allowed.
func (s *Series) Done(shard int, o *Outcome) {
	endpoint := s.endpoints.of(o.Remote)
	c := &s.cells[uint(shard)%uint(len(s.cells))]
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.buffer(s.pool, o.Phase)
	if o.Code == codes.OK {
		c.buffer(s.pool, o.DonePhase).counts[Achieved]++
	}
	b.count(o)
	b.record(s.pool, Response, o.Done-o.Intended)
	b.record(s.pool, Turnaround, o.Done-o.Dispatched)
	if !o.NotSent {
		b.record(s.pool, Service, o.Done-o.Sent)
	}
	if o.Chunks > 0 {
		b.record(s.pool, FirstChunk, o.FirstChunk-o.Sent)
	}
	if endpoint != unknown && !o.NotSent {
		c.part(s, endpoint, o)
	}
	if o.Phase == Measure {
		s.slowest.add(o, s.endpoints)
	}
}

// part records an operation's end for the endpoint that answered it. Only the
// measure phase is kept by endpoint.
func (c *cell) part(s *Series, endpoint int, o *Outcome) {
	if o.Code == codes.OK && o.DonePhase == Measure {
		c.buffer(s.pool, Measure).part(s.pool, endpoint).counts[Achieved]++
	}
	if o.Phase == Measure {
		b := c.buffer(s.pool, Measure).part(s.pool, endpoint)
		b.count(o)
		b.record(s.pool, partService, o.Done-o.Sent)
	}
}

// part is the part of an endpoint, made on first use.
func (b *buffer) part(p *pool, endpoint int) *buffer {
	for len(b.parts) <= endpoint {
		b.parts = append(b.parts, nil)
	}
	if b.parts[endpoint] == nil {
		b.parts[endpoint] = p.buffer()
	}
	return b.parts[endpoint]
}

// count counts an outcome, but for Achieved, which belongs to the phase in which it was done.
func (b *buffer) count(o *Outcome) {
	switch {
	case o.Code != codes.OK:
		b.errors[min(int(o.Code), numCodes-1)]++
	case o.Conflict:
		b.counts[Conflicts]++
	default:
		b.counts[Succeeded]++
	}
	if o.Unfinished {
		b.counts[Unfinished]++
	}
	if !o.NotSent {
		b.counts[Sent]++
	}
	b.counts[Retries] += o.Retries
	b.counts[Chunks] += o.Chunks
	b.counts[BytesSent] += o.BytesSent
	b.counts[BytesReceived] += o.BytesReceived
}

// Count adds n to a counter. For shard see Done.
func (s *Series) Count(shard int, p Phase, counter Counter, n int64) {
	c := &s.cells[uint(shard)%uint(len(s.cells))]
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buffer(s.pool, p).counts[counter] += n
}

// Value counts one of counter and records a duration for quantity. For shard see Done.
func (s *Series) Value(shard int, p Phase, counter Counter, q Quantity, d time.Duration) {
	c := &s.cells[uint(shard)%uint(len(s.cells))]
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.buffer(s.pool, p)
	b.counts[counter]++
	b.record(s.pool, q, d)
}

// Time records a duration for quantity n times and counts nothing. For shard see Done.
func (s *Series) Time(shard int, p Phase, q Quantity, d time.Duration, n int64) {
	c := &s.cells[uint(shard)%uint(len(s.cells))]
	c.mu.Lock()
	defer c.mu.Unlock()
	b := c.buffer(s.pool, p)
	for range n {
		b.record(s.pool, q, d)
	}
}

func (c *cell) buffer(p *pool, phase Phase) *buffer {
	if c.buffers[phase] == nil {
		c.buffers[phase] = p.buffer()
	}
	return c.buffers[phase]
}

// record adds a duration, rounded to the nearest microsecond. A negative one,
// which a stepping clock could make, and one above an hour are clamped and counted.
func (b *buffer) record(p *pool, q Quantity, d time.Duration) {
	h := b.histograms[q]
	if h == nil {
		h = p.histogram(q)
		b.histograms[q] = h
	}
	micros := (int64(d) + 500) / 1000
	if micros < 0 || micros > results.HighestMicros {
		b.counts[Clamped]++
		micros = min(max(micros, 0), results.HighestMicros)
	}
	if h.RecordValue(micros) != nil {
		b.counts[Clamped]++ // cannot be: the value was just clamped to the range
	}
}
