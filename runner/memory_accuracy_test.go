//go:build accuracy

package runner

import (
	"flag"
	"fmt"
	"math"
	"runtime"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

var long = flag.Duration("long", 10*time.Minute, "how long the run is whose memory is measured; a tenth of it is the first look")

// Memory does not grow with the length of a run: the heap after a collection
// is the same at ten minutes of 5,000/s as at one. What is in flight is bounded
// so low that the first minute has had every worker that there will be: a later
// stall of the machine would hire more, and each keeps its buffers.
func TestAccuracyMemory(t *testing.T) {
	job := jobOf(t, puts, fmt.Sprintf("endpoints = [%q]", startStub(t)), "workload.puts.arrival.rate=5000/s", "workload.puts.max_in_flight=64", fmt.Sprintf("phases.measure=%ds", int(long.Seconds())+5))
	var heaps []uint64
	job.Progress = func(s Status) {
		for i, at := range [...]time.Duration{*long / 10, *long} {
			if s.Phase == results.PhaseMeasure && len(heaps) == i && s.Elapsed >= at {
				heaps = append(heaps, heap())
				t.Logf("heap after %v: %.2f MiB", s.Elapsed.Round(time.Second), float64(heaps[i])/(1<<20))
			}
		}
	}
	run, result := runJob(t, job)
	put := operationOf(t, run, "puts", "put")
	t.Logf("%d puts, RSS at most %.1f MiB, journal of %d seconds; valid %v", put.Succeeded, float64(result.Generator.RSSBytes)/(1<<20), len(run.Timeline), result.Valid)
	if len(heaps) != 2 {
		t.Fatalf("%d looks at the heap", len(heaps))
	}
	if growth := float64(heaps[1])/float64(heaps[0]) - 1; math.Abs(growth) > 0.05 {
		t.Errorf("the heap grew by %.1f %%", 100*growth)
	}
}

// heap is the bytes that are in use after a collection.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // the first may have been under way already, and finalizers run in between
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
