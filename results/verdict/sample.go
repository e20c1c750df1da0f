package verdict

import (
	"slices"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// Sample is what a comparison takes of one run.
type Sample struct {
	Folder         string
	Header         results.Header
	Started, Ended time.Time
	Complete       bool
	Valid          bool
	// Invalid says why it is not valid.
	Invalid []string
	// Failed says which checks it failed and which thresholds it breached: its numbers may be compared, and it is not what to aim at.
	Failed []string
	// Metrics are those that a run is compared by, in order, and Values those that are
	// known: a percentile is not of too few samples.
	Metrics []threshold.Metric
	Values  map[threshold.Metric]float64
}

// SampleOf takes a sample of a run and its result. Of others than the usual metrics
// the values are taken too.
func SampleOf(run *results.Run, r results.Result, others ...threshold.Metric) Sample {
	s := Sample{
		Folder: run.Folder, Header: run.Header, Started: r.Started, Ended: r.Ended, Complete: r.Complete, Valid: r.Valid, Invalid: r.InvalidReasons,
		Failed: failed(r, run.Header.Strict), Metrics: usual(run), Values: map[threshold.Metric]float64{},
	}
	rows := rowsOf(run)
	for _, m := range slices.Concat(s.Metrics, others) {
		if v, known := m.Value(rows); known {
			s.Values[m] = v
		}
	}
	return s
}

// failed are the checks that a run failed, and the thresholds that it breached.
func failed(r results.Result, strict bool) (all []string) {
	for _, c := range r.Checks {
		if c.Status == results.Fail {
			all = append(all, "failed the check "+c.Name+": "+c.Detail)
		}
	}
	for _, t := range r.Thresholds {
		if breached(t, strict) {
			all = append(all, "breached "+t.Check+": "+t.Value)
		}
	}
	return all
}

// usual are the metrics of a run that are compared without being asked for.
func usual(run *results.Run) (all []threshold.Metric) {
	for _, o := range run.Operations {
		for _, rest := range []string{"response.p50", "response.p95", "response.p99", "service.p50", "achieved_rate", "error_rate"} {
			all = append(all, threshold.MetricOf(o.Workload, o.Operation, rest))
		}
	}
	for _, w := range run.Watches {
		for _, rest := range []string{"delivery.p50", "delivery.p99", "missing"} {
			all = append(all, threshold.MetricOf(w.Workload, rest))
		}
	}
	if len(run.Server) > 0 {
		for _, rest := range []string{"fsync.p99", "commit.p99", "rss_bytes", "db_max_bytes"} {
			all = append(all, threshold.MetricOf(threshold.Server, rest))
		}
	}
	return all
}
