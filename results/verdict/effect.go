package verdict

import (
	"math"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/stats"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// judgeEffect says what an effect is: worse is 1 where more is worse, −1 where less
// is, and delta the least that matters, in the unit of the interval.
func judgeEffect(in stats.Interval, worse, delta float64) results.Verdict {
	low, effect, high := in.Low, in.Estimate, in.High
	if worse < 0 {
		low, effect, high = -high, -effect, -low
	}
	switch {
	case low > 0 && effect >= delta:
		return results.Regression
	case high < 0 && effect <= -delta:
		return results.Improvement
	case in.Within(delta):
		return results.Equivalent
	default:
		return results.Inconclusive
	}
}

// Least is the least effect on a metric that matters, in the unit of the comparison: of a
// relative one the logarithm of a ratio.
func Least(m threshold.Metric, c results.MetricContrast, rules Rules) float64 {
	of := math.Abs(c.BaselineMedian) * rules.MinEffect
	switch {
	case c.Relative && m.Latency():
		return math.Log1p(max(of, rules.FloorMS) / c.BaselineMedian)
	case c.Relative:
		return math.Log1p(rules.MinEffect)
	case m.Latency():
		return max(of, rules.FloorMS)
	case m.Share():
		return max(of, leastShare)
	default:
		return max(of, leastCount)
	}
}

// pairsNeeded is how many would make the interval fit between −delta and +delta:
// its length falls with the square root of their number.
func pairsNeeded(in stats.Interval, delta float64, pairs int) int {
	if math.IsInf(in.Low, 0) || math.IsInf(in.High, 0) {
		return LeastPairs
	}
	ratio := (in.High - in.Low) / (2 * delta)
	return max(int(math.Ceil(float64(pairs)*ratio*ratio)), pairs+1)
}

// LeastPairs is how many pairs a comparison takes at least: with less no p-value comes below 5 %.
const LeastPairs = 6

// PairsFor is the least number of pairs with which each of so many gates can fail, in so many looks.
func PairsFor(gates, looks int) int {
	n := LeastPairs
	for math.Exp2(-float64(n))*float64(max(gates, 1)) > gateLevel/float64(max(looks, 1)) {
		n++
	}
	return n
}

// show writes an effect down: of a relative one, logarithms of ratios, as shares.
func show(c *results.MetricContrast, in stats.Interval, delta float64) {
	c.Effect, c.Delta = shown(in.Estimate, c.Relative), shown(delta, c.Relative)
	c.Low, c.High = bound(shown(in.Low, c.Relative)), bound(shown(in.High, c.Relative))
}

// shown is an effect as it is written: of a relative one, which is the logarithm of a ratio, the share.
func shown(v float64, relative bool) float64 {
	if relative && !math.IsInf(v, 0) {
		return math.Expm1(v)
	}
	return v
}

// bound is nil where there is none.
func bound(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// valuesOf are a metric's in all runs, and in those that know it.
func valuesOf(side Side, m threshold.Metric) (all []*float64, known []float64) {
	all = make([]*float64, len(side.Samples))
	for i, s := range side.Samples {
		if v, ok := s.Values[m]; ok {
			all[i] = &v
			known = append(known, v)
		}
	}
	return all, known
}

// pairsOf are the pairs both of which are known.
func pairsOf(a, b []*float64) (x, y []float64) {
	for i := range min(len(a), len(b)) {
		if a[i] != nil && b[i] != nil {
			x, y = append(x, *a[i]), append(y, *b[i])
		}
	}
	return x, y
}

func positive(values []float64) bool {
	return !slices.ContainsFunc(values, func(v float64) bool { return v <= 0 })
}

func logs(values []float64) []float64 {
	all := make([]float64, len(values))
	for i, v := range values {
		all[i] = math.Log(v)
	}
	return all
}

func scaled(values []float64, by float64) []float64 {
	all := make([]float64, len(values))
	for i, v := range values {
		all[i] = v * by
	}
	return all
}

func differences(a, b []float64) []float64 {
	all := make([]float64, len(a))
	for i := range a {
		all[i] = b[i] - a[i]
	}
	return all
}

// compareWorkloads orders by workload and operation, etcd's members last.
func compareWorkloads(a, b threshold.Metric) int {
	if s, t := a.Workload() == threshold.Server, b.Workload() == threshold.Server; s != t {
		if s {
			return 1
		}
		return -1
	}
	if c := strings.Compare(a.Workload(), b.Workload()); c != 0 {
		return c
	}
	return strings.Compare(a.Operation(), b.Operation())
}
