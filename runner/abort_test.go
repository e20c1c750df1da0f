package runner

import (
	"slices"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// A threshold ends the load once it is breached, and is breached in the end;
// another that is breached too, but does not end anything, is only told.
func TestAbort(t *testing.T) {
	t.Parallel()
	run, result := runJob(t, jobOf(t, `
name = "abort"
[phases]
warmup = "0s"
measure = "60s"
[workload.puts]
kind = "raw"
operation = "put"
keys = { count = 10 }
size = "100B"
arrival = { rate = "100/s" }
[threshold.enough]
check = "puts.put.succeeded < 250"
abort = true
grace = "1s"
[threshold.few]
check = "puts.put.succeeded < 10"
`, ""))
	if result.Complete || len(result.Thresholds) != 2 || result.Thresholds[0].Status != results.Fail || result.Thresholds[1].Status != results.Fail {
		t.Errorf("complete %v, thresholds %+v", result.Complete, result.Thresholds)
	}
	if n := operationOf(t, run, "puts", "put").Intended; n < 250 || n > 600 {
		t.Errorf("%d puts until 250 had succeeded at 100/s", n)
	}
	told := func(w string) bool {
		return strings.HasPrefix(w, "aborted by a threshold: puts.put.succeeded < 250: puts.put is ")
	}
	if !slices.ContainsFunc(result.Warnings, told) || strings.Contains(strings.Join(result.Warnings, ""), "interrupted") {
		t.Errorf("warnings %q", result.Warnings)
	}
}
