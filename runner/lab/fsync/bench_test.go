package fsync

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// BenchmarkAnswer is what the way to the supervisor and back costs an fsync, with
// no delay. The file is in memory, so that the kernel has nothing to do for it.
func BenchmarkAnswer(b *testing.B) {
	args := func(b *testing.B) []string {
		b.Helper()
		memory, err := os.MkdirTemp("/dev/shm", "etcd-dyno-bench-") //nolint:usetesting // it must lie in memory
		if err != nil {
			b.Skip(err)
		}
		b.Cleanup(func() { _ = os.RemoveAll(memory) })
		return []string{syncProgram, filepath.Join(memory, "file"), "fdatasync", "1", strconv.Itoa(b.N)}
	}
	b.Run("no filter", func(b *testing.B) {
		_, mean := spawn(b, nil, args(b)...).timings(b)
		b.ReportMetric(float64(mean), "ns/op")
	})
	b.Run("no delay", func(b *testing.B) {
		_, c := under(b, Delay{}, args(b)...)
		_, mean := c.timings(b)
		b.ReportMetric(float64(mean), "ns/op")
	})
	b.Run("no delay, busy supervisor", func(b *testing.B) {
		var stop atomic.Bool
		var busy sync.WaitGroup
		for range runtime.GOMAXPROCS(0) {
			busy.Go(func() {
				for !stop.Load() { //nolint:revive // to be busy is all it does
				}
			})
		}
		_, c := under(b, Delay{}, args(b)...)
		_, mean := c.timings(b)
		b.ReportMetric(float64(mean), "ns/op")
		stop.Store(true)
		busy.Wait()
	})
}
