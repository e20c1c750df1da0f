package figure

import (
	"cmp"
	"math"
	"slices"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// columns is how many points a series over time has at most; with more
// intervals, several become one column.
const columns = 200

// Band is a phase on the time axis, in seconds since measuring began.
type Band struct {
	Name     results.PhaseName
	From, To float64
}

// Timeline is a run's time axis without its setup, cut into columns.
type Timeline struct {
	// From and To are in seconds since measuring began; where it never began,
	// since the first phase after setup.
	From, To float64
	Bands    []Band
	// Marks are when something happened to the cluster, in seconds as From.
	Marks []float64
	// Spans are the actions, in the order in which they began.
	Spans []Span
	// PerColumn is how many intervals a column stands for.
	PerColumn int

	columns []column
	zeroMS  float64
}

// column is one or several intervals after one another; without any it is a hole
// in the journal, of which nothing is known.
type column struct {
	startMS, endMS float64
	moments        []results.Moment
}

// lost tells that nothing is known of the column.
func (c column) lost() bool { return len(c.moments) == 0 }

// Span is while an action lasted, in seconds as From of a Timeline.
type Span struct {
	Name string
	// To is when it was over, the cluster as before, and what it held up ended; the
	// end of the run where that did not come.
	From, To float64
}

// marked are the events that have a mark: something happened to the cluster, or the user ended the load.
var marked = []results.EventKind{results.EventMember, results.EventConnection, results.EventLeader, results.EventInterrupted, results.EventAborted, results.EventStopped}

// NewTimeline cuts a run's intervals into columns.
func NewTimeline(run *results.Run) Timeline {
	var shown []results.PhaseSpan
	for _, p := range run.Phases {
		if p.Name != results.PhaseSetup {
			shown = append(shown, p)
		}
	}
	if len(shown) == 0 {
		return Timeline{PerColumn: 1}
	}
	t := Timeline{zeroMS: shown[0].StartMS}
	if measure, ok := run.Span(results.PhaseMeasure); ok {
		t.zeroMS = measure.StartMS
	}
	for _, p := range shown {
		t.Bands = append(t.Bands, Band{Name: p.Name, From: t.seconds(p.StartMS), To: t.seconds(p.EndMS)})
	}
	t.From, t.To = t.Bands[0].From, t.Bands[len(t.Bands)-1].To

	for _, e := range run.Events {
		at := t.seconds(e.AtMS)
		if slices.Contains(marked, e.Kind) && at >= t.From && at <= t.To {
			t.Marks = append(t.Marks, at)
		}
	}
	t.Marks = append(t.Marks, t.logMarks(run.Logs)...)
	for _, a := range run.Actions {
		t.Spans = append(t.Spans, Span{Name: a.Name, From: t.seconds(a.AtMS), To: min(t.seconds(a.OverMS()), t.To)})
	}
	var moments []results.Moment
	for _, m := range run.Timeline {
		if (m.StartMS+m.EndMS)/2 >= shown[0].StartMS {
			moments = append(moments, m)
		}
	}
	t.PerColumn = max(1, int(math.Ceil(float64(len(moments))/columns)))
	t.columns = columnsOf(moments, t.PerColumn)
	return t
}

// mostLogMarks is how many lines of logs are marked: more would hide the plots.
const mostLogMarks = 40

// logMarks are when a member's log told of an election, an overload or its space.
func (t Timeline) logMarks(logs []results.LogNote) (at []float64) {
	for _, n := range logs {
		second := t.seconds(n.AtMS)
		told := n.Class == results.LogElection || n.Class == results.LogOverload || n.Class == results.LogSpace
		if told && second >= t.From && second <= t.To && len(at) < mostLogMarks {
			at = append(at, second)
		}
	}
	return at
}

// leastMS is how long an interval must be to stand for itself: a rate over less
// would be a spike. Those are shorter that an action has cut.
const leastMS = 500

// columnsOf parts intervals into columns of so many, and of those shorter than
// leastMS as many as come. A hole ends a column and is one.
func columnsOf(moments []results.Moment, perColumn int) (all []column) {
	from, full := 0, 0
	end := func(at int) {
		if from < at {
			all = append(all, column{moments[from].StartMS, moments[at-1].EndMS, moments[from:at]})
		}
		from, full = at, 0
	}
	for i, m := range moments {
		if m.EndMS-m.StartMS >= leastMS {
			full++
		}
		if full >= perColumn && (i+1 == len(moments) || moments[i+1].EndMS-moments[i+1].StartMS >= leastMS) {
			end(i + 1)
		}
		if i+1 < len(moments) && moments[i+1].StartMS-m.EndMS >= leastMS {
			end(i + 1)
			all = append(all, column{startMS: m.EndMS, endMS: moments[i+1].StartMS})
		}
	}
	end(len(moments))
	return all
}

func (t Timeline) seconds(ms float64) float64 { return (ms - t.zeroMS) / 1000 }

// middle is the instant at which a column stands.
func (t Timeline) middle(c column) float64 { return t.seconds((c.startMS + c.endMS) / 2) }

// ColumnSeconds is how long a column is, 0 where there is none.
func (t Timeline) ColumnSeconds() float64 {
	if len(t.columns) == 0 {
		return 0
	}
	return (t.columns[0].endMS - t.columns[0].startMS) / 1000
}

// LatencyPoint is a column of latency over time, in milliseconds. Where a
// column has several intervals each value is the highest of theirs, since
// percentiles are not averaged. Count 0 means that nothing was done.
type LatencyPoint struct {
	Second        float64
	Count         int64
	P50, P99, Max float64
}

// add takes an interval's tail into a column.
func (p *LatencyPoint) add(t results.Tail) {
	p.Count += t.Count
	p.P50, p.P99, p.Max = max(p.P50, t.P50), max(p.P99, t.P99), max(p.Max, t.Max)
}

// tellsP99 reports whether p99 over time says more than the maximum: whether
// intervals in which something was done have a hundred samples on average.
func tellsP99(t Timeline, points []LatencyPoint) bool {
	var count, intervals int64
	for _, p := range points {
		if count += p.Count; p.Count > 0 {
			intervals += int64(t.PerColumn)
		}
	}
	return count > 0 && count >= 100*intervals
}

// LatencyOf is an operation's response over time.
func LatencyOf(t Timeline, workload, operation string) []LatencyPoint {
	return t.latency(func(m results.Moment) results.Tail {
		return operationAt(m, workload, operation).Response
	})
}

// FirstChunkOf is from the sending of an operation's streams until their first reply, over time.
func FirstChunkOf(t Timeline, workload, operation string) []LatencyPoint {
	return t.latency(func(m results.Moment) results.Tail {
		return operationAt(m, workload, operation).FirstChunk
	})
}

// AllLatency is the response of all requests over time.
func AllLatency(t Timeline) []LatencyPoint {
	return t.latency(func(m results.Moment) results.Tail { return m.All.Tail })
}

// DeliveryOf is a watch's delivery over time.
func DeliveryOf(t Timeline, workload string) []LatencyPoint {
	return t.latency(func(m results.Moment) results.Tail {
		return watchAt(m, workload).Delivery
	})
}

func (t Timeline) latency(of func(results.Moment) results.Tail) []LatencyPoint {
	points := make([]LatencyPoint, 0, len(t.columns))
	for _, column := range t.columns {
		p := LatencyPoint{Second: t.middle(column)}
		for _, m := range column.moments {
			p.add(of(m))
		}
		points = append(points, p)
	}
	return points
}

// Point is a value at an instant.
type Point struct{ Second, Value float64 }

// DeliveredOf is how many events a watch's watchers saw per second.
func DeliveredOf(t Timeline, workload string) []Point {
	return t.values(func(m results.Moment) float64 {
		return float64(watchAt(m, workload).Delivered)
	})
}

// values has the time-weighted mean of a count per interval, per second; not a
// number where a column is lost.
func (t Timeline) values(count func(results.Moment) float64) []Point {
	points := make([]Point, 0, len(t.columns))
	for _, column := range t.columns {
		var sum, ms float64
		for _, m := range column.moments {
			sum += count(m)
			ms += m.EndMS - m.StartMS
		}
		p := Point{Second: t.middle(column), Value: sum * 1000 / cmp.Or(ms, math.Inf(1))}
		if column.lost() {
			p.Value = math.NaN()
		}
		points = append(points, p)
	}
	return points
}

// UsagePoint is what the generator used: mean cores, most memory.
type UsagePoint struct {
	Second, CPUCores, RSSBytes float64
}

// UsageOf is the generator's use of the machine over time.
func UsageOf(t Timeline) []UsagePoint {
	points := make([]UsagePoint, 0, len(t.columns))
	for _, column := range t.columns {
		p := UsagePoint{Second: t.middle(column)}
		var ms float64
		for _, m := range column.moments {
			p.CPUCores += m.Generator.CPUCores * (m.EndMS - m.StartMS)
			p.RSSBytes = max(p.RSSBytes, float64(m.Generator.RSSBytes))
			ms += m.EndMS - m.StartMS
		}
		p.CPUCores /= cmp.Or(ms, math.Inf(1))
		if column.lost() {
			p.CPUCores, p.RSSBytes = math.NaN(), math.NaN()
		}
		points = append(points, p)
	}
	return points
}

// watchAt is a watch in an interval; zero where it has none.
func watchAt(m results.Moment, workload string) (w results.WatchMoment) {
	if i := slices.IndexFunc(m.Watches, func(w results.WatchMoment) bool { return w.Workload == workload }); i >= 0 {
		w = m.Watches[i]
	}
	return w
}

// operationAt is an operation in an interval; zero where it has none.
func operationAt(m results.Moment, workload, operation string) (o results.OperationMoment) {
	if i := slices.IndexFunc(m.Operations, func(o results.OperationMoment) bool {
		return o.Workload == workload && o.Operation == operation
	}); i >= 0 {
		o = m.Operations[i]
	}
	return o
}
