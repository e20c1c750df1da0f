package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

func TestTrigammaInverse(t *testing.T) {
	if got := trigamma(1); !near(got, math.Pi*math.Pi/6) {
		t.Errorf("trigamma of 1 is %v", got)
	}
	for _, x := range []float64{1e-4, 0.3, 1, 7.5, 4000, 1e8} {
		if got := trigammaInverse(trigamma(x)); math.Abs(got/x-1) > 1e-6 {
			t.Errorf("%v comes back as %v", x, got)
		}
	}
}

// Variances that were drawn of a prior tell which one it was.
func TestPrior(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 32))
	chi2 := func(degrees int) (sum float64) {
		for range degrees {
			v := random.NormFloat64()
			sum += v * v
		}
		return sum
	}
	var variances, alike, free []float64
	for range 4000 {
		truth := 5 * 6 / chi2(6)
		variances, alike, free = append(variances, truth*chi2(3)/3), append(alike, 5*chi2(3)/3), append(free, 3)
	}
	common, degrees := prior(variances, free)
	if math.Abs(common-5) > 0.4 || math.Abs(degrees-6) > 1 {
		t.Errorf("%v with %v degrees of freedom, want 5 with 6", common, degrees)
	}
	if p := bartlett(variances, free); p > 1e-6 {
		t.Errorf("variances that differ are alike with p = %v", p)
	}
	if _, degrees := prior(alike, free); degrees < 60 {
		t.Errorf("variances that are alike have a prior with %v degrees of freedom", degrees)
	}
	if _, degrees := prior([]float64{2, 2, 2}, []float64{3, 3, 3}); !math.IsInf(degrees, 1) {
		t.Errorf("variances that are the same have a prior with %v degrees of freedom", degrees)
	}
}

// Bartlett's statistic by hand: of 1, 2 and 9 with 4 degrees of freedom each it is 12·ln 4 − 4·(ln 2 + ln 9), which
// is 5.073977, divided by 1 + (3/4 − 1/12)/6 = 10/9; of two degrees of freedom beyond it lies exp(−x/2).
func TestBartlett(t *testing.T) {
	if got, want := bartlett([]float64{1, 2, 9}, []float64{4, 4, 4}), math.Exp(-(12*math.Log(4)-4*math.Log(18))*9/20); !near(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// Of twelve points that are alike the noisiest is rarely told to be more so than chance makes it; one fifteen times as noisy is in most cases, even of two rounds.
func TestNoisiest(t *testing.T) {
	random := rand.New(rand.NewPCG(35, 36))
	told := func(deviation float64) (n int) {
		for range 500 {
			if FitBlocks(noisy(random, 12, 2, func(i int) float64 { return map[bool]float64{true: deviation, false: 1}[i == 7] })).Alike < 0.01 {
				n++
			}
		}
		return n
	}
	if same, more := told(1), told(15); same > 10 || more < 300 {
		t.Errorf("of 500 that are alike %d are told to differ, of others %d", same, more)
	}
}

// noisy are values of so many points and rounds, by point with its own standard deviation.
func noisy(random *rand.Rand, points, rounds int, deviation func(int) float64) [][]float64 {
	values := make([][]float64, points)
	for i := range values {
		for j := range rounds {
			values[i] = append(values[i], float64(10*j)+deviation(i)*random.NormFloat64())
		}
	}
	return values
}

// A noisy point has wide intervals, and the quiet ones have narrow ones; where too little says so, all have the same.
func TestModerated(t *testing.T) {
	random := rand.New(rand.NewPCG(33, 34))
	last := func(points int) func(int) float64 {
		return func(i int) float64 {
			if i == points-1 {
				return 30
			}
			return 1
		}
	}
	for _, tc := range []struct {
		name           string
		points, rounds int
		moderated      bool
	}{
		{"12 points in 4 rounds", 12, 4, true},
		{"12 points in 2 rounds", 12, 2, false},
		{"12 points in 1 round", 12, 1, false},
		{"2 points in 8 rounds", 2, 8, false},
	} {
		b := FitBlocks(noisy(random, tc.points, tc.rounds, last(tc.points)))
		weights := func(to int) []float64 {
			w := make([]float64, tc.points)
			w[0], w[to] = -1, 1
			return w
		}
		quiet, wide := b.Interval(weights(tc.points/2), 0.05), b.Interval(weights(tc.points-1), 0.05)
		if b.Moderated != tc.moderated {
			t.Errorf("%s: moderated is %v", tc.name, b.Moderated)
		}
		one, _, far, _ := b.contrast(weights(1))
		switch {
		case tc.moderated && (wide.High-wide.Low < 5*(quiet.High-quiet.Low) || far >= float64(b.Free) || b.Alike > 1e-4 || b.Deviation(tc.points-1) < 10 || b.Deviation(0) > 6):
			t.Errorf("%s: quiet %+v, noisy %+v, %v with %v degrees of freedom, alike with p = %v", tc.name, quiet, wide, one, far, b.Alike)
		case !tc.moderated && tc.rounds > 1 && !near(wide.High-wide.Low, quiet.High-quiet.Low):
			t.Errorf("%s: quiet %+v, noisy %+v", tc.name, quiet, wide)
		}
	}
	even := FitBlocks(noisy(random, 30, 6, func(int) float64 { return 1 }))
	if even.Alike < 0.01 || even.Deviation(3) > 2 || even.Deviation(3) < 0.5 {
		t.Errorf("points that are alike: p = %v, one has %v", even.Alike, even.Deviation(3))
	}
}
