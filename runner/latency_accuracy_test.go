//go:build accuracy

package runner

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"
	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/gonum/stat/distuv"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// A server that holds each put for a time that it stamps itself, from when its
// bytes came to when those of the reply leave: what service shows beyond that is
// the generator's and the network's. A bare client, a goroutine a put, is measured
// beside it at the same instants: where waking a process takes so long that not even
// that one is within the bounds, they count from what it measures. Where generator
// and stub fill the machine, the difference is only reported.
func TestAccuracyKnownLatency(t *testing.T) {
	const repeats = 3
	for _, how := range []string{fixed5, bimodal, logNormal} {
		for _, rate := range []int{200, 1000, 5000} {
			t.Run(fmt.Sprintf("%s/%d", how, rate), func(t *testing.T) {
				var p50s, p99s, bare50s, bare99s, timer50s, timer99s []int64
				var stub stubReport
				busy := 0.0
				for range repeats {
					put, report, run := againstStub(t, how, "phases.measure=10s", fmt.Sprintf("workload.puts.arrival.rate=%d/s", rate))
					if n := int64(rate) * 10; put.Succeeded != n || int64(len(report.Arrived)) != n {
						t.Errorf("%d puts succeeded, %d came, %d were due", put.Succeeded, len(report.Arrived), n)
					}
					stub, busy = report, max(busy, run.Usage.HostCPU)
					p50s, p99s = append(p50s, beyond(put, 50, report.P50)), append(p99s, beyond(put, 99, report.P99))
					by50, by99 := bareBeyond(t, how, rate, true)
					bare50s, bare99s = append(bare50s, by50), append(bare99s, by99)
					by50, by99 = bareBeyond(t, how, rate, false)
					timer50s, timer99s = append(timer50s, by50), append(timer99s, by99)
				}
				p50, p99, bare50, bare99 := median(p50s), median(p99s), median(bare50s), median(bare99s)
				t.Logf("stub p50 %d µs, p99 %d µs; beyond it p50 %+d µs %v, p99 %+d µs %v; a bare client p50 %+d µs, p99 %+d µs, one that sleeps by Go's timers %+d µs, %+d µs; processors %.0f %% busy",
					stub.P50, stub.P99, p50, p50s, p99, p99s, bare50, bare99, median(timer50s), median(timer99s), 100*busy)
				if busy > 0.9 {
					return
				}
				if most := allowed(0.01*float64(stub.P50)+150, bare50); math.Abs(float64(p50)) > most {
					t.Errorf("p50 is %d µs beyond the stub's %d µs; %.0f µs are allowed", p50, stub.P50, most)
				}
				if most := allowed(0.01*float64(stub.P99)+1000, bare99); rate <= 1000 && math.Abs(float64(p99)) > most {
					t.Errorf("p99 is %d µs beyond the stub's %d µs; %.0f µs are allowed", p99, stub.P99, most)
				}
			})
		}
	}
}

// allowed is how far the instrument may be off, in microseconds: the tolerance,
// and on a machine on which not even a bare client is within it, as much beyond that one.
func allowed(tolerance float64, bare int64) float64 {
	if float64(bare) > tolerance {
		return float64(bare) + tolerance
	}
	return tolerance
}

func median(all []int64) int64 {
	slices.Sort(all)
	return all[len(all)/2]
}

