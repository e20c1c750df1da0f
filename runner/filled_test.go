package runner

import (
	"path/filepath"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Labs of one and of three members that begin with a snapshot have all of the setup, by
// the books too, and workloads go on from it.
func TestFilled(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	const text = `
name = "filled"
[phases]
warmup = "0s"
measure = "2s"
[setup.pods]
count = 300
[setup.configmaps]
count = 50
size = "100B"
[workload.lists]
kind = "list"
resource = "pods"
arrival = { rate = "2/s" }
[workload.updates]
kind = "update"
resource = "configmaps"
arrival = { rate = "20/s" }
[workload.churn]
kind = "pod-churn"
arrival = { rate = "5/s" }
`
	job := jobOf(t, text, "")
	path := FilledFile(t.TempDir(), job.Scenario)
	if err := Fill(t.Context(), job.Scenario, filepath.Join(t.TempDir(), "filling"), path); err != nil {
		t.Fatal(err)
	}
	for _, configuration := range []string{"", "members = 3", "members = 1\nlearners = 1"} {
		job := jobOf(t, text, configuration)
		job.Filled = path
		run, result := runJob(t, job)
		wantPassed(t, result)
		list := operationOf(t, run, "lists", "page")
		// 300 pods of 7 KB, of which some came and went.
		if list.Succeeded != 4 || list.BytesReceived < 4*250*5000 || list.BytesReceived > 4*400*9000 {
			t.Errorf("%d lists of %d bytes", list.Succeeded, list.BytesReceived)
		}
		updates := operationOf(t, run, "updates", "update")
		// Two updates of one object may meet on a slow machine; if the revisions were wrong, the first of each would conflict.
		if updates.Succeeded+updates.Conflicts != updates.Intended || updates.Conflicts > 10 || updates.Intended < 40 {
			t.Errorf("updates: %+v", updates.Counts)
		}
		if stop := operationOf(t, run, "churn", "pod-stop"); stop.Skipped > 0 || stop.Intended != 10 {
			t.Errorf("no pods of the setup were stopped: %+v", stop.Counts)
		}
		setup, _ := run.Span(results.PhaseSetup)
		t.Logf("%s: setup took %.0f ms", job.Configuration.Name, setup.EndMS-setup.StartMS)
	}
	if !CanBegin([]scenarios.Configuration{job.Configuration}) || CanBegin([]scenarios.Configuration{job.Configuration, {Version: "v3.6.16"}}) {
		t.Error("a snapshot is of use for the built-in etcd, and for nothing else")
	}
}
