package scenarios

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// gates are the metrics that decide: the file's, or the usual ones.
func (r experimentReader) gates(all []Scenario) (gates []threshold.Metric) {
	texts := r.texts("gate")
	if !r.has("gate") {
		for _, s := range all {
			for _, m := range UsualGates(s) {
				if !slices.Contains(gates, m) {
					gates = append(gates, m)
				}
			}
		}
		return gates
	}
	for _, e := range texts {
		m, err := threshold.ParseMetric(e.text)
		switch {
		case err != nil:
			r.faultElement("gate", e.at, "= %v", err)
		case m.Better() == threshold.Neutral:
			r.faultElement("gate", e.at, "= %q is better neither higher nor lower", e.text)
		case slices.Contains(gates, m):
			r.faultElement("gate", e.at, "is %q a second time", e.text)
		default:
			if wrong := gateless(m, all); wrong != "" {
				r.faultElement("gate", e.at, "= %q: %s", e.text, wrong)
			}
			gates = append(gates, m)
		}
	}
	if len(texts) == 0 {
		r.fault("gate", `is empty; write for example ["churn.create.response.p50"], or leave it out for the usual ones`)
	}
	return gates
}

// gateless says why no scenario has a metric, or has enough of it, or nothing.
func gateless(m threshold.Metric, all []Scenario) string {
	nowhere := ""
	for _, s := range all {
		if why := refersToNothing(m.Refers(), s.Workloads); why != "" {
			nowhere = cmp.Or(nowhere, why)
		} else if short := tooShort(m, s); short != "" {
			return short
		}
	}
	if slices.ContainsFunc(all, func(s Scenario) bool { return s.Has(m) }) {
		return ""
	}
	return nowhere
}

// Has reports whether a metric is one of the scenario's.
func (s Scenario) Has(m threshold.Metric) bool {
	return refersToNothing(m.Refers(), s.Workloads) == ""
}

// tooShort says that a run of the scenario has too few samples for a percentile, or nothing.
func tooShort(m threshold.Metric, s Scenario) string {
	p, is := m.Percentile()
	if !is || m.Operation() == "" {
		return ""
	}
	needed := samplesFor(p)
	for _, o := range s.Explain().Operations {
		if o.Workload == m.Workload() && o.Operation == m.Operation() && o.Total != nil && *o.Total < needed {
			longer := time.Duration(math.Ceil(needed / *o.Total * s.Phases.Measure.Seconds())) * time.Second
			return fmt.Sprintf(`a run of %s has about %.0f of them, and that takes %.0f; write set = ["phases.measure=%s"], or a lower percentile`, s.Name, *o.Total, needed, unit.FormatDuration(longer))
		}
	}
	return ""
}

// samplesFor is how many samples are expected where a percentile is to be had: ten
// beyond it, and room for chance.
func samplesFor(percentile float64) float64 {
	n := 10 / (1 - percentile/100)
	return math.Ceil(n + 2*math.Sqrt(n))
}

// UsualGates are the metrics by which a scenario is judged when none are named: the medians of what a scenario does most: of one write, one read and one watch, so that six pairs suffice.
func UsualGates(s Scenario) (gates []threshold.Metric) {
	operations := s.Explain().Operations
	slices.SortStableFunc(operations, func(a, b OperationEstimate) int {
		switch x, y := total(a), total(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		default:
			return 0
		}
	})
	room := map[bool]int{true: 1, false: 1}
	for _, o := range operations {
		writes := o.ValueBytes > 0
		m := threshold.MetricOf(o.Workload, o.Operation, "response", "p50")
		if room[writes] == 0 || total(o) < samplesFor(50) || !s.Has(m) {
			continue
		}
		room[writes]--
		gates = append(gates, m)
	}
	for _, w := range s.Workloads {
		if w.watches() {
			return append(gates, threshold.MetricOf(w.Name, "delivery", "p50"))
		}
	}
	return gates
}

// total is how many there are; what goes as fast as it can counts as many.
func total(o OperationEstimate) float64 {
	if o.Total == nil {
		return math.Inf(1)
	}
	return *o.Total
}
