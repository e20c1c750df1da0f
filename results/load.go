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

// Load reads the journal of a run folder. Lines that cannot be read are counted
// in Lost; it is an error when there is no journal, or neither a header nor an interval in it.
func Load(folder string) (*Run, error) {
	f, err := os.Open(filepath.Join(folder, JournalFile))
	if err != nil {
		return nil, fmt.Errorf("loading the run: %w", err)
	}
	defer f.Close()
	run, err := LoadFrom(f)
	if err == nil && len(run.Actions) > 0 {
		err = run.loadStretches(f)
	}
	if err != nil {
		return nil, fmt.Errorf("loading %s: %w", filepath.Join(folder, JournalFile), err)
	}
	if run.Folder = folder; run.Header.ID == unknown { // but folders are named by their start
		run.Header.ID = filepath.Base(folder)
		began, _, _ := strings.Cut(run.Header.ID, "-")
		run.Header.Started, _ = time.Parse("20060102T150405Z", began)
	}
	return run, nil
}

// loadStretches reads the journal once more: only at its end is it known when the
// cluster had recovered, and so what an interval is a part of.
func (r *Run) loadStretches(f io.ReadSeeker) error {
	r.stretches()
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	into := map[*Stretch]map[string]*StretchOperation{}
	_, err := ReadJournal(f, func(record Record) error {
		if record.Interval == nil {
			return nil
		}
		if decoded, ok := decodeInterval(record.Interval); ok { // what is corrupt was counted
			r.gathered(record.Interval, decoded, into)
		}
		return nil
	})
	fill(into)
	return err
}

// LoadFrom reads a journal. See Load.
func LoadFrom(r io.Reader) (*Run, error) {
	l := newLoader(Header{})
	lost, err := ReadJournal(r, l.queue)
	if left := l.drain(0); err == nil {
		err = left
	}
	if err != nil {
		return nil, err
	}
	if l.run.Header.Schema == "" {
		if len(l.run.Timeline) == 0 {
			return nil, fmt.Errorf("no header in it (%d unreadable lines): not a journal of a run, or cut off before the run began", lost)
		}
		l.run.nameless()
	}
	l.run.Lost += lost
	return l.finish(), nil
}

// unknown stands for the names that a lost header had.
const unknown = "unknown"

// nameless takes a run whose header is lost for what it is: measured, but of nobody knows what.
func (r *Run) nameless() {
	r.Header = Header{Schema: JournalSchema, ID: unknown, Scenario: ScenarioRef{Name: unknown}, Configuration: ConfigurationRef{Name: unknown}}
	r.Events = append(r.Events, Event{Kind: EventInvalid, Detail: "the header of the journal is lost: it is not known which scenario ran, on what and when"})
}

// loader sums records as they come.
type loader struct {
	run        *Run
	operations map[string]*OperationRecord // by row key
	endpoints  map[string]*EndpointRecord  // by row key and endpoint
	watches    map[string]*WatchRecord     // by workload
	// CPU of the generator and the host, and length, of the measure phase's intervals.
	cpuMS, waitMS, hostMS, spanMS float64
	members                       map[string]*MemberRecord // by name
	waiting                       []waiting
	sum                           dense
}

func newLoader(h Header) *loader {
	return &loader{run: &Run{Header: h, Lag: map[string]*hdr.Histogram{}, LinkRTT: map[string]*hdr.Histogram{}}, operations: map[string]*OperationRecord{}, endpoints: map[string]*EndpointRecord{}, watches: map[string]*WatchRecord{}, members: map[string]*MemberRecord{}}
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
	case r.Member != nil:
		l.member(*r.Member)
	case r.Host != nil:
		l.host(*r.Host)
	case r.Log != nil:
		l.run.Logs = append(l.run.Logs, *r.Log)
	case r.Event != nil:
		l.run.Events = append(l.run.Events, *r.Event)
		l.seen(r.Event.AtMS)
	case r.Action != nil:
		l.action(*r.Action)
	case r.Check != nil:
		l.run.Checks = append(l.run.Checks, *r.Check)
	case r.End != nil:
		l.run.Ended = r.End
		l.seen(r.End.AtMS)
	}
	return nil
}

// action keeps the last record of each name.
func (l *loader) action(a Action) {
	l.seen(a.AtMS)
	for i := range l.run.Actions {
		if l.run.Actions[i].Name == a.Name {
			l.run.Actions[i].Action = a
			return
		}
	}
	l.run.Actions = append(l.run.Actions, ActionRecord{Action: a})
}

func (l *loader) seen(atMS float64) { l.run.LastMS = max(l.run.LastMS, atMS) }

// interval adds one interval, whose histograms are decoded.
func (l *loader) interval(in *Interval, decoded decodedInterval) {
	moment := Moment{StartMS: in.StartMS, EndMS: in.EndMS, Generator: in.Generator, Backlog: in.Backlog}
	tails := map[string]*momentTail{}
	for i, row := range in.Operations {
		tails[rowKey(row.Workload, row.Operation)] = tails[rowKey(row.Workload, row.Operation)].add(row, decoded.operations[i])
		if row.Phase == PhaseMeasure {
			l.operation(row, decoded.operations[i])
			for j, part := range row.Endpoints {
				l.endpoint(row, part, decoded.endpoints[i][j])
			}
		}
	}
	for _, t := range tails {
		moment.Operations = append(moment.Operations, t.moment())
		if !t.row.Chain && !t.row.Expiry {
			l.sum.add(t.response) // what we write is of one precision; anything else would not be in the picture of all
		}
	}
	all := l.sum.take()
	moment.All = OverAll{tail(all), all.spread()}
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
	for i, row := range in.Links {
		if row.Phase == PhaseMeasure {
			key := rowKey(row.From, row.To)
			l.run.LinkRTT[key] = merge(l.run.LinkRTT[key], decoded.links[i])
		}
	}
	if l.phaseOf(in.StartMS, in.EndMS) == PhaseMeasure {
		l.cpuMS += in.Generator.CPUCores * (in.EndMS - in.StartMS)
		l.hostMS += in.Generator.HostCPU * (in.EndMS - in.StartMS)
		l.spanMS += in.EndMS - in.StartMS
		l.run.Usage.Connections = max(l.run.Usage.Connections, in.Generator.Connections)
		l.run.Usage.RSSBytes = max(l.run.Usage.RSSBytes, in.Generator.RSSBytes)
		l.run.Usage.HeapBytes = max(l.run.Usage.HeapBytes, in.Generator.HeapBytes)
		l.run.Usage.GCPauses += in.Generator.GCPauses
		l.run.Usage.GCPauseMS += in.Generator.GCPauseMS
		l.waitMS += in.Generator.CPUWaitCores * (in.EndMS - in.StartMS)
	}
	l.run.Timeline = append(l.run.Timeline, moment)
}

// phaseOf is the phase in which most of a span of time lies, as far as that has been told of.
func (l *loader) phaseOf(startMS, endMS float64) PhaseName {
	phase := PhaseSetup
	for _, p := range l.run.Phases {
		if p.StartMS <= (startMS+endMS)/2 {
			phase = p.Name
		}
	}
	return phase
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
	l.finishEndpoints()
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
	l.finishServer()
	if l.spanMS > 0 {
		run.Usage.CPUCores = l.cpuMS / l.spanMS
		run.Usage.HostCPU = l.hostMS / l.spanMS
		run.Usage.CPUWaitCores = l.waitMS / l.spanMS
	}
	return run
}
