package results

import (
	"slices"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Run is all that its journal says of a run. The measure phase is merged; the
// time line covers every phase.
type Run struct {
	// Folder is where the run was loaded from; empty for a stream.
	Folder string
	Header Header
	// Phases are in order of their start.
	Phases     []PhaseSpan
	Operations []OperationRecord
	// Endpoints are parts of Operations, never to be added to them; empty where the target has one endpoint.
	Endpoints []EndpointRecord
	Watches   []WatchRecord
	// Lag is by workload, Usage over the measure phase.
	Lag   map[string]*hdr.Histogram
	Usage Usage
	// LagClamped is how many lags were outside the histograms' range.
	LagClamped int64
	// Wake is how late the generator noticed what had come for it, in the measure
	// phase; nil in journals that do not tell.
	Wake *hdr.Histogram
	// LinkRTT is of a lab's links in the measure phase, by both parties (see Links).
	LinkRTT map[string]*hdr.Histogram
	// Server is what each member did, in order of their names, and Host what the
	// machine did, both over the measure phase and with a time line of their own.
	Server []MemberRecord
	Host   HostRecord
	// Logs are what members' logs told, in order.
	Logs   []LogNote
	Events []Event
	// Actions are in the order in which they began. What operations did before, during
	// and after is known only of a run that Load has read.
	Actions []ActionRecord
	Checks  []Check
	// Timeline has one entry an interval, in order.
	Timeline []Moment
	// Ended is nil when the journal was not ended in order: the run was killed.
	Ended *End
	// Lost is how many lines could not be read.
	Lost int
	// LastMS is the latest instant that any record tells of, since the run's start.
	LastMS float64
}

// OperationRecord is one operation over the whole measure phase.
type OperationRecord struct {
	Workload, Operation, Resource string
	// Chain tells that the row is of chains as wholes, whose operations have rows of their own.
	Chain bool
	Counts
	// Quantities hold microseconds: Response, Turnaround, Service, and those that only some operations have.
	Quantities map[string]*hdr.Histogram
	// Exemplars are the slowest operations, the slowest first; at most 20.
	Exemplars []Exemplar
}

// EndpointRecord is one operation at one endpoint over the whole measure phase.
type EndpointRecord struct {
	Workload, Operation string
	// Endpoint and Counts: see EndpointInterval.
	Endpoint string
	Counts
	// Service holds microseconds; nil where there is none.
	Service *hdr.Histogram
}

// WatchRecord is one watch workload over the whole measure phase.
type WatchRecord struct {
	WatchInterval
	Quantities map[string]*hdr.Histogram
}

// Moment is one interval of the time line, all phases in it together.
type Moment struct {
	StartMS, EndMS float64
	Operations     []OperationMoment
	// All is the response of all requests together: neither chains nor expiries are in it.
	All       OverAll
	Watches   []WatchMoment
	Generator Usage
	// Backlog: see Interval.
	Backlog map[string]int64
}

// OverAll is what several operations took together.
type OverAll struct {
	Tail
	Spread Spread
}

// OperationMoment is one operation in one interval.
type OperationMoment struct {
	Workload, Operation string
	Chain               bool
	// Expiry tells that etcd's expiring of keys is recorded, which is no request.
	Expiry bool
	Counts
	Response, Service Tail
	// Spread is of the response, FirstChunk of the streams that had a reply.
	Spread     Spread
	FirstChunk Tail
}

// WatchMoment is one watch workload in one interval.
type WatchMoment struct {
	Workload  string
	Delivered int64
	Delivery  Tail
	// Spread is of the delivery.
	Spread Spread
}

// Tail is a short summary of a histogram, in milliseconds. All are zero where Count is.
type Tail struct {
	Count         int64
	P50, P99, Max float64
}

// Started is the wall time of the run's start, Ended of the last thing that its journal tells.
func (r *Run) times() (started, ended time.Time) {
	started = r.Header.Started
	return started, started.Add(time.Duration(r.LastMS * float64(time.Millisecond)))
}

// Span returns when a phase was; it reports false where the run never came to it.
func (r *Run) Span(name PhaseName) (PhaseSpan, bool) {
	i := slices.IndexFunc(r.Phases, func(p PhaseSpan) bool { return p.Name == name })
	if i < 0 {
		return PhaseSpan{}, false
	}
	return r.Phases[i], true
}

// ArrivalSeconds is how long a workload's chains started in the measure phase:
// its window's part of it, or all. 0 where the run never came to it.
func (r *Run) ArrivalSeconds(workload string) float64 {
	measure, _ := r.Span(PhaseMeasure)
	for _, w := range r.Header.Windows {
		if w.Workload == workload {
			from := measure.StartMS + w.FromMS
			return max(min(from+w.ForMS, measure.EndMS)-from, 0) / 1000
		}
	}
	return (measure.EndMS - measure.StartMS) / 1000
}

// Idle reports whether a workload's window lies beyond the measure phase, so that it did not run.
func (r *Run) Idle(workload string) bool {
	return slices.ContainsFunc(r.Header.Windows, func(w Window) bool { return w.Workload == workload && w.ForMS == 0 })
}

// Add returns the sum of two sets of counters.
func (c Counts) Add(d Counts) Counts {
	sum := Counts{
		Intended: c.Intended + d.Intended, Sent: c.Sent + d.Sent, Succeeded: c.Succeeded + d.Succeeded,
		Conflicts: c.Conflicts + d.Conflicts, Achieved: c.Achieved + d.Achieved, Retries: c.Retries + d.Retries, Dropped: c.Dropped + d.Dropped,
		Skipped: c.Skipped + d.Skipped, Unreached: c.Unreached + d.Unreached, Unfinished: c.Unfinished + d.Unfinished,
		Clamped: c.Clamped + d.Clamped, Chunks: c.Chunks + d.Chunks, BytesSent: c.BytesSent + d.BytesSent, BytesReceived: c.BytesReceived + d.BytesReceived,
	}
	for _, errs := range [...]map[string]int64{c.Errors, d.Errors} {
		for code, n := range errs {
			if sum.Errors == nil {
				sum.Errors = map[string]int64{}
			}
			sum.Errors[code] += n
		}
	}
	return sum
}

// ErrorCount is the sum of the errors of all codes.
func (c Counts) ErrorCount() int64 {
	var n int64
	for _, v := range c.Errors {
		n += v
	}
	return n
}
