package runner

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/arrival"
	"github.com/etcd-dyno/etcd-dyno/runner/record"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// BenchmarkLag is a whole run of plain puts, 1,000 a second for 10 s, into a
// server that answers at once and into a lab: how late the pacing thread is.
func BenchmarkLag(b *testing.B) {
	for _, into := range []string{"stub", "lab"} {
		for _, rate := range []int{200, 1000, 5000} {
			b.Run(fmt.Sprintf("%s/%d", into, rate), func(b *testing.B) {
				configuration := ""
				if into == "stub" {
					configuration = fmt.Sprintf("endpoints = [%q]", startStub(b))
				}
				job := jobOf(b, puts, configuration, fmt.Sprintf("workload.puts.arrival.rate=%d/s", rate))
				for b.Loop() {
					run, result := runJob(b, job)
					reportRun(b, run, result)
				}
			})
		}
	}
}

const puts = `
name = "puts"
[phases]
warmup = "2s"
measure = "10s"
[workload.puts]
kind = "raw"
operation = "put"
keys = { count = 10000 }
size = "1KiB"
arrival = { rate = "1000/s" }
`

func reportRun(b *testing.B, run *results.Run, result results.Result) {
	b.Helper()
	lag := run.Lag["puts"]
	b.ReportMetric(float64(lag.ValueAtPercentile(50)), "lag-p50-µs")
	b.ReportMetric(float64(lag.ValueAtPercentile(99)), "lag-p99-µs")
	put := operationOf(b, run, "puts", "put")
	b.ReportMetric(float64(put.Quantities[results.Response].ValueAtPercentile(50)), "response-p50-µs")
	b.ReportMetric(float64(put.Quantities[results.Service].ValueAtPercentile(50)), "service-p50-µs")
	b.ReportMetric(result.Generator.CPUCores/result.Operations[0].AchievedRate*1e6, "cpu-µs/op")
	b.ReportMetric(0, "ns/op")
	if !result.Valid {
		b.Logf("not valid: %v", result.InvalidReasons)
	}
}

// BenchmarkSleep is the same schedule with time.Sleep instead of the pacing thread.
func BenchmarkSleep(b *testing.B) {
	for _, rate := range []int{200, 1000, 5000} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			lag := results.NewHistogram(results.LagFigures)
			for b.Loop() {
				next := arrival.Constant(float64(rate))
				begin := time.Now()
				for range 3 * rate {
					due := next().Due
					time.Sleep(due - time.Since(begin)) //nolint:forbidigo // it is what is compared with
					if err := lag.RecordValue((time.Since(begin) - due).Microseconds()); err != nil {
						b.Fatal(err)
					}
				}
			}
			b.ReportMetric(float64(lag.ValueAtPercentile(50)), "lag-p50-µs")
			b.ReportMetric(float64(lag.ValueAtPercentile(99)), "lag-p99-µs")
			b.ReportMetric(0, "ns/op")
		})
	}
}

// nothing is a script whose operation is done at once.
type nothing struct{}

func (nothing) do(_ context.Context, w *worker, _ *task) next {
	w.outcome.NotSent = false
	w.outcome.Sent = w.stream.clock.Now()
	w.end(nil, false)
	return next{}
}

func (nothing) unreached(*task) []*operation { return nil }

// BenchmarkPacing is pacing, queue and recording without any request, at full
// speed: arrivals that are all due at once.
func BenchmarkPacing(b *testing.B) {
	recorder := record.New()
	clock := newClock(scenarios.Phases{Measure: time.Hour})
	p := &pacer{clock: clock}
	clock.begin.Store(0)
	ctx, cancel := context.WithCancel(b.Context())
	defer cancel()
	s := &stream{name: "w", lag: recorder.Lag("w"), queue: newQueue(), pacer: p, clock: clock, filler: make([]byte, 8), most: 8, ctx: ctx}
	op := &operation{series: recorder.Operation("w", "o", "")}
	begin := clock.Now()
	p.add(arrival.Constant(1e9), func(a arriving) { s.arrive(nothing{}, nil, op, a) })
	b.ReportAllocs()
	b.ResetTimer()
	p.run1(begin, begin+time.Duration(b.N))
	within(b, time.Minute, "everything is done", func() bool { return s.open.Load() == 0 })
	b.StopTimer()
	s.finish()
}

// run1 is run until every arrival was released.
func (p *pacer) run1(begin, end time.Duration) {
	for !p.over.Load() {
		p.arrivals(begin, end)
	}
}
