package threshold_test

import (
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

func TestParse(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text                                         string
		workload, operation, quantity, stat, counter string
		percentile                                   float64
	}{
		{"churn.create.response.p95 < 1s", "churn", "create", "response", "p95", "", 95},
		{"churn.pod-start.service.p99.9<=250ms", "churn", "pod-start", "service", "p99.9", "", 99.9},
		{"relist.list.turnaround.mean > 0s", "relist", "list", "turnaround", "mean", "", 0},
		{"  relist.list.response.max >= 1ms  ", "relist", "list", "response", "max", "", 0},
		{"*.*.response.p50 < 1s", "*", "*", "response", "p50", "", 50},
		{"churn.*.errors == 0", "churn", "*", "", "", "errors", 0},
		{"churn.create.error_rate < 0.1%", "churn", "create", "", "", "error_rate", 0},
		{"churn.create.error_rate == 0", "churn", "create", "", "", "error_rate", 0},
		{"puts.put.achieved_rate >= 30/min", "puts", "put", "", "", "achieved_rate", 0},
		{"puts.put.bytes_sent < 1GiB", "puts", "put", "", "", "bytes_sent", 0},
		{"informers.delivery.p99.99 < 100ms", "informers", "", "delivery", "p99.99", "", 99.99},
		{"informers.delivery_from_ack.max < 1s", "informers", "", "delivery_from_ack", "max", "", 0},
		{"informers.missing != 1", "informers", "", "", "", "missing", 0},
		{"*.out_of_order == 0", "*", "", "", "", "out_of_order", 0},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, err := threshold.Parse(tt.text)
			if err != nil {
				t.Fatal(err)
			}
			percent, isPercentile := got.Percentile()
			if got.Workload() != tt.workload || got.Operation() != tt.operation || got.IsWatch() != (tt.operation == "") {
				t.Errorf("refers to %q, %q", got.Workload(), got.Operation())
			}
			if got.Quantity() != tt.quantity || got.Stat() != tt.stat || got.Counter() != tt.counter {
				t.Errorf("quantity %q, stat %q, counter %q", got.Quantity(), got.Stat(), got.Counter())
			}
			if percent != tt.percentile || isPercentile != (tt.percentile > 0) {
				t.Errorf("percentile %v, %t", percent, isPercentile)
			}
			if got.String() != strings.TrimSpace(tt.text) {
				t.Errorf("String() = %q", got)
			}
			if again, err := threshold.Parse(got.String()); err != nil || !again.Equal(got) {
				t.Errorf("%q reads back as %q, %v", got, again, err)
			}
		})
	}
}

func TestParseFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, text, want string }{
		{"empty", " ", "empty; write for example"},
		{"too long", strings.Repeat("a", 501), "longer than 500 bytes"},
		{"two lines", "a.b.errors\n== 0", "has a line break"},
		{"no comparison", "churn.create.errors", "no comparison; write SUBJECT OP VALUE"},
		{"single equals sign", "churn.create.errors = 0", `unknown comparison "="; write one of <= >= == != < >`},
		{"doubled", "churn.create.errors === 0", `unknown comparison "==="`},
		{"turned round", "churn.create.errors => 0", `unknown comparison "=>"`},
		{"no subject", "< 1s", "nothing before <"},
		{"no limit", "churn.create.errors ==", "nothing after =="},
		{"one part", "errors == 0", `"errors" has 1 parts; write WORKLOAD.OPERATION`},
		{"five parts", "a.b.c.response.p99 < 1s", "has 5 parts"},
		{"a name with a blank", "my churn.create.errors == 0", `"my churn" is no name`},
		{"an empty name", "churn..errors == 0", `"" is no name`},
		{"unknown quantity", "churn.create.respnse.p95 < 1s", `unknown quantity "respnse" (did you mean "response"?)`},
		{"unknown statistic", "churn.create.response.average < 1s", `unknown statistic "average"; write one of p50`},
		{"percentile of 100", "churn.create.response.p100 < 1s", `unknown statistic "p100"`},
		{"percentile of 0", "churn.create.response.p0 < 1s", "p0 is no percentile"},
		{"unknown counter", "churn.create.error == 0", `unknown counter "error" (did you mean "errors"?)`},
		{"unknown watch counter", "informers.misssing == 0", `unknown counter "misssing" (did you mean "missing"?)`},
		{"quantity without statistic", "churn.create.response < 1s", "needs a statistic; write churn.create.response.p99"},
		{"statistic without quantity", "churn.create.p95 < 1s", "write churn.create.response.p95 for an operation"},
		{"quantity without operation", "churn.response.p95 < 1s", "no operation; write churn.OPERATION.response.p95"},
		{"counter without operation", "churn.errors == 0", "no operation; write churn.OPERATION.errors, or churn.*.errors"},
		{"a watch's unknown statistic", "informers.delivery.p9x < 1s", `unknown statistic "p9x"`},
		{"an unknown histogram of the server", "server.fsnyc.p99 < 10ms", `unknown quantity "fsnyc" (did you mean "fsync"?)`},
		{"a histogram without a statistic", "server.fsync < 10ms", "needs a statistic; write server.fsync.p99"},
		{"an unknown counter of the server", "server.leader_change == 0", `unknown counter "leader_change" (did you mean "leader_changes"?)`},
		{"the server's operation", "server.m1.fsync.p99 < 10ms", "write server.QUANTITY.STAT"},
		{"a baseline without a number", "churn.create.response.p95 < baseline * x", "write baseline * FACTOR + VALUE"},
		{"a baseline less something", "churn.create.response.p95 < baseline - 5ms", "write baseline * FACTOR + VALUE"},
		{"a baseline of all", "churn.*.errors <= baseline", "instead of *"},
		{"exactly a baseline", "churn.create.errors == baseline", "write <, <=, > or >="},
		{"no baseline at all", "churn.create.response.p95 < baseline * 0", "the factor is above 0"},
		{"a baseline and no duration", "churn.create.response.p95 < baseline + 5", "a duration"},
		{"equal latency", "churn.create.response.p95 == 1s", "never exactly a value: write <"},
		{"unequal rate", "churn.create.achieved_rate != 5/s", "never exactly a value"},
		{"latency without unit", "churn.create.response.p95 < 1", `write "1s" or "1ms"`},
		{"negative latency", "churn.create.response.p95 < -1s", "not negative"},
		{"latency in percent", "churn.create.response.p95 < 1%", "is not a duration"},
		{"counter with unit", "churn.create.errors < 1%", "errors is compared with a plain number"},
		{"negative counter", "churn.create.errors > -1", "plain number"},
		{"counter in words", "churn.create.errors == none", "plain number"},
		{"share without percent", "churn.create.error_rate < 0.1", `as in "0.1%"`},
		{"rate without time", "churn.create.achieved_rate > 5", "a rate without its time"},
		{"size without unit", "churn.create.bytes_sent < 5", `write "5B"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := threshold.Parse(tt.text)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Parse(%q) = %v, error %v; want %q in it", tt.text, got, err, tt.want)
			}
			if err != nil && !strings.HasPrefix(err.Error(), `threshold "`) {
				t.Errorf("error %q does not say which threshold", err)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"churn.create.response.p95 < 1s",
		"churn.*.errors == 0",
		"informers.missing == 0",
		"informers.delivery.p99.9 <= 100ms",
		"*.*.error_rate < 0.1%",
		"a.b.achieved_rate >= 2/h",
		"a.b.bytes_sent != 0",
		"server.fsync.p99 < 1ms",
		"a.b.response.p99 < baseline * 1.1",
		"....<=>!",
		"a.b.errors == 99999999999999999999999999999999999999999999",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		limit, err := threshold.Parse(text)
		if err != nil {
			return
		}
		if again, err := threshold.Parse(limit.String()); err != nil || again != limit {
			t.Errorf("%q reads back as %q, %v", limit, again, err)
		}
		if (limit.Quantity() == "") == (limit.Counter() == "") {
			t.Errorf("%q has quantity %q and counter %q", limit, limit.Quantity(), limit.Counter())
		}
		out := limit.Evaluate([]threshold.Row{{Workload: limit.Workload(), Operation: limit.Operation()}})
		if out.Status != threshold.Fail || out.Value != threshold.NoData {
			t.Errorf("%q without data is %v", limit, out)
		}
	})
}
