package results

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// ActionRecord is an action, with what operations did before, during and after it.
type ActionRecord struct {
	Action
	// Before lasts from the start of the measure phase, or from when the action
	// before it was over, During until it is over and recovered and what it held up
	// has ended, After until the next begins or the measure phase ends. nil where there was no time for it.
	Before, During, After *Stretch
}

// Stretch is what operations did in a part of a run: all that ended in it,
// whenever it was intended, but for what was intended in the warm-up.
type Stretch struct {
	// StartMS and EndMS are since the run's start.
	StartMS, EndMS float64
	// Operations are in order of their workloads and names.
	Operations []StretchOperation
}

// StretchOperation is one operation in a stretch.
type StretchOperation struct {
	Workload, Operation string
	Chain               bool
	Counts
	// Response holds microseconds; nil where nothing ended.
	Response *hdr.Histogram
}

// Seconds is how long the stretch is.
func (s *Stretch) Seconds() float64 { return (s.EndMS - s.StartMS) / 1000 }

// Requests are the operations that are no chains, merged: their counts and response.
func (s *Stretch) Requests() (c Counts, response *hdr.Histogram) {
	for _, o := range s.Operations {
		if o.Chain {
			continue
		}
		c = c.Add(o.Counts)
		if o.Response != nil {
			if response == nil {
				response = NewHistogram(Figures)
			}
			response.Merge(o.Response)
		}
	}
	return c, response
}

// OverMS is when the action was over, its cluster as before, and all that it held
// up ended, since the run's start; +Inf where that did not come.
func (a Action) OverMS() float64 {
	if a.EndedMS == nil || a.RecoveredMS == nil {
		return math.Inf(1)
	}
	over := max(*a.EndedMS, a.AtMS+*a.RecoveredMS)
	if a.TailMS != nil {
		over = max(over, a.AtMS+*a.TailMS)
	}
	return over
}

// aftermath is how long after an action was over connections may still come again, in milliseconds.
const aftermath = 10_000

// caused reports whether an event is what one expects of an action: a connection
// that breaks, a leader that changes, while it lasts and shortly after.
func (r *Run) caused(e Event) bool {
	return slices.ContainsFunc(r.Actions, func(a ActionRecord) bool {
		return e.AtMS >= a.AtMS && e.AtMS <= a.OverMS()+aftermath
	})
}

// stretches finds when before, during and after are, of each action of a run.
func (r *Run) stretches() {
	measure, ok := r.Span(PhaseMeasure)
	if !ok {
		return
	}
	var bounds []float64
	for _, a := range r.Actions {
		bounds = append(bounds, a.AtMS, a.OverMS())
	}
	slices.Sort(bounds)
	for i := range r.Actions {
		a := &r.Actions[i]
		from, over, until := measure.StartMS, a.OverMS(), measure.EndMS
		for _, b := range bounds {
			if b < a.AtMS {
				from = max(from, b)
			}
			if b > over {
				until = min(until, b)
			}
		}
		a.Before = stretch(from, min(a.AtMS, measure.EndMS))
		a.During = stretch(a.AtMS, over)
		if math.IsInf(over, 1) {
			a.During = stretch(a.AtMS, measure.EndMS)
		}
		a.After = stretch(over, until)
	}
}

// stretch is one between two instants; nil where there is no time between them.
func stretch(from, to float64) *Stretch {
	if to-from <= 0 {
		return nil
	}
	return &Stretch{StartMS: from, EndMS: to}
}

// gathered adds an interval to each stretch that it lies in, for the most part.
func (r *Run) gathered(in *Interval, decoded decodedInterval, into map[*Stretch]map[string]*StretchOperation) {
	middle := (in.StartMS + in.EndMS) / 2
	for i := range r.Actions {
		a := &r.Actions[i]
		for _, s := range []*Stretch{a.Before, a.During, a.After} {
			if s != nil && middle >= s.StartMS && middle < s.EndMS {
				if into[s] == nil {
					into[s] = map[string]*StretchOperation{}
				}
				add(into[s], in, decoded)
			}
		}
	}
}

