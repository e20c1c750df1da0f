//go:build accuracy

package verdict_test

import "testing"

// The method's errors are as rare as they are told to be. The intervals' confidence is
// exact, and a little more than asked for, since there are only so many ranks.
func TestAccuracyComparison(t *testing.T) {
	const rounds = 10_000
	for _, tc := range []struct {
		name                 string
		pairs                int
		factor, noise, drift float64
		// bounds on the share that fails, and on that of intervals which hold the truth
		leastFailed, mostFailed   float64
		leastCovered, mostCovered float64
	}{
		{"A/A, 8 pairs", 8, 1, 0.055, 0, 0, 0.01, 0.88, 0.93},
		{"A/A, 6 pairs", 6, 1, 0.055, 0, 0, 0.02, 0.88, 0.93},
		{"+10 %, 8 pairs", 8, 1.10, 0.055, 0, 0.95, 1, 0.88, 0.93},
		{"A/A under 15 % drift", 8, 1, 0.055, 0.15, 0, 0.05, 0.85, 1},
		{"A/A of a quiet machine under 15 % drift", 8, 1, 0.01, 0.15, 0, 0.05, 0.85, 1},
	} {
		failed, passed, covered := experiments(t, rounds, tc.pairs, tc.factor, tc.noise, tc.drift, 11)
		f, c := float64(failed)/rounds, float64(covered)/rounds
		t.Logf("%s: %.2f %% fail, %.1f %% pass, %.1f %% of the intervals hold the truth", tc.name, 100*f, 100*float64(passed)/rounds, 100*c)
		if f < tc.leastFailed || f > tc.mostFailed || c < tc.leastCovered || c > tc.mostCovered {
			t.Errorf("%s: out of bounds", tc.name)
		}
	}
}
