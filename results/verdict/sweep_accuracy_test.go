//go:build accuracy

package verdict_test

import "testing"

// A sweep's errors are as rare as they are told to be: of 12 points, one of which may take less time.
func TestAccuracySweep(t *testing.T) {
	const sweeps = 4000
	for _, tc := range []struct {
		name                 string
		rounds               int
		factor, noise, drift float64
		// bounds on the shares that find the best, that advise a point and whose intervals hold all
		// truths, and on the largest bias of an effect
		leastBest, leastAdvised, mostAdvised, leastCovered, mostBias float64
	}{
		{"the same, 2 rounds", 2, 1, 0.03, 0, 0, 0, 0.05, 0.89, 0.003},
		{"the same, 3 rounds", 3, 1, 0.03, 0, 0, 0, 0.05, 0.89, 0.003},
		{"the same under 15 % drift, 2 rounds", 2, 1, 0.03, 0.15, 0, 0, 0.05, 0.89, 0.003},
		{"the same of a quiet machine under 15 % drift, 2 rounds", 2, 1, 0.005, 0.15, 0, 0, 0.05, 0.89, 0.001},
		{"the same under 15 % drift, 3 rounds", 3, 1, 0.03, 0.15, 0, 0, 0.05, 0.89, 0.003},
		{"10 % less, 2 rounds", 2, 0.9, 0.03, 0, 0.95, 0.5, 1, 0.89, 0.003},
		{"10 % less, 3 rounds", 3, 0.9, 0.03, 0, 0.99, 0.8, 1, 0.89, 0.003},
		{"10 % less, 4 rounds", 4, 0.9, 0.03, 0, 0.99, 0.9, 1, 0.89, 0.003},
		{"10 % less under 15 % drift, 2 rounds", 2, 0.9, 0.03, 0.15, 0.95, 0.2, 1, 0.89, 0.003},
	} {
		got := simulate(t, sweeps, tc.rounds, tc.factor, tc.noise, tc.drift, 51)
		best, advised, covered := float64(got.best)/sweeps, float64(got.advised)/sweeps, float64(got.covered)/sweeps
		t.Logf("%s: %.1f %% find the best, %.1f %% advise a point, %.1f %% hold all truths, the largest bias is %.2f %%", tc.name, 100*best, 100*advised, 100*covered, 100*got.bias)
		if best < tc.leastBest || advised < tc.leastAdvised || advised > tc.mostAdvised || covered < tc.leastCovered || got.bias > tc.mostBias {
			t.Errorf("%s: out of bounds", tc.name)
		}
	}
}
