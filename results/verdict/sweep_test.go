package verdict_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// metric is one that is known to be right.
func metric(tb testing.TB, text string) threshold.Metric {
	tb.Helper()
	m, err := threshold.ParseMetric(text)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// factor has so many levels, of which the first is the baseline's.
func factor(name string, levels int) results.SweepFactor {
	f := results.SweepFactor{Name: name, Key: name}
	for l := range levels {
		f.Levels = append(f.Levels, fmt.Sprint(l))
	}
	return f
}

// sweptOf is a sweep with values of one metric by point and round; not a number is no run. The
// points are those of the grid of the factors, the last one changing fastest.
func sweptOf(m threshold.Metric, values [][]float64, factors ...results.SweepFactor) verdict.Swept {
	in := verdict.Swept{Scenario: "pod-churn", Design: results.Grid, Factors: factors, Rounds: len(values[0]), Advises: true, Objective: m}
	for i, row := range values {
		levels, rest := make([]int, len(factors)), i
		for f, each := range slices.Backward(factors) {
			levels[f], rest = rest%len(each.Levels), rest/len(each.Levels)
		}
		p := verdict.Point{Name: fmt.Sprintf("p%d", i), Levels: levels}
		for round, v := range row {
			if math.IsNaN(v) {
				p.Runs = append(p.Runs, nil)
				continue
			}
			s := sampleAt(round*len(values)+i, m, v)
			s.Header.Configuration.SHA256 = fmt.Sprint(i)
			p.Runs = append(p.Runs, &s)
		}
		in.Points = append(in.Points, p)
	}
	return in
}

// near compares to what matters of values that are written down.
func near(v *float64, want float64) bool { return v != nil && math.Abs(*v-want) < 1e-6 }

// Three points in two rounds as in stats' example, whose values are logarithms of times.
func TestSweepByHand(t *testing.T) {
	e := func(v float64) float64 { return 1000 * math.Exp(v/100) }
	s := verdict.Sweep(sweptOf(create(t), [][]float64{{e(10), e(12)}, {e(13), e(13)}, {e(16), e(20)}}, factor("a", 3)), rules())
	m := s.Metrics[0]
	if len(s.Metrics) != 1 || !m.Asked || !m.Relative || m.Better != "lower" || !near(m.Centres[2], e(18)) || math.Abs(m.Delta-0.05) > 1e-9 || !near(m.Noise, math.Sqrt2/100) {
		t.Errorf("%+v", m)
	}
	// Two comparisons, so that 2.5 % lie beyond each end: t(0.975, 2) = 4.302653, and the error is √2 hundredths.
	far := 4.302653 * math.Sqrt2 / 100
	if x := m.Effects[2]; !near(x.Effect, math.Expm1(0.07)) || !near(x.Low, math.Expm1(0.07-far)) || !near(x.High, math.Expm1(0.07+far)) || x.Verdict != results.Regression {
		t.Errorf("%+v", x)
	}
	if x := m.Effects[0]; !near(x.Effect, 0) || x.Low != nil || x.Verdict != results.NoVerdict {
		t.Errorf("the baseline: %+v", x)
	}
	if !near(m.Main[0][2].Low, *m.Effects[2].Low) || len(m.Parts) != 1 || m.Parts[0].Share != 1 || !near(m.Parts[0].P, 1./14) { // F = 26/2 of 2 and 2: 1/(1 + F)
		t.Errorf("%+v, %+v", m.Main, m.Parts)
	}
}

// The intervals to the best are one-sided and of two points, so that t(0.95, 2) = 2.92 errors of √2 hundredths tell
// them apart: of these points the first is 2.5 of them from the best, and the second 3.6.
func TestSweepTied(t *testing.T) {
	e := func(v float64) float64 { return 1000 * math.Exp(v/100) }
	one, two := 11+2.5*math.Sqrt2, 11+3.6*math.Sqrt2
	s := verdict.Sweep(sweptOf(create(t), [][]float64{{e(10), e(12)}, {e(one), e(one)}, {e(two - 2), e(two + 2)}}, factor("a", 3)), rules())
	if *s.Best != 0 || !slices.Equal(s.Tied, []int{1}) {
		t.Errorf("best %d, tied %v", *s.Best, s.Tied)
	}
}

// What is the best, what cannot be told from it, and what is advised.
func TestSweepAdvice(t *testing.T) {
	no := math.NaN()
	rate, share, count := metric(t, "churn.create.achieved_rate"), metric(t, "churn.create.error_rate"), metric(t, "informers.missing")
	for _, tc := range []struct {
		name    string
		metric  threshold.Metric
		values  [][]float64 // the points of two factors with two levels each
		best    int
		tied    []int
		advised int // −1 is none
		why     string
	}{
		{
			"a tenth faster", create(t),
			[][]float64{{100, 102}, {100.5, 101.5}, {110, 112}, {90, 91.5}},
			3,
			[]int{},
			3,
			"p3 has the best churn.create.response.p95, 90.75ms, 10.1 % lower than the baseline (between 9.1 % and 11.2 % lower); all other points are worse",
		},
		{
			"a higher rate", rate,
			[][]float64{{100, 102}, {100.5, 101.5}, {110, 112}, {90, 91.5}},
			2,
			[]int{},
			2,
			"p2 has the best churn.create.achieved_rate, 111/s, 9.9 % higher than the baseline (between 8.7 % and 11.2 % higher); all other points are worse",
		},
		{
			"fewer changes do as well", create(t),
			[][]float64{{100, 101}, {90.2, 91}, {110, 112}, {90, 91}},
			3,
			[]int{1},
			3,
			"1 other point cannot be told from it, of which p1 changes only 1 factor",
		},
		{
			"more than chance, but too little", create(t),
			[][]float64{{100, 101}, {100, 101}, {100, 101}, {98, 99}},
			3,
			[]int{},
			0,
			"2.0 % lower than the baseline (between 2.0 % and 2.0 % lower): that is more than chance, but less than the 5.0 % that matter",
		},
		{
			"chance", create(t), [][]float64{{100, 115}, {110, 95}, {105, 100}, {90, 101}}, 3, []int{0, 1, 2}, 0, "higher): chance may do that",
		},
		{
			"the baseline", create(t),
			[][]float64{{80, 81}, {100, 101}, {100, 101}, {98, 99}},
			0,
			[]int{},
			0,
			"no point has a better churn.create.response.p95 than the baseline's 80.5ms; all other points are worse",
		},
		{
			"a share", share,
			[][]float64{{0.1, 0.101}, {0.05, 0.051}, {0.2, 0.201}, {0, 0.001}},
			3,
			[]int{},
			3,
			"p3 has the best churn.create.error_rate, 0.05%, 10 percentage points lower than the baseline (between 10 percentage points and 10 percentage points lower)",
		},
		{
			"a number", count,
			[][]float64{{20, 21, 20}, {20, 21, 20}, {20, 21, 20}, {10, 11, 11}},
			3,
			[]int{},
			3,
			"p3 has the best informers.missing, 10.67, 9.667 lower than the baseline (between",
		},
		{
			"one round", create(t),
			[][]float64{{100}, {50}, {60}, {70}},
			1,
			[]int{0, 2, 3},
			0,
			"p1 has the best churn.create.response.p95, 50ms, 50.0 % lower than the baseline, but so few runs cannot tell that from chance",
		},
		{
			"the baseline lacks", create(t), [][]float64{{no, no}, {50, 51}, {60, 62}, {70, 71}}, 1, []int{}, -1, "no run of the baseline is there",
		},
		{
			"some were not measured", create(t), [][]float64{{100, 102}, {90, 91.5}, {no, no}, {no, no}}, 1, []int{}, 1, "lower); 1 other point is worse; 2 points were not measured",
		},
		{
			"all but the best and the baseline were not measured", create(t), [][]float64{{90, 91.5}, {100, 102}, {no, no}, {no, no}}, 0, []int{}, 0, "the baseline's 90.75ms; 1 other point is worse; 2 points were not measured",
		},
		{
			"other rounds", create(t), [][]float64{{100, no}, {90, no}, {no, 10}, {no, 11}}, 1, []int{0, 2, 3}, 0, "cannot tell that from chance",
		},
	} {
		s := verdict.Sweep(sweptOf(tc.metric, tc.values, factor("a", 2), factor("b", 2)), rules())
		if s.Best == nil || (s.Advised == nil) != (tc.advised < 0) || *s.Best != tc.best || s.Advised != nil && *s.Advised != tc.advised || !slices.Equal(s.Tied, tc.tied) || !strings.Contains(s.Why, tc.why) {
			t.Errorf("%s: best %v, tied %v, advised %v: %s", tc.name, value(s.Best), s.Tied, value(s.Advised), s.Why)
		}
		if e := s.Metrics[0].Effects[tc.best]; (e.Low == nil) != (e.Verdict == results.NoVerdict) {
			t.Errorf("%s: %+v", tc.name, e)
		}
		if _, err := json.Marshal(s); err != nil {
			t.Errorf("%s: %v", tc.name, err)
		}
	}
}

func value(v *int) any {
	if v == nil {
		return nil
	}
	return *v
}

// A point with as many changes as the best is no simpler.
func TestSweepAsManyChanges(t *testing.T) {
	s := verdict.Sweep(sweptOf(create(t), [][]float64{{100, 101}, {90.2, 91}, {90, 91}, {110, 112}}, factor("a", 2), factor("b", 2)), rules())
	if *s.Advised != 2 || !strings.HasSuffix(s.Why, "; 1 other point cannot be told from it") {
		t.Errorf("advised %d: %s", *s.Advised, s.Why)
	}
}

// Main effects of a grid are differences of means over all points of a level; parts are those of its squares.
func TestSweepGrid(t *testing.T) {
	missing := metric(t, "informers.missing") // a count, so that effects are differences
	// As in stats' example by hand, and in each of two rounds the same but for 0.5 more or less.
	values := [][]float64{{101.5, 100.5}, {100, 100}, {105, 105}, {103, 103}, {105.5, 106.5}, {109, 109}}
	in := sweptOf(missing, values, factor("a", 2), factor("b", 3))
	m := verdict.Sweep(in, rules()).Metrics[0]
	if m.Relative || !near(m.Main[0][1].Effect, 4) || !near(m.Main[1][1].Effect, 1) || !near(m.Main[1][2].Effect, 5) || !near(m.Main[1][0].Effect, 0) {
		t.Errorf("%+v", m.Main)
	}
	for i, share := range []float64{24. / 56, 28. / 56, 4. / 56} {
		if p := m.Parts[i]; math.Abs(p.Share-share) > 1e-9 || p.P == nil || *p.P <= 0 || *p.P > 0.05 {
			t.Errorf("part %d: %+v, want a share of %v", i, p, share)
		}
	}
	// The noise is √(1/5), and a level of the first factor is the mean of three points and two rounds each: three
	// main effects, so that t(1 − 0.05/3, 5) = 2.911.
	if far := 2.911 * math.Sqrt(0.2*2/6); math.Abs(*m.Main[0][1].High-4-far) > 1e-3 || m.Main[0][1].Verdict != results.Equivalent {
		t.Errorf("%+v, want it ± %v", m.Main[0][1], far)
	}
	turned := in
	turned.Factors = slices.Clone(in.Factors)
	turned.Factors[0].Baseline, turned.Baseline = 1, 3
	if m := verdict.Sweep(turned, rules()).Metrics[0]; !near(m.Main[0][0].Effect, -4) || !near(m.Main[0][1].Effect, 0) || !near(m.Main[1][2].Effect, 5) {
		t.Errorf("another baseline: %+v", m.Main)
	}
	fewer := in
	fewer.Points = in.Points[:5]
	if m := verdict.Sweep(fewer, rules()).Metrics[0]; len(m.Parts) != 0 || m.Main[0][1].Effect != nil || m.Main[1][2].Effect != nil || !near(m.Main[1][1].Effect, 1) {
		t.Errorf("no whole grid: %+v, %+v", m.Parts, m.Main)
	}
	in.Points[4].Runs[1] = nil
	if m := verdict.Sweep(in, rules()).Metrics[0]; len(m.Parts) != 3 || m.Parts[0].P != nil || m.Main[0][1].Effect == nil {
		t.Errorf("a run lacks: %+v, %+v", m.Parts, m.Main)
	}
	in.Points[4].Runs[0] = nil
	if m := verdict.Sweep(in, rules()).Metrics[0]; len(m.Parts) != 0 || m.Main[0][1].Effect != nil || m.Main[1][1].Effect != nil || m.Main[1][2].Effect == nil {
		t.Errorf("a point lacks: %+v, %+v", m.Parts, m.Main)
	}
	same := verdict.Sweep(sweptOf(missing, [][]float64{{0, 0}, {0, 0}, {0, 0}, {0, 0}}, factor("a", 2), factor("b", 2)), rules()).Metrics[0]
	if p := same.Parts; len(p) != 3 || p[0].Share != 0 || p[0].P != nil || same.Effects[1].Verdict != results.Equivalent {
		t.Errorf("nothing missing: %+v, %+v", p, same.Effects)
	}
}

// One at a time a level's effect is that of its point.
func TestSweepOneAtATime(t *testing.T) {
	in := sweptOf(create(t), [][]float64{{100, 101}, {90, 91}, {80, 82}, {120, 120}}, factor("a", 3), factor("b", 2))
	in.Design = results.OneAtATime
	for i, levels := range [][]int{{0, 0}, {1, 0}, {2, 0}, {0, 1}} {
		in.Points[i].Levels = levels
	}
	m := verdict.Sweep(in, rules()).Metrics[0]
	if len(m.Parts) != 0 || len(m.Main) != 2 || *m.Main[0][2].Low != *m.Effects[2].Low || *m.Main[1][1].High != *m.Effects[3].High || *m.Main[1][0].Effect != 0 {
		t.Errorf("%+v", m)
	}
}

// The objective comes first, then what is asked for, then all others; what no run knows is shown only if asked for.
func TestSweepMetrics(t *testing.T) {
	errors, missed, db := metric(t, "churn.create.errors"), metric(t, "server.missed"), metric(t, "server.db_max_bytes")
	in := sweptOf(create(t), [][]float64{{100, 101}, {90, 91}}, factor("a", 2))
	for _, p := range in.Points {
		for _, run := range p.Runs {
			run.Metrics = []threshold.Metric{db, create(t), metric(t, "churn.create.service.p50"), missed}
			run.Values[db], run.Values[missed] = 5, 7
		}
	}
	in.Asked = []threshold.Metric{errors}
	s := verdict.Sweep(in, rules())
	var names []string
	for _, m := range s.Metrics {
		names = append(names, m.Metric)
	}
	if want := []string{create(t).String(), errors.String(), db.String(), missed.String()}; !slices.Equal(names, want) {
		t.Fatalf("%v, want %v", names, want)
	}
	if m := s.Metrics[1]; !m.Asked || m.Effects[1].Effect != nil || m.Centres[0] != nil || m.Delta != 0 || len(m.Values) != 2 {
		t.Errorf("unknown: %+v", m)
	}
	if m := s.Metrics[3]; m.Asked || m.Better != "neutral" || m.Effects[1].Low == nil || m.Effects[1].Verdict != results.NoVerdict {
		t.Errorf("neutral: %+v", m)
	}
}

// Runs that do not count, and points whose runs may not be compared.
func TestSweepComparable(t *testing.T) {
	for _, tc := range []struct {
		name           string
		spoil          func(*verdict.Swept)
		comparable     bool
		forced         bool // where the rules force it
		reasons, notes []string
	}{
		{"other scenarios", func(in *verdict.Swept) {
			for _, run := range in.Points[1].Runs {
				run.Header.Scenario.SHA256 = "xyz"
			}
		}, true, false, nil, nil},
		{"a run of another scenario", func(in *verdict.Swept) { in.Points[1].Runs[0].Header.Scenario.SHA256 = "xyz" }, false, true, []string{"the runs of p1 are of several scenarios: pod-churn xyz and pod-churn abc"}, nil},
		{"a run of another configuration", func(in *verdict.Swept) { in.Points[1].Runs[0].Header.Configuration.SHA256 = "xyz" }, false, true, []string{"the runs of p1 are of several configurations: single xyz and single 1"}, nil},
		{"another machine", func(in *verdict.Swept) { in.Points[1].Runs[0].Header.Environment.CPUs = 4 }, false, true, []string{"the machine is not the same: 2 × a, 24 GiB, linux/amd64 and 4 × a, 24 GiB, linux/amd64"}, nil},
		{"a run that is not valid", func(in *verdict.Swept) {
			in.Points[1].Runs[0].Valid, in.Points[1].Runs[0].Invalid = false, []string{"late"}
		}, true, true, nil, []string{"run-1 does not count: it is not valid: late"}},
		{"no run at a point", func(in *verdict.Swept) { in.Points[2].Runs = nil }, true, false, []string{"p2 has no run that counts"}, nil},
		{"none at all", func(in *verdict.Swept) { in.Points = in.Points[:1]; in.Points[0].Runs = nil }, false, false, []string{"p0 has no run that counts"}, nil},
	} {
		in := sweptOf(create(t), [][]float64{{100, 101}, {90, 91}, {95, 97}}, factor("a", 3))
		tc.spoil(&in)
		s := verdict.Sweep(in, rules())
		if s.Comparable != tc.comparable || s.Forced || !slices.Equal(s.Reasons, tc.reasons) || !slices.Equal(s.Notes, tc.notes) {
			t.Errorf("%s: %v, %q, %q", tc.name, s.Comparable, s.Reasons, s.Notes)
		}
		judged := len(in.Points) > 1 && s.Metrics[0].Effects[1].Verdict != results.NoVerdict
		if (s.Best != nil) != tc.comparable || (s.Advised != nil) != tc.comparable || judged != tc.comparable || s.Why == "" {
			t.Errorf("%s: best %v, advised %v, judged %v: %s", tc.name, value(s.Best), value(s.Advised), judged, s.Why)
		}
		forced := rules()
		forced.Force = true
		if s := verdict.Sweep(in, forced); s.Forced != tc.forced || (s.Best != nil) != (tc.comparable || tc.forced) {
			t.Errorf("%s, forced: %v, %q, best %v", tc.name, s.Forced, s.Reasons, value(s.Best))
		}
	}
	in := sweptOf(create(t), [][]float64{{100, 101}, {90, 91}}, factor("a", 2))
	in.Points[1].Runs[0].Valid = false
	forced := rules()
	forced.Force = true
	if s := verdict.Sweep(in, forced); s.Metrics[0].Values[1][0] == nil || len(s.Notes) != 0 || len(s.Reasons) != 1 {
		t.Errorf("forced: %+v", s)
	}
	if s := verdict.Sweep(in, rules()); s.Metrics[0].Values[1][0] != nil || s.Metrics[0].Effects[1].Low != nil || s.Points[1].Runs[0].ID == "" || s.Points[1].Runs[0].Valid {
		t.Errorf("a run that is not valid: %+v", s)
	}
}

// The chances of errors are roughly those that they are to be; `make accuracy` has them closely.
func TestSweepErrorRates(t *testing.T) {
	const sweeps = 250
	same := simulate(t, sweeps, 2, 1, 0.03, 0, 1)
	better := simulate(t, sweeps, 2, 0.9, 0.03, 0, 2)
	drifting := simulate(t, sweeps, 2, 0.9, 0.03, 0.15, 3)
	t.Logf("the same: %+v, one better: %+v, under drift: %+v", same, better, drifting)
	if same.advised > sweeps/10 || same.covered < sweeps*87/100 {
		t.Errorf("of %d sweeps of the same %d advise a point, and in %d all intervals hold the truth", sweeps, same.advised, same.covered)
	}
	if better.best < sweeps*95/100 || better.covered < sweeps*87/100 {
		t.Errorf("of %d sweeps %d find the best, and in %d all intervals hold the truth", sweeps, better.best, better.covered)
	}
	// The mean error of an effect has a standard deviation of 0.03/√250 = 0.2 %, and the largest of eleven hardly ever comes to four of them.
	if drifting.bias > 0.008 || drifting.covered < sweeps*87/100 {
		t.Errorf("under drift: %+v", drifting)
	}
}
