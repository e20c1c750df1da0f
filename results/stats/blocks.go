package stats

import (
	"math"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat/distuv"
)

// Blocks are points that were measured in rounds, by the additive model: a value is what its
// point says, and what its round has in common, and noise. It is fitted by least
// squares, whichever values are missing: see John and Williams, "Cyclic and Computer
// Generated Designs", 1995, chapter 1, for the equations of the points that are freed of the rounds.
//
// Points hang together where a round has both, or has each with a third that hangs together with
// the other; a round is nothing that tells those apart which do not.
type Blocks struct {
	// Free is how many degrees of freedom are left for the noise, and Variance is that of the noise of all points
	// together; not a number where none are.
	Free     int
	Variance float64
	// Own are by point the variance of its runs alone; not a number where nothing is left for it. Alike is the probability
	// that chance alone makes them as different or more; not a number where there are too few to say.
	Own   []float64
	Alike float64
	// Moderated tells that intervals are of each point's own variance, moderated toward the one that all have in
	// common; else they are of that of all points together.
	Moderated bool
	// Centres are by point its mean in all rounds of those that hang together with it, as it would
	// be had it been measured in each; not a number where it never was. Where points do not
	// hang together their centres are of different rounds.
	Centres []float64

	// estimates are the points', up to a number that those which hang together have in common, and
	// inverse is such that a contrast w of them has the variance Variance · wᵀ inverse w where they have that in common.
	estimates []float64
	inverse   mat.SymDense
	parts     []int // by point: the lowest of those that it hangs together with; −1 where it was never measured
	rounds    [][]int
	// variances are by point that of its runs, and frees how many degrees of freedom each is known with.
	variances, frees []float64
}

// rounding is the share of a sum of squares below which another one is what rounding makes of zero.
const rounding = 1e-24

// FitBlocks fits the model to values by point and round, all points with as many rounds; not a number
// where one is missing.
func FitBlocks(values [][]float64) *Blocks {
	n := len(values)
	b := &Blocks{Variance: math.NaN(), Centres: make([]float64, n), estimates: make([]float64, n), parts: hanging(values)}
	if n == 0 {
		return b
	}
	for round := range roundsOf(values) {
		b.rounds = append(b.rounds, pointsIn(values, round))
	}
	b.solve(values)
	b.spread(b.centre(values), b.freedom())
	return b
}

// hanging are by point the lowest of those that it hangs together with; −1 where it was never measured.
func hanging(values [][]float64) []int {
	parts := make([]int, len(values))
	for i := range parts {
		parts[i] = -1
		for _, v := range values[i] {
			if !math.IsNaN(v) {
				parts[i] = i
			}
		}
	}
	for round := range roundsOf(values) {
		first := -1
		for i := range values {
			switch {
			case math.IsNaN(values[i][round]) || parts[i] == first:
			case first < 0:
				first = parts[i]
			default:
				low, high := min(first, parts[i]), max(first, parts[i])
				for k := range parts {
					if parts[k] == high {
						parts[k] = low
					}
				}
				first = low
			}
		}
	}
	return parts
}

func roundsOf(values [][]float64) int {
	if len(values) == 0 {
		return 0
	}
	return len(values[0])
}

// solve estimates the points. Their equations have no single solution, since a number may go
// from points that hang together to their rounds; the one is taken whose sum is zero.
func (b *Blocks) solve(values [][]float64) {
	n := len(values)
	equations, right := mat.NewSymDense(n, nil), mat.NewVecDense(n, nil)
	add := func(i, k int, v float64) { equations.SetSym(i, k, equations.At(i, k)+v) }
	sizes := make([]float64, n) // by the lowest: how many hang together
	for _, part := range b.parts {
		if part >= 0 {
			sizes[part]++
		}
	}
	for i, part := range b.parts {
		if part < 0 {
			add(i, i, 1) // its estimate is 0, and nobody asks for it
			continue
		}
		for k := i; k < n; k++ {
			if b.parts[k] == part {
				add(i, k, 1/sizes[part])
			}
		}
	}
	for round, in := range b.rounds {
		mean := 0.0
		for _, i := range in {
			mean += values[i][round] / float64(len(in))
		}
		for at, i := range in {
			add(i, i, 1)
			right.SetVec(i, right.AtVec(i)+values[i][round]-mean)
			for _, k := range in[at:] {
				add(i, k, -1/float64(len(in)))
			}
		}
	}
	var lower mat.Cholesky
	lower.Factorize(equations) // positive definite, since all that hang together have their sum
	_ = lower.InverseTo(&b.inverse)
	var estimates mat.VecDense
	estimates.MulVec(&b.inverse, right)
	copy(b.estimates, estimates.RawVector().Data)
}

