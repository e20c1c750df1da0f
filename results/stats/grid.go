package stats

import (
	"math"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"
)

// GridPart is what one factor of a grid, or two that act on one another, have in the
// differences among its points.
type GridPart struct {
	// Factors are the places of one, or of two whose interaction it is; empty for all that is left.
	Factors []int
	// Squares is its sum of squares, one a point, and Free its degrees of freedom, at least one.
	Squares float64
	Free    int
}

// GridParts divide the sum of squares of values about their mean, one of each point of a grid: among
// the factors, then the pairs of factors, then what is left; what has no degree of
// freedom is left out. Sizes are how many levels each factor has, and levels by point the places of its own. It
// reports false where the points are not each combination of levels once.
func GridParts(sizes []int, levels [][]int, values []float64) ([]GridPart, bool) {
	if !wholeGrid(sizes, levels) {
		return nil, false
	}
	g := grid{sizes: sizes, levels: levels, left: shifted(values, -stat.Mean(values, nil))}
	g.least = rounding * squaresOf(values)
	g.free = len(values) - 1
	centred := g.left
	mains := make([][]float64, len(sizes))
	for f := range sizes {
		mains[f] = g.means(centred, f, f)
		g.take([]int{f}, sizes[f]-1, mains[f])
	}
	for f := range sizes {
		for h := f + 1; h < len(sizes); h++ {
			both := g.means(centred, f, h)
			for i := range both {
				both[i] -= mains[f][i] + mains[h][i]
			}
			g.take([]int{f, h}, (sizes[f]-1)*(sizes[h]-1), both)
		}
	}
	g.take([]int{}, g.free, g.left)
	return g.parts, true
}

// wholeGrid reports whether points are each combination of levels once.
func wholeGrid(sizes []int, levels [][]int) bool {
	all := 1
	for _, s := range sizes {
		all *= s
	}
	seen := map[int]bool{}
	for _, point := range levels {
		place := 0
		for f, l := range point {
			place = place*sizes[f] + l
		}
		seen[place] = true
	}
	return all == len(levels) && len(seen) == all
}

// grid is one that is being divided.
type grid struct {
	sizes  []int
	levels [][]int
	left   []float64 // of the values, by point
	free   int       // of the degrees of freedom
	least  float64   // a sum of squares below it is zero
	parts  []GridPart
}

// means are by point that of all points with its levels of two factors, which may be the same.
func (g *grid) means(values []float64, f, h int) []float64 {
	sums, counts := make([]float64, g.sizes[f]*g.sizes[h]), make([]float64, g.sizes[f]*g.sizes[h])
	place := func(i int) int { return g.levels[i][f]*g.sizes[h] + g.levels[i][h] }
	for i, v := range values {
		sums[place(i)] += v
		counts[place(i)]++
	}
	all := make([]float64, len(values))
	for i := range values {
		all[i] = sums[place(i)] / counts[place(i)]
	}
	return all
}

// take takes a part out of what is left.
func (g *grid) take(factors []int, free int, effects []float64) {
	if free == 0 {
		return
	}
	part := GridPart{Factors: factors, Squares: squaresOf(effects), Free: free}
	if part.Squares < g.least {
		part.Squares = 0
	}
	g.parts = append(g.parts, part)
	g.free -= free
	left := make([]float64, len(g.left))
	for i := range left {
		left[i] = g.left[i] - effects[i]
	}
	g.left = left
}

// shifted are values, each plus a number.
func shifted(values []float64, plus float64) []float64 {
	all := make([]float64, len(values))
	for i, v := range values {
		all[i] = v + plus
	}
	return all
}

func squaresOf(values []float64) (sum float64) {
	for _, v := range values {
		sum += v * v
	}
	return sum
}

// VarianceRatioP is the probability that of two estimates of one variance, of so many degrees of freedom, the
// first is as much larger than the second as this or more: the p-value of Fisher's test. It is not a
// number where both are zero, or the second has no degree of freedom.
func VarianceRatioP(a float64, freeA int, b float64, freeB int) float64 {
	switch {
	case freeA < 1 || freeB < 1 || a == 0 && b == 0:
		return math.NaN()
	case b == 0:
		return 0
	}
	return distuv.F{D1: float64(freeA), D2: float64(freeB)}.Survival(a / b)
}
