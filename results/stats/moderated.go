package stats

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/mathext"
	"gonum.org/v1/gonum/stat/distuv"
)

// leastFree is how many degrees of freedom a point must have in the mean, so that its own variance says anything: of
// two rounds it has less than one. With these, in simulation, moderated variances hold no better than the one of all.
const leastFree = 1.5

// spread takes of what is left how much the runs of each point vary, by point the squares and its part of the degrees of freedom.
//
// Where there is enough to say so, each point has its own variance, moderated toward the one that they have
// in common as far as they are alike: Smyth, "Linear models and empirical Bayes methods for assessing differential
// expression in microarray experiments", 2004. It is never below the point's own: empirical Bayes holds in the mean
// over points, but who reads of a noisy one wants its interval to hold.
func (b *Blocks) spread(squares, free []float64) {
	n := len(squares)
	b.Own, b.variances, b.frees, b.Alike = make([]float64, n), make([]float64, n), make([]float64, n), math.NaN()
	var own, each []float64
	for i := range squares {
		b.variances[i], b.frees[i], b.Own[i] = b.Variance, float64(b.Free), math.NaN()
		if free[i] > 1e-9 {
			b.Own[i] = squares[i] / free[i]
			own, each = append(own, b.Own[i]), append(each, free[i])
		}
	}
	if len(own) < 3 { // what is left of two is the same of both
		return
	}
	median := slices.Sorted(slices.Values(own))[len(own)/2]
	if median == 0 || b.Variance == 0 {
		return
	}
	for k, v := range own {
		own[k] = max(v, 1e-5*median) // whose logarithm is known
	}
	b.Alike = min(1, 2*min(bartlett(own, each), noisiest(own, each)))
	common, degrees := prior(own, each)
	if math.IsInf(degrees, 1) || float64(b.Free) < leastFree*float64(len(own)) {
		return
	}
	b.Moderated = true
	for i := range squares {
		if v := b.Own[i]; !math.IsNaN(v) {
			b.variances[i] = max(v, (degrees*common+free[i]*v)/(degrees+free[i]))
			b.frees[i] = degrees + free[i]
		}
	}
}

// Deviation is the standard deviation of a point's runs that its intervals are made of; not a number where it is not known.
func (b *Blocks) Deviation(point int) float64 { return math.Sqrt(b.variances[point]) }

// prior are the variance that points have in common and its degrees of freedom, infinite where they do not differ by more
// than chance, from the first two moments of their variances' logarithms.
func prior(variances, free []float64) (common, degrees float64) {
	n := float64(len(variances))
	each, mean := make([]float64, len(variances)), 0.0
	for i, v := range variances {
		each[i] = math.Log(v) - mathext.Digamma(free[i]/2) + math.Log(free[i]/2)
		mean += each[i] / n
	}
	excess := 0.0
	for i, e := range each {
		excess += (e-mean)*(e-mean)/(n-1) - trigamma(free[i]/2)/n
	}
	if excess <= 0 {
		return math.NaN(), math.Inf(1)
	}
	degrees = 2 * trigammaInverse(excess)
	return math.Exp(mean + mathext.Digamma(degrees/2) - math.Log(degrees/2)), degrees
}

// trigamma is the second derivative of the logarithm of the gamma function.
func trigamma(x float64) float64 { return mathext.Zeta(2, x) }

// trigammaInverse is where trigamma has that value, above 0, by Newton's method on its reciprocal (Smyth, appendix).
func trigammaInverse(y float64) float64 {
	switch {
	case y > 1e7:
		return 1 / math.Sqrt(y)
	case y < 1e-6:
		return 1 / y
	}
	x := 0.5 + 1/y
	for range 50 {
		at := trigamma(x)
		step := at * (1 - at/y) / (-2 * mathext.Zeta(3, x))
		x += step
		if math.Abs(step) < 1e-10*x {
			break
		}
	}
	return x
}

// bartlett is the probability that variances which are alike differ as much as these or more: Bartlett, "Properties of
// sufficiency and statistical tests", 1937.
func bartlett(variances, free []float64) float64 {
	k, all, squares, logs, inverses := float64(len(variances)), 0.0, 0.0, 0.0, 0.0
	for i, v := range variances {
		all += free[i]
		squares += free[i] * v
		logs += free[i] * math.Log(v)
		inverses += 1 / free[i]
	}
	statistic := (all*math.Log(squares/all) - logs) / (1 + (inverses-1/all)/(3*(k-1)))
	return distuv.ChiSquared{K: k - 1}.Survival(statistic)
}

// noisiest is the probability that the greatest of variances which are alike is as far above all others together as this or more, by the
// ratio of the two (Bonferroni): with few degrees of freedom that tells a single noisy point where Bartlett's test does not.
func noisiest(variances, free []float64) float64 {
	all, squares := 0.0, 0.0
	for i, v := range variances {
		all += free[i]
		squares += free[i] * v
	}
	least := 1.0
	for i, v := range variances {
		rest := (squares - free[i]*v) / (all - free[i])
		least = min(least, float64(len(variances))*distuv.F{D1: free[i], D2: all - free[i]}.Survival(v/rest))
	}
	return least
}

// error2 is the variance of a contrast of the points' estimates, with its degrees of freedom by Satterthwaite, "An approximate
// distribution of estimates of variance components", 1946; these are at most all that there are.
func (b *Blocks) error2(weights []float64) (variance, free float64) {
	n := len(weights)
	var moved mat.VecDense
	moved.MulVec(&b.inverse, mat.NewVecDense(n, weights))
	takes := make([]float64, n) // by point: how much of its variance the contrast has
	for _, in := range b.rounds {
		mean := 0.0
		for _, i := range in {
			mean += moved.AtVec(i) / float64(len(in))
		}
		for _, i := range in {
			by := moved.AtVec(i) - mean
			takes[i] += by * by
		}
	}
	uncertain := 0.0
	for i, t := range takes {
		part := t * b.variances[i]
		variance += part
		if part > 0 {
			uncertain += part * part / b.frees[i]
		}
	}
	if !b.Moderated || uncertain == 0 {
		return variance, float64(b.Free)
	}
	return variance, min(variance*variance/uncertain, float64(b.Free))
}
