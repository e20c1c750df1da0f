package verdict_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// create is the metric of most of these tests.
func create(tb testing.TB) threshold.Metric {
	tb.Helper()
	m, err := threshold.ParseMetric("churn.create.response.p95")
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

func rules(gates ...threshold.Metric) verdict.Rules {
	return verdict.Rules{MinEffect: verdict.DefaultMinEffect, FloorMS: verdict.DefaultFloorMS, Gates: gates}
}

// sampleAt is a valid run, begun at that minute, with one metric.
func sampleAt(minute int, m threshold.Metric, value float64) verdict.Sample {
	began := time.Date(2026, 1, 2, 3, minute, 0, 0, time.UTC)
	s := verdict.Sample{
		Started: began, Ended: began.Add(30 * time.Second), Complete: true, Valid: true,
		Metrics: []threshold.Metric{m}, Values: map[threshold.Metric]float64{m: value},
	}
	s.Header.ID = fmt.Sprintf("run-%d", minute)
	s.Header.Scenario = results.ScenarioRef{Name: "pod-churn", SHA256: "abc"}
	s.Header.Environment = results.Environment{CPUs: 2, CPUModel: "a", MemoryBytes: 24 << 30, OS: "linux/amd64"}
	s.Header.Configuration = results.ConfigurationRef{Name: "single", Etcd: &results.EtcdRef{Version: "3.7.3", Go: "go1.26", Modules: map[string]string{"go.etcd.io/bbolt": "v1"}}}
	return s
}

// sidesOf are two sides, a run of each a pair, from pairs of values.
func sidesOf(m threshold.Metric, a, b []float64) (x, y verdict.Side) {
	x.Name, y.Name = "single", "slow-disk"
	for i := range a {
		x.Samples = append(x.Samples, sampleAt(2*i, m, a[i]))
		y.Samples = append(y.Samples, sampleAt(2*i+1, m, b[i]))
	}
	return x, y
}

// times are values times a factor.
func times(values []float64, by float64) (all []float64) {
	for _, v := range values {
		all = append(all, v*by)
	}
	return all
}

// A table of what differences come to, paired.
func TestVerdicts(t *testing.T) {
	base := []float64{10, 10.2, 9.9, 10.1, 10, 9.8, 10.3, 10}
	wild := []float64{10, 14, 8, 12, 7, 15, 9, 11}
	rate, err := threshold.ParseMetric("churn.create.achieved_rate")
	if err != nil {
		t.Fatal(err)
	}
	missing, err := threshold.ParseMetric("informers.missing")
	if err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		name    string
		metric  threshold.Metric
		a, b    []float64
		verdict results.Verdict
		gate    results.GateStatus
	}{
		{"the same", create(t), base, base, results.Equivalent, results.GatePass},
		{"a fifth slower", create(t), base, times(base, 1.2), results.Regression, results.GateFail},
		{"a fifth faster", create(t), base, times(base, 0.8), results.Improvement, results.GatePass},
		{"2 % slower, which does not matter", create(t), base, times(base, 1.02), results.Equivalent, results.GatePass},
		{"twice as slow, but by less than the floor", create(t), times(base, 0.01), times(base, 0.02), results.Equivalent, results.GatePass},
		{"noise", create(t), base, wild, results.Inconclusive, results.GateInconclusive},
		{"a lower rate", rate, base, times(base, 0.8), results.Regression, results.GateFail},
		{"a higher rate", rate, base, times(base, 1.3), results.Improvement, results.GatePass},
		{"nothing missing", missing, make([]float64, 8), make([]float64, 8), results.Equivalent, results.GatePass},
		{"events missing", missing, make([]float64, 8), []float64{3, 4, 5, 6, 7, 8, 9, 10}, results.Regression, results.GateFail},
		{"too few pairs", create(t), base[:3], times(base[:3], 2), results.Inconclusive, results.GateInconclusive},
	} {
		x, y := sidesOf(tc.metric, tc.a, tc.b)
		c := verdict.Conclude([]results.Contrast{verdict.Compare(x, y, true, rules(tc.metric))}, nil, rules(tc.metric))
		if len(c.Contrasts[0].Metrics) != 1 || len(c.Gates) != 1 {
			t.Fatalf("%s: %+v", tc.name, c)
		}
		if m := c.Contrasts[0].Metrics[0]; m.Verdict != tc.verdict || c.Gates[0].Status != tc.gate || c.Outcome != tc.gate {
			t.Errorf("%s: %s and %s, want %s and %s: %+v %+v", tc.name, m.Verdict, c.Gates[0].Status, tc.verdict, tc.gate, m, c.Gates[0])
		}
	}
}

