package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// metric is one on both sides, four runs each.
func metric(name string, a, b, effect, low, high float64, v results.Verdict) results.MetricContrast {
	p, noise := 0.012, 0.055
	m := results.MetricContrast{
		Metric: name, Better: "lower", BaselineMedian: a, CandidateMedian: b, Relative: true, Effect: effect, Low: &low, High: &high,
		Delta: 0.05, Noise: &noise, P: &p, Verdict: v,
	}
	for i := range 4 {
		x, y := a*(1+0.01*float64(i)), b*(1-0.01*float64(i))
		m.Baseline, m.Candidate = append(m.Baseline, &x), append(m.Candidate, &y)
	}
	if v == results.Inconclusive {
		m.PairsNeeded = 27
	}
	return m
}

// decided is a comparison with a regression that was shown again.
func decided() results.Comparison {
	create := metric("churn.create.response.p50", 1.92, 3.99, 1.08, 0.83, 1.29, results.Regression)
	create.Gates = true
	errors := metric("churn.create.error_rate", 0, 0.0123, 0.0123, 0.01, 0.015, results.Regression)
	errors.Relative = false
	missing := metric("informers.missing", 0, 0, 0, 0, 0, results.Equivalent)
	missing.Relative = false
	rate := metric("churn.create.achieved_rate", 4.97, 3.1, -0.37, -0.4, -0.3, results.Regression)
	rate.Better = "higher"
	fresh := metric("churn.create.response.p50", 1.9, 4, 1.1, 0.8, 1.3, results.Regression)
	p, adjusted := 0.016, 0.032
	return results.Comparison{
		MinEffect: 0.05, FloorMS: 0.2, Confidence: 0.9, Outcome: results.GateFail, Reasons: []string{},
		Contrasts: []results.Contrast{{
			Scenario: "pod-churn", Baseline: results.Side{Name: "as-it-is", Runs: runsNamed("a", 4)}, Candidate: results.Side{Name: "slower", Runs: runsNamed("b", 4)},
			Method: results.Paired, Pairs: 4, Comparable: true,
			Differences: []results.Difference{{Key: "disk.fsync_delay", Baseline: `"0s"`, Candidate: `"2ms"`}, {Key: "etcd.snapshot-count", Candidate: "1000"}},
			Metrics: []results.MetricContrast{
				create, metric("churn.create.response.p95", 4.86, 8.34, 0.78, 0.57, 0.94, results.Regression), metric("churn.create.service.p50", 1.8, 3.8, 1, 0.8, 1.2, results.Regression),
				rate, errors, metric("churn.get.response.p50", 0.602, 0.6, -0.003, -0.02, 0.01, results.Equivalent), metric("churn.get.response.p99.9", 60.2, 50, -0.17, -0.3, -0.1, results.Improvement),
				metric("informers.delivery.p50", 1.37, 40, 28.2, 20, 30, results.Regression), missing, metric("relist.page.response.p50", 8.66, 9.39, 0.061, -0.007, 0.22, results.Inconclusive),
				metric("server.fsync.p99", 3.84, 6.57, 0.82, 0.69, 0.98, results.Regression), metric("server.rss_bytes", 1<<27, 1<<28, 1, 0.9, 1.1, results.Regression),
			},
		}},
		Gates: []results.Gate{
			{Scenario: "pod-churn", Baseline: "as-it-is", Candidate: "slower", Metric: "churn.create.response.p50", Status: results.GateFail, P: &p, AdjustedP: &adjusted, Confirmation: &fresh, Why: "worse, by more than what matters, and so again in a fresh block of runs"},
			{Scenario: "pod-churn", Baseline: "as-it-is", Candidate: "slower", Metric: "relist.page.response.p50", Status: results.GateInconclusive, P: &p, AdjustedP: &adjusted, Why: "it may be worse by as much as matters, or not"},
		},
	}
}

func runsNamed(prefix string, n int) (all []results.ComparedRun) {
	for i := range n {
		all = append(all, results.ComparedRun{ID: prefix + string(rune('1'+i)), Valid: i > 0})
	}
	return all
}

