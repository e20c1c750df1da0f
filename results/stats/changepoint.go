package stats

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// ChangePoint is where a series took another level.
type ChangePoint struct {
	// Index is that of the first value of the new level.
	Index int
	// Before and After are the means from the change before until here, and from here until the next.
	Before, After float64
	// CountBefore and CountAfter are how many values these are of.
	CountBefore, CountAfter int
	// Low and High are the 95 % confidence interval of After − Before, by Student's t;
	// infinite where there are too few values.
	Low, High float64
	// P is the two-sided p-value of Student's t-test between the two stretches.
	P float64
}

// Size is how much the level changed.
func (c ChangePoint) Size() float64 { return math.Abs(c.After - c.Before) }

// ChangeRules say what counts as a change.
type ChangeRules struct {
	// MaxP is the highest p-value of a change, MinSize how large it must be at least.
	MaxP, MinSize float64
	// Window is how many values are looked at together, from 4 on; windows overlap by half.
	Window int
	// Least is how many values a level has at least; the first of a series may have less.
	Least int
}

// weak is how much higher than MaxP the p-value of a change may be at first: one that
// lies near another is told apart only once the other is known.
const weak = 10

// ChangePoints finds where a series took another level, in their order: E-divisive
// (Matteson and James, "A Nonparametric Approach for Multiple Change Point Analysis of
// Multivariate Data", 2014) in overlapping windows with Student's t-test, whose
// findings are joined again where they are weak (Fleming et al., "Hunter: Using Change
// Point Detection to Hunt for Performance Regressions", 2023).
func ChangePoints(series []float64, rules ChangeRules) []ChangePoint {
	var at []int
	for from := 0; from < len(series); {
		to := min(from+rules.Window, len(series))
		found := divided(series[from:to], min(rules.MaxP*weak, 0.5))
		next := from + max(rules.Window/2, 1)
		for _, i := range found {
			at, next = append(at, from+i), max(next, from+i)
		}
		from = next
	}
	slices.Sort(at)
	return joined(series, slices.Compact(at), rules)
}

// division is where a stretch of a series divides best, and how much its parts differ; -1 where it does not.
type division struct {
	from, to int
	at       int
	q        float64
}

func divisionOf(series []float64, from, to int) division {
	d := division{from: from, to: to, at: -1}
	if q, tau := divergence(series[from:to]); tau > 0 {
		d.q, d.at = q, from+tau
	}
	return d
}

// divided are the indexes at which a series is divided, the most different parts first, while they differ enough.
func divided(series []float64, maxP float64) (at []int) {
	stretches := []division{divisionOf(series, 0, len(series))}
	for {
		best := slices.MaxFunc(stretches, func(a, b division) int { return cmp.Compare(a.q, b.q) })
		if best.at < 0 {
			return at
		}
		next := append(slices.Clone(at), best.at)
		slices.Sort(next)
		if changeAt(series, next, slices.Index(next, best.at)).P > maxP {
			return at
		}
		at = next
		stretches = slices.DeleteFunc(stretches, func(d division) bool { return d == best })
		stretches = append(stretches, divisionOf(series, best.from, best.at), divisionOf(series, best.at, best.to))
	}
}

// divergence is the highest Q(τ, κ) of a series: how much its values up to τ differ
// from those from τ up to κ, by the distances between and within both. The first τ
// with it is where the series divides; 0 where it cannot be.
func divergence(series []float64) (highest float64, at int) {
	n := len(series)
	// sums[k] at i is the sum of the distances of value k to the i first ones.
	sums, all := make([][]float64, n), make([]float64, n*(n+1)/2)
	within := make([]float64, n+1) // the sum over all pairs of the i first
	for k, v := range series {
		sums[k], all = all[:k+1], all[k+1:]
		for i := range k {
			sums[k][i+1] = sums[k][i] + math.Abs(v-series[i])
		}
		within[k+1] = within[k] + sums[k][k]
	}
	inverse := make([]float64, n+1) // of 0, which stands for a single value that has no pairs, 0
	for i := 1; i <= n; i++ {
		inverse[i] = 1 / float64(i)
	}
	for tau := 1; tau < n; tau++ {
		left := within[tau] * inverse[tau-1]
		right := 0.0 // the sum over all pairs from tau up to kappa
		for kappa := tau + 1; kappa <= n; kappa++ {
			last := sums[kappa-1]
			right += last[kappa-1] - last[tau]
			b := kappa - tau
			between := within[kappa] - within[tau] - right
			q := 2 * inverse[kappa] * (between - float64(b)*left - float64(tau)*inverse[b-1]*right)
			if q > highest {
				highest, at = q, tau
			}
		}
	}
	return highest, at
}

