//go:build accuracy

package main

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
)

// What is written in batches waits for a slow disk at every commit: only where neither the
// time nor the number of writes ever asks for one, nothing waits.
const batchSweep = `
name      = "batches"
scenarios = ["./puts.toml"]
set       = ["phases.measure=5s", "configuration.disk.fsync_delay=10ms"]
rounds    = 2
confirm   = false
objective = "puts.put.response.p90"

[sweep.interval]
key      = "configuration.etcd.backend-batch-interval"
values   = ["10ms", "50ms", "100ms", "10m"]
baseline = "100ms"

[sweep.limit]
key      = "configuration.etcd.backend-batch-limit"
values   = [2, 5, 10000]
baseline = 10000
`

// A planted best of twelve points is found, on real labs and however often the sweep is
// killed, and what it comes to follows from its runs alone.
func TestAccuracySweep(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"batches.toml": batchSweep, "puts.toml": putsScenario} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	runs, random := filepath.Join(dir, "runs"), rand.New(rand.NewPCG(11, 12))
	args := []string{"experiment", filepath.Join(dir, "batches.toml"), "--runs-dir", runs}
	var before []results.ExperimentRun
	folder := ""
	for i := range 5 {
		command := exec.CommandContext(context.Background(), os.Args[0], args...)
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		after := 5*time.Second + time.Duration(random.Int64N(int64(25*time.Second)))
		<-time.After(after)
		_ = command.Process.Kill() // it may have ended
		_ = command.Wait()
		found, _ := filepath.Glob(filepath.Join(runs, "*-experiment"))
		if len(found) != 1 {
			t.Fatalf("%d folders", len(found))
		}
		folder = found[0]
		args = []string{"experiment", "--resume", folder}
		now := endedRuns(t, folder)
		t.Logf("%d: killed after %v, %d runs have ended", i, after.Round(time.Millisecond), len(now))
		if len(now) < len(before) || !slices.Equal(now[:len(before)], before) {
			t.Errorf("the runs were %+v, and then %+v", before, now)
		}
		before = now
	}
	code, out, talk := tool(t, args...)
	t.Logf("exit %d\n%s", code, out)
	if code != exitDone {
		t.Fatalf("exit %d: %s", code, talk)
	}
	x, err := experiment.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	var planned, made []string
	for _, s := range experiment.Plan(x.Experiment, false, 0, x.Pairs) {
		planned = append(planned, x.Configurations[s.Configuration].Name)
	}
	for _, r := range endedRuns(t, folder) {
		if r.Attempt == 1 {
			made = append(made, r.Configuration)
		}
	}
	if !slices.Equal(made, planned) {
		t.Errorf("made %v, planned %v", made, planned)
	}
	var c results.Comparison
	readJSON(t, filepath.Join(folder, results.ComparisonFile), &c)
	s := c.Sweeps[0]
	if s.Best == nil || s.Points[*s.Best].Name != "interval-10m_limit-10000" || *s.Advised != *s.Best || len(s.Tied) > 0 {
		t.Errorf("best %v, advised %v, tied %v: %s", s.Best, s.Advised, s.Tied, s.Why)
	}
	if again, repeated, _ := tool(t, "compare", folder); again != code || repeated != out {
		t.Errorf("judged again: exit %d\n%s", again, strings.SplitN(repeated, "\n", 2)[0])
	}
}