// comparisons are all ways in which one can come out.
func comparisons() map[string]results.Comparison {
	indicative := decided()
	indicative.Gates, indicative.Outcome = nil, results.GateOpen
	x := &indicative.Contrasts[0]
	x.Method, x.Pairs, x.Notes = results.Indicative, 0, []string{"etcd-dyno is not the same: v1 and v2"}
	for i := range x.Metrics {
		m := &x.Metrics[i]
		m.Verdict, m.P, m.Noise, m.Low, m.High, m.PairsNeeded, m.Gates = results.NoVerdict, nil, nil, nil, nil, 0, false
	}
	unlike := decided()
	unlike.Outcome = results.GateNotComparable
	unlike.Contrasts[0].Comparable, unlike.Contrasts[0].Reasons = false, []string{"the machine is not the same: 2 × a, 24 GiB and 4 × a, 24 GiB"}
	for i := range unlike.Contrasts[0].Metrics {
		m := &unlike.Contrasts[0].Metrics[i]
		m.Verdict, m.P, m.PairsNeeded = results.NoVerdict, nil, 0
	}
	for i := range unlike.Gates {
		g := &unlike.Gates[i]
		g.Status, g.P, g.AdjustedP, g.Confirmation, g.Why = results.GateNotComparable, nil, nil, nil, "the two sides are not comparable"
	}
	sequential := decided()
	sequential.Outcome, sequential.Contrasts[0].Method, sequential.Contrasts[0].TimeConfounded = results.GateInconclusive, results.Unpaired, true
	return map[string]results.Comparison{"decided": decided(), "indicative": indicative, "unlike": unlike, "sequential": sequential}
}

func TestVerdicts(t *testing.T) {
	for name, c := range comparisons() {
		var out bytes.Buffer
		if err := Verdicts(&out, c, Style{}); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join("testdata", "verdicts", name+".txt")
		if *update {
			if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), out.String()); diff != "" {
			t.Errorf("%s changed (-want +got; -update writes it anew):\n%s", name, diff)
		}
		for line := range strings.Lines(out.String()) {
			if n := width(strings.TrimRight(line, "\n")); n > tableWidth {
				t.Errorf("%s: a line takes %d columns, want %d at most: %s", name, n, tableWidth, line)
			}
		}
	}
}

// A name of the user's steers neither the terminal nor the page.
func TestVerdictsAreHarmless(t *testing.T) {
	c := decided()
	const evil = "\x1b[2J<script>alert(1)</script>"
	x := &c.Contrasts[0]
	x.Scenario, x.Baseline.Name, x.Candidate.Name, x.Metrics[0].Metric, x.Reasons = evil, evil, evil, evil+".a.response.p50", []string{evil}
	x.Differences[0] = results.Difference{Key: evil, Baseline: evil, Candidate: evil}
	c.Gates[0].Scenario, c.Gates[0].Metric, c.Gates[0].Why = evil, evil, evil
	var out, page bytes.Buffer
	if err := Verdicts(&out, c, Style{}); err != nil || strings.Contains(out.String(), "\x1b") {
		t.Errorf("%v: %q", err, out.String())
	}
	if err := HTMLComparison(&page, ComparisonPage{Title: evil, Comparison: c, Reproduce: evil}); err != nil || strings.Contains(page.String(), "<script>alert") {
		t.Errorf("%v: there is a script in the page", err)
	}
}

// A metric's unit follows from the end of its name; a name that others made up has none.
func TestMetricUnit(t *testing.T) {
	for metric, want := range map[string]figure.Unit{
		"churn.create.response.p99.9": figure.Millis, "churn.create.response.mean": figure.Millis, "churn.create.achieved_rate": figure.PerSecond,
		"churn.create.error_rate": figure.Percent, "server.throttled_share": figure.Percent, "server.rss_bytes": figure.Memory,
		"churn.create.errors": figure.Number, "churn.": figure.Number, "": figure.Number, "p": figure.Number,
	} {
		if got := metricUnit(metric); got != want {
			t.Errorf("%q is in %q, want %q", metric, got, want)
		}
	}
}
