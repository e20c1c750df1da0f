package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// operationRows are p50 and the highest percentile that is worth a row, and what
// went wrong in any run.
func operationRows(o results.Operation, each []results.Operation) []comparisonRow {
	name := o.Operation
	if o.Chain {
		name += " *"
	}
	var of []results.Distribution
	for _, one := range each {
		of = append(of, one.Response)
	}
	var rows []comparisonRow
	for _, p := range toldPercentiles(of) {
		rows = append(rows, distributionRow(name, p, of))
		name = ""
	}
	if slices.ContainsFunc(each, short) {
		rows = append(rows, countRow("achieved", each, func(o results.Operation) comparisonCell {
			return comparisonCell{value: cmp.Or(achievedShare(o), "n/a"), tone: toneIf(short(o))}
		}))
	}
	if slices.ContainsFunc(each, func(o results.Operation) bool { return o.ErrorCount() > 0 }) {
		rows = append(rows, countRow("errors", each, func(o results.Operation) comparisonCell {
			return comparisonCell{value: figure.Count(o.ErrorCount()), tone: toneIf(o.ErrorCount() > 0)}
		}))
	}
	return rows
}

// toldPercentiles is p50, and p99 where every run that has any samples has
// enough for it, else p95 where any has; and the maximum where not even a median is known.
func toldPercentiles(of []results.Distribution) []float64 {
	known := func(p float64) (some, every bool) {
		every = true
		for _, d := range of {
			has := at(d, p) != nil
			some, every = some || has, every && (has || d.Count == 0)
		}
		return some, every
	}
	if median, _ := known(50); !median {
		return []float64{100}
	}
	if some, every := known(99); some && every {
		return []float64{50, 99}
	}
	if some, _ := known(95); some {
		return []float64{50, 95}
	}
	return []float64{50}
}

// distributionRow is one percentile of each run, 100 being the maximum, which
// has no ratio: it is a single sample.
func distributionRow(name string, percentile float64, of []results.Distribution) comparisonRow {
	row := comparisonRow{name: name, stat: "p" + strconv.FormatFloat(percentile, 'f', -1, 64)}
	if percentile == 100 {
		row.stat = "max"
	}
	base := at(of[0], percentile)
	for i, d := range of {
		v := at(d, percentile)
		c := comparisonCell{value: "n/a"}
		if v != nil {
			c.value = figure.Duration(*v, "")
		}
		if i > 0 && percentile < 100 && v != nil && base != nil && *base > 0 {
			c.ratio = ratioText(*v / *base)
		}
		row.cells = append(row.cells, c)
	}
	return row
}

// ratioText prints a ratio with three figures at most.
func ratioText(r float64) string {
	switch {
	case r < 9.995:
		return "×" + strconv.FormatFloat(r, 'f', 2, 64)
	case r < 99.95:
		return "×" + strconv.FormatFloat(r, 'f', 1, 64)
	default:
		return "×" + figure.Count(int64(r+0.5))
	}
}

func countRow(stat string, each []results.Operation, cell func(results.Operation) comparisonCell) comparisonRow {
	row := comparisonRow{stat: stat}
	for _, o := range each {
		c := comparisonCell{value: "n/a"}
		if o.Operation != "" {
			c = cell(o)
		}
		row.cells = append(row.cells, c)
	}
	return row
}

func toneIf(wrong bool) tone {
	if wrong {
		return bad
	}
	return ""
}

// anyWatch is each workload that watches in any run, in order.
func anyWatch(all []results.Result) []string {
	var found []string
	for _, r := range all {
		for _, w := range r.Watches {
			if !slices.Contains(found, w.Workload) {
				found = append(found, w.Workload)
			}
		}
	}
	slices.Sort(found)
	return found
}

func deliveries(all []results.Result, workload string) []results.Distribution {
	each := make([]results.Distribution, len(all))
	for i, r := range all {
		for _, w := range r.Watches {
			if w.Workload == workload {
				each[i] = w.Delivery
			}
		}
	}
	return each
}

// runRows are what is true of each run as a whole.
func runRows(all []results.Result) []comparisonRow {
	rows := []comparisonRow{{group: "the run"}, {name: "valid"}, {name: "thresholds met"}, {name: "checks failed"}, {name: "what limits"}}
	for _, r := range all {
		met, failed := 0, 0
		for _, t := range r.Thresholds {
			if t.Status == results.Pass {
				met++
			}
		}
		for _, c := range r.Checks {
			if c.Status == results.Fail {
				failed++
			}
		}
		valid := comparisonCell{value: "yes"}
		if !r.Valid {
			valid = comparisonCell{value: "no", tone: bad}
		}
		limits, checks := comparisonCell{value: "n/a"}, comparisonCell{value: "n/a"}
		if len(r.Thresholds) > 0 {
			breached := slices.ContainsFunc(r.Thresholds, func(t results.ThresholdResult) bool { return t.Status == results.Fail })
			limits = comparisonCell{value: fmt.Sprintf("%d/%d", met, len(r.Thresholds)), tone: toneIf(breached)}
		}
		if len(r.Checks) > 0 {
			checks = comparisonCell{value: figure.Count(int64(failed)), tone: toneIf(failed > 0)}
		}
		for i, c := range []comparisonCell{valid, limits, checks, limitation(r)} {
			rows[i+1].cells = append(rows[i+1].cells, c)
		}
	}
	return rows
}

// limitation is the most certain finding of a run.
func limitation(r results.Result) comparisonCell {
	if len(r.Findings) == 0 {
		return comparisonCell{value: "–"}
	}
	f := r.Findings[0]
	return comparisonCell{value: f.Name, tone: confidenceTone(f.Confidence)}
}
