package verdict

import (
	"math"
	"slices"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// Thresholds evaluates the scenario's limits on a run.
func Thresholds(run *results.Run) []results.ThresholdResult {
	all := []results.ThresholdResult{}
	rows := rowsOf(run)
	for _, text := range run.Header.Thresholds {
		t, err := threshold.Parse(text)
		if err != nil {
			// It was parsed before the run began; only a journal of another version comes here.
			all = append(all, results.ThresholdResult{Check: text, Value: err.Error(), Status: results.Fail})
			continue
		}
		if run.Idle(t.Workload()) {
			all = append(all, results.ThresholdResult{Check: text, Value: "the workload's window lies beyond the measure phase", Status: results.Skipped})
			continue
		}
		if t.Relative() && run.Header.Baseline == nil {
			all = append(all, results.ThresholdResult{Check: text, Value: "there is no baseline", Status: results.Skipped})
			continue
		}
		t = bind(run, t)
		if value, aborted := abortedBy(run, text); aborted {
			all = append(all, results.ThresholdResult{Check: text, Value: value, Status: results.Fail})
			continue
		}
		o := t.Evaluate(rows)
		all = append(all, results.ThresholdResult{Check: text, Value: o.Value, Status: results.Status(o.Status)})
	}
	return all
}

// bind gives a threshold that is relative to a baseline its limit.
func bind(run *results.Run, t threshold.Threshold) threshold.Threshold {
	if b := run.Header.Baseline; b != nil {
		return t.Against(b.Values[t.String()])
	}
	return t
}

// abortedBy is the value at which a threshold ended the load; it is breached
// whatever was measured of what had begun already.
func abortedBy(run *results.Run, check string) (value string, aborted bool) {
	for _, e := range run.Events {
		if value, found := strings.CutPrefix(e.Detail, check+": "); found && e.Kind == results.EventAborted {
			return value, true
		}
	}
	return "", false
}

// Breach is the value of a threshold that what was measured so far breaches. It
// reports false where the threshold is met, and where there is too little to tell.
func Breach(run *results.Run, t threshold.Threshold) (value string, breached bool) {
	if run.Idle(t.Workload()) || t.Relative() && run.Header.Baseline == nil {
		return "", false
	}
	t = bind(run, t)
	for _, row := range rowsOf(run) { // one by one: what has no sample yet must not hide another
		o := t.Evaluate([]threshold.Row{row})
		if o.Status == threshold.Fail && o.Value != threshold.NoData {
			return o.Of + " is " + o.Value, true
		}
	}
	return "", false
}

// Breached reports whether any threshold was breached, which too few samples
// are only where the run was strict.
func Breached(r results.Result, strict bool) bool {
	return slices.ContainsFunc(r.Thresholds, func(t results.ThresholdResult) bool { return breached(t, strict) })
}

func breached(t results.ThresholdResult, strict bool) bool {
	return t.Status == results.Fail || strict && t.Status == results.TooFew
}

// rowsOf are the numbers that thresholds are evaluated on.
func rowsOf(run *results.Run) []threshold.Row {
	var rows []threshold.Row
	for _, o := range run.Operations {
		rows = append(rows, threshold.Row{Workload: o.Workload, Operation: o.Operation, Counters: operationCounters(o, run.ArrivalSeconds(o.Workload)), Quantities: quantitiesOf(o.Quantities)})
	}
	for _, w := range run.Watches {
		rows = append(rows, threshold.Row{Workload: w.Workload, Counters: watchCounters(w), Quantities: quantitiesOf(w.Quantities)})
	}
	for _, m := range run.Server {
		if p := m.Phases[results.PhaseMeasure]; p != nil {
			rows = append(rows, memberRow(p))
		}
	}
	return rows
}

// memberRow is what a member told.
func memberRow(p *results.MemberPhase) threshold.Row {
	row := threshold.Row{Workload: threshold.Server, Quantities: map[string]threshold.Quantity{}, Counters: map[string]float64{
		"leader_changes": p.Counters[results.LeaderChanges], "proposals_failed": p.Counters[results.ProposalsFailed], "proposals_pending_max": p.Max[results.ProposalsPending],
		"slow_applies": p.Counters[results.SlowApplies], "slow_watchers_max": p.Max[results.SlowWatchers], "events_pending_max": p.Max[results.EventsPending],
		"restarts": float64(p.Began), "missed": float64(p.Missed), "throttled_share": min(p.Rate(results.ThrottledSeconds), 1),
		"db_max_bytes": p.Max[results.DBBytes], "rss_bytes": p.Max[results.MemberRSS],
	}}
	for name, h := range p.Histograms {
		most := math.Inf(1)
		if last := h.Buckets[len(h.Buckets)-1]; last.ToMS > 0 {
			most = last.ToMS
		}
		row.Quantities[name] = threshold.Quantity{Count: h.Count(), MeanMS: h.MeanMS(), MaxMS: most, PercentileMS: func(percentile float64) float64 {
			v, _ := h.Percentile(percentile)
			return v
		}}
	}
	return row
}

func operationCounters(o results.OperationRecord, seconds float64) map[string]float64 {
	c := map[string]float64{
		"intended": float64(o.Intended), "sent": float64(o.Sent), "succeeded": float64(o.Succeeded), "conflicts": float64(o.Conflicts),
		"retries": float64(o.Retries), "dropped": float64(o.Dropped), "skipped": float64(o.Skipped), "unreached": float64(o.Unreached),
		"unfinished": float64(o.Unfinished), "chunks": float64(o.Chunks), "errors": float64(o.ErrorCount()),
	}
	if o.Intended > 0 {
		c["error_rate"] = float64(o.ErrorCount()) / float64(o.Intended)
	}
	if seconds > 0 {
		c["target_rate"] = float64(o.Intended) / seconds
		c["achieved_rate"] = float64(o.Achieved) / seconds
	}
	return c
}

func watchCounters(w results.WatchRecord) map[string]float64 {
	c := map[string]float64{
		"expected": float64(w.Expected), "delivered": float64(w.Delivered), "late": float64(w.Late),
		"duplicated": float64(w.Duplicated), "out_of_order": float64(w.OutOfOrder), "unmatched": float64(w.Unmatched), "replayed": float64(w.Replayed),
	}
	if w.Sealed {
		c["missing"] = float64(w.Missing)
	}
	return c
}

func quantitiesOf(histograms map[string]*hdr.Histogram) map[string]threshold.Quantity {
	all := map[string]threshold.Quantity{}
	for name, h := range histograms {
		all[name] = threshold.Quantity{
			Count: h.TotalCount(), MeanMS: h.Mean() / 1000, MaxMS: float64(h.Max()) / 1000,
			PercentileMS: func(p float64) float64 { return float64(min(h.ValueAtPercentile(p), h.Max())) / 1000 },
		}
	}
	return all
}
