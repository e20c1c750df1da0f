package scenarios

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// Explanation says what a scenario would do, without doing any of it. Rates
// are means over the measure phase; every figure is an expectation, from which
// a run differs as chance and etcd have it.
type Explanation struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// WarmupS, MeasureS and DrainS are the phases' lengths in seconds; drain is the longest it may take.
	WarmupS  float64 `json:"warmup_s"`
	MeasureS float64 `json:"measure_s"`
	DrainS   float64 `json:"drain_s"`
	// Setup is what is in etcd before the load begins.
	Setup []SetupEstimate `json:"setup"`
	// Operations are the requests, by workload and operation.
	Operations []OperationEstimate `json:"operations"`
	// Workloads are the streams, in order of their names.
	Workloads []WorkloadEstimate `json:"workloads"`
	// Actions are what happens to the cluster, in the order in which it does.
	Actions []ActionEstimate `json:"actions"`
	// OperationsPerSecond and OperationsTotal are the sums over all requests of
	// the measure phase whose rate is known.
	OperationsPerSecond float64 `json:"operations_per_second"`
	OperationsTotal     float64 `json:"operations_total"`
	// PeakInFlight is the most requests that may be under way at once, by the workloads' bounds.
	PeakInFlight int `json:"peak_in_flight"`
	// KeysWritten and BytesWritten are the writes of setup, warm-up and measure phase,
	// and the keys and values in them.
	KeysWritten  float64 `json:"keys_written"`
	BytesWritten float64 `json:"bytes_written"`
	// DatabaseBytes is about how large etcd's database is in the end, with all of its history.
	DatabaseBytes float64 `json:"database_bytes"`
	// SetupDatabaseBytes is what of it is there before the load begins.
	SetupDatabaseBytes float64 `json:"setup_database_bytes"`
	// Derived are the values that the scenario does not state.
	Derived []Derivation `json:"derived"`
	// Warnings are what a run would tell beside its numbers.
	Warnings []string `json:"warnings"`
}

// ActionEstimate is what happens to the cluster at a moment.
type ActionEstimate struct {
	Name string `json:"name"`
	// AtS is in seconds from the start of the measure phase.
	AtS float64 `json:"at_s"`
	Do  string  `json:"do"`
	// What is all of it in words.
	What string `json:"what"`
}

// SetupEstimate is a population, or what a workload needs before the load begins.
type SetupEstimate struct {
	Name     string  `json:"name"`
	Resource string  `json:"resource,omitempty"`
	Count    int     `json:"count"`
	Bytes    float64 `json:"bytes"`
}

// WorkloadEstimate is one workload's stream of arrivals.
type WorkloadEstimate struct {
	Workload string `json:"workload"`
	Kind     string `json:"kind"`
	// Arrivals says in words when its chains start.
	Arrivals string `json:"arrivals"`
	// ArrivalsPerSecond is the mean while the workload runs and PeakPerSecond the highest
	// rate; nil where etcd's speed decides.
	ArrivalsPerSecond *float64 `json:"arrivals_per_second"`
	PeakPerSecond     *float64 `json:"peak_per_second"`
	// MaxInFlight bounds the requests under way at once; 0 for a watch.
	MaxInFlight int `json:"max_in_flight"`
}

// OperationEstimate is one kind of request of a workload.
type OperationEstimate struct {
	Workload  string `json:"workload"`
	Operation string `json:"operation"`
	// PerSecond is over the time in which the workload runs; Total is of the measure phase. nil where etcd's speed decides.
	PerSecond *float64 `json:"per_second"`
	Total     *float64 `json:"total"`
	// ValueBytes is the mean size of a value that it writes; 0 for what writes none.
	ValueBytes float64 `json:"value_bytes"`
}

// request is how often a kind sends one of its operations.
type request struct {
	operation string
	// each is how many an arrival brings, or a second where the kind has no arrivals.
	each float64
	// writes tells that the request adds a revision, with a value of so many bytes in the mean.
	writes bool
	value  float64
}

// keyBytes and revisionBytes are about what a key, and what etcd's own
// bookkeeping of a revision takes beside the value.
const (
	keyBytes      = 60
	revisionBytes = 110
)

// ExplainScenario reads a scenario as LoadScenario does, and says what it
// would do. The error is Faults.
func ExplainScenario(nameOrFile string, sets []string) (Explanation, error) {
	file, text, err := load("scenario", nameOrFile)
	if err != nil {
		return Explanation{}, err
	}
	s, derived, err := parseScenario(file, text, sets)
	if err != nil {
		return Explanation{}, err
	}
	return explainScenario(s, derived), nil
}

