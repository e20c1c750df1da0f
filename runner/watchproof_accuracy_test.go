//go:build accuracy

package runner

import (
	"runtime"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// idleWatched has watchers of pods, and no pods.
const idleWatched = `
name = "idle"
[phases]
warmup = "0s"
measure = "3s"
[workload.puts]
kind = "raw"
operation = "put"
keys = { count = 10 }
size = "1KiB"
arrival = { rate = "10/s" }
[workload.informers]
kind = "watch"
resource = "pods"
connections = 10
`

// mostPerWatcher is how many bytes an idle watcher may take.
const mostPerWatcher = 20 << 10

// An idle watcher on a shared stream takes at most 20 KiB of heap and stacks.
func TestAccuracyIdleWatchers(t *testing.T) {
	var bytes [2]int64
	for i, watchers := range []string{"10", "10010"} {
		job := jobOf(t, idleWatched, "", "workload.informers.watchers="+watchers)
		job.Progress = func(s Status) {
			if s.Phase == results.PhaseMeasure && s.Elapsed > time.Second && bytes[i] == 0 {
				bytes[i] = heapAndStacks()
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				t.Logf("%s watchers: %.1f MiB of heap, %.1f MiB of stacks", watchers, float64(m.HeapAlloc)/(1<<20), float64(m.StackInuse)/(1<<20))
			}
		}
		began := time.Now()
		if run, _ := runJob(t, job); !run.Watches[0].Sealed {
			t.Errorf("%s watchers: %+v", watchers, run.Watches[0].WatchInterval)
		}
		t.Logf("%s watchers: the run took %v", watchers, time.Since(began).Round(time.Millisecond))
	}
	each := (bytes[1] - bytes[0]) / 10_000
	t.Logf("%d bytes an idle watcher", each)
	if bytes[0] == 0 || bytes[1] == 0 || each > mostPerWatcher {
		t.Errorf("%d bytes an idle watcher, want at most %d", each, mostPerWatcher)
	}
}

// heapAndStacks is the bytes in use after a collection.
func heapAndStacks() int64 {
	runtime.GC()
	runtime.GC() // what the first found to be dead and had finalizers
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// 10,000 watchers on ten connections see all of two writes a second.
func TestAccuracyManyWatchers(t *testing.T) {
	run, result := runJob(t, jobOf(t, beatsWatched, "", "phases.measure=10s", "workload.writes.period=10s",
		"workload.informers.watchers=10000", "workload.informers.connections=10"))
	w, writes := run.Watches[0], operationOf(t, run, "writes", "renew-lease")
	delivery := w.Quantities[results.Delivery]
	t.Logf("%d events of %d writes, %d late; delivery p50 %d µs, p99 %d µs; valid: %v", w.Delivered, writes.Succeeded, w.Late, delivery.ValueAtPercentile(50), delivery.ValueAtPercentile(99), result.Valid)
	t.Logf("%.2f cores, RSS at most %.0f MiB", result.Generator.CPUCores, float64(result.Generator.RSSBytes)/(1<<20))
	allDelivered(t, w, 10_000, writes)
}
