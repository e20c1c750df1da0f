package scenarios

import (
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// readThresholds parses thresholds and checks that each refers to something
// that the workloads have.
func readThresholds(t *table, texts []textElement, workloads []Workload) []threshold.Threshold {
	var all []threshold.Threshold
	path := t.at("thresholds")
	for _, e := range texts {
		limit, err := threshold.Parse(e.text)
		if err != nil {
			t.doc.faultOf(path, element(path, e.at), "%v", err)
			continue
		}
		if wrong := refersToNothing(limit, workloads); wrong != "" && !unread(t, limit, workloads) {
			t.doc.faultOf(path, element(path, e.at), "threshold %q: %s", limit, wrong)
		}
		all = append(all, limit)
	}
	return all
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
	var names, operations []string
	found, unrecorded := false, false
	for _, w := range workloads {
		names = append(names, w.Name)
		if limit.Workload() != threshold.Any && limit.Workload() != w.Name {
			continue
		}
		found = true
		own := w.Operations()
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