// What cannot be compared has no verdict and no gate, unless it is forced.
func TestNotComparable(t *testing.T) {
	base := []float64{10, 10.2, 9.9, 10.1, 10, 9.8, 10.3, 10}
	m := create(t)
	for _, tc := range []struct {
		name, reason string
		spoil        func(*verdict.Sample)
	}{
		{"another scenario", "the scenario is not the same: pod-churn abc and pod-churn xyz", func(s *verdict.Sample) { s.Header.Scenario.SHA256 = "xyz" }},
		{"another machine", "the machine is not the same: 2 × a, 24 GiB, linux/amd64 and 4 × a, 24 GiB, linux/amd64", func(s *verdict.Sample) { s.Header.Environment.CPUs = 4 }},
		{"an invalid run", "run-5 is not valid: the generator was late", func(s *verdict.Sample) { s.Valid, s.Invalid = false, []string{"the generator was late"} }},
		{"a run cut short", "run-5 did not come to its end", func(s *verdict.Sample) { s.Complete = false }},
		{"another toolchain", "how etcd was built is not the same: built in, go1.26 and built in, go1.25", func(s *verdict.Sample) {
			s.Header.Configuration.Etcd = &results.EtcdRef{Version: "3.7.3", Go: "go1.25"}
		}},
		{"other modules", "etcd of one release was built of different modules: go.etcd.io/bbolt", func(s *verdict.Sample) {
			s.Header.Configuration.Etcd = &results.EtcdRef{Version: "3.7.3", Go: "go1.26", Modules: map[string]string{"go.etcd.io/bbolt": "v2"}}
		}},
	} {
		x, y := sidesOf(m, base, times(base, 1.5))
		tc.spoil(&y.Samples[2])
		c := verdict.Compare(x, y, true, rules(m))
		all := verdict.Conclude([]results.Contrast{c}, nil, rules(m))
		if c.Comparable || !slices.Equal(c.Reasons, []string{tc.reason}) || c.Metrics[0].Verdict != results.NoVerdict || all.Outcome != results.GateNotComparable {
			t.Errorf("%s: %v %q, %q, %s", tc.name, c.Comparable, c.Reasons, c.Metrics[0].Verdict, all.Outcome)
		}
		forced := rules(m)
		forced.Force = true
		c = verdict.Compare(x, y, true, forced)
		if all := verdict.Conclude([]results.Contrast{c}, nil, forced); !c.Forced || c.Metrics[0].Verdict != results.Regression || all.Outcome != results.GateFail {
			t.Errorf("%s, forced: %+v, %s", tc.name, c, all.Outcome)
		}
	}
}

// A gate without data is not excused, and a regression that a fresh block does not show is none.
func TestGates(t *testing.T) {
	base := []float64{10, 10.2, 9.9, 10.1, 10, 9.8, 10.3, 10}
	m := create(t)
	x, y := sidesOf(m, base, times(base, 1.5))
	worse := verdict.Compare(x, y, true, rules(m))
	for _, tc := range []struct {
		name   string
		factor float64
		want   results.GateStatus
		why    string
	}{
		{"again", 1.5, results.GateFail, "again in a fresh block"},
		{"not again", 1, results.GatePass, "not in a fresh block"},
	} {
		x, y := sidesOf(m, base, times(base, tc.factor))
		c := verdict.Conclude([]results.Contrast{worse}, []results.Contrast{verdict.Compare(x, y, true, rules(m))}, rules(m))
		if g := c.Gates[0]; g.Status != tc.want || !strings.Contains(g.Why, tc.why) || g.Confirmation == nil {
			t.Errorf("%s: %+v", tc.name, g)
		}
	}
	delete(y.Samples[1].Values, m)
	if c := verdict.Conclude([]results.Contrast{verdict.Compare(x, y, true, rules(m))}, nil, rules(m)); c.Outcome != results.GateNoData || !strings.Contains(c.Gates[0].Why, "1 of 16 runs") {
		t.Errorf("without data: %+v", c.Gates)
	}
	for _, tc := range [][3]int{{1, 1, 6}, {3, 1, 6}, {4, 1, 7}, {12, 1, 8}, {1, 3, 6}, {1, 4, 7}, {0, 0, 6}} {
		if n := verdict.PairsFor(tc[0], tc[1]); n != tc[2] {
			t.Errorf("%d gates in %d looks take %d pairs, want %d", tc[0], tc[1], n, tc[2])
		}
	}
}

