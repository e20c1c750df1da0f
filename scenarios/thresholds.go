package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// NamedThreshold is a threshold in the long form, a table of its own.
type NamedThreshold struct {
	Name  string
	Check threshold.Threshold
	// Abort ends the load as soon as the check is breached by what was measured so
	// far, but not in the first Grace of the measure phase.
	Abort bool
	// Grace is at least 1 s, so that something was measured; 0 unless Abort.
	Grace time.Duration
}

// Limits are all thresholds of the scenario.
func (s Scenario) Limits() []threshold.Threshold {
	all := slices.Clone(s.Thresholds)
	for _, n := range s.Named {
		all = append(all, n.Check)
	}
	return all
}

// readNamedThresholds reads the tables [threshold.NAME].
func readNamedThresholds(t *table, workloads []Workload, phases Phases) (all []NamedThreshold) {
	for _, below := range t.named("threshold") {
		n := NamedThreshold{Name: below.name(), Abort: below.boolean("abort", false)}
		const example = `check = "churn.pod-start.response.p99 < 5s"`
		if text := below.text("check", ""); below.require("check", example) && below.shape == nil {
			n.Check, _ = readThreshold(below, below.at("check"), textElement{text: text, at: -1}, t, workloads)
		}
		switch {
		case n.Abort || below.shape != nil:
			n.Grace = below.duration("grace", time.Second, time.Second, 7*24*time.Hour)
			if n.Grace >= phases.Measure && below.shape == nil {
				below.faultHere("grace, %q, is not shorter than the measure phase, %q: the load would never be ended", unit.FormatDuration(n.Grace), unit.FormatDuration(phases.Measure))
			}
			if n.Check.Workload() == threshold.Server {
				below.fault("abort", "= true with %q: what members tell is judged when the run has ended; write abort = true on a workload", n.Check)
			}
			if n.Check.Grows() {
				below.fault("abort", "= true with %q: what it counts grows with the run, so that it is missed at first in every run; write abort = true on an upper limit", n.Check)
			}
		default:
			below.refuse("grace", "belongs to abort = true")
		}
		below.unknown()
		all = append(all, n)
	}
	return all
}

// readThresholds parses thresholds and checks that each refers to something
// that the workloads have.
func readThresholds(t *table, texts []textElement, workloads []Workload) (all []threshold.Threshold) {
	for _, e := range texts {
		if limit, ok := readThreshold(t, t.at("thresholds"), e, t, workloads); ok {
			all = append(all, limit)
		}
	}
	return all
}

// readThreshold parses one, that stands at a path of t, in an array unless e.at
// is below 0; it reports false if it cannot be parsed. top is the scenario's own table.
func readThreshold(t *table, path toml.Key, e textElement, top *table, workloads []Workload) (threshold.Threshold, bool) {
	fault := func(format string, args ...any) {
		if e.at < 0 {
			t.doc.fault(path, format, args...)
		} else {
			t.doc.faultOf(path, element(path, e.at), format, args...)
		}
	}
	limit, err := threshold.Parse(e.text)
	if err != nil {
		fault("%v", err)
		return threshold.Threshold{}, false
	}
	if wrong := refersToNothing(limit, workloads); wrong != "" && !unread(top, limit, workloads) {
		fault("threshold %q: %s", limit, wrong)
	}
	return limit, true
}

// unread reports whether the threshold may be about a workload that could not
// be read; that one's own fault is told instead.
func unread(t *table, limit threshold.Threshold, workloads []Workload) bool {
	tables, _ := t.values["workload"].(map[string]any)
	if limit.Workload() == threshold.Any {
		return len(tables) > len(workloads)
	}
	_, written := tables[limit.Workload()]
	known := slices.ContainsFunc(workloads, func(w Workload) bool { return w.Name == limit.Workload() })
	return written && !known
}

// refersToNothing says why no workload has what the threshold refers to, or
// nothing if one has.
func refersToNothing(limit threshold.Threshold, workloads []Workload) string {
	if limit.Workload() == threshold.Server {
		return "" // its names are known to the parser
	}
	var names, operations []string
	found, unrecorded := false, false
	for _, w := range workloads {
		names = append(names, w.Name)
		if limit.Workload() != threshold.Any && limit.Workload() != w.Name {
			continue
		}
		found = true
		own := w.Operations()
		if limit.Quantity() == "catch_up" && !w.catchesUp() {
			unrecorded = true
			continue
		}
		if limit.IsWatch() && !w.watches() || !limit.IsWatch() && len(own) == 0 {
			continue
		}
		asked := own
		if !limit.IsWatch() && limit.Operation() != threshold.Any {
			asked = slices.DeleteFunc(slices.Clone(own), func(o string) bool { return o != limit.Operation() })
		}
		switch records := func(o string) bool { return w.records(o, limit.Quantity()) }; {
		case limit.IsWatch(), slices.ContainsFunc(asked, records):
			return ""
		case len(asked) > 0:
			unrecorded = true
		}
		operations = append(operations, own...)
	}
	if unrecorded && limit.IsWatch() {
		return "no such watch has the quantity catch_up: only those with behind and reopen have it"
	}
	if unrecorded {
		return "no such operation has the quantity " + limit.Quantity() + ": " + quantityOf(limit.Quantity())
	}
	return explain(limit, found, names, operations)
}

// watches reports whether the workload has watchers.
func (w Workload) watches() bool {
	switch w.Kind.(type) {
	case Watch, APIServer:
		return true
	default:
		return false
	}
}

// catchesUp reports whether the workload has watches that begin before where they were.
func (w Workload) catchesUp() bool {
	k, ok := w.Kind.(Watch)
	return ok && k.Behind > 0
}

// records reports whether an operation of the workload has a quantity, or a counter where that is empty.
func (w Workload) records(operation, quantity string) bool {
	switch quantity {
	case "first_chunk":
		l, lists := w.Kind.(List)
		return lists && l.Mode == Stream && (operation == "page" || !l.Pages())
	case "expiry_lateness":
		return operation == "expire"
	default:
		return true
	}
}

// quantityOf says which operations have a quantity that not all have.
func quantityOf(quantity string) string {
	if quantity == "first_chunk" {
		return `only the requests of a list with mode = "stream" have it`
	}
	return `only expire has it, of events and of leases with end = "expire"`
}

// explain says what a threshold should have named.
func explain(limit threshold.Threshold, found bool, names, operations []string) string {
	all := limit.Workload() == threshold.Any
	switch {
	case !found && !all:
		return "no workload " + `"` + limit.Workload() + `"` + nearest.Hint(limit.Workload(), names) +
			"; workloads: " + strings.Join(names, ", ")
	case limit.IsWatch() && all:
		return "no workload is a watch; write WORKLOAD.OPERATION before the last part"
	case limit.IsWatch():
		return `"` + limit.Workload() + `" is no watch; write ` + limit.Workload() + ".OPERATION before the last part, or .* for every operation"
	case len(operations) == 0 && all:
		return "no workload has operations"
	case len(operations) == 0:
		return `"` + limit.Workload() + `" is a watch and has no operations; write ` + limit.Workload() +
			".delivery.p99 or a counter of it, as " + limit.Workload() + ".missing"
	default:
		return `no operation "` + limit.Operation() + `"` + nearest.Hint(limit.Operation(), operations) +
			"; operations: " + strings.Join(operations, ", ")
	}
}