// bareBeyond is what a bare client, a goroutine a put, measures beyond the stub's
// own stamps. A punctual one sends each put at its own instant, as a run does, by a
// thread that sleeps in the kernel; the other sleeps by Go's timers, which come once a
// millisecond and send what is due together.
func bareBeyond(t *testing.T, how string, rate int, punctual bool) (p50, p99 int64) {
	t.Helper()
	url, stop := startStampingStub(t, how)
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{url}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	service := results.NewHistogram(results.Figures)
	var mu sync.Mutex // guards service
	var open sync.WaitGroup
	value := string(make([]byte, 1024))
	sleep := time.Sleep //nolint:forbidigo // as bare as can be
	if punctual {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
		defer func() { _ = unix.Prctl(unix.PR_SET_TIMERSLACK, 0, 0, 0, 0) }() // the thread's own again
		var word atomic.Uint32
		sleep = func(d time.Duration) {
			if d > 0 {
				futexWait(&word, 0, d)
			}
		}
	}
	begin := time.Now()
	for i := range 5 * rate {
		due := begin.Add(time.Duration(i) * time.Second / time.Duration(rate))
		for left := time.Until(due); left > 0; left = time.Until(due) {
			sleep(left)
		}
		open.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			sent := time.Now()
			_, err := client.Put(ctx, fmt.Sprintf("key-%010d", i%10_000), value)
			took := time.Since(sent)
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				err = service.RecordValue(took.Microseconds())
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	open.Wait()
	report := stop()
	return service.ValueAtPercentile(50) - report.P50, service.ValueAtPercentile(99) - report.P99
}

// The server sees the schedule: as many puts as are due, and the constant rate within 0.1 %.
func TestAccuracySchedule(t *testing.T) {
	for range 3 {
		put, stub, _ := againstStub(t, atOnce, "phases.measure=30s", "workload.puts.arrival.rate=1000/s")
		rate := rateOf(stub.Arrived)
		t.Logf("constant 1,000/s: %d due, %d came, %.4f/s", put.Intended, len(stub.Arrived), rate)
		if put.Intended != 30_000 || len(stub.Arrived) != 30_000 || math.Abs(rate/1000-1) > 0.001 {
			t.Errorf("%d due, %d came, %.3f/s", put.Intended, len(stub.Arrived), rate)
		}
	}
}

// The server sees gaps of a Poisson process that are exponential, at a rate at
// which they are long beside the 0.2 ms that it may take to wake the server.
func TestAccuracyPoisson(t *testing.T) {
	const rate = 50
	for seed := range 5 {
		put, stub, _ := againstStub(t, atOnce, "phases.measure=30s", fmt.Sprintf("seed=%d", seed+1), fmt.Sprintf(`workload.puts.arrival={process="poisson", rate="%d/s"}`, rate))
		d, p := exponential(stub.Arrived, rate)
		t.Logf("Poisson 50/s, seed %d: %d due, %d came; Kolmogorov–Smirnov D = %.4f, p = %.3f", seed+1, put.Intended, len(stub.Arrived), d, p)
		if int64(len(stub.Arrived)) != put.Intended || p < 0.01 {
			t.Errorf("seed %d: %d due, %d came, p = %.4f", seed+1, put.Intended, len(stub.Arrived), p)
		}
	}
}

// exponential tests gaps, in microseconds, for an exponential distribution: the
// Kolmogorov–Smirnov distance and the probability of one as large, by the
// asymptotic series (Kolmogorov 1933).
func exponential(arrived []int64, rate float64) (d, p float64) {
	var gaps, quantiles, weights []float64
	for i := 1; i < len(arrived); i++ {
		gaps = append(gaps, float64(arrived[i]-arrived[i-1])/1e6)
	}
	slices.Sort(gaps)
	n := len(gaps)
	law := distuv.Exponential{Rate: rate}
	// The law as a sample so fine that its own steps do not matter.
	for i := range 100 * n {
		quantiles = append(quantiles, law.Quantile((float64(i)+0.5)/float64(100*n)))
	}
	d = stat.KolmogorovSmirnov(gaps, weights, quantiles, weights)
	lambda := (math.Sqrt(float64(n)) + 0.12 + 0.11/math.Sqrt(float64(n))) * d
	for k := 1; k <= 100; k++ {
		p += 2 * math.Pow(-1, float64(k-1)) * math.Exp(-2*float64(k*k)*lambda*lambda)
	}
	return d, min(max(p, 0), 1)
}
