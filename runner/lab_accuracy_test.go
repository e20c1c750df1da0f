//go:build accuracy

package runner

import (
	"math"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/stats"
)

// creates is a load of creates alone.
const creates = "[workload.events]\nkind = \"events\"\npatches = \"0%\"\narrival = { rate = \"100/s\" }\n"

// A lab whose fsyncs pass through the lab host, but are not delayed, is as fast
// as one whose do not: in pairs of runs, every other one turned round, until the
// 90 % interval of the ratio of median latencies lies within 5 %, at most 24 pairs.
func TestAccuracyFilterIsFree(t *testing.T) {
	const most, least = 24, 6
	delta := math.Log(1.05)
	var ratios []float64
	p50 := func(configuration string) float64 {
		job := jobOf(t, creates, configuration, "phases.warmup=1s", "phases.measure=8s")
		run, _ := runJob(t, job)
		h := operationOf(t, run, "events", "create-event").Quantities[results.Response]
		return float64(h.ValueAtPercentile(50))
	}
	const with, without = "[disk]\nfsync_delay = \"0s\"\n", "members = 1\n"
	for i := range most {
		var a, b float64
		if i%2 == 0 {
			a, b = p50(without), p50(with)
		} else {
			b, a = p50(with), p50(without)
		}
		ratios = append(ratios, math.Log(b/a))
		got := stats.SignedRank(ratios, 0.90)
		t.Logf("pair %d: without %.0f µs, with %.0f µs; ratio %.3f (%.3f to %.3f)", i+1, a, b, math.Exp(got.Estimate), math.Exp(got.Low), math.Exp(got.High))
		if i+1 < least {
			continue
		}
		switch {
		case got.Within(delta):
			return
		case got.Low > delta || got.High < -delta:
			t.Fatalf("the filter is not free: %.3f (%.3f to %.3f)", math.Exp(got.Estimate), math.Exp(got.Low), math.Exp(got.High))
		}
	}
	t.Errorf("inconclusive after %d pairs", most)
}

// With a slow disk and slow links, and the client at the leader, a create takes
// one round trip and one fsync, and what is left of the one in progress.
func TestAccuracyDiskAndLinks(t *testing.T) {
	const configuration = "members = 3\n[disk]\nfsync_delay = \"10ms\"\n[links]\npeer_rtt = \"20ms\"\n[client]\nendpoints = \"leader\"\n"
	job := jobOf(t, "[cluster]\nnodes = 10\n[workload.churn]\nkind = \"pod-churn\"\narrival = { rate = \"2/s\" }\n", configuration, "phases.warmup=5s", "phases.measure=60s")
	run, result := runJob(t, job)
	create := results.Distribute(operationOf(t, run, "churn", "create").Quantities[results.Response])
	t.Logf("create: %d of them, median %.1f ms, mean %.1f ms; valid: %v %v", create.Count, *create.P50, *create.Mean, result.Valid, result.InvalidReasons)
	for _, l := range result.Links {
		if l.RTT.P50 != nil {
			t.Logf("%s to %s: %.2f ms asked, median %.2f ms", l.From, l.To, l.AskedRTTMS, *l.RTT.P50)
		}
	}
	if *create.P50 < 30 || *create.P50 > 45 {
		t.Errorf("a create takes %.1f ms, want 30 to 45", *create.P50)
	}
}
