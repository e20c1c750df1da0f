// Package verdict judges a run: is it valid, did it meet its thresholds, did
// anything happen that must not.
//
// Each judgement is a pure function of the run's records, so that a saved run
// can be judged again.
package verdict

import (
	"fmt"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Judge computes the whole of result.json from a run.
func Judge(run *results.Run) results.Result {
	r := results.Summarize(run)
	reasons := Validity(run)
	r.InvalidReasons = append(r.InvalidReasons, reasons...)
	r.Valid = len(r.InvalidReasons) == 0
	r.Checks = append(r.Checks, Checks(r)...)
	r.Thresholds = append(r.Thresholds, Thresholds(run)...)
	r.Findings = Findings(run, reasons)
	if b := run.Header.Baseline; b != nil && machine(b.Environment) != machine(run.Header.Environment) {
		r.Warnings = append(r.Warnings, fmt.Sprintf("the baseline %s was measured on another machine: %s, and this is %s", b.Name, machine(b.Environment), machine(run.Header.Environment)))
	}
	return r
}

// The generator may add to a reported percentile at most a tenth of it, or a
// millisecond where that is more.
const (
	generatorShare  = 0.10
	generatorMicros = 1000
)

// Validity says why the numbers are the generator's rather than etcd's; it is
// empty for a valid run. For each operation and each percentile that is
// reported, the generator's own part must be small, at most max(10 % of the
// response, 1 ms): on the way out what lies between the intended and the
// dispatched instant, response − turnaround, and on the way back how late it
// notices what has come for it.
func Validity(run *results.Run) []string {
	reasons := []string{}
	if len(run.Operations) == 0 {
		if _, measured := run.Span(results.PhaseMeasure); measured {
			return append(reasons, "nothing was recorded in the measure phase")
		}
		return append(reasons, "the run did not come to its measure phase")
	}
	for _, o := range run.Operations {
		if late := lateness(o.Quantities[results.Response], o.Quantities[results.Turnaround]); late != "" {
			reasons = append(reasons, fmt.Sprintf("%s.%s: %s", o.Workload, o.Operation, late))
		}
		if late := wakefulness(o.Quantities[results.Response], run.Wake); late != "" {
			reasons = append(reasons, fmt.Sprintf("%s.%s: %s", o.Workload, o.Operation, late))
		}
	}
	return reasons
}

// told are the percentiles that validity looks at, each where there are enough samples.
var told = [...]float64{50, 90, 95, 99, 99.9, 99.99}

// tooMuch reports whether the generator's part of a response is more than it may be, both in microseconds.
func tooMuch(part, response int64) bool {
	return float64(part) > max(generatorShare*float64(response), generatorMicros)
}

// wakefulness says at which percentiles the generator noticed replies too late, or nothing.
func wakefulness(response, wake *hdr.Histogram) string {
	if response == nil || wake == nil {
		return ""
	}
	var late []string
	for _, p := range told {
		if !results.Enough(min(response.TotalCount(), wake.TotalCount()), p) {
			continue
		}
		r, w := response.ValueAtPercentile(p), wake.ValueAtPercentile(p)
		if tooMuch(w, r) {
			late = append(late, fmt.Sprintf("p%g %.1f ms beside a response of %.1f ms", p, float64(w)/1000, float64(r)/1000))
		}
	}
	if len(late) == 0 {
		return ""
	}
	return "the generator was short of CPU and noticed replies late, by " + strings.Join(late, ", ")
}

// lateness says at which percentiles the generator was too late, or nothing.
func lateness(response, turnaround *hdr.Histogram) string {
	if response == nil || turnaround == nil {
		return ""
	}
	var late []string
	for _, p := range told {
		if !results.Enough(response.TotalCount(), p) {
			continue
		}
		r, t := response.ValueAtPercentile(p), turnaround.ValueAtPercentile(p)
		if by := r - t; tooMuch(by, r) {
			late = append(late, fmt.Sprintf("p%g %.1f of %.1f ms", p, float64(by)/1000, float64(r)/1000))
		}
	}
	if len(late) == 0 {
		return ""
	}
	return "the generator itself was late, by " + strings.Join(late, ", ") + " of the response"
}

// Checks are what must be true of any run.
func Checks(r results.Result) []results.Check {
	var all []results.Check
	for _, w := range r.Watches {
		c := results.Check{Name: "watch-completeness " + w.Workload}
		switch {
		case w.Missing == nil:
			c.Status, c.Detail = results.Skipped, "the watchers did not come to the last acknowledged write, so what is missing is not known"
		case *w.Missing > 0:
			c.Status, c.Detail = results.Fail, fmt.Sprintf("%d of %d events of acknowledged writes never came", *w.Missing, w.Expected)
		default:
			c.Status, c.Detail = results.Pass, fmt.Sprintf("all %d events of acknowledged writes came", w.Expected)
		}
		all = append(all, c)
	}
	return all
}
