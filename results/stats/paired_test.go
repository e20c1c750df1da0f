package stats

import (
	"math"
	"math/rand/v2"
	"testing"
)

// The ranks are those of the tables.
func TestRank(t *testing.T) {
	for n, want := range map[int][2]int{6: {1, 3}, 8: {4, 6}, 10: {9, 11}, 15: {26, 31}} {
		if at95, at90 := rank(n, 0.025), rank(n, 0.05); at95 != want[0] || at90 != want[1] {
			t.Errorf("n = %d: %d and %d, want %v", n, at95, at90, want)
		}
	}
	if k := rank(5, 0.025); k != 0 {
		t.Errorf("five differences bound nothing at 95 %%, but the rank is %d", k)
	}
}

func TestSignedRank(t *testing.T) {
	got := SignedRank([]float64{1, 2, 3, 4, 5, 6}, 0.90)
	// Of the 21 Walsh averages the third from either end: 2 of {1, 1.5, 2, 2, …}.
	if got != (Interval{2, 3.5, 5}) {
		t.Errorf("%+v", got)
	}
	if few := SignedRank([]float64{1, 2}, 0.95); !math.IsInf(few.Low, -1) || !math.IsInf(few.High, 1) || few.Estimate != 1.5 {
		t.Errorf("of two differences: %+v", few)
	}
	if none := SignedRank(nil, 0.9); !math.IsNaN(none.Estimate) || none.Within(1) {
		t.Errorf("of none: %+v", none)
	}
}

// A 90 % interval misses the truth in a tenth of all cases, whatever the noise.
func TestCoverage(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const rounds, truth = 4000, 0.3
	missed := 0
	for range rounds {
		d := make([]float64, 12)
		for i := range d {
			d[i] = truth + random.NormFloat64()
		}
		if i := SignedRank(d, 0.90); truth < i.Low || truth > i.High {
			missed++
		}
	}
	// The interval is exact but for the discreteness of ranks, which makes it wider.
	if share := float64(missed) / rounds; share < 0.07 || share > 0.115 {
		t.Errorf("%.3f of the intervals miss the truth, want a little below 0.1", share)
	}
}

func TestWithin(t *testing.T) {
	for _, tc := range []struct {
		i    Interval
		want bool
	}{
		{Interval{-0.01, 0, 0.01}, true},
		{Interval{-0.05, 0, 0.01}, false},
		{Interval{0.06, 0.07, 0.08}, false},
		{Interval{math.Inf(-1), 0, math.Inf(1)}, false},
	} {
		if got := tc.i.Within(0.05); got != tc.want {
			t.Errorf("%+v within 5 %%: %v", tc.i, got)
		}
	}
}
