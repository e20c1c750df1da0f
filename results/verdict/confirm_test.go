package verdict_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
)

// A fresh block alone decides what is advised, and says so with its numbers.
func TestConfirm(t *testing.T) {
	m := create(t)
	base := []float64{100, 102, 99, 101, 100, 98, 103, 100}
	for _, tc := range []struct {
		name    string
		values  [][]float64
		factor  float64
		advised int
		why     string
	}{
		{"again", [][]float64{{100, 102}, {100, 101}, {85, 86.5}}, 0.9, 2, "p2 had churn.create.response.p95 15.1 % lower than the baseline in the sweep, and 10.0 % lower (between 10.0 % and 10.0 % lower) in 8 fresh pairs of runs"},
		{"not again", [][]float64{{100, 102}, {100, 101}, {85, 86.5}}, 0.99, 0, "but 1.0 % lower (between 1.0 % and 1.0 % lower) in 8 fresh pairs of runs that took no part in choosing it: that is more than chance, but less than the 5.0 % that matter"},
		{"the same", [][]float64{{100, 102}, {100, 101}, {85, 86.5}}, 1, 0, "the two do not differ by the 5.0 % that matter"},
		{"worse", [][]float64{{100, 102}, {100, 101}, {85, 86.5}}, 1.2, 0, "20.0 % higher (between 20.0 % and 20.0 % higher) in 8 fresh pairs of runs that took no part in choosing it: it is worse"},
		{"of one round", [][]float64{{100}, {100}, {85}}, 0.9, 2, "which is what to expect of it; 1 other point cannot be told from it"},
	} {
		s := verdict.Sweep(sweptOf(m, tc.values, factor("a", 3)), rules())
		x, y := sidesOf(m, base, times(base, tc.factor))
		verdict.Confirm(&s, verdict.Duel(x, y, len(x.Samples), rules()))
		if s.Confirmation == nil || *s.Best != 2 || *s.Advised != tc.advised || !strings.Contains(s.Why, tc.why) {
			t.Errorf("%s: %v: %s", tc.name, value(s.Advised), s.Why)
		}
	}
	s := verdict.Sweep(sweptOf(m, [][]float64{{100, 102}, {85, 86}}, factor("a", 2)), rules())
	x, y := sidesOf(m, base, times(base, 0.8))
	for i := range y.Samples {
		y.Samples[i].Header.Scenario.SHA256 = "xyz"
	}
	verdict.Confirm(&s, verdict.Duel(x, y, len(x.Samples), rules()))
	if *s.Advised != 0 || !strings.Contains(s.Why, "not comparable: the scenario is not the same") {
		t.Errorf("other scenarios: %s", s.Why)
	}
	purpose := rules()
	purpose.ScenariosDiffer = true
	verdict.Confirm(&s, verdict.Duel(x, y, len(x.Samples), purpose))
	if *s.Advised != 1 {
		t.Errorf("other scenarios on purpose: %s", s.Why)
	}
	y.Samples[3].Header.Scenario.SHA256 = "abc"
	if c := verdict.Compare(x, y, true, purpose); c.Comparable || !slices.Equal(c.Reasons, []string{"the runs of one side are of several scenarios: pod-churn xyz and pod-churn abc"}) {
		t.Errorf("a side of two scenarios: %q", c.Reasons)
	}
}

// simulated is what became of many sweeps: of 12 points in some rounds, each in an order that is
// shuffled and then turned round, at that noise and under a drift over the whole sweep.
type simulated struct {
	best, advised, covered int     // how often the fourth point is the best, another than the baseline is advised, and all intervals hold the truth
	quiet, noisy           int     // how often those of the points with the least noise hold it, and those of all others
	found                  int     // how often the fourth point has an improvement
	width                  float64 // the mean width of the intervals of points with the least noise
	bias                   float64 // the largest mean error of a point's effect, as a share
}

// simulate makes many sweeps; the fourth point takes that factor of the others' time.
func simulate(tb testing.TB, sweeps, rounds int, factorOf, noise, drift float64, seed uint64) (got simulated) {
	tb.Helper()
	return simulateNoise(tb, sweeps, rounds, factorOf, func(int) float64 { return noise }, drift, seed)
}

// simulateNoise is simulate with a noise of each point's own.
func simulateNoise(tb testing.TB, sweeps, rounds int, factorOf float64, noise func(point int) float64, drift float64, seed uint64) (got simulated) {
	tb.Helper()
	const points = 12
	m := create(tb)
	random := rand.New(rand.NewPCG(seed, 41))
	errors := make([]float64, points)
	least, quiets := math.Inf(1), 0
	for i := range points {
		least = min(least, noise(i))
	}
	for i := range points - 1 {
		if noise(i+1) == least {
			quiets++
		}
	}
	for range sweeps {
		values := make([][]float64, points)
		for i := range values {
			values[i] = make([]float64, rounds)
		}
		var order []int
		for round := range rounds {
			if round%2 == 0 {
				order = random.Perm(points)
			} else {
				slices.Reverse(order)
			}
			for place, i := range order {
				at := float64(round*points+place) / float64(rounds*points-1)
				values[i][round] = 100 * (1 + drift*at) * math.Exp(noise(i)*random.NormFloat64())
				if i == 3 {
					values[i][round] *= factorOf
				}
			}
		}
		s := verdict.Sweep(sweptOf(m, values, factor("a", 3), factor("b", 4)), rules())
		if *s.Best == 3 {
			got.best++
		}
		if *s.Advised != 0 {
			got.advised++
		}
		quiet, noisy := true, true
		for i, e := range s.Metrics[0].Effects[1:] {
			truth := 0.0
			if i+1 == 3 {
				truth = factorOf - 1
			}
			errors[i+1] += (*e.Effect - truth) / float64(sweeps)
			held := *e.Low <= truth && truth <= *e.High
			if noise(i+1) > least {
				noisy = noisy && held
				continue
			}
			quiet = quiet && held
			got.width += (*e.High - *e.Low) / float64(sweeps*quiets)
		}
		for of, held := range map[*int]bool{&got.covered: quiet && noisy, &got.quiet: quiet, &got.noisy: noisy, &got.found: s.Metrics[0].Effects[3].Verdict == results.Improvement} {
			if held {
				*of++
			}
		}
	}
	for _, e := range errors {
		got.bias = max(got.bias, math.Abs(e))
	}
	return got
}