// changeAt is the change at[i] of a series that changes at all of them, which are in order.
func changeAt(series []float64, at []int, i int) ChangePoint {
	from, to := 0, len(series)
	if i > 0 {
		from = at[i-1]
	}
	if i+1 < len(at) {
		to = at[i+1]
	}
	before, after := series[from:at[i]], series[at[i]:to]
	c := ChangePoint{Index: at[i], Before: stat.Mean(before, nil), After: stat.Mean(after, nil), CountBefore: len(before), CountAfter: len(after), P: StudentP(before, after)}
	far := apart(before, after)
	c.Low, c.High = c.After-c.Before-far, c.After-c.Before+far
	return c
}

// apart is half the length of the 95 % confidence interval of how far two levels are apart.
func apart(a, b []float64) float64 {
	free := len(a) + len(b) - 2
	if len(a) == 0 || len(b) == 0 || free < 1 {
		return math.Inf(1)
	}
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(free)}.Quantile(0.975)
	return t * math.Sqrt(pooled(a, b)*(1/float64(len(a))+1/float64(len(b))))
}

// pooled is the variance of two samples that have the same.
func pooled(a, b []float64) float64 {
	return (squares(a) + squares(b)) / float64(len(a)+len(b)-2)
}

// joined are the changes that are left when the weakest are taken away, one after the
// other: those of the shortest levels, then the least certain, then the smallest.
func joined(series []float64, at []int, rules ChangeRules) []ChangePoint {
	at = slices.DeleteFunc(at, func(i int) bool { return i == 0 })
	for {
		changes := make([]ChangePoint, len(at))
		for i := range at {
			changes[i] = changeAt(series, at, i)
		}
		if len(changes) == 0 {
			return nil
		}
		weakest := slices.MinFunc(changes, func(a, b ChangePoint) int { return cmp.Compare(a.CountAfter, b.CountAfter) })
		if weakest.CountAfter >= rules.Least {
			weakest = slices.MaxFunc(changes, func(a, b ChangePoint) int { return cmp.Compare(a.P, b.P) })
			if weakest.P <= rules.MaxP {
				weakest = slices.MinFunc(changes, func(a, b ChangePoint) int { return cmp.Compare(a.Size(), b.Size()) })
				if weakest.Size() >= rules.MinSize {
					return changes
				}
			}
		}
		at = slices.DeleteFunc(at, func(i int) bool { return i == weakest.Index })
	}
}

// StudentP is the two-sided p-value of Student's t-test for two samples of one variance;
// 1 where there are too few values for one.
func StudentP(a, b []float64) float64 {
	free := len(a) + len(b) - 2
	if len(a) == 0 || len(b) == 0 || free < 1 {
		return 1
	}
	variance, between := pooled(a, b), stat.Mean(a, nil)-stat.Mean(b, nil)
	switch {
	case between == 0:
		return 1
	case variance == 0:
		return 0
	}
	t := between / math.Sqrt(variance*(1/float64(len(a))+1/float64(len(b))))
	return 2 * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: float64(free)}.CDF(-math.Abs(t))
}

// squares is the sum of the squared distances to the mean.
func squares(values []float64) (sum float64) {
	mean := stat.Mean(values, nil)
	for _, v := range values {
		sum += (v - mean) * (v - mean)
	}
	return sum
}

// Predicted is the interval in which the next value of a level lies with that
// probability, from at least two earlier values: x̄ ± t·s·√(1+1/n).
func Predicted(earlier []float64, probability float64) (low, high float64) {
	n := float64(len(earlier))
	if n < 2 {
		return math.Inf(-1), math.Inf(1)
	}
	s := math.Sqrt(squares(earlier) / (n - 1))
	t := distuv.StudentsT{Mu: 0, Sigma: 1, Nu: n - 1}.Quantile(1 - (1-probability)/2)
	mean, far := stat.Mean(earlier, nil), t*s*math.Sqrt(1+1/n)
	return mean - far, mean + far
}

// MeanAndSD are the mean of values and their standard deviation; NaN of too few.
func MeanAndSD(values []float64) (mean, sd float64) {
	if len(values) == 0 {
		return math.NaN(), math.NaN()
	}
	return stat.Mean(values, nil), stat.StdDev(values, nil)
}

// Median is the middle of values, between the two middle ones where there are two; NaN of none.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
