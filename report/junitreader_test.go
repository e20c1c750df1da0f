package report

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/joshdk/go-junit"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// readCase is a test case as others read it: the message is of what failed or was skipped, the
// text what a failure or a case that passed tells beyond it.
type readCase struct {
	class, name   string
	status        junit.Status
	message, text string
}

// A JUnit reader of others finds a case for each threshold and check of a run, with the figures in the message.
func TestJUnitReaderOfRun(t *testing.T) {
	p := troubled(t)
	p.Result.Scenario.Name = "pod-churn"
	const of = "pod-churn on single"
	want := []readCase{
		{of, "valid", junit.StatusFailed, "not valid: the numbers cannot be taken for etcd's", "heartbeats.renew-lease: the generator's own lag made 14 % of the response at p99 (response 359 ms, turnaround 308 ms)"},
		{of, "complete", junit.StatusFailed, "interrupted, not complete", strings.Join(p.Result.Warnings, "\n")},
		{of + ": thresholds", "churn.create.response.p95 < 1s", junit.StatusPassed, "", "n/a, max 278 ms"},
		{of + ": thresholds", "churn.*.errors == 0", junit.StatusFailed, "fail: 36", "churn.*.errors == 0\nfail: 36"},
		{of + ": thresholds", "churn.create.response.p99.9 < 100ms", junit.StatusSkipped, "too few samples (98 of 10,000), max 278 ms", ""},
		{of + ": thresholds", "server.fsync.p99 < 10ms", junit.StatusSkipped, "skipped: no data", ""},
		{of + ": checks", "acknowledged-writes", junit.StatusFailed, "fail: " + p.Result.Checks[0].Detail, "acknowledged-writes\nfail: " + p.Result.Checks[0].Detail},
		{of + ": checks", "members-agree", junit.StatusSkipped, "skipped: one member", ""},
	}
	if diff := cmp.Diff(want, readCases(t, func(w io.Writer) error { return JUnit(w, p) }), cmp.AllowUnexported(readCase{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// And one for each metric that gates, whatever its gate has come to.
func TestJUnitReaderOfComparison(t *testing.T) {
	const of = "pod-churn: slower against as-it-is"
	const create, page = "+108 % (90 % interval: +83 % … +129 %), 3.99 ms against 1.92 ms", "+6.1 % (90 % interval: −0.7 % … +22 %), 9.39 ms against 8.66 ms"
	const certain = "worse, by more than what matters, and so again in a fresh block of runs; p = 0.032, over all gates; the fresh block: +110 % (+80 % … +130 %)"
	const left = "it may be worse by as much as matters, or not; p = 0.032, over all gates"
	passed := decided()
	passed.Outcome, passed.Gates[0].Status, passed.Gates[0].Why, passed.Gates[0].Confirmation = results.GatePass, results.GatePass, "not worse by as much as matters", nil
	none := decided()
	none.Gates[0] = results.Gate{Scenario: "pod-churn", Baseline: "as-it-is", Candidate: "slower", Metric: "churn.create.response.p50", Status: results.GateNoData, Why: "8 of 8 runs do not have it"}
	none.Contrasts[0].Metrics[0] = results.MetricContrast{Metric: "churn.create.response.p50", Better: "lower", Baseline: make([]*float64, 4), Candidate: make([]*float64, 4), Gates: true}
	for _, c := range []struct {
		name               string
		of                 results.Comparison
		inconclusivePasses bool
		want               []readCase
	}{
		{"a regression", decided(), false, []readCase{
			{of, "comparable", junit.StatusPassed, "", ""},
			{of + ": gates", "churn.create.response.p50", junit.StatusFailed, "failed: " + create, certain},
			{of + ": gates", "relist.page.response.p50", junit.StatusFailed, "inconclusive: " + page, left},
		}},
		{"one that passes, and one that is left open where that passes", passed, true, []readCase{
			{of, "comparable", junit.StatusPassed, "", ""},
			{of + ": gates", "churn.create.response.p50", junit.StatusPassed, "", "passed: " + create + "\nnot worse by as much as matters; p = 0.032, over all gates"},
			{of + ": gates", "relist.page.response.p50", junit.StatusSkipped, "inconclusive: " + page + "; " + left, ""},
		}},
		{"not comparable", comparisons()["unlike"], false, []readCase{
			{of, "comparable", junit.StatusFailed, "not comparable", "the machine is not the same: 2 × a, 24 GiB and 4 × a, 24 GiB"},
			{of + ": gates", "churn.create.response.p50", junit.StatusFailed, "not comparable: " + create, "the two sides are not comparable"},
			{of + ": gates", "relist.page.response.p50", junit.StatusFailed, "not comparable: " + page, "the two sides are not comparable"},
		}},
		{"a gate without data", none, false, []readCase{
			{of, "comparable", junit.StatusPassed, "", ""},
			{of + ": gates", "churn.create.response.p50", junit.StatusFailed, "without data: n/a (90 % interval: –), n/a against n/a", "8 of 8 runs do not have it"},
			{of + ": gates", "relist.page.response.p50", junit.StatusFailed, "inconclusive: " + page, left},
		}},
	} {
		got := readCases(t, func(w io.Writer) error { return JUnitComparison(w, c.of, c.inconclusivePasses) })
		if diff := cmp.Diff(c.want, got, cmp.AllowUnexported(readCase{})); diff != "" {
			t.Errorf("%s, -want +got:\n%s", c.name, diff)
		}
	}
}

// readCases are the cases of the one suite that is written.
func readCases(t *testing.T, write func(io.Writer) error) (all []readCase) {
	t.Helper()
	var out bytes.Buffer
	if err := write(&out); err != nil {
		t.Fatal(err)
	}
	suites, err := junit.IngestReader(&out)
	if err != nil || len(suites) != 1 {
		t.Fatalf("%d suites, %v", len(suites), err)
	}
	for _, c := range suites[0].Tests {
		r := readCase{class: c.Classname, name: c.Name, status: c.Status, message: c.Message, text: c.SystemOut}
		if c.Error != nil {
			r.text = c.Error.Error()
		}
		all = append(all, r)
	}
	return all
}
