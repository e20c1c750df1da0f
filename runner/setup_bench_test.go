package runner

import (
	"context"
	"flag"
	"fmt"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

var objects = flag.Int("objects", 100_000, "how many objects BenchmarkSetup fills")

// filling is a scenario whose setup is all.
const filling = `
name = "filling"
[phases]
warmup = "0s"
measure = "1s"
[setup.configmaps]
count = %d
size = "1KiB"
[workload.w]
kind = "count"
resource = "configmaps"
arrival = { rate = "1/s" }
`

// BenchmarkSetup fills objects of 1 KiB, as [setup.*] does and as a bare loop of
// clientv3 puts them with as many at once, each into an etcd of its own.
func BenchmarkSetup(b *testing.B) {
	configuration := "[etcd]\nquota-backend-bytes = \"8GiB\"\n"
	b.Run("ours", func(b *testing.B) {
		for b.Loop() {
			run, result := runJob(b, jobOf(b, fmt.Sprintf(filling, *objects), configuration))
			setup, _ := run.Span(results.PhaseSetup)
			b.ReportMetric(float64(*objects)/((setup.EndMS-setup.StartMS)/1000), "objects/s")
			b.ReportMetric(float64(result.Generator.RSSBytes)/(1<<20), "RSS-MiB")
		}
		b.ReportMetric(0, "ns/op")
	})
	b.Run("bare", func(b *testing.B) {
		for b.Loop() {
			b.ReportMetric(float64(*objects)/bareFill(b, configuration).Seconds(), "objects/s")
		}
		b.ReportMetric(0, "ns/op")
	})
}

// bareFill is how long a bare loop takes for the same objects.
func bareFill(b *testing.B, configuration string) time.Duration {
	b.Helper()
	c, err := scenarios.ParseConfiguration("test.toml", []byte(configuration), nil)
	if err != nil {
		b.Fatal(err)
	}
	l, err := lab.Start(b.Context(), lab.Spec{Run: b.TempDir(), Configuration: c})
	if err != nil {
		b.Fatal(err)
	}
	defer func() {
		if err := l.Stop(context.WithoutCancel(b.Context())); err != nil {
			b.Error(err)
		}
	}()
	client, err := clientv3.New(clientv3.Config{Endpoints: l.Endpoints(), Logger: zap.NewNop()})
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	value := string(make([]byte, 1024))
	begin := time.Now()
	var all sync.WaitGroup
	for k := range setupWorkers {
		all.Go(func() {
			for i := k; i < *objects; i += setupWorkers {
				if _, err := client.Put(b.Context(), fmt.Sprintf("/registry/configmaps/ns-%02d/configmaps-setup-%09d", i%namespaces, i), value); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(begin)
}
