//go:build accuracy

package runner

import (
	"fmt"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Lists of 100,000 objects of 1 KiB, and of 100 objects of 1 MiB, come whole in every mode.
func TestAccuracyLargeLists(t *testing.T) {
	for _, tc := range []struct {
		count  int
		size   string
		bytes  int64
		limit  int
		chunks int64 // of a stream, at least
	}{
		{100_000, "1KiB", 100_000 << 10, 500, 20},
		{100, "1MiB", 100 << 20, 1, 20},
	} {
		t.Run(fmt.Sprintf("%d of %s", tc.count, tc.size), func(t *testing.T) {
			run, result := runJob(t, jobOf(t, fmt.Sprintf(`
name = "lists"
[phases]
warmup = "0s"
measure = "25s"
drain = "60s"
[setup.configmaps]
count = %d
size = "%s"
[workload.paged]
kind = "list"
resource = "configmaps"
mode = "paged"
limit = %d
arrival = { times = ["0s"] }
[workload.unpaged]
kind = "list"
resource = "configmaps"
mode = "unpaged"
arrival = { times = ["12s"] }
[workload.stream]
kind = "list"
resource = "configmaps"
mode = "stream"
arrival = { times = ["20s"] }
`, tc.count, tc.size, tc.limit), "[etcd]\nquota-backend-bytes = \"8GiB\"\n"))
			for _, workload := range []string{"paged", "unpaged", "stream"} {
				list, received := operationOf(t, run, workload, "list"), int64(0)
				for _, o := range run.Operations {
					if o.Workload == workload {
						received += o.BytesReceived
					}
				}
				t.Logf("%s: %.1f s, %.1f MB, %d replies in the stream; RSS at most %.0f MiB", workload, float64(list.Quantities[results.Response].Max())/1e6, float64(received)/1e6, list.Chunks, float64(result.Generator.RSSBytes)/(1<<20))
				if list.Succeeded != 1 || received < tc.bytes {
					t.Errorf("%s: %+v, %d bytes", workload, list.Counts, received)
				}
			}
			if n := operationOf(t, run, "paged", "page").Succeeded; n != int64(tc.count/tc.limit) {
				t.Errorf("%d pages of %d objects each", n, tc.limit)
			}
			if n := operationOf(t, run, "stream", "list").Chunks; n < tc.chunks {
				t.Errorf("%d replies in the stream", n)
			}
		})
	}
}
