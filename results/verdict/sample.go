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
		Metrics: usual(run), Values: map[threshold.Metric]float64{},
	}
	rows := rowsOf(run)
	for _, m := range slices.Concat(s.Metrics, others) {
		if v, known := m.Value(rows); known {
			s.Values[m] = v
		}
	}
	return s
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
