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

// quick makes runs of pod-churn short.
var quick = []string{"--set", "phases.warmup=1s", "--set", "phases.measure=7s", "--set", "phases.drain=2s", "--pairs", "6"}

// writes gate on three kinds of writes.
var writes = []string{"--gate", "churn.bind.response.p50", "--gate", "heartbeats.renew-lease.response.p50", "--gate", "churn.create.response.p50"}

// The same etcd on both sides is never a regression.
func TestAccuracySame(t *testing.T) {
	outcomes := map[int]int{}
	for i := range 10 {
		code, out, talk := tool(t, slices.Concat([]string{"experiment", "noise", "--runs-dir", t.TempDir()}, quick)...)
		outcomes[code]++
		t.Logf("%d: exit %d\n%s", i, code, out)
		if code == exitRegression || code == exitUsage || code == exitCannotRun {
			t.Errorf("exit %d: %s\n%s", code, talk, out)
		}
	}
	t.Logf("by exit code: %v", outcomes)
}

// A disk that takes 2 ms longer is found, and the answer takes less than ten minutes.
func TestAccuracyDiskQuestion(t *testing.T) {
	began := time.Now()
	code, out, talk := tool(t, slices.Concat([]string{
		"experiment", "--scenario", "pod-churn", "--a", "single", "--b", "single", "--set-b", "configuration.disk.fsync_delay=2ms", "--runs-dir", t.TempDir(),
		"--set", "phases.warmup=2s", "--set", "phases.measure=15s", "--set", "phases.drain=3s", "--pairs", "6",
	}, writes)...)
	took := time.Since(began)
	t.Logf("exit %d after %v\n%s", code, took.Round(time.Second), out)
	if code != exitRegression || took > 10*time.Minute {
		t.Errorf("exit %d after %v: %s", code, took, talk)
	}
}

// Three members take longer for a write than one; with few reads, for which they would wait more than for one another.
func TestAccuracyMembersQuestion(t *testing.T) {
	code, out, talk := tool(t, slices.Concat([]string{
		"experiment", "--scenario", "pod-churn", "--a", "single", "--b", "three", "--runs-dir", t.TempDir(),
		"--set", "setup.pods.count=500", "--set", "workload.relist.arrival.rate=1/h", "--set", "workload.informers.watchers=2",
	}, quick, writes)...)
	t.Logf("exit %d\n%s", code, out)
	if code != exitRegression {
		t.Errorf("exit %d: %s", code, talk)
	}
}

// Killed at random moments, an experiment on real labs goes on as it was planned, repeats no
// finished run, and what it comes to follows from its runs alone.
func TestAccuracyKilledExperiment(t *testing.T) {
	const kills = 10
	dir := t.TempDir()
	for name, text := range map[string]string{"slow.toml": slowExperiment, "puts.toml": putsScenario} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	folder := killedOften(t, filepath.Join(dir, "slow.toml"), kills, time.Second, 6*time.Second)
	code, out, talk := tool(t, "experiment", "--resume", folder)
	t.Logf("exit %d\n%s", code, out)
	if code != exitRegression {
		t.Fatalf("exit %d: %s", code, talk)
	}
	wantAsPlanned(t, folder)
	if again, repeated, _ := tool(t, "compare", folder); again != code || !strings.HasPrefix(repeated, strings.SplitN(out, "\n", 2)[0]) {
		t.Errorf("judged again: exit %d\n%s", again, repeated)
	}
}

// killedOften begins an experiment and goes on with it, killed each time at a random moment between least and most. What
// had ended before stays as it was.
func killedOften(t *testing.T, file string, kills int, least, most time.Duration) (folder string) {
	t.Helper()
	runs, random := filepath.Join(filepath.Dir(file), "runs"), rand.New(rand.NewPCG(7, 8))
	args := []string{"experiment", file, "--runs-dir", runs}
	var before []results.ExperimentRun
	for i := range kills {
		command := exec.CommandContext(context.Background(), os.Args[0], args...)
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		after := least + time.Duration(random.Int64N(int64(most-least)))
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
	return folder
}

// wantAsPlanned wants the runs of a finished experiment in the order of its plan.
func wantAsPlanned(t *testing.T, folder string) {
	t.Helper()
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
}
