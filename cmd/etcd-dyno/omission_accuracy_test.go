//go:build accuracy

package main

import (
	"flag"
	"fmt"
	"math"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/runner"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

var picture = flag.String("picture", "", "draw coordinated omission, README's picture, into this PNG `file`")

// frozen is 100 puts a second for 60 s.
const frozen = `
[phases]
warmup = "2s"
measure = "60s"
[workload.puts]
kind = "raw"
operation = "put"
keys = { count = 1000 }
size = "1KiB"
%s
`

// A real etcd is frozen for 1 s in every 10 s under 100 puts a second. A tenth
// of the arrivals fall into a freeze and wait 1 s less what of it has passed, so
// that the 95th percentile is 500 ms and the 99th 900 ms by arithmetic, plus what
// etcd takes after the thaw to work off 100 requests: a client of the test's own,
// whose put waits beside them, tells that.
//
// A closed loop of the same rate, which is what most load tools are, sends
// nothing while etcd is frozen and sees next to nothing. Nor does the service
// time of an open loop that may have no more in flight than that: its response is
// right all the same.
func TestAccuracyCoordinatedOmission(t *testing.T) {
	open, drain := freezing(t, `arrival = { rate = "100/s" }`)
	response := open.Quantities[results.Response]
	t.Logf("open loop: %d intended; response %s; working off takes %.1f ms", open.Intended, tails(response), drain)
	if open.Intended != 6000 || open.Succeeded != 6000 {
		t.Errorf("100/s for 60 s: %d intended, %d succeeded", open.Intended, open.Succeeded)
	}
	for percentile, truth := range map[float64]float64{95: 500 + drain, 99: 900 + drain} {
		got := float64(response.ValueAtPercentile(percentile)) / 1000
		t.Logf("response p%g is %.1f ms; arithmetic says %.1f ms: %+.2f %%", percentile, got, truth, 100*(got/truth-1))
		if math.Abs(got-truth) > 0.03*truth {
			t.Errorf("response p%g is not within 3 %%", percentile)
		}
	}
	few, _ := freezing(t, "max_in_flight = 4\narrival = { rate = \"100/s\" }")
	t.Logf("open loop, four in flight: response %s; service %s", tails(few.Quantities[results.Response]), tails(few.Quantities[results.Service]))
	if p95 := few.Quantities[results.Response].ValueAtPercentile(95); p95 < 490_000 {
		t.Errorf("response p95 of the open loop with four in flight is %d µs: it lost the wait", p95)
	}
	closed, _ := freezing(t, `arrival = { process = "closed", clients = 4, max_rate = "100/s" }`)
	seen := closed.Quantities[results.Response]
	t.Logf("closed loop: %d done; response %s", seen.TotalCount(), tails(seen))
	for name, h := range map[string]*hdr.Histogram{"the closed loop's p99": seen, "the service p99 with four in flight": few.Quantities[results.Service]} {
		if p99 := h.ValueAtPercentile(99); p99 > 90_000 {
			t.Errorf("%s is %d µs: it no longer shows what it is here to show", name, p99)
		}
	}
	if *picture != "" {
		draw(t, *picture, response, seen)
	}
}

func tails(h *hdr.Histogram) string {
	ms := func(p float64) float64 { return float64(h.ValueAtPercentile(p)) / 1000 }
	return fmt.Sprintf("p50 %.2f, p95 %.2f, p99 %.2f, max %.2f ms", ms(50), ms(95), ms(99), float64(h.Max())/1000)
}

// freezing runs the puts while their etcd is frozen for the sixth second of
// every ten. drain is the mean time in milliseconds from a thaw until a put that
// came in the middle of the freeze was done.
func freezing(t *testing.T, arrival string) (puts results.OperationRecord, drain float64) {
	t.Helper()
	scenario, err := scenarios.ParseScenario("frozen.toml", fmt.Appendf(nil, frozen, arrival), nil)
	if err != nil {
		t.Fatal(err)
	}
	configuration, err := scenarios.LoadConfiguration("single", nil)
	if err != nil {
		t.Fatal(err)
	}
	job := runner.Job{Scenario: scenario, Configuration: configuration, RunsDir: t.TempDir(), Tool: "test"}
	var made string
	job.Started = func(folder string) { made = folder }
	begun, worked := make(chan struct{}, 1), make(chan float64, 1)
	job.Progress = func(s runner.Status) {
		if s.Phase == results.PhaseWarmup {
			select {
			case begun <- struct{}{}:
			default:
			}
		}
	}
	go func() {
		defer close(worked)
		select {
		case <-begun:
			worked <- freeze(t, memberBelow(t, job.RunsDir), made)
		case <-t.Context().Done():
		}
	}()
	folder, err := runner.Run(t.Context(), t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	drain = <-worked
	run, err := results.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	if reasons := verdict.Validity(run); len(reasons) > 0 {
		t.Errorf("not valid: %v", reasons)
	}
	return run.Operations[0], drain
}

// freeze stops a run's etcd for a second, six times, ten seconds apart. See freezing.
func freeze(t *testing.T, pid int, folder string) (drain float64) {
	t.Helper()
	run, err := results.Load(folder)
	if err != nil {
		t.Error(err)
		return 0
	}
	client, err := clientv3.New(clientv3.Config{Endpoints: run.Header.Configuration.Endpoints, Logger: zap.NewNop()})
	if err != nil {
		t.Error(err)
		return 0
	}
	defer client.Close()
	put := func() {
		if _, err := client.Put(t.Context(), "beside", "x"); err != nil {
			t.Error(err)
		}
	}
	put() // so that the connection is there
	begin := time.Now()
	const freezes = 6
	for i := range freezes {
		from := begin.Add(time.Duration(5+10*i) * time.Second)
		signalAt(t, from, pid, syscall.SIGSTOP)
		var done time.Time
		var beside sync.WaitGroup
		beside.Go(func() {
			<-time.After(time.Until(from.Add(time.Second / 2)))
			put()
			done = time.Now()
		})
		signalAt(t, from.Add(time.Second), pid, syscall.SIGCONT)
		beside.Wait()
		drain += done.Sub(from.Add(time.Second)).Seconds() * 1000 / freezes
	}
	return drain
}

func signalAt(t *testing.T, at time.Time, pid int, signal syscall.Signal) {
	t.Helper()
	<-time.After(time.Until(at))
	if err := syscall.Kill(pid, signal); err != nil {
		t.Errorf("freezing etcd: %v", err)
	}
}

// draw draws what both loops report of the same freezes.
func draw(t *testing.T, file string, open, closed *hdr.Histogram) {
	t.Helper()
	curves := []figure.Curve{
		{Name: "open: what users wait", Points: figure.Percentiles(open)},
		{Name: "closed: what tools tell", Points: figure.Percentiles(closed)},
	}
	f := figure.PercentilePanel("Response by percentile under the same freezes", figure.SpanOf(curves, nil), curves...)
	out, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	if err := f.WritePNG(out, 2); err != nil {
		t.Fatal(err)
	}
}
