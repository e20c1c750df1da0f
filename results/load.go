package results

import (
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	Watches    []WatchRecord
	// Lag is by workload, Usage over the measure phase.
	Lag   map[string]*hdr.Histogram
	Usage Usage
	// LagClamped is how many lags were outside the histograms' range.
	LagClamped int64
	// Wake is how late the generator noticed what had come for it, in the measure
	// phase; nil in journals that do not tell.
	Wake   *hdr.Histogram
	Events []Event
	Checks []Check
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

// WatchRecord is one watch workload over the whole measure phase.
type WatchRecord struct {
	WatchInterval
	Quantities map[string]*hdr.Histogram
}

// Moment is one interval of the time line, all phases in it together.
type Moment struct {
	StartMS, EndMS float64
	Operations     []OperationMoment
	Watches        []WatchMoment
	Generator      Usage
}

// OperationMoment is one operation in one interval.
type OperationMoment struct {
	Workload, Operation string
	Chain               bool
	Counts
	Response, Service Tail
}

// WatchMoment is one watch workload in one interval.
type WatchMoment struct {
	Workload  string
	Delivered int64
	Delivery  Tail
}

// Tail is a short summary of a histogram, in milliseconds. All are zero where Count is.
type Tail struct {
	Count         int64
	P50, P99, Max float64
}

// Load reads the journal of a run folder. Lines that cannot be read are counted
// in Lost; it is an error when there is no journal or it has no header.
func Load(folder string) (*Run, error) {
	f, err := os.Open(filepath.Join(folder, JournalFile))
	if err != nil {
		return nil, fmt.Errorf("loading the run: %w", err)
	}
	defer f.Close()
	run, err := LoadFrom(f)
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", filepath.Join(folder, JournalFile), err)
	}
	run.Folder = folder
	return run, nil
}

// LoadFrom reads a journal. See Load.
func LoadFrom(r io.Reader) (*Run, error) {
	l := loader{run: &Run{Lag: map[string]*hdr.Histogram{}}, operations: map[string]*OperationRecord{}, watches: map[string]*WatchRecord{}}
	lost, err := ReadJournal(r, l.queue)
	if left := l.drain(0); err == nil {
		err = left
	}
	if err != nil {
		return nil, err
	}
	if l.run.Header.Schema == "" {
		return nil, fmt.Errorf("no header in it (%d unreadable lines): not a journal of a run, or cut off before the run began", lost)
	}
	l.run.Lost += lost
	return l.finish(), nil
}

// Gathering sums a run's records while it goes. It is used by one goroutine at a time.
type Gathering struct{ loader *loader }

// Gather begins a gathering of the run with that header.
func Gather(h Header) *Gathering {
	l := &loader{run: &Run{Header: h, Lag: map[string]*hdr.Histogram{}}, operations: map[string]*OperationRecord{}, watches: map[string]*WatchRecord{}}
	return &Gathering{l}
}

// Add adds one record. A histogram that cannot be decoded makes its interval a lost one.
func (g *Gathering) Add(r Record) error {
	var d decodedInterval
	if r.Interval != nil {
		var ok bool
		if d, ok = decodeInterval(r.Interval); !ok {
			g.loader.run.Lost++
			return nil
		}
	}
	err := g.loader.add(r, d)
	g.loader.run.Timeline = nil // it would grow with the length of the run
	return err
}

// Run is the run as far as it has come; it holds until the next Add. It has no time line.
func (g *Gathering) Run() *Run {
	g.loader.run.Operations, g.loader.run.Watches = nil, nil
	return g.loader.finish()
}

// loader sums records as they come.
type loader struct {
	run        *Run
	operations map[string]*OperationRecord // by row key
	watches    map[string]*WatchRecord     // by workload
	// CPU of the generator and the host, and length, of the measure phase's intervals.
	cpuMS, hostMS, spanMS float64
	waiting               []waiting
}

