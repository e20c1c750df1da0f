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
	found := false
	for _, w := range workloads {
		names = append(names, w.Name)
		if limit.Workload() != threshold.Any && limit.Workload() != w.Name {
			continue
		}
		found = true
		own := w.Operations()
		if limit.IsWatch() != (len(own) == 0) {
			continue
		}
		if limit.IsWatch() || limit.Operation() == threshold.Any || slices.Contains(own, limit.Operation()) {
			return ""
		}
		operations = append(operations, own...)
	}
	return explain(limit, found, names, operations)
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
