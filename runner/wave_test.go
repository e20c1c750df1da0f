package runner

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// waveOf runs a single wave on a cluster, and returns the run and what was sent.
func waveOf(t *testing.T, wave string) (*results.Run, *shapes) {
	t.Helper()
	s := &shapes{prefix: "/etcd-dyno/conformance"}
	url := startProxy(t, strings.TrimPrefix(startEtcd(t).Endpoints()[0], "http://"), plan{saw: s.saw})
	text := "[setup.pods]\ncount = 24\n[workload.w]\nkind = \"pod-churn\"\ncontainers = 2\ngrace = \"100ms\"\narrival = { times = [\"0s\"] }\n" + wave
	run, _ := interruptWhen(t, jobOf(t, fmt.Sprintf(oneArrival, "1m", text), fmt.Sprintf("endpoints = [%q]", url)), allDone(0))
	for _, o := range run.Operations {
		if o.ErrorCount()+o.Dropped+o.Unreached+o.Unfinished+o.Skipped > 0 {
			t.Errorf("%s.%s: %+v", o.Workload, o.Operation, o.Counts)
		}
	}
	return run, s
}

// requestsOf is how many requests all operations of a run have sent.
func requestsOf(run *results.Run) (n int64) {
	for _, o := range run.Operations {
		if !o.Chain {
			n += o.Sent
		}
	}
	return n
}

// A rolling update of 20 pods takes 40.4 requests a pod, and each object is
// written as a kube-apiserver and its controllers were recorded to (§7).
func TestRollingUpdate(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	run, s := waveOf(t, "wave = \"rolling-update\"\npods = 20\n")
	for operation, want := range map[string]int64{
		"rolling-update": 1, "pod-start": 20, "pod-stop": 20, "create": 20, "bind": 20, "delete": 20, "mark-deleted": 40, "update-status": 80,
		"sync-slice": 53, "sync-endpoints": 47, "sync-replicaset": 52, "sync-deployment": 35,
	} {
		if got := operationOf(t, run, "w", operation).Succeeded; got != want {
			t.Errorf("%d of %s, want %d", got, operation, want)
		}
	}
	if o := operationOf(t, run, "w", "update-event"); o.Sent != 17 || o.Succeeded+o.Conflicts != 17 { // two may count the same event up at once
		t.Errorf("update-event: %+v", o.Counts)
	}
	// The pods that were there before have 1.5 containers in the mean, of which each has an event less than two.
	if got := float64(requestsOf(run)) / 20; math.Abs(got-40.4) > 0.03*40.4 {
		t.Errorf("%.1f requests a pod, want 40.4", got)
	}
	wantShapes(t, s, "pods/ns-00/w-0000000003", rowCreate, rowUpdate, rowGet, rowGet, rowUpdate, rowGet, rowUpdate, rowGet, rowUpdate)
	for _, object := range []string{"deployments/ns-00/w", "replicasets/ns-00/w", "endpointslices/ns-00/w", "services/endpoints/ns-00/w"} {
		got := s.of(object)
		wantShapes(t, s, object, append([]string{rowCreate}, repeated(rowUpdate, max(len(got)-1, 30))...)...)
	}
}

// New pods of a Deployment take 22.1 requests each, at the pace of a controller manager.
func TestScaleUp(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	run, _ := waveOf(t, "wave = \"scale-up\"\npods = 19\npace = \"20/s\"\n")
	if got := float64(requestsOf(run)) / 19; math.Abs(got-22.1) > 0.02*22.1 {
		t.Errorf("%.1f requests a pod, want 22.1", got)
	}
	whole := operationOf(t, run, "w", "scale-up")
	if took := whole.Quantities[results.Response].Max(); whole.Succeeded != 1 || took < 900_000 {
		t.Errorf("18 gaps of 50 ms, and yet %+v took %d µs", whole.Counts, took)
	}
	for operation, want := range map[string]int64{"pod-start": 19, "create": 19, "sync-slice": 19, "sync-endpoints": 20, "sync-deployment": 14, "sync-replicaset": 12} {
		if got := operationOf(t, run, "w", operation).Succeeded; got != want {
			t.Errorf("%d of %s, want %d", got, operation, want)
		}
	}
}

// A Job's pods run for a while, end by themselves and are taken away.
func TestJob(t *testing.T) {
	t.Parallel()
	run, s := waveOf(t, "wave = \"job\"\npods = 10\npace = \"100/s\"\nruntime = \"500ms\"\n")
	life := []string{
		rowCreate, rowUpdate, rowGet, rowGet, rowUpdate, rowGet, rowUpdate, // it runs
		rowGet, rowUpdate, rowUpdate, rowGet, rowGet, rowUpdate, rowDelete,
	}
	if len(s.of("pods/ns-00/w-0000000003")) > len(life) {
		life = append(life, rowDelete) // on a stale copy first
	}
	wantShapes(t, s, "pods/ns-00/w-0000000003", life...)
	wantShapes(t, s, "jobs/ns-00/w", append([]string{rowCreate}, repeated(rowUpdate, 20)...)...)
	for operation, want := range map[string]int64{"job": 1, "pod-start": 10, "pod-stop": 10, "remove-finalizer": 10, "delete": 10, "sync-job": 20} {
		if got := operationOf(t, run, "w", operation).Succeeded; got != want {
			t.Errorf("%d of %s, want %d", got, operation, want)
		}
	}
}

// A drained node's pods are evicted, and each starts anew.
func TestNodeDrain(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	run, s := waveOf(t, "wave = \"node-drain\"\npods = 10\npace = \"100/s\"\n")
	for operation, want := range map[string]int64{"node-drain": 1, "pod-start": 10, "pod-stop": 10, "evict": 10, "mark-deleted": 20, "delete": 10, "sync-slice": 26} {
		if got := operationOf(t, run, "w", operation).Succeeded; got != want {
			t.Errorf("%d of %s, want %d", got, operation, want)
		}
	}
	stop := []string{rowCreate, rowGet, rowUpdate, rowGet, rowUpdate, rowGet, rowUpdate, rowGet, rowGet, rowUpdate, rowDelete}
	if got := s.of("pods/ns-00/pods-setup-000000000"); len(got) == len(stop)+1 {
		stop = append(stop, rowDelete)
	}
	wantShapes(t, s, "pods/ns-00/pods-setup-000000000", stop...)
}

// A run that ends in the middle of a wave tells what did not come.
func TestWaveCutOff(t *testing.T) {
	notUnderRace(t)
	run, _ := runJob(t, jobOf(t, `
name = "cut"
[phases]
warmup = "0s"
measure = "500ms"
drain = "100ms"
[workload.w]
kind = "pod-churn"
wave = "job"
pods = 50
pace = "10/s"
arrival = { times = ["0s"] }
`, ""))
	whole := operationOf(t, run, "w", "job")
	if whole.Intended != 1 || whole.Unfinished != 1 || whole.ErrorCount() != 1 || whole.Succeeded != 0 {
		t.Errorf("the wave: %+v", whole.Counts)
	}
	// In the drain a few more begin, which count there.
	begun, stopped := operationOf(t, run, "w", "pod-start"), operationOf(t, run, "w", "pod-stop")
	if begun.Intended < 5 || begun.Intended > 6 || begun.Intended+begun.Unreached < 40 || begun.Intended+begun.Unreached > 50 || stopped.Unreached != 50 {
		t.Errorf("at 10 a second, in 0.5 s of 50 pods: %+v and %+v", begun.Counts, stopped.Counts)
	}
}