// waiting is a record whose histograms, if it has any, are being decoded.
type waiting struct {
	record  Record
	decoded chan decodedInterval // nil where there is nothing to decode; closed without a value where a histogram is corrupt
}

// ahead is how many records may wait. Decoding takes most of the time of
// loading, and so is done for several intervals at once; they are added in order.
const ahead = 8

func (l *loader) queue(r Record) error {
	w := waiting{record: r}
	if r.Interval != nil {
		w.decoded = make(chan decodedInterval, 1)
		go func() {
			defer close(w.decoded)
			if d, ok := decodeInterval(r.Interval); ok {
				w.decoded <- d
			}
		}()
	}
	l.waiting = append(l.waiting, w)
	return l.drain(ahead)
}

// drain adds the records that wait until there are at most so many.
func (l *loader) drain(most int) (err error) {
	for len(l.waiting) > most {
		w := l.waiting[0]
		l.waiting = l.waiting[1:]
		var d decodedInterval
		ok := true
		if w.decoded != nil {
			d, ok = <-w.decoded
		}
		switch {
		case err != nil: // the others are only waited for
		case !ok:
			l.seen(w.record.Interval.EndMS)
			l.run.Lost++
		default:
			err = l.add(w.record, d)
		}
	}
	return err
}

func (l *loader) add(r Record, d decodedInterval) error {
	switch {
	case r.Header != nil:
		if r.Header.Schema != JournalSchema {
			return fmt.Errorf("its schema is %q, this program reads %q", r.Header.Schema, JournalSchema)
		}
		l.run.Header = *r.Header
	case r.Phase != nil:
		l.run.Phases = append(l.run.Phases, PhaseSpan{Name: r.Phase.Name, StartMS: r.Phase.AtMS})
		l.seen(r.Phase.AtMS)
	case r.Interval != nil:
		l.seen(r.Interval.EndMS)
		l.interval(r.Interval, d)
	case r.Event != nil:
		l.run.Events = append(l.run.Events, *r.Event)
		l.seen(r.Event.AtMS)
	case r.Check != nil:
		l.run.Checks = append(l.run.Checks, *r.Check)
	case r.End != nil:
		l.run.Ended = r.End
		l.seen(r.End.AtMS)
	}
	return nil
}

func (l *loader) seen(atMS float64) { l.run.LastMS = max(l.run.LastMS, atMS) }

// interval adds one interval, whose histograms are decoded.
func (l *loader) interval(in *Interval, decoded decodedInterval) {
	moment := Moment{StartMS: in.StartMS, EndMS: in.EndMS, Generator: in.Generator}
	tails := map[string]*momentTail{}
	for i, row := range in.Operations {
		tails[rowKey(row.Workload, row.Operation)] = tails[rowKey(row.Workload, row.Operation)].add(row, decoded.operations[i])
		if row.Phase == PhaseMeasure {
			l.operation(row, decoded.operations[i])
		}
	}
	for _, t := range tails {
		moment.Operations = append(moment.Operations, t.moment())
	}
	slices.SortFunc(moment.Operations, func(a, b OperationMoment) int {
		return cmp.Or(strings.Compare(a.Workload, b.Workload), strings.Compare(a.Operation, b.Operation))
	})
	watched := map[string]*watchTail{}
	for i, row := range in.Watches {
		watched[row.Workload] = watched[row.Workload].add(row, decoded.watches[i][Delivery])
		if row.Phase == PhaseMeasure {
			l.watch(row, decoded.watches[i])
		}
	}
	for _, t := range watched {
		moment.Watches = append(moment.Watches, t.moment())
	}
	slices.SortFunc(moment.Watches, func(a, b WatchMoment) int { return strings.Compare(a.Workload, b.Workload) })
	for i, row := range in.Lag {
		if row.Phase == PhaseMeasure {
			l.run.Lag[row.Workload] = merge(l.run.Lag[row.Workload], decoded.lag[i])
			l.run.LagClamped += row.Clamped
		}
	}
	for i, row := range in.Wake {
		if row.Phase == PhaseMeasure {
			l.run.Wake = merge(l.run.Wake, decoded.wake[i])
		}
	}
	if l.inMeasure(in) {
		l.cpuMS += in.Generator.CPUCores * (in.EndMS - in.StartMS)
		l.hostMS += in.Generator.HostCPU * (in.EndMS - in.StartMS)
		l.spanMS += in.EndMS - in.StartMS
		l.run.Usage.Connections = max(l.run.Usage.Connections, in.Generator.Connections)
		l.run.Usage.RSSBytes = max(l.run.Usage.RSSBytes, in.Generator.RSSBytes)
	}
	l.run.Timeline = append(l.run.Timeline, moment)
}

