package runner

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"golang.org/x/time/rate"
)

// cost is what a client spends on a stub.
type cost struct {
	perSecond float64
	// cpu is of this process, an operation.
	cpu time.Duration
}

// costClients is how many clients a loop has.
const costClients = 16

// ours is what a run of this program spends: a closed loop at full speed where
// the rate is 0, an open loop otherwise.
func ours(tb testing.TB, perSecond int, length time.Duration) cost {
	tb.Helper()
	arrival := fmt.Sprintf(`workload.puts.arrival={process="closed", clients=%d}`, costClients)
	if perSecond > 0 {
		arrival = fmt.Sprintf(`workload.puts.arrival={rate="%d/s"}`, perSecond)
	}
	job := jobOf(tb, puts, fmt.Sprintf("endpoints = [%q]", startStub(tb)), arrival, "phases.warmup=500ms", fmt.Sprintf("phases.measure=%dms", length.Milliseconds()))
	_, result := runJob(tb, job)
	put := result.Operations[0]
	return cost{put.AchievedRate, time.Duration(result.Generator.CPUCores / put.AchievedRate * 1e9)}
}

// bare is what a plain loop of clientv3 spends on the same calls: as many
// goroutines, each with a deadline for each put, and behind one x/time/rate limiter
// where a rate is asked for, as etcd's own benchmark is built.
func bare(tb testing.TB, perSecond int, length time.Duration) cost {
	tb.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{startStub(tb)}, Logger: zap.NewNop()})
	if err != nil {
		tb.Fatal(err)
	}
	defer client.Close()
	limiter := rate.NewLimiter(rate.Inf, 1)
	if perSecond > 0 {
		limiter = rate.NewLimiter(rate.Limit(perSecond), 1)
	}
	ctx, cancel := context.WithCancel(tb.Context())
	defer cancel()
	var done atomic.Int64
	var loops sync.WaitGroup
	value := string(make([]byte, 1024))
	for range costClients {
		loops.Go(func() {
			for i := 0; limiter.Wait(ctx) == nil; i++ {
				each, cancel := context.WithTimeout(ctx, writeTimeout)
				_, err := client.Put(each, fmt.Sprintf("key-%060d", i%10_000), value)
				cancel()
				if err == nil {
					done.Add(1)
				}
			}
		})
	}
	<-time.After(500 * time.Millisecond)
	from, cpu, begin := done.Load(), cpuTime(), time.Now()
	<-time.After(length)
	n, used, took := done.Load()-from, cpuTime()-cpu, time.Since(begin)
	cancel()
	loops.Wait()
	return cost{float64(n) / took.Seconds(), used / time.Duration(max(n, 1))}
}

// BenchmarkClosed is a closed loop at full speed, and BenchmarkPaced an open
// one, beside a bare loop of clientv3 on a stub that answers at once.
func BenchmarkClosed(b *testing.B) { benchmarkCost(b, 0) }

func BenchmarkPaced(b *testing.B) {
	for _, perSecond := range []int{1000, 5000} {
		b.Run(fmt.Sprint(perSecond), func(b *testing.B) { benchmarkCost(b, perSecond) })
	}
}

func benchmarkCost(b *testing.B, perSecond int) {
	b.Helper()
	for _, each := range []struct {
		name string
		loop func(testing.TB, int, time.Duration) cost
	}{{"ours", ours}, {"bare", bare}} {
		b.Run(each.name, func(b *testing.B) {
			var last cost
			for b.Loop() {
				last = each.loop(b, perSecond, 3*time.Second)
			}
			b.ReportMetric(last.perSecond, "op/s")
			b.ReportMetric(float64(last.cpu.Microseconds()), "cpu-µs/op")
			b.ReportMetric(0, "ns/op")
		})
	}
}
