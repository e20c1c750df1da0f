package verdict_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
)

// A sweep that only measures says what the objective did, and advises nothing.
func TestSweepMeasures(t *testing.T) {
	no := math.NaN()
	for _, tc := range []struct {
		name   string
		metric string
		values [][]float64
		why    string
	}{
		{
			"effects", "churn.create.response.p95",
			[][]float64{{100, 102}, {100.5, 101.5}, {110, 112}, {90, 91.5}},
			"churn.create.response.p95 is lowest at p3, 90.75ms, 10.1 % lower than the baseline (between 9.1 % and 11.2 % lower), and highest at p2, 111ms, 9.9 % higher than the baseline (between 8.7 % and 11.2 % higher); what cannot be told from the baseline: p1",
		},
		{
			"all differ", "churn.create.achieved_rate",
			[][]float64{{100, 102}, {110, 112}, {120, 122}, {90, 91.5}},
			"highest at p2, 121/s, 19.8 % higher than the baseline (between 19.3 % and 20.3 % higher); each point that was measured can be told from the baseline",
		},
		{"one round", "churn.create.response.p95", [][]float64{{100}, {110}, {120}, {90}}, "lowest at p3, 90ms, 10.0 % lower than the baseline, and highest at p2, 120ms, 20.0 % higher than the baseline; so few runs cannot tell that from chance"},
		{"no baseline", "churn.create.response.p95", [][]float64{{no, no}, {110, 111}, {120, 121}, {90, 91}}, "lowest at p3, 90.5ms, and highest at p2, 120.5ms; 1 point was not measured; no run of the baseline is there to compare them with"},
		{"the baseline is lowest", "churn.create.response.p95", [][]float64{{80, 81}, {110, 111}, {120, 121}, {no, no}}, "lowest at p0, 80.5ms, which is the baseline, and highest at p2, 120.5ms, 49.7 % higher"},
		{"neither way is better", "server.missed", [][]float64{{10, 11}, {20, 21}, {30, 31}, {20, 22}}, "server.missed is lowest at p0"},
		{"nothing", "churn.create.response.p95", [][]float64{{no, no}, {no, no}, {no, no}, {no, no}}, "no run counts"},
	} {
		in := sweptOf(metric(t, tc.metric), tc.values, factor("a", 2), factor("b", 2))
		in.Advises = false
		s := verdict.Sweep(in, rules())
		if s.Advises || s.Best != nil || s.Advised != nil || s.Tied == nil || len(s.Tied) > 0 || !strings.Contains(s.Why, tc.why) {
			t.Errorf("%s: %+v: %s", tc.name, s.Best, s.Why)
		}
		for _, word := range []string{"best", "take "} {
			if strings.Contains(s.Why, word) {
				t.Errorf("%s: it says %q: %s", tc.name, word, s.Why)
			}
		}
		x, y := sidesOf(in.Objective, []float64{1, 1}, []float64{2, 2})
		if verdict.Confirm(&s, verdict.Duel(x, y, 2, rules())); s.Confirmation != nil || s.Advised != nil {
			t.Errorf("%s: what advises nothing was confirmed", tc.name)
		}
	}
	const points = 20
	values := make([][]float64, points)
	for i := range values {
		values[i] = []float64{100, 101}
	}
	in := sweptOf(create(t), values, factor("a", points))
	in.Advises = false
	if s := verdict.Sweep(in, rules()); !strings.HasSuffix(s.Why, "what cannot be told from the baseline: p1, p2, p3, p4, p5, p6 and 13 others") {
		t.Errorf("many: %s", s.Why)
	}
}

// A point that fails a check or breaches a threshold is not chosen, though its effect is told.
func TestSweepFailed(t *testing.T) {
	lost := []string{"failed the check watch-completeness informers: 3 of 100 events never came"}
	values := [][]float64{{100, 102}, {90, 91}, {80, 82}}
	for _, tc := range []struct {
		name          string
		failed        []int
		best, advised int // −1 is none
		note, why     string
	}{
		{"none", nil, 2, 2, "", "; all other points are worse"},
		{"the fastest", []int{2}, 1, 1, "p2: run-2 failed the check watch-completeness informers: 3 of 100 events never came; so it is not chosen, whatever its objective", "p1 has the best churn.create.response.p95, 90.5ms, 10.4 % lower than the baseline (between 8.5 % and 12.3 % lower); 1 other point is worse; 1 point failed a check or breached a threshold"},
		{"all but the baseline", []int{1, 2}, 0, 0, "p1: run-1 failed", "no point has a better churn.create.response.p95 than the baseline's 101ms; 2 points failed a check or breached a threshold"},
		{"the baseline", []int{0}, 2, 2, "p0: run-0 failed", "p2 has the best"},
		{"all", []int{0, 1, 2}, -1, -1, "p0: run-0 failed", "each point that knows churn.create.response.p95 failed a check or breached a threshold"},
	} {
		in := sweptOf(create(t), values, factor("a", 3))
		for _, i := range tc.failed {
			in.Points[i].Runs[0].Failed = lost
		}
		s := verdict.Sweep(in, rules())
		if place(s.Best) != tc.best || place(s.Advised) != tc.advised || !strings.Contains(strings.Join(s.Notes, "\n"), tc.note) || !strings.Contains(s.Why, tc.why) {
			t.Errorf("%s: best %d, advised %d, %q: %s", tc.name, place(s.Best), place(s.Advised), s.Notes, s.Why)
		}
		for i, e := range s.Metrics[0].Effects {
			if e.Effect == nil || i > 0 && e.Verdict != results.Improvement || (len(s.Points[i].Failed) > 0) != slices.Contains(tc.failed, i) || slices.Contains(s.Tied, i) && slices.Contains(tc.failed, i) {
				t.Errorf("%s: point %d: %+v, %q", tc.name, i, e, s.Points[i].Failed)
			}
		}
	}
	in := sweptOf(create(t), [][]float64{{100, 102}, {100, 101}}, factor("a", 2))
	in.Points[0].Runs[0].Failed = lost
	if s := verdict.Sweep(in, rules()); place(s.Best) != 1 || s.Advised != nil || !strings.Contains(s.Why, "the baseline is not advised either: run-0 failed") {
		t.Errorf("a baseline that failed is advised: %s", s.Why)
	}
	in.Points[0].Runs[0].Valid = false
	if s := verdict.Sweep(in, rules()); len(s.Points[0].Failed) > 0 {
		t.Errorf("a run that does not count: %q", s.Points[0].Failed)
	}
}