// inMeasure reports whether most of the interval lies in the measure phase, as far as that has been told of.
func (l *loader) inMeasure(in *Interval) bool {
	phase := PhaseSetup
	for _, p := range l.run.Phases {
		if p.StartMS <= (in.StartMS+in.EndMS)/2 {
			phase = p.Name
		}
	}
	return phase == PhaseMeasure
}

func (l *loader) operation(row OperationInterval, quantities map[string]buckets) {
	key := rowKey(row.Workload, row.Operation)
	o := l.operations[key]
	if o == nil {
		o = &OperationRecord{Workload: row.Workload, Operation: row.Operation, Resource: row.Resource, Chain: row.Chain, Quantities: map[string]*hdr.Histogram{}}
		l.operations[key] = o
	}
	o.Counts = o.Counts.Add(row.Counts)
	o.Exemplars = append(o.Exemplars, row.Exemplars...)
	slices.SortStableFunc(o.Exemplars, func(a, b Exemplar) int { return cmp.Compare(b.ResponseMS, a.ResponseMS) })
	o.Exemplars = o.Exemplars[:min(len(o.Exemplars), Exemplars)]
	for name, h := range quantities {
		o.Quantities[name] = merge(o.Quantities[name], h)
	}
}

func (l *loader) watch(row WatchInterval, quantities map[string]buckets) {
	w := l.watches[row.Workload]
	if w == nil {
		w = &WatchRecord{WatchInterval: WatchInterval{Workload: row.Workload, Phase: row.Phase}, Quantities: map[string]*hdr.Histogram{}}
		l.watches[row.Workload] = w
	}
	w.Watchers = max(w.Watchers, row.Watchers)
	w.Expected += row.Expected
	w.Delivered += row.Delivered
	w.Late += row.Late
	w.Missing += row.Missing
	w.Sealed = w.Sealed || row.Sealed
	w.Duplicated += row.Duplicated
	w.OutOfOrder += row.OutOfOrder
	w.Unmatched += row.Unmatched
	w.Replayed += row.Replayed
	w.Clamped += row.Clamped
	for name, h := range quantities {
		w.Quantities[name] = merge(w.Quantities[name], h)
	}
}

func (l *loader) finish() *Run {
	run := l.run
	for _, o := range l.operations {
		run.Operations = append(run.Operations, *o)
	}
	slices.SortFunc(run.Operations, func(a, b OperationRecord) int {
		return cmp.Or(strings.Compare(a.Workload, b.Workload), strings.Compare(a.Operation, b.Operation))
	})
	for _, w := range l.watches {
		run.Watches = append(run.Watches, *w)
	}
	slices.SortFunc(run.Watches, func(a, b WatchRecord) int { return strings.Compare(a.Workload, b.Workload) })
	for i := range run.Phases {
		run.Phases[i].EndMS = run.LastMS
		if i+1 < len(run.Phases) {
			run.Phases[i].EndMS = run.Phases[i+1].StartMS
		}
	}
	if l.spanMS > 0 {
		run.Usage.CPUCores = l.cpuMS / l.spanMS
		run.Usage.HostCPU = l.hostMS / l.spanMS
	}
	return run
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
