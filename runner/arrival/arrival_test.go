package arrival

import (
	"math"
	"slices"
	"testing"
	"time"
)

func take(s Sequence, n int) []Arrival {
	all := make([]Arrival, n)
	for i := range all {
		all[i] = s()
	}
	return all
}

func TestConstant(t *testing.T) {
	for _, tc := range []struct {
		name string
		rate float64
		i    int
		want time.Duration
	}{
		{"first", 5, 0, 0},
		{"second", 5, 1, 200 * time.Millisecond},
		{"no drift after a million", 3, 3_000_000, 1_000_000 * time.Second},
		{"above the clock's own ticks", 1e6, 1, time.Microsecond},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := take(Constant(tc.rate), tc.i+1)[tc.i]; got.Due != tc.want || got.Index != tc.i {
				t.Errorf("arrival %d is due at %v (index %d), want %v", tc.i, got.Due, got.Index, tc.want)
			}
		})
	}
}

// The gaps of a Poisson process pass a Kolmogorov–Smirnov test against Exp(rate).
func TestPoissonGaps(t *testing.T) {
	const rate, n = 100.0, 20000
	all := take(Poisson(rate, 1), n)
	gaps := make([]float64, n)
	last := time.Duration(0)
	for i, a := range all {
		gaps[i] = (a.Due - last).Seconds()
		last = a.Due
	}
	slices.Sort(gaps)
	d := 0.0
	for i, g := range gaps {
		cdf := 1 - math.Exp(-rate*g)
		d = max(d, cdf-float64(i)/n, float64(i+1)/n-cdf)
	}
	// 1.95/√n is the critical value at the 0.1 % level; the seed is fixed.
	if limit := 1.95 / math.Sqrt(n); d > limit {
		t.Errorf("Kolmogorov–Smirnov D = %.4f, above %.4f", d, limit)
	}
}

func TestSameSeedSameArrivals(t *testing.T) {
	if a, b := take(Poisson(7, 3), 100), take(Poisson(7, 3), 100); !slices.Equal(a, b) {
		t.Error("two Poisson sequences of one seed differ")
	}
	if a, b := take(Poisson(7, 3), 100), take(Poisson(7, 4), 100); slices.Equal(a, b) {
		t.Error("two Poisson sequences of different seeds are the same")
	}
}

func TestPeriodic(t *testing.T) {
	const n, period, jitter = 50, 10 * time.Second, 0.04
	last := map[int]time.Duration{}
	at := time.Duration(0)
	next := Periodic(n, period, jitter, 1)
	for range n * 100 {
		a := next()
		if a.Due < at {
			t.Fatalf("arrival at %v after one at %v", a.Due, at)
		}
		at = a.Due
		before, seen := last[a.Index]
		if gap := a.Due - before; seen && (gap < period || gap > period+period*4/100+1) {
			t.Fatalf("subject %d came again after %v", a.Index, gap)
		}
		if !seen && a.Due >= period {
			t.Fatalf("subject %d came first at %v", a.Index, a.Due)
		}
		last[a.Index] = a.Due
	}
	if len(last) != n {
		t.Errorf("%d subjects came, want %d", len(last), n)
	}
}

func TestShareIsTheWhole(t *testing.T) {
	const n = 3
	whole := take(Poisson(50, 9), 300)
	var parts []Arrival
	for i := range n {
		parts = append(parts, take(Share(Poisson(50, 9), i, n), 100)...)
	}
	slices.SortFunc(parts, func(a, b Arrival) int { return a.Index - b.Index })
	if !slices.Equal(whole, parts) {
		t.Error("the shares together are not the whole sequence")
	}
}