// Explain says what the scenario would do. What it does not state is not told.
func (s Scenario) Explain() Explanation { return explainScenario(s, nil) }

func explainScenario(s Scenario, derived []Derivation) Explanation {
	e := Explanation{
		Name: s.Name, Description: s.Description, WarmupS: s.Phases.Warmup.Seconds(), MeasureS: s.Phases.Measure.Seconds(), DrainS: s.Phases.Drain.Seconds(),
		Setup: []SetupEstimate{}, Operations: []OperationEstimate{}, Workloads: []WorkloadEstimate{}, Actions: []ActionEstimate{},
		Derived: append([]Derivation{}, derived...), Warnings: append([]string{}, s.Warnings()...),
	}
	for _, p := range s.Setup {
		e.prepare(SetupEstimate{Name: p.Name, Resource: p.Resource.Name, Count: p.Count, Bytes: float64(p.Count) * p.Size.Mean()})
	}
	for _, w := range s.Workloads {
		if before, needed := w.Kind.(interface{ before() (int, float64) }); needed {
			n, bytes := before.before()
			if n > 0 {
				e.prepare(SetupEstimate{Name: w.Name, Count: n, Bytes: bytes})
			}
		}
		e.explain(w, s.Phases)
	}
	for _, a := range s.Actions {
		e.Actions = append(e.Actions, ActionEstimate{Name: a.Name, AtS: a.At.Seconds(), Do: a.Kind(), What: a.words()})
	}
	return e
}

// prepare adds what is written before the load begins.
func (e *Explanation) prepare(p SetupEstimate) {
	e.Setup = append(e.Setup, p)
	e.written(float64(p.Count), p.Bytes)
	e.SetupDatabaseBytes = e.DatabaseBytes
}

// written adds writes, with so many bytes of values.
func (e *Explanation) written(n, values float64) {
	e.KeysWritten += n
	e.BytesWritten += values + n*keyBytes
	if n > 0 {
		e.DatabaseBytes += n * inPages(values/n+keyBytes+revisionBytes)
	}
}

// bbolt keeps revisions in pages of 4 KiB that etcd has filled to 90 %, and at
// least two in a node of pages.
const (
	pageBytes = 4096
	pageFill  = 0.9
)

// inPages is what a revision of so many bytes takes of the database.
func inPages(bytes float64) float64 {
	if 2*bytes <= pageFill*pageBytes {
		return bytes / pageFill
	}
	return math.Ceil(2*bytes/pageBytes) * pageBytes / 2
}

// explain adds a workload.
func (e *Explanation) explain(w Workload, phases Phases) {
	own := WorkloadEstimate{Workload: w.Name, Kind: w.KindName(), MaxInFlight: w.MaxInFlight, Arrivals: w.arrivalsInWords()}
	mean, warm, known := w.arrivalsIn(phases)
	seconds := w.seconds(phases)
	if known && seconds > 0 {
		perSecond, peak := mean/seconds, w.peak()
		own.ArrivalsPerSecond, own.PeakPerSecond = &perSecond, &peak
	}
	e.Workloads = append(e.Workloads, own)
	e.PeakInFlight += w.MaxInFlight
	if !w.Runs(phases.Measure) {
		return
	}
	for _, r := range w.Kind.requests() {
		o := OperationEstimate{Workload: w.Name, Operation: r.operation}
		if r.writes {
			o.ValueBytes = r.value
		}
		if known {
			total := r.each * mean
			if t, ok := w.Kind.(interface{ total(string, float64) float64 }); ok {
				total = t.total(r.operation, warm+mean) - t.total(r.operation, warm)
			}
			perSecond := total / seconds
			o.Total, o.PerSecond = &total, &perSecond
			e.OperationsTotal += total
			if r.writes {
				e.written(total+r.each*warm, (total+r.each*warm)*r.value)
			}
		}
		e.Operations = append(e.Operations, o)
	}
	if !known {
		e.Warnings = append(e.Warnings, fmt.Sprintf("the workload %s is a closed loop: how often it asks depends on how fast etcd answers, and it is not in the sums", w.Name))
	}
	e.OperationsPerSecond = e.OperationsTotal / phases.Measure.Seconds()
}

