package verdict

import (
	"math"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/stats"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// Indicate compares one run with one run. Percentiles get an interval from what was
// measured in blocks of time (see results.LoadBlocks), where there are enough of them: it tells how
// much chance moves them within a run, and nothing of how much from run to run, so that no verdict follows.
func Indicate(baseline, candidate Side, a, b map[string]results.Blocks, rules Rules) results.Contrast {
	c := Compare(baseline, candidate, false, rules)
	for i := range c.Metrics {
		m := &c.Metrics[i]
		of, err := threshold.ParseMetric(m.Metric)
		percentile, is := of.Percentile()
		if err != nil || !is || !m.Relative {
			continue
		}
		key := of.Workload() + "." + of.Quantity()
		if of.Operation() != "" {
			key = of.Workload() + "." + of.Operation() + "." + of.Quantity()
		}
		if in, ok := stats.PercentileRatio(stretches(a[key]), stretches(b[key]), percentile, rules.Confidence(), 1); ok {
			low, high := math.Expm1(in.Low), math.Expm1(in.High)
			m.Low, m.High = &low, &high
		}
	}
	return c
}

// stretches are blocks as the bootstrap draws them; a value of 0 µs counts as the clock's finest.
func stretches(blocks results.Blocks) []stats.Stretch {
	all := make([]stats.Stretch, len(blocks))
	for i, b := range blocks {
		for _, s := range b {
			all[i] = append(all[i], stats.Bucket{Value: float64(max(s.Micros, 1)), Count: s.Count})
		}
	}
	return all
}