// pointsIn are the points that were measured in a round.
func pointsIn(values [][]float64, round int) (all []int) {
	for i := range values {
		if !math.IsNaN(values[i][round]) {
			all = append(all, i)
		}
	}
	return all
}

// freedom is by point how many of the degrees of freedom are its own: one for each value less what of it goes into its own fit.
func (b *Blocks) freedom() []float64 {
	free := make([]float64, len(b.parts))
	for _, in := range b.rounds {
		n := float64(len(in))
		rows, all := make([]float64, len(in)), 0.0
		for k, i := range in {
			for _, j := range in {
				rows[k] += b.inverse.At(i, j) / n
			}
			all += rows[k] / n
		}
		for k, i := range in {
			free[i] += 1 - 1/n - (b.inverse.At(i, i) - 2*rows[k] + all)
		}
	}
	return free
}

// centre estimates the rounds, and takes of them what points have in common and what is left for noise: its squares by point.
func (b *Blocks) centre(values [][]float64) (squares []float64) {
	squares = make([]float64, len(values))
	sums, rounds := make([]float64, len(values)), make([]float64, len(values)) // by the lowest of those that hang together
	left, whole := 0.0, 0.0
	for round, in := range b.rounds {
		if len(in) == 0 {
			continue
		}
		mean := 0.0
		for _, i := range in {
			mean += (values[i][round] - b.estimates[i]) / float64(len(in))
		}
		for _, i := range in {
			v := values[i][round]
			noise := v - b.estimates[i] - mean
			left += noise * noise
			squares[i] += noise * noise
			whole += v * v
		}
		part := b.parts[in[0]]
		sums[part] += mean
		rounds[part]++
		b.Free += len(in) - 1
	}
	for i, part := range b.parts {
		b.Centres[i] = math.NaN()
		if part < 0 {
			continue
		}
		b.Centres[i] = b.estimates[i] + sums[part]/rounds[part]
		b.Free--
		if part == i {
			b.Free++
		}
	}
	if left < rounding*whole {
		left = 0
		clear(squares)
	}
	if b.Free > 0 {
		b.Variance = left / float64(b.Free)
	}
	return squares
}

// Measured reports whether a point was, at least once.
func (b *Blocks) Measured(point int) bool { return b.parts[point] >= 0 }

// Contrast is the sum of the points' estimates, each times its weight, with its standard error;
// that is not a number where nothing is left for the noise. It reports false where the values do not say
// what the sum is: the weights of points that hang together must come to zero, and to none that was never measured.
func (b *Blocks) Contrast(weights []float64) (estimate, standardError float64, known bool) {
	estimate, standardError, _, known = b.contrast(weights)
	return estimate, standardError, known
}

// contrast is Contrast, with the degrees of freedom of its error.
func (b *Blocks) contrast(weights []float64) (estimate, standardError, free float64, known bool) {
	sums, all := make([]float64, len(weights)), 0.0 // by the lowest of those that hang together
	for i, w := range weights {
		switch part := b.parts[i]; {
		case part >= 0:
			sums[part] += w
		case w != 0:
			return math.NaN(), math.NaN(), 0, false
		}
		all += math.Abs(w)
		estimate += w * b.estimates[i]
	}
	for _, sum := range sums {
		if math.Abs(sum) > 1e-9*all {
			return math.NaN(), math.NaN(), 0, false
		}
	}
	if all > 0 {
		variance, degrees := b.error2(weights)
		standardError, free = math.Sqrt(variance), degrees
	}
	return estimate, standardError, free, true
}

// Interval is a contrast with the bounds beyond each of which it lies with that
// probability, by Student's t. They are infinite where nothing is left for the
// noise; all three are not a number where the contrast is not known.
func (b *Blocks) Interval(weights []float64, tail float64) Interval {
	estimate, standardError, free, known := b.contrast(weights)
	switch {
	case !known:
		return Interval{math.NaN(), math.NaN(), math.NaN()}
	case b.Free == 0:
		return Interval{math.Inf(-1), estimate, math.Inf(1)}
	case standardError == 0:
		return Interval{estimate, estimate, estimate}
	}
	far := standardError * distuv.StudentsT{Mu: 0, Sigma: 1, Nu: free}.Quantile(1-tail)
	return Interval{estimate - far, estimate, estimate + far}
}
