package stats

import (
	"cmp"
	"math"
	"slices"
)

// SignedRankP is the exact probability, between 0 and 1, that differences which
// are symmetric about zero have a signed-rank sum as high as these or higher: the
// one-sided p-value of Wilcoxon's test that they lie above zero. Zeros keep their
// ranks and have no sign (Pratt), ties share the mean of theirs. Of none it is 1.
func SignedRankP(differences []float64) float64 {
	magnitudes := make([]float64, len(differences))
	for i, d := range differences {
		magnitudes[i] = math.Abs(d)
	}
	var signed []int // the doubled ranks of those that are not zero
	sum := 0
	for i, rank := range doubledRanks(magnitudes) {
		if differences[i] == 0 {
			continue
		}
		signed = append(signed, rank)
		if differences[i] > 0 {
			sum += rank
		}
	}
	if len(signed) == 0 {
		return 1
	}
	return atLeast(subsetSums(signed), sum)
}

// RankSumP is the exact probability that b, if both are of one distribution, has a
// rank sum as high as this or higher: the one-sided p-value of Wilcoxon's and Mann
// and Whitney's test that b lies above a. Ties share the mean of their ranks.
func RankSumP(a, b []float64) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 1
	}
	ranks := doubledRanks(slices.Concat(a, b))
	sum := 0
	for _, r := range ranks[len(a):] {
		sum += r
	}
	return atLeast(sizedSums(ranks, len(b)), sum)
}

// doubledRanks are twice the ranks from 1 on, ties by their mean; whole numbers so.
func doubledRanks(values []float64) []int {
	order := make([]int, len(values))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(values[i], values[j]) })
	ranks := make([]int, len(values))
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && values[order[to]] == values[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			ranks[i] = from + 1 + to
		}
		from = to
	}
	return ranks
}

// subsetSums are, by sum, how many of the subsets have it.
func subsetSums(ranks []int) []float64 {
	ways := make([]float64, total(ranks)+1)
	ways[0] = 1
	for _, r := range ranks {
		for s := len(ways) - 1; s >= r; s-- {
			ways[s] += ways[s-r]
		}
	}
	return ways
}

// sizedSums are, by sum, how many of the subsets of so many elements have it.
func sizedSums(ranks []int, size int) []float64 {
	most := total(ranks)
	ways := make([][]float64, size+1)
	for n := range ways {
		ways[n] = make([]float64, most+1)
	}
	ways[0][0] = 1
	for _, r := range ranks {
		for n := size; n > 0; n-- {
			for s := most; s >= r; s-- {
				ways[n][s] += ways[n-1][s-r]
			}
		}
	}
	return ways[size]
}

func total(ranks []int) (sum int) {
	for _, r := range ranks {
		sum += r
	}
	return sum
}

// atLeast is the share of the ways whose sum is at least that.
func atLeast(ways []float64, sum int) float64 {
	all, high := 0.0, 0.0
	for s, w := range ways {
		all += w
		if s >= sum {
			high += w
		}
	}
	return high / all
}

// Holm adjusts p-values of several tests, so that the chance of any false one among
// those at most at a level stays below it (Holm 1979). The order is kept.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	adjusted := make([]float64, len(p))
	least := 0.0
	for i, at := range order {
		least = max(least, min(1, p[at]*float64(len(p)-i)))
		adjusted[at] = least
	}
	return adjusted
}
