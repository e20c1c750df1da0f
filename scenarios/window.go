package scenarios

import (
	"fmt"
	"time"
)

// Window is the part of the measure phase in which a workload's chains start.
// The zero value is none: from the start of the warm-up to the end of the measure phase.
type Window struct {
	// Set tells that there is a window, which the warm-up is then no part of.
	Set bool
	// From counts from the start of the measure phase; at least 0.
	From time.Duration
	// For is its length; 0 where it goes on to the end of the measure phase.
	For time.Duration
}

// readWindow reads from = "5s", for = "10s", each of which may be left out.
func readWindow(t *table) Window {
	w := Window{Set: t.has("from") || t.has("for")}
	w.From = t.duration("from", 0, 0, maxSpan)
	w.For = t.duration("for", 0, minSpan, maxSpan)
	return w
}

func (w Window) encode(s *section) {
	if !w.Set {
		return
	}
	s.duration("from", w.From)
	if w.For > 0 {
		s.duration("for", w.For)
	}
}

// Runs reports whether any of the workload lies in a measure phase of that
// length. A window that begins at its end or later is passed over.
func (w Workload) Runs(measure time.Duration) bool { return !w.Window.Set || w.Window.From < measure }

// Warnings are what is told beside the numbers of a scenario that is run, since
// it does not do all that it says.
func (s Scenario) Warnings() (all []string) {
	for _, w := range s.Workloads {
		if !w.Runs(s.Phases.Measure) {
			all = append(all, fmt.Sprintf("the workload %s does not run: its window begins at %v, the measure phase ends at %v", w.Name, w.Window.From, s.Phases.Measure))
		} else if warning := w.endless(s.Phases); warning != "" {
			all = append(all, warning)
		}
	}
	for _, a := range s.Actions {
		if warning := a.warning(s.Phases.Measure); warning != "" {
			all = append(all, warning)
		}
	}
	return all
}
