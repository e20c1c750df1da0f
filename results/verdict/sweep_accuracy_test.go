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

// Where points differ in noise the intervals of quiet and of noisy ones hold, as far as the rounds can tell them apart: with two each
// has one degree of freedom, so that the noise of all is taken to be the same, and a single noisy point's are too narrow.
func TestAccuracySweepNoise(t *testing.T) {
	const sweeps = 4000
	one := func(at int) func(int) float64 {
		return func(i int) float64 {
			if i == at {
				return 0.3
			}
			return 0.03
		}
	}
	half := func(i int) float64 {
		if i%2 == 0 {
			return 0.1
		}
		return 0.01
	}
	quietBaseline := func(i int) float64 { return half(i + 1) }
	for _, tc := range []struct {
		name                  string
		rounds                int
		noise                 func(int) float64
		least                 float64 // of the sweeps in which the intervals of all points hold
		leastQuiet, mostWidth float64 // of those of the quiet ones, and their width
	}{
		{"one at 30 %, the others at 3 %, 2 rounds", 2, one(5), 0.60, 0.87, 0.60},
		{"one at 30 %, the others at 3 %, 3 rounds", 3, one(5), 0.85, 0.87, 0.30},
		{"one at 30 %, the others at 3 %, 4 rounds", 4, one(5), 0.87, 0.87, 0.22},
		{"one at 30 %, the others at 3 %, 6 rounds", 6, one(5), 0.87, 0.87, 0.16},
		{"the baseline at 30 %, the others at 3 %, 4 rounds", 4, one(0), 0.87, 0.87, 2},
		{"half at 1 %, half at 10 %, 2 rounds", 2, quietBaseline, 0.87, 0.87, 0.5},
		{"half at 1 %, half at 10 %, 3 rounds", 3, quietBaseline, 0.85, 0.87, 0.22},
		{"half at 1 %, half at 10 %, 4 rounds", 4, quietBaseline, 0.87, 0.87, 0.16},
		{"half at 1 %, half at 10 %, the baseline too, 4 rounds", 4, half, 0.87, 0.87, 1},
	} {
		got := simulateNoise(t, sweeps, tc.rounds, 0.9, tc.noise, 0, 61)
		covered, quiet, noisy := float64(got.covered)/sweeps, float64(got.quiet)/sweeps, float64(got.noisy)/sweeps
		t.Logf("%s: all intervals hold in %.1f %%, those of quiet points in %.1f %%, of noisy ones in %.1f %%; a quiet point's is %.1f %% wide; 10 %% less is an improvement in %.1f %%",
			tc.name, 100*covered, 100*quiet, 100*noisy, 100*got.width, 100*float64(got.found)/sweeps)
		if covered < tc.least || quiet < tc.leastQuiet || got.width > tc.mostWidth {
			t.Errorf("%s: out of bounds", tc.name)
		}
	}
}
