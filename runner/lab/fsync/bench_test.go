package fsync

import (
	"runtime"
	"strconv"
	"testing"
)

// BenchmarkAnswer is what the way to the supervisor and back costs an fsync, with
// no delay. The file is in memory, so that the kernel has nothing to do for it.
func BenchmarkAnswer(b *testing.B) {
	args := func(b *testing.B) []string {
		b.Helper()
		return []string{syncProgram, "/dev/shm/etcd-dyno-bench-", "fdatasync", "1", strconv.Itoa(b.N)}
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
		stop, ended := make(chan struct{}), make(chan struct{})
		for range runtime.GOMAXPROCS(0) {
			go func() {
				defer func() { ended <- struct{}{} }()
				for {
					select {
					case <-stop:
						return
					default:
					}
				}
			}()
		}
		_, c := under(b, Delay{}, args(b)...)
		_, mean := c.timings(b)
		b.ReportMetric(float64(mean), "ns/op")
		close(stop)
		for range runtime.GOMAXPROCS(0) {
			<-ended
		}
	})
}
