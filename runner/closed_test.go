package runner

import (
	"fmt"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// closedPuts are the puts of a closed loop: as fast as the server answers, after
// a think time, and under a maximal rate.
const closedPuts = `
name = "closed"
[phases]
warmup = "500ms"
measure = "3s"
drain = "5s"
[workload.full]
kind = "raw"
operation = "put"
keys = { count = 100 }
size = "1KiB"
arrival = { process = "closed", clients = 3 }
[workload.thinking]
kind = "raw"
operation = "put"
keys = { count = 100 }
size = "1KiB"
connections = 2
arrival = { process = "closed", clients = 10, think = "50ms" }
[workload.bounded]
kind = "raw"
operation = "put"
keys = { count = 100 }
size = "1KiB"
arrival = { process = "closed", clients = 10, think = "1ms", max_rate = "100/s" }
`

// A closed loop has no more under way than it has clients, waits its think time,
// and keeps below its maximal rate.
func TestClosedLoop(t *testing.T) {
	run, result := runJob(t, jobOf(t, closedPuts, fmt.Sprintf("endpoints = [%q]", startStub(t))))
	if !result.Complete {
		t.Error("the run is not complete")
	}
	for _, tc := range []struct {
		workload    string
		least, most int64
	}{
		// Upper bounds are certain; lower ones say that clients go on, on however busy a machine.
		{"full", 100, 3_000_000},
		{"thinking", 30, 3*200 + 10},
		{"bounded", 30, 3*100 + 10},
	} {
		put := operationOf(t, run, tc.workload, "put")
		if put.Intended < tc.least && !underRace || put.Intended > tc.most || put.Succeeded != put.Intended {
			t.Errorf("%s: %d intended, %d succeeded; want %d to %d", tc.workload, put.Intended, put.Succeeded, tc.least, tc.most)
		}
		if lag := run.Lag[tc.workload]; (lag == nil) != (tc.workload == "full") {
			t.Errorf("%s: lag %v; only what the pacing thread releases has one", tc.workload, lag)
		}
	}
}

// A client of a pod-churn starts and stops a pod, and begins again when both have ended.
func TestClosedChurn(t *testing.T) {
	t.Parallel()
	run, _ := runJob(t, jobOf(t, churn, "", `workload.churn.arrival={process="closed", clients=4}`, "cluster.apiservers=3"))
	start, stop := operationOf(t, run, "churn", "pod-start"), operationOf(t, run, "churn", "pod-stop")
	// A pod-stop takes a second of grace at the least, so that each client ends fewer than six in the five seconds.
	if start.Intended < 4 || start.Intended > 4*5 || start.Intended != stop.Intended || start.ErrorCount()+stop.ErrorCount() > 0 {
		t.Errorf("4 clients in 5 s: %+v started, %+v stopped", start.Counts, stop.Counts)
	}
	if w := run.Watches[0]; !w.Sealed || w.Missing > 0 || w.Delivered == 0 {
		t.Errorf("watch: %+v", w.WatchInterval)
	}
}

// What a closed loop finds when it is interrupted is finished, and nothing starts after it.
func TestClosedInterrupted(t *testing.T) {
	job := jobOf(t, closedPuts, fmt.Sprintf("endpoints = [%q]", startStub(t)), "phases.measure=1h")
	run, result := interruptAfter(t, job, time.Second)
	if result.Complete || len(run.Operations) != 3 {
		t.Errorf("complete %v, %d rows", result.Complete, len(run.Operations))
	}
	for _, o := range run.Operations {
		if o.Intended != o.Succeeded+o.ErrorCount() || timed(o, results.Response) != o.Intended {
			t.Errorf("%s: %+v", o.Workload, o.Counts)
		}
	}
}
