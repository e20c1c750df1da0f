package threshold_test

import (
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

func TestParseMetric(t *testing.T) {
	for _, tc := range []struct{ text, wrong string }{
		{"churn.create.response.p95", ""},
		{"churn.create.response.p99.9", ""},
		{"informers.delivery.p50", ""},
		{"informers.missing", ""},
		{"server.fsync.p99", ""},
		{"churn.create.errors", ""},
		{"", "empty metric"},
		{"churn.create.response.p95 < 1s", "a limit does not belong to it"},
		{"churn.*.response.p95", "* is not allowed"},
		{"churn.create.response", "needs a statistic"},
		{"churn.create.erors", `(did you mean "errors"`},
		{"churn", "has 1 parts"},
		{strings.Repeat("a", 600), "longer than"},
	} {
		m, err := threshold.ParseMetric(tc.text)
		switch {
		case tc.wrong == "" && (err != nil || m.String() != tc.text):
			t.Errorf("%s: %v, %v", tc.text, m, err)
		case tc.wrong != "" && (err == nil || !strings.Contains(err.Error(), tc.wrong)):
			t.Errorf("%q: %v, want %q", tc.text, err, tc.wrong)
		}
	}
}

// A metric has the value of its row; of members the highest; and none where it is not known.
func TestMetricValue(t *testing.T) {
	type (
		counters   = map[string]float64
		quantities = map[string]threshold.Quantity
	)
	few := quantities{"response": uniform(5, 100)}
	rows := []threshold.Row{
		row("churn", "create", counters{"errors": 5, "achieved_rate": 7.5}, quantities{"response": uniform(1000, 100)}),
		row("churn", "delete", counters{}, few),
		{Workload: threshold.Server, Counters: counters{"restarts": 1}},
		{Workload: threshold.Server, Counters: counters{"restarts": 3}},
	}
	for _, tc := range []struct {
		metric string
		value  float64
		known  bool
		better threshold.Direction
	}{
		{"churn.create.errors", 5, true, threshold.LowerIsBetter},
		{"churn.create.achieved_rate", 7.5, true, threshold.HigherIsBetter},
		{"churn.create.intended", 0, false, threshold.Neutral},
		{"churn.create.response.max", 100, true, threshold.LowerIsBetter},
		{"churn.delete.response.p50", 0, false, threshold.LowerIsBetter},
		{"churn.get.response.p50", 0, false, threshold.LowerIsBetter},
		{"server.restarts", 3, true, threshold.LowerIsBetter},
	} {
		m, err := threshold.ParseMetric(tc.metric)
		if err != nil {
			t.Fatal(err)
		}
		if v, known := m.Value(rows); known != tc.known || known && v != tc.value || m.Better() != tc.better {
			t.Errorf("%s: %g, %v, %s", tc.metric, v, known, m.Better())
		}
	}
}

// A limit relative to a baseline follows from that.
func TestAgainst(t *testing.T) {
	limit, err := threshold.Parse("churn.create.response.p99 <= baseline * 1.10 + 0.2ms")
	if err != nil || !limit.Relative() {
		t.Fatalf("%v, %v", limit, err)
	}
	if m, ok := limit.Metric(); !ok || m.String() != "churn.create.response.p99" {
		t.Errorf("its metric is %v", m)
	}
	rows := []threshold.Row{row("churn", "create", nil, map[string]threshold.Quantity{"response": uniform(2000, 11)})}
	fixed := limit.Against(10) // 11.2 ms
	if o := fixed.Evaluate(rows); fixed.Relative() || o.Status != threshold.Pass {
		t.Errorf("against 10 ms: %+v", o)
	}
	if o := limit.Against(9).Evaluate(rows); o.Status != threshold.Fail { // 10.1 ms, and p99 is about 10.9
		t.Errorf("against 9 ms: %+v", o)
	}
	if plain, err := threshold.Parse("churn.create.errors <= baseline"); err != nil || !plain.Relative() {
		t.Errorf("a bare baseline: %v, %v", plain, err)
	}
	if fixed, err := threshold.Parse("churn.create.errors == 0"); err != nil || fixed.Relative() || fixed.Against(5) != fixed {
		t.Errorf("what is not relative is changed: %v, %v", fixed, err)
	}
}

func FuzzParseMetric(f *testing.F) {
	for _, seed := range []string{"churn.create.response.p95", "informers.missing", "server.fsync.p99.9", "a.b.c.p0", "....", "*.a.errors"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, err := threshold.ParseMetric(text)
		if err != nil {
			return
		}
		again, err := threshold.ParseMetric(m.String())
		if err != nil || again != m {
			t.Errorf("%q is read again as %v, %v", text, again, err)
		}
		if v, known := m.Value(nil); known {
			t.Errorf("%q is %g of nothing", text, v)
		}
	})
}