func place(at *int) int {
	if at == nil {
		return -1
	}
	return *at
}

// What a run failed is taken with its numbers.
func TestSampleFailed(t *testing.T) {
	r := results.Result{
		Checks:     []results.Check{{Name: "a", Status: results.Pass}, {Name: "b", Status: results.Fail, Detail: "lost"}, {Name: "c", Status: results.Skipped}},
		Thresholds: []results.ThresholdResult{{Check: "x < 1", Value: "2", Status: results.Fail}, {Check: "y < 1", Value: "0", Status: results.Pass}, {Check: "z < 1", Value: "3", Status: results.TooFew}},
	}
	for strict, want := range map[bool][]string{
		false: {"failed the check b: lost", "breached x < 1: 2"},
		true:  {"failed the check b: lost", "breached x < 1: 2", "breached z < 1: 3"},
	} {
		run := &results.Run{}
		run.Header.Strict = strict
		if got := verdict.SampleOf(run, r).Failed; !slices.Equal(got, want) {
			t.Errorf("strict %v: %q, want %q", strict, got, want)
		}
	}
}

// Limits that were not in force are told with their points, so that nobody takes a limit to cost nothing.
func TestSweepLimits(t *testing.T) {
	none := results.ResourcesRef{Mode: "none", Why: "The CPU limit of 500m is not in force: no cgroup can be written, and GOMAXPROCS counts whole cores."}
	for _, tc := range []struct {
		name string
		of   []*results.ResourcesRef // by point
		want []string
	}{
		{"no limits", []*results.ResourcesRef{nil, nil, nil}, nil},
		{"in force", []*results.ResourcesRef{nil, {Mode: "cgroup v2", CPU: true}, {Mode: "cgroup v2", CPU: true, Why: "The memory request of 1Gi bounds nothing."}}, nil},
		{"not in force", []*results.ResourcesRef{nil, &none, &none}, []string{"p1, p2: limits were not in force, so that what is measured is not their effect. " + none.Why}},
		{
			"by other means",
			[]*results.ResourcesRef{nil, nil, {Mode: "environment", CPU: true, Why: "The CPU limit of 1000m is only GOMAXPROCS. The memory request of 5 bytes bounds nothing."}},
			[]string{"p2: limits were set by other means than the kernel's, and only nearly so. The CPU limit of 1000m is only GOMAXPROCS."},
		},
		{
			"one of two",
			[]*results.ResourcesRef{nil, {Mode: "cgroup v1", Memory: true, Why: "The CPU request of 5m is not in force: x."}, nil},
			[]string{"p1: limits were not in force, so that what is measured is not their effect. The CPU request of 5m is not in force: x."},
		},
	} {
		in := sweptOf(create(t), [][]float64{{100, 101}, {90, 91}, {95, 97}}, factor("a", 3))
		for i, p := range in.Points {
			for _, run := range p.Runs {
				run.Header.Configuration.Resources = tc.of[i]
			}
		}
		if s := verdict.Sweep(in, rules()); !slices.Equal(slices.DeleteFunc(s.Notes, func(n string) bool { return strings.HasPrefix(n, "the means") }), tc.want) && len(tc.want)+len(s.Notes) > 0 {
			t.Errorf("%s: %q, want %q", tc.name, s.Notes, tc.want)
		}
	}
}

