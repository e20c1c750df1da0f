package threshold_test

import (
	"math"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// uniform is a distribution of n samples between 0 and most milliseconds.
func uniform(n int64, most float64) threshold.Quantity {
	return threshold.Quantity{
		Count: n, MeanMS: most / 2, MaxMS: most,
		PercentileMS: func(p float64) float64 { return most * p / 100 },
	}
}

func row(workload, operation string, counters map[string]float64, quantities map[string]threshold.Quantity) threshold.Row {
	return threshold.Row{Workload: workload, Operation: operation, Counters: counters, Quantities: quantities}
}

func TestEvaluate(t *testing.T) {
	t.Parallel()
	type (
		counters   = map[string]float64
		quantities = map[string]threshold.Quantity
	)
	rows := []threshold.Row{
		row("churn", "create", counters{"errors": 0, "error_rate": 0.00123456, "achieved_rate": 98.4321, "bytes_sent": 3 << 20},
			quantities{"response": uniform(1000, 1000), "service": uniform(20, 100)}),
		row("churn", "bind", counters{"errors": 2}, quantities{"response": uniform(1000, 2000), "turnaround": {}}),
		row("churn", "delete", counters{"errors": 5, "dropped": math.NaN()}, quantities{"service": uniform(20, 300)}),
		row("informers", "", counters{"missing": 0}, quantities{"delivery": uniform(100_000, 50)}),
		row("others", "", counters{"missing": 7}, nil),
	}
	for _, tt := range []struct {
		name, text string
		want       threshold.Outcome
	}{
		{"percentile met", "churn.create.response.p95 < 1s", threshold.Outcome{Status: "pass", Value: "950ms", Of: "churn.create"}},
		{"percentile missed", "churn.create.response.p95 < 950ms", threshold.Outcome{Status: "fail", Value: "950ms", Of: "churn.create"}},
		{"at the limit", "churn.create.response.p95 <= 950ms", threshold.Outcome{Status: "pass", Value: "950ms", Of: "churn.create"}},
		{"just enough samples", "churn.create.response.p99 < 1s", threshold.Outcome{Status: "pass", Value: "990ms", Of: "churn.create"}},
		{"too few, but the maximum meets it", "churn.create.response.p99.9 <= 1s", threshold.Outcome{Status: "pass", Value: "1000 samples, max 1s", Of: "churn.create"}},
		{"too few", "churn.create.service.p95 < 97ms", threshold.Outcome{Status: "too-few", Value: "20 samples, max 100ms", Of: "churn.create"}},
		{"too few, above the limit", "churn.create.service.p95 < 1ms", threshold.Outcome{Status: "too-few", Value: "20 samples, max 100ms", Of: "churn.create"}},
		{"too few for a lower limit", "churn.create.service.p95 > 1ms", threshold.Outcome{Status: "too-few", Value: "20 samples, max 100ms", Of: "churn.create"}},
		{"too few, but the maximum misses a lower limit", "churn.create.service.p95 > 1s", threshold.Outcome{Status: "fail", Value: "20 samples, max 100ms", Of: "churn.create"}},
		{"mean needs no number of samples", "churn.create.service.mean < 51ms", threshold.Outcome{Status: "pass", Value: "50ms", Of: "churn.create"}},
		{"maximum", "churn.create.response.max > 1s", threshold.Outcome{Status: "fail", Value: "1s", Of: "churn.create"}},
		{"counter of 0 is data", "churn.create.errors == 0", threshold.Outcome{Status: "pass", Value: "0", Of: "churn.create"}},
		{"counter missed", "churn.bind.errors < 2", threshold.Outcome{Status: "fail", Value: "2", Of: "churn.bind"}},
		{"counter differs", "churn.bind.errors != 0", threshold.Outcome{Status: "pass", Value: "2", Of: "churn.bind"}},
		{"share", "churn.create.error_rate < 0.1%", threshold.Outcome{Status: "fail", Value: "0.1235%", Of: "churn.create"}},
		{"rate", "churn.create.achieved_rate >= 95/s", threshold.Outcome{Status: "pass", Value: "98.43/s", Of: "churn.create"}},
		{"bytes", "churn.create.bytes_sent < 4MiB", threshold.Outcome{Status: "pass", Value: "3MiB", Of: "churn.create"}},
		{"unknown counter", "churn.create.conflicts == 0", threshold.Outcome{Status: "fail", Value: "no data", Of: "churn.create"}},
		{"counter that is no number", "churn.delete.dropped == 0", threshold.Outcome{Status: "fail", Value: "no data", Of: "churn.delete"}},
		{"no samples", "churn.bind.turnaround.p95 < 1s", threshold.Outcome{Status: "fail", Value: "no data", Of: "churn.bind"}},
		{"no quantity", "churn.delete.response.max < 1s", threshold.Outcome{Status: "fail", Value: "no data", Of: "churn.delete"}},
		{"no row", "churn.get.errors == 0", threshold.Outcome{Status: "fail", Value: "no data"}},
		{"no such watch", "churn.missing == 0", threshold.Outcome{Status: "fail", Value: "no data"}},
		{"all, the worst fails", "churn.*.errors == 0", threshold.Outcome{Status: "fail", Value: "5", Of: "churn.delete"}},
		{"all pass, the worst is told", "churn.*.errors <= 5", threshold.Outcome{Status: "pass", Value: "5", Of: "churn.delete"}},
		{"all of all", "*.*.errors < 100", threshold.Outcome{Status: "pass", Value: "5", Of: "churn.delete"}},
		{"all, a lower limit", "churn.*.errors >= 0", threshold.Outcome{Status: "pass", Value: "0", Of: "churn.create"}},
		{"all, one without data", "churn.*.response.p95 < 1h", threshold.Outcome{Status: "fail", Value: "no data", Of: "churn.delete"}},
		{"watch", "informers.delivery.p99.9 < 50ms", threshold.Outcome{Status: "pass", Value: "49.95ms", Of: "informers"}},
		{"watch counter", "informers.missing == 0", threshold.Outcome{Status: "pass", Value: "0", Of: "informers"}},
		{"all watches", "*.missing == 0", threshold.Outcome{Status: "fail", Value: "7", Of: "others"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			limit, err := threshold.Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			if got := limit.Evaluate(rows); got != tt.want {
				t.Errorf("%s is %+v, want %+v", limit, got, tt.want)
			}
		})
	}
}

func TestEvaluateZero(t *testing.T) {
	t.Parallel()
	want := threshold.Outcome{Status: threshold.Fail, Value: threshold.NoData}
	if got := (threshold.Threshold{}).Evaluate([]threshold.Row{{}}); got != want {
		t.Errorf("the zero threshold is %+v, want %+v", got, want)
	}
}

// TestValues holds how long latencies are written: four significant figures.
func TestValues(t *testing.T) {
	t.Parallel()
	limit, err := threshold.Parse("a.b.response.max < 1ms")
	if err != nil {
		t.Fatal(err)
	}
	for want, ms := range map[string]float64{
		"123.5µs":          0.1234567,
		"12.35ms":          12.34567,
		"1.235s":           1234.567,
		"1m30.12s":         90123.4,
		"12ns":             12e-6,
		"0s":               0,
		"1000000h":         float64(1_000_000*time.Hour) / 1e6,
		"10000000000000ms": 1e13,
	} {
		rows := []threshold.Row{row("a", "b", nil, map[string]threshold.Quantity{"response": {Count: 1, MaxMS: ms}})}
		if got := limit.Evaluate(rows).Value; got != want {
			t.Errorf("%v ms is written %q, want %q", ms, got, want)
		}
	}
}

// A threshold on the server holds for each member, and is about nothing else.
func TestServer(t *testing.T) {
	t.Parallel()
	of := func(ms float64, changes float64) threshold.Row {
		return threshold.Row{Workload: threshold.Server, Counters: map[string]float64{"leader_changes": changes}, Quantities: map[string]threshold.Quantity{
			"fsync": {Count: 5000, MeanMS: ms / 2, MaxMS: 2 * ms, PercentileMS: func(float64) float64 { return ms }},
		}}
	}
	watch := threshold.Row{Workload: "informers", Counters: map[string]float64{"missing": 0}}
	rows := []threshold.Row{of(4, 0), of(20, 2), watch}
	for text, want := range map[string]string{
		"server.fsync.p99 < 30ms":    "pass 20ms",
		"server.fsync.p99 < 10ms":    "fail 20ms",
		"server.fsync.max < 41ms":    "pass 40ms",
		"server.commit.p99 < 10ms":   "fail no data",
		"server.leader_changes == 0": "fail 2",
		"*.missing == 0":             "pass 0",
		"server.db_max_bytes < 2GiB": "fail no data",
	} {
		limit, err := threshold.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		o := limit.Evaluate(rows)
		if got := string(o.Status) + " " + o.Value; got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	limit, err := threshold.Parse("server.fsync.p99 < 10ms")
	if err != nil || limit.Evaluate([]threshold.Row{watch}).Value != threshold.NoData {
		t.Error("without members there is no data")
	}
}
