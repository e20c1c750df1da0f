// Package stats compares repeated runs.
//
// The run is the unit: a comparison is made of one number a run, in pairs of runs
// that were made side by side. See Hollander, Wolfe and Chicken, "Nonparametric
// Statistical Methods", 3.1 to 3.3, for the signed-rank interval.
package stats

import (
	"math"
	"slices"
)

// Interval is a location and the bounds that it lies between with a confidence.
type Interval struct{ Low, Estimate, High float64 }

// Within reports whether the whole interval lies between −delta and +delta, both excluded.
func (i Interval) Within(delta float64) bool { return -delta < i.Low && i.High < delta }

// SignedRank is the Hodges–Lehmann estimate of the location of differences,
// which are taken to be symmetric about it, and its exact Wilcoxon signed-rank
// interval with at least that confidence, between 0 and 1. Of too few differences
// for the confidence the bounds are infinite; of none all three are not a number.
func SignedRank(differences []float64, confidence float64) Interval {
	n := len(differences)
	if n == 0 {
		return Interval{math.NaN(), math.NaN(), math.NaN()}
	}
	walsh := walshAverages(differences)
	m := len(walsh)
	i := Interval{Low: math.Inf(-1), Estimate: (walsh[(m-1)/2] + walsh[m/2]) / 2, High: math.Inf(1)}
	if k := rank(n, (1-confidence)/2); k > 0 {
		i.Low, i.High = walsh[k-1], walsh[m-k]
	}
	return i
}

// walshAverages are the means of all pairs, each difference with itself included, in order.
func walshAverages(d []float64) []float64 {
	all := make([]float64, 0, len(d)*(len(d)+1)/2)
	for i := range d {
		for j := i; j < len(d); j++ {
			all = append(all, (d[i]+d[j])/2)
		}
	}
	slices.Sort(all)
	return all
}

// rank is which Walsh average from either end bounds the interval: the smallest s
// with P(W⁺ ≤ s) > tail; 0 where already P(W⁺ = 0) is more.
func rank(n int, tail float64) int {
	ranks := make([]int, n)
	for i := range ranks {
		ranks[i] = i + 1
	}
	return firstAbove(subsetSums(ranks), tail)
}