// Where the points' noise differs a lot, that is told, and what came of it.
func TestSweepNoiseNote(t *testing.T) {
	quiet := [][]float64{{100, 102, 99, 101}, {100, 101, 100, 99}, {101, 100, 100, 102}, {99, 100, 101, 100}}
	wild := []float64{50, 170, 110, 70}
	for _, tc := range []struct {
		name           string
		rounds         int
		last           []float64
		prefix, suffix string
	}{
		{"four rounds", 4, wild, "the noise of the points differs: of churn.create.response.p95 runs of p12 vary the most, by 5", "; each interval is made of its own points' noise"},
		{"two rounds", 2, wild, "the noise of the points differs: of churn.create.response.p95 runs of p12 vary the most, by 8", "intervals of noisy points are too narrow and those of quiet ones too wide: take four rounds"},
		{"alike", 4, quiet[2], "", ""},
		{"one round", 1, wild, "", ""},
	} {
		var values [][]float64
		for i := range 12 {
			values = append(values, quiet[i%4][:tc.rounds])
		}
		values = append(values, tc.last[:tc.rounds])
		notes := verdict.Sweep(sweptOf(create(t), values, factor("a", 13)), rules()).Notes
		if (len(notes) > 0) != (tc.prefix != "") || len(notes) > 0 && (!strings.HasPrefix(notes[0], tc.prefix) || !strings.HasSuffix(notes[0], tc.suffix)) {
			t.Errorf("%s: %q", tc.name, notes)
		}
	}
}

// A fresh block that lacks pairs says so, and why.
func TestConfirmLacks(t *testing.T) {
	m := create(t)
	base := []float64{100, 102, 99, 101, 100, 98}
	for _, tc := range []struct {
		name    string
		factor  float64
		spoil   func(x, y *verdict.Side)
		pairs   int
		advised int
		why     string
	}{
		{"all", 0.9, func(_, _ *verdict.Side) {}, 6, 1, "10.0 % lower (between 10.0 % and 10.0 % lower) in 6 fresh pairs of runs that took no part in choosing it, which is what to expect"},
		{"one is not complete", 0.9, func(_, y *verdict.Side) { y.Samples[2].Complete = false }, 5, 1, "in 5 of 6 fresh pairs of runs that took no part in choosing it, which is what to expect"},
		{
			"too few are left", 0.9,
			func(x, y *verdict.Side) {
				x.Samples[0].Complete, y.Samples[1].Valid, y.Samples[1].Invalid, x.Samples[4].Valid = false, false, []string{"late"}, false
				x.Samples, y.Samples = x.Samples[:5], y.Samples[:5]
			},
			2, 0, "chance may do that; there were only 2 of 6 pairs: run-0 did not come to its end; run-3 is not valid: late; run-8 is not valid: ; 1 pair was not made",
		},
		{"none is left", 0.9, func(x, _ *verdict.Side) {
			for i := range x.Samples {
				x.Samples[i].Complete = false
			}
		}, 0, 0, "but none of the 6 fresh pairs of runs counts: run-0 did not come to its end; run-2"},
		{"its runs lose writes", 0.9, func(_, y *verdict.Side) { y.Samples[3].Failed = []string{"failed the check x: y"} }, 6, 0, "but there run-7 failed the check x: y"},
		{"the baseline's do", 0.9, func(x, _ *verdict.Side) { x.Samples[3].Failed = []string{"failed the check x: y"} }, 6, 1, "what to expect"},
	} {
		s := verdict.Sweep(sweptOf(m, [][]float64{{100, 102}, {85, 86}}, factor("a", 2)), rules())
		x, y := sidesOf(m, base, times(base, tc.factor))
		tc.spoil(&x, &y)
		verdict.Confirm(&s, verdict.Duel(x, y, 6, rules()))
		if c := s.Confirmation; c.Pairs != tc.pairs || place(s.Advised) != tc.advised || !strings.Contains(s.Why, tc.why) || (tc.pairs > 0) != c.Comparable || len(c.Notes) != 6-tc.pairs {
			t.Errorf("%s: %d pairs, %q, %q, advised %d: %s", tc.name, c.Pairs, c.Reasons, c.Notes, place(s.Advised), s.Why)
		}
	}
	x, y := sidesOf(m, base, times(base, 0.9))
	y.Samples[2].Complete = false
	forced := rules()
	forced.Force = true
	if f := verdict.Duel(x, y, 6, forced); f.Contrast.Pairs != 6 || !f.Contrast.Forced || len(f.Missing) > 0 {
		t.Errorf("forced: %+v", f)
	}
}

// While runs are still to be made nothing is advised.
func TestUndecide(t *testing.T) {
	s := verdict.Sweep(sweptOf(create(t), [][]float64{{100, 102}, {85, 86}}, factor("a", 2)), rules())
	verdict.Undecide(&s, 3)
	if s.Advised != nil || place(s.Best) != 1 || !strings.HasPrefix(s.Why, "3 runs are still to be made; so far p1 has the best") {
		t.Errorf("advised %d: %s", place(s.Advised), s.Why)
	}
	in := sweptOf(create(t), [][]float64{{100, 102}, {85, 86}}, factor("a", 2))
	in.Advises = false
	s = verdict.Sweep(in, rules())
	if verdict.Undecide(&s, 1); !strings.HasPrefix(s.Why, "1 run is still to be made; so far churn.create.response.p95 is lowest") {
		t.Errorf("%s", s.Why)
	}
}
