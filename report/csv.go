package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// runColumns are those of CSV. Names and units are those of result.json.
var runColumns = []string{
	"run", "scenario", "configuration", "valid", "complete", "kind", "workload", "operation", "endpoint", "quantity",
	"intended", "sent", "succeeded", "conflicts", "retries", "dropped", "skipped", "unreached", "unfinished", "errors", "error_codes",
	"target_rate", "achieved_rate", "bytes_sent", "bytes_received",
	"watchers", "expected", "delivered", "late", "missing", "duplicated", "out_of_order", "unmatched",
	"count", "min_ms", "mean_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "p99_9_ms", "p99_99_ms", "max_ms",
}

// operationColumns and watchColumns are how many of runColumns count operations and watches.
const (
	operationColumns = 15
	watchColumns     = 8
)

// CSV writes a run for spreadsheets and scripts, as RFC 4180 has it: a row for each
// quantity of each operation, chain and watch, and of each part of an operation by
// endpoint, which is in the operation's own row already. Numbers are not rounded, durations are
// milliseconds, rates per second; what is not known is empty. A text that a
// spreadsheet would take for a formula has an apostrophe in front.
func CSV(w io.Writer, r results.Result) error {
	rows := [][]string{runColumns}
	run := []string{harmless(r.ID), harmless(r.Scenario.Name), harmless(r.Configuration.Name), strconv.FormatBool(r.Valid), strconv.FormatBool(r.Complete)}
	for _, o := range r.Operations {
		kind := "operation"
		switch {
		case o.Endpoint != "":
			kind = "part"
		case o.Chain:
			kind = "chain"
		}
		counts := flat([]string{
			whole(o.Intended), whole(o.Sent), whole(o.Succeeded), whole(o.Conflicts), whole(o.Retries), whole(o.Dropped), whole(o.Skipped), whole(o.Unreached), whole(o.Unfinished),
			whole(o.ErrorCount()), errorCodes(o.Errors), exact(o.TargetRate), exact(o.AchievedRate), whole(o.BytesSent), whole(o.BytesReceived),
		}, make([]string, watchColumns))
		for _, q := range quantitiesOf(o) {
			rows = append(rows, flat(run, []string{kind, harmless(o.Workload), harmless(o.Operation), harmless(o.Endpoint), q.name}, counts, distributionCells(q.of)))
		}
	}
	for _, each := range r.Watches {
		counts := flat(make([]string, operationColumns), []string{
			strconv.Itoa(each.Watchers), whole(each.Expected), whole(each.Delivered), whole(each.Late), wholeOrNone(each.Missing), whole(each.Duplicated), whole(each.OutOfOrder), whole(each.Unmatched),
		})
		for _, q := range quantitiesOfWatch(each) {
			rows = append(rows, flat(run, []string{"watch", harmless(each.Workload), "", "", q.name}, counts, distributionCells(q.of)))
		}
	}
	return writeCSV(w, rows)
}

// errorCodes are the errors by code, for example "DeadlineExceeded 3; Unavailable 36".
func errorCodes(errors map[string]int64) string {
	var parts []string
	for _, code := range slices.Sorted(maps.Keys(errors)) {
		parts = append(parts, code+" "+whole(errors[code]))
	}
	return harmless(strings.Join(parts, "; "))
}

// quantity is a distribution by the name that result.json has for it.
type quantity struct {
	name string
	of   results.Distribution
}

// quantitiesOf are an operation's. A part by endpoint has only its service.
func quantitiesOf(o results.Operation) []quantity {
	if o.Endpoint != "" {
		return []quantity{{results.Service, o.Service}}
	}
	all := []quantity{{results.Response, o.Response}, {results.Turnaround, o.Turnaround}, {results.Service, o.Service}}
	if o.FirstChunk != nil {
		all = append(all, quantity{results.FirstChunk, *o.FirstChunk})
	}
	if o.ExpiryLateness != nil {
		all = append(all, quantity{results.ExpiryLateness, *o.ExpiryLateness})
	}
	return all
}

func quantitiesOfWatch(w results.Watch) []quantity {
	all := []quantity{{results.Delivery, w.Delivery}, {results.DeliveryFromAck, w.DeliveryFromAck}}
	if w.CatchUp != nil {
		all = append(all, quantity{results.CatchUp, *w.CatchUp})
	}
	return all
}