// add adds an interval's operations to those of a stretch.
func add(all map[string]*StretchOperation, in *Interval, decoded decodedInterval) {
	for i, row := range in.Operations {
		if row.Phase == PhaseWarmup {
			continue
		}
		key := rowKey(row.Workload, row.Operation)
		o := all[key]
		if o == nil {
			o = &StretchOperation{Workload: row.Workload, Operation: row.Operation, Chain: row.Chain}
			all[key] = o
		}
		o.Counts = o.Counts.Add(row.Counts)
		if h, ok := decoded.operations[i][Response]; ok {
			o.Response = merge(o.Response, h)
		}
	}
}

// fill puts what was gathered into the stretches.
func fill(into map[*Stretch]map[string]*StretchOperation) {
	for s, all := range into {
		for _, o := range all {
			s.Operations = append(s.Operations, *o)
		}
		slices.SortFunc(s.Operations, func(a, b StretchOperation) int {
			return cmp.Or(strings.Compare(a.Workload, b.Workload), strings.Compare(a.Operation, b.Operation))
		})
	}
}

// ActionResult is what an action did, and what it cost.
type ActionResult struct {
	Action
	// Before, During and After are of the load: what ended from the start of the
	// measure phase (or from when the action before it was over), until it was over and
	// recovered and what it held up had ended, and until the next began or the measure phase ended; null where there
	// was no time for it.
	Before *ActionWindow `json:"before"`
	During *ActionWindow `json:"during"`
	After  *ActionWindow `json:"after"`
}

// ActionWindow is the load in a part of a run.
type ActionWindow struct {
	Seconds float64 `json:"seconds"`
	// Succeeded, Conflicts, Errors, AchievedRate and Response are of all requests, which chains are not.
	Succeeded    int64            `json:"succeeded"`
	Conflicts    int64            `json:"conflicts"`
	Errors       map[string]int64 `json:"errors"`
	AchievedRate float64          `json:"achieved_rate"`
	Response     Distribution     `json:"response"`
	// Operations has a row for each operation, chains included.
	Operations []WindowOperation `json:"operations"`
}

// WindowOperation is one operation in an ActionWindow.
type WindowOperation struct {
	Workload  string           `json:"workload"`
	Operation string           `json:"operation"`
	Chain     bool             `json:"chain"`
	Succeeded int64            `json:"succeeded"`
	Conflicts int64            `json:"conflicts"`
	Errors    map[string]int64 `json:"errors"`
	Response  Distribution     `json:"response"`
}

func summarizeActions(run *Run) []ActionResult {
	all := []ActionResult{}
	for _, a := range run.Actions {
		all = append(all, ActionResult{Action: a.Action, Before: summarizeStretch(a.Before), During: summarizeStretch(a.During), After: summarizeStretch(a.After)})
	}
	return all
}

func summarizeStretch(s *Stretch) *ActionWindow {
	if s == nil {
		return nil
	}
	c, response := s.Requests()
	w := &ActionWindow{Seconds: s.Seconds(), Succeeded: c.Succeeded, Conflicts: c.Conflicts, Errors: errorsOf(c), Response: Distribute(response), Operations: []WindowOperation{}}
	if w.Seconds > 0 {
		w.AchievedRate = float64(c.Succeeded+c.Conflicts) / w.Seconds
	}
	for _, o := range s.Operations {
		w.Operations = append(w.Operations, WindowOperation{
			Workload: o.Workload, Operation: o.Operation, Chain: o.Chain, Succeeded: o.Succeeded, Conflicts: o.Conflicts,
			Errors: errorsOf(o.Counts), Response: Distribute(o.Response),
		})
	}
	return w
}

// errorsOf are the errors by code, an empty map where there are none.
func errorsOf(c Counts) map[string]int64 {
	errors := map[string]int64{}
	maps.Copy(errors, c.Errors)
	return errors
}