// Runs one side after the other tell nothing of which side it was.
func TestUnpaired(t *testing.T) {
	m := create(t)
	var x, y verdict.Side
	for i := range 6 {
		x.Samples, y.Samples = append(x.Samples, sampleAt(i, m, 10+0.1*float64(i))), append(y.Samples, sampleAt(10+i, m, 15+0.1*float64(i)))
	}
	c := verdict.Compare(x, y, false, rules(m))
	all := verdict.Conclude([]results.Contrast{c}, nil, rules(m))
	if c.Method != results.Unpaired || !c.TimeConfounded || c.Metrics[0].Verdict != results.Regression || all.Outcome != results.GateInconclusive {
		t.Errorf("%+v, %s", c, all.Outcome)
	}
	y.Samples[0] = sampleAt(3, m, 15) // one out of order makes no turns
	if c := verdict.Compare(x, y, false, rules(m)); !c.TimeConfounded {
		t.Errorf("one out of order: %+v", c)
	}
	for i := range 6 {
		x.Samples[i], y.Samples[i] = sampleAt(2*i, m, 10+0.1*float64(i)), sampleAt(2*i+1, m, 15+0.1*float64(i))
	}
	c = verdict.Compare(x, y, false, rules(m))
	if all := verdict.Conclude([]results.Contrast{c}, nil, rules(m)); c.TimeConfounded || all.Outcome != results.GateFail {
		t.Errorf("interleaved: %+v, %s", c, all.Outcome)
	}
	one := verdict.Compare(verdict.Side{Samples: x.Samples[:1]}, verdict.Side{Samples: y.Samples[:1]}, false, rules(m))
	if one.Method != results.Indicative || one.Metrics[0].Verdict != results.NoVerdict || one.Metrics[0].P != nil {
		t.Errorf("one against one: %+v", one)
	}
}

// experiments compares many pairs of sides that differ by a factor, and counts the
// regressions that gates find and the gates that pass.
func experiments(tb testing.TB, rounds, pairs int, factor, noise, drift float64, seed uint64) (failed, passed, covered int) {
	tb.Helper()
	m := create(tb)
	random := rand.New(rand.NewPCG(seed, 7))
	for range rounds {
		a, b := make([]float64, pairs), make([]float64, pairs)
		for i := range pairs {
			// ABBA: each run drifts on, and which comes first turns.
			first, second := 2*i, 2*i+1
			if i%2 == 1 {
				first, second = second, first
			}
			at := func(place int) float64 { return 1 + drift*float64(place)/float64(2*pairs-1) }
			// A pair's noise is that of two runs.
			one := func() float64 { return math.Exp(noise / math.Sqrt2 * random.NormFloat64()) }
			a[i], b[i] = 10*at(first)*one(), 10*factor*at(second)*one()
		}
		x, y := sidesOf(m, a, b)
		c := verdict.Conclude([]results.Contrast{verdict.Compare(x, y, true, rules(m))}, nil, rules(m))
		switch c.Outcome {
		case results.GateFail:
			failed++
		case results.GatePass:
			passed++
		default:
		}
		if e := c.Contrasts[0].Metrics[0]; *e.Low <= factor-1 && factor-1 <= *e.High {
			covered++
		}
	}
	return failed, passed, covered
}

// The chances of errors are roughly those that they are to be; `make accuracy` has them closely.
func TestErrorRates(t *testing.T) {
	const rounds = 500
	if failed, _, covered := experiments(t, rounds, 8, 1, 0.055, 0, 1); failed > rounds*3/100 || covered < rounds*84/100 {
		t.Errorf("of %d comparisons of the same %d fail, and %d intervals hold the truth", rounds, failed, covered)
	}
	if failed, _, _ := experiments(t, rounds, 8, 1.10, 0.055, 0, 2); failed < rounds*85/100 {
		t.Errorf("of %d comparisons with +10 %% only %d fail", rounds, failed)
	}
}