func distributionCells(d results.Distribution) []string {
	row := []string{whole(d.Count)}
	for _, v := range []*float64{d.Min, d.Mean, d.P50, d.P90, d.P95, d.P99, d.P99_9, d.P99_99, d.Max} {
		row = append(row, exactOrNone(v))
	}
	return row
}

// comparisonColumns are those of CSVComparison.
var comparisonColumns = []string{
	"scenario", "baseline", "candidate", "method", "comparable", "baseline_runs", "candidate_runs", "metric", "better",
	"baseline_median", "candidate_median", "relative", "effect", "low", "high", "delta", "noise", "p", "adjusted_p", "verdict", "pairs_needed", "gate",
}

// CSVComparison writes a comparison as CSV does a run: a row for each metric of each
// contrast, with the names of comparison.json. Where relative is true, effect, low,
// high, delta and noise are shares of the baseline, else in the metric's own unit.
// gate is what the metric came to where it decides. Of sweeps it is a row for each metric of each point.
func CSVComparison(w io.Writer, c results.Comparison) error {
	if len(c.Sweeps) > 0 {
		return writeCSV(w, sweepRows(c.Sweeps))
	}
	rows := [][]string{comparisonColumns}
	for _, x := range c.Contrasts {
		sides := []string{
			harmless(x.Scenario), harmless(x.Baseline.Name), harmless(x.Candidate.Name), string(x.Method), strconv.FormatBool(x.Comparable),
			strconv.Itoa(len(x.Baseline.Runs)), strconv.Itoa(len(x.Candidate.Runs)),
		}
		for _, m := range x.Metrics {
			rows = append(rows, flat(sides, metricCells(m, gateOf(c, x, m))))
		}
	}
	return writeCSV(w, rows)
}

func metricCells(m results.MetricContrast, g results.Gate) []string {
	baseline, candidate, effect := "", "", ""
	if known(m.Baseline) {
		baseline = exact(m.BaselineMedian)
	}
	if known(m.Candidate) {
		candidate = exact(m.CandidateMedian)
	}
	if known(m.Baseline) && known(m.Candidate) {
		effect = exact(m.Effect)
	}
	pairs := ""
	if m.PairsNeeded > 0 {
		pairs = strconv.Itoa(m.PairsNeeded)
	}
	return []string{
		harmless(m.Metric), m.Better, baseline, candidate, strconv.FormatBool(m.Relative), effect, exactOrNone(m.Low), exactOrNone(m.High), exact(m.Delta),
		exactOrNone(m.Noise), exactOrNone(m.P), exactOrNone(g.AdjustedP), string(m.Verdict), pairs, string(g.Status),
	}
}

// gateOf is the gate of a metric; the zero value where it does not decide.
func gateOf(c results.Comparison, x results.Contrast, m results.MetricContrast) results.Gate {
	for _, g := range c.Gates {
		if g.Scenario == x.Scenario && g.Baseline == x.Baseline.Name && g.Candidate == x.Candidate.Name && g.Metric == m.Metric {
			return g
		}
	}
	return results.Gate{}
}

func flat(parts ...[]string) (row []string) {
	for _, p := range parts {
		row = append(row, p...)
	}
	return row
}

func writeCSV(w io.Writer, rows [][]string) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	if err := out.WriteAll(rows); err != nil {
		return fmt.Errorf("writing CSV: %w", err)
	}
	return nil
}

// harmless keeps a spreadsheet from taking a text for a formula.
func harmless(text string) string {
	if text != "" && strings.ContainsAny(text[:1], "=+-@\t\r") {
		return "'" + text
	}
	return text
}

func whole(n int64) string { return strconv.FormatInt(n, 10) }

func wholeOrNone(n *int64) string {
	if n == nil {
		return ""
	}
	return whole(*n)
}

// exact prints all digits, as JSON does.
func exact(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return ""
	}
	if size := math.Abs(v); size != 0 && (size < 1e-6 || size >= 1e21) {
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

func exactOrNone(v *float64) string {
	if v == nil {
		return ""
	}
	return exact(*v)
}
