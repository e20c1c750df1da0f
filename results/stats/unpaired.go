package stats

import (
	"math"
	"slices"
)

// RankSum is the Hodges–Lehmann estimate of by how much b lies above a, two samples
// that are alike but for that, and its exact rank-sum interval with at least that
// confidence, between 0 and 1. Of too few values for the confidence the bounds are
// infinite; where one sample is empty all three are not a number.
func RankSum(a, b []float64, confidence float64) Interval {
	if len(a) == 0 || len(b) == 0 {
		return Interval{math.NaN(), math.NaN(), math.NaN()}
	}
	shifts := make([]float64, 0, len(a)*len(b))
	for _, x := range a {
		for _, y := range b {
			shifts = append(shifts, y-x)
		}
	}
	slices.Sort(shifts)
	m := len(shifts)
	i := Interval{Low: math.Inf(-1), Estimate: (shifts[(m-1)/2] + shifts[m/2]) / 2, High: math.Inf(1)}
	if k := shiftRank(len(a), len(b), (1-confidence)/2); k > 0 {
		i.Low, i.High = shifts[k-1], shifts[m-k]
	}
	return i
}

// shiftRank is which shift from either end bounds the interval: the smallest u with
// P(U ≤ u) > tail; 0 where already P(U = 0) is more.
func shiftRank(n, m int, tail float64) int {
	ranks := make([]int, n+m)
	for i := range ranks {
		ranks[i] = i + 1
	}
	ways := sizedSums(ranks, m)
	least := m * (m + 1) / 2 // the rank sum at U = 0
	return firstAbove(ways[least:], tail)
}

// firstAbove is the first index up to which more than that share of the ways lies.
func firstAbove(ways []float64, share float64) int {
	all, sum := 0.0, 0.0
	for _, w := range ways {
		all += w
	}
	for i, w := range ways {
		if sum += w; sum/all > share {
			return i
		}
	}
	return 0 // cannot be: the sum comes to all
}