// seconds is how much of the measure phase the workload runs.
func (w Workload) seconds(p Phases) float64 {
	if !w.Window.Set {
		return p.Measure.Seconds()
	}
	left := max(p.Measure-w.Window.From, 0)
	if w.Window.For > 0 {
		left = min(left, w.Window.For)
	}
	return left.Seconds()
}

// arrivalsIn is how many arrivals the measure phase and the warm-up have in the
// mean, or their seconds for kinds without arrivals, whose requests are by the
// second. It reports false where etcd's speed decides.
func (w Workload) arrivalsIn(p Phases) (measure, warmup float64, known bool) {
	seconds, lead := w.seconds(p), p.Warmup.Seconds()
	if w.Window.Set {
		lead = 0
	}
	a := w.Arrival
	switch {
	case a.Process == "":
		return seconds, lead, true
	case a.Process == Closed && a.MaxRate == 0:
		return 0, 0, false
	case a.Process == Closed:
		return float64(a.MaxRate) * seconds, float64(a.MaxRate) * lead, true
	case a.Profile.Shape == Times:
		n := 0
		for _, at := range a.Profile.Times {
			if at.Seconds() < seconds {
				n++
			}
		}
		return float64(n), 0, true
	default:
		pieces, repeat := a.Pieces()
		return integral(pieces, repeat, seconds), pieces[0].From * lead, true
	}
}

// integral is the number of arrivals of a rate within so many seconds.
func integral(pieces []Piece, repeat bool, seconds float64) (sum float64) {
	for i := 0; seconds > 0; i++ {
		if i == len(pieces) && !repeat {
			return sum + pieces[i-1].To*seconds
		}
		p := pieces[i%len(pieces)]
		x, length := min(seconds, p.Length.Seconds()), p.Length.Seconds()
		sum += p.From*x + (p.To-p.From)*x*x/(2*length)
		seconds -= length
	}
	return sum
}

// peak is the highest rate of arrivals a second; 1 where requests are by the second.
func (w Workload) peak() float64 {
	a := w.Arrival
	switch {
	case a.Process == "":
		return 1
	case a.Process == Closed:
		return float64(a.MaxRate)
	case a.Profile.Shape == Times:
		return 0
	}
	pieces, _ := a.Pieces()
	most := slices.MaxFunc(pieces, func(a, b Piece) int { return cmp.Compare(max(a.From, a.To), max(b.From, b.To)) })
	return max(most.From, most.To)
}

// arrivalsInWords says when a workload's chains start.
func (w Workload) arrivalsInWords() string {
	text := w.processInWords()
	if p, ok := w.Kind.(PodChurn); ok && p.Wave.Shape != NoWave {
		text += ", " + p.Wave.inWords()
	}
	switch {
	case !w.Window.Set:
		return text
	case w.Window.For == 0:
		return fmt.Sprintf("%s, from %v on", text, w.Window.From)
	default:
		return fmt.Sprintf("%s, from %v for %v", text, w.Window.From, w.Window.For)
	}
}

func (w Workload) processInWords() string {
	a, p := w.Arrival, w.Arrival.Profile
	gaps := map[Process]string{Constant: "even", Poisson: "random"}[a.Process]
	switch {
	case a.Process == "" && w.MaxInFlight == 0:
		return "follows what is written"
	case a.Process == "":
		return "by itself"
	case a.Process == Closed && a.MaxRate > 0:
		return fmt.Sprintf("closed loop of %d clients, at most %s", a.Clients, a.MaxRate)
	case a.Process == Closed:
		return fmt.Sprintf("closed loop of %d clients", a.Clients)
	case p.Shape == Steady:
		return fmt.Sprintf("%s, %s", a.Rate, gaps)
	case p.Shape == Steps:
		return fmt.Sprintf("%d steps, %s", len(p.Steps), gaps)
	case p.Shape == Ramp:
		return fmt.Sprintf("%s to %s in %v, %s", a.Rate, p.To, p.For, gaps)
	case p.Shape == Spike:
		return fmt.Sprintf("%s, %s at %v for %v, %s", a.Rate, p.To, p.At, p.For, gaps)
	case p.Shape == Sine:
		return fmt.Sprintf("%s to %s and back every %v, %s", a.Rate, p.To, p.Period, gaps)
	case p.Shape == Burst:
		return fmt.Sprintf("%s for %v, nothing for %v, %s", a.Rate, p.On, p.Off, gaps)
	default:
		return fmt.Sprintf("at %d times", len(p.Times))
	}
}

// perSecond is how often something comes that n subjects do once a period.
func perSecond(n int, period time.Duration) float64 { return float64(n) / period.Seconds() }
