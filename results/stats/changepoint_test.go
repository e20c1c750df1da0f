package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func indexesOf(changes []ChangePoint) (all []int) {
	for _, c := range changes {
		all = append(all, c.Index)
	}
	return all
}

// The series and change points are those of the tests of Apache Otava, the published implementation.
func TestPublishedChangePoints(t *testing.T) {
	steps := []float64{0.3, 2.4, 1.5, -0.9, -0.5, 99.7, 98.3, 99.1, 149.0, 149.7, 149.5, 149.1, 148.8, 150.0}
	half := []float64{1.02, 0.95, 0.99, 1.00, 1.12, 1.00, 1.01, 0.98, 1.01, 0.96, 0.50, 0.51, 0.48, 0.48, 0.55, 0.50, 0.49, 0.51, 0.50, 0.49}
	for _, test := range []struct {
		name   string
		series []float64
		rules  ChangeRules
		want   []int
	}{
		{"three levels", steps, ChangeRules{MaxP: 0.001, Window: 50}, []int{5, 8}},
		{"half", half, ChangeRules{MaxP: 0.0001, Window: 10}, []int{10}},
		{"half, in one window", half, ChangeRules{MaxP: 0.0001, Window: 50}, []int{10}},
	} {
		if got := indexesOf(ChangePoints(test.series, test.rules)); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
	for _, test := range []struct {
		after []float64
		from  float64
		to    float64
	}{
		{[]float64{1.00, 1.02, 1.05, 0.95, 0.98}, 0.99, 1.01},
		{[]float64{0.80, 0.82, 0.85, 0.79, 0.77}, 0, 0.001},
	} {
		if p := StudentP([]float64{1.00, 1.02, 1.05, 0.95, 0.98}, test.after); p < test.from || p > test.to {
			t.Errorf("p = %v, want it from %v to %v", p, test.from, test.to)
		}
	}
}

// slowDivergence is Q by its definition.
func slowDivergence(series []float64) (highest float64, at int) {
	pairs := func(x []float64) (sum float64) {
		for i := range x {
			for k := range i {
				sum += math.Abs(x[i] - x[k])
			}
		}
		return sum
	}
	for tau := 1; tau < len(series); tau++ {
		for kappa := tau + 1; kappa <= len(series); kappa++ {
			x, y := series[:tau], series[tau:kappa]
			n, m := float64(len(x)), float64(len(y))
			q := 0.0
			for _, a := range x {
				for _, b := range y {
					q += 2 / (n + m) * math.Abs(a-b)
				}
			}
			if n > 1 {
				q -= 2 * m / (n + m) / (n - 1) * pairs(x)
			}
			if m > 1 {
				q -= 2 * n / (n + m) / (m - 1) * pairs(y)
			}
			if q > highest+1e-9 {
				highest, at = q, tau
			}
		}
	}
	return highest, at
}

func TestDivergence(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		series := make([]float64, 1+rng.IntN(25))
		for i := range series {
			series[i] = rng.NormFloat64()
			if i > len(series)/2 {
				series[i] += 3 * rng.Float64()
			}
		}
		got, at := divergence(series)
		want, where := slowDivergence(series)
		if math.Abs(got-want) > 1e-9 || at != where {
			t.Fatalf("%v: got %v at %d, want %v at %d", series, got, at, want, where)
		}
	}
}

func TestChangePointsOfOddSeries(t *testing.T) {
	rules := ChangeRules{MaxP: 0.0005, MinSize: 0.03, Window: 30, Least: 2}
	flat := make([]float64, 40)
	step := slices.Concat(flat, slices.Repeat([]float64{1}, 20))
	for name, test := range map[string]struct {
		series []float64
		want   []int
	}{
		"none":                      {nil, nil},
		"one":                       {[]float64{1}, nil},
		"two":                       {[]float64{1, 2}, nil},
		"flat":                      {flat, nil},
		"a step without noise":      {step, []int{40}},
		"up and down":               {slices.Concat(step, flat), []int{40, 60}},
		"too new":                   {step[:41], nil},
		"two are enough":            {step[:42], []int{40}},
		"too small to matter":       {slices.Concat(flat, slices.Repeat([]float64{0.029}, 20)), nil},
		"one night that is strange": {slices.Concat(flat, []float64{1}, flat), nil},
	} {
		if got := indexesOf(ChangePoints(test.series, rules)); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}

func TestPredicted(t *testing.T) {
	low, high := Predicted([]float64{9, 10, 11}, 0.95)
	if want := 4.302652729911275 * math.Sqrt(4.0/3); math.Abs(high-10-want) > 1e-9 || math.Abs(10-low-want) > 1e-9 {
		t.Errorf("from %v to %v, want 10 ± %v", low, high, want)
	}
	if low, high := Predicted([]float64{1}, 0.95); !math.IsInf(low, -1) || !math.IsInf(high, 1) {
		t.Errorf("of one value: from %v to %v", low, high)
	}
	// The next value lies in the interval as often as is said.
	rng, in := rand.New(rand.NewPCG(7, 8)), 0
	const tries = 20_000
	for range tries {
		earlier := make([]float64, 10)
		for i := range earlier {
			earlier[i] = rng.NormFloat64()
		}
		low, high := Predicted(earlier, 0.9)
		if next := rng.NormFloat64(); next >= low && next <= high {
			in++
		}
	}
	if share := float64(in) / tries; math.Abs(share-0.9) > 0.01 {
		t.Errorf("%.3f of the values lie in an interval of 0.9", share)
	}
}
