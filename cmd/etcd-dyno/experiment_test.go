package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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

const slowExperiment = `
name      = "slow"
scenarios = ["./puts.toml"]
pairs     = 6
confirm   = false
gate      = ["puts.put.response.p50"]

[configuration.fast]
from = "single"
set  = ["disk.fsync_delay=0s"]

[configuration.slow]
from = "single"
set  = ["disk.fsync_delay=20ms"]
`

const putsScenario = `
name   = "puts"
phases = { warmup = "0s", measure = "1s", drain = "2s" }
[workload.puts]
kind      = "raw"
operation = "put"
keys      = { count = 100 }
size      = "1KiB"
arrival   = { rate = "40/s" }
`

// Killed in the midst of it, an experiment on real labs goes on where it was, and finds what
// there is to be found; then its runs are compared in other ways.
func TestExperiment(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"slow.toml": slowExperiment, "puts.toml": putsScenario} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	runs := filepath.Join(dir, "runs")
	folder := killedExperiment(t, filepath.Join(dir, "slow.toml"), runs, 3)
	before := endedRuns(t, folder)
	code, out, talk := tool(t, "experiment", "--resume", folder)
	// What the machine was busy with may make runs invalid.
	if code != exitRegression && code != exitInvalid {
		t.Fatalf("exit %d: %s\n%s", code, talk, out)
	}
	after := endedRuns(t, folder)
	if len(after) < 12 || !slices.Equal(after[:len(before)], before) {
		t.Errorf("the runs were %+v, and then %+v", before, after)
	}
	var c results.Comparison
	readJSON(t, filepath.Join(folder, results.ComparisonFile), &c)
	x := c.Contrasts[0]
	if len(c.Contrasts) != 1 || x.Pairs != 6 || len(x.Differences) != 1 || x.Differences[0] != (results.Difference{Key: "disk.fsync_delay", Baseline: `"0s"`, Candidate: `"20ms"`}) {
		t.Errorf("%+v", x)
	}
	if code == exitRegression && (c.Outcome != results.GateFail || c.Gates[0].Confirmation != nil || !strings.HasPrefix(out, "REGRESSION  1 of 1 gate failed")) {
		t.Errorf("%+v\n%s", c.Gates, out)
	}
	if page, err := os.ReadFile(filepath.Join(folder, comparisonPage)); err != nil || !bytes.Contains(page, []byte("</html>")) {
		t.Errorf("the page: %v", err)
	}
	again := []string{"compare", folder}
	told := map[string]string{"json": `"metric"`, "csv": ",puts.put.response.p50,", "markdown": "| `puts.put.response.p50` |", "html": "</html>", "junit": `name="puts.put.response.p50"`}
	for format := range told {
		again = append(again, "-o", format+"="+filepath.Join(dir, format))
	}
	if again, table, _ := tool(t, again...); again != code || table != out {
		t.Errorf("compared again: exit %d, then %d\n%s", code, again, table)
	}
	for format, want := range told {
		if text, err := os.ReadFile(filepath.Join(dir, format)); err != nil || !bytes.Contains(text, []byte(want)) {
			t.Errorf("%s does not tell %s, %v:\n%.1000s", format, want, err, text)
		}
	}
	compareParts(t, folder, runs, code)
}

// compareParts compares an experiment's runs by their folders.
func compareParts(t *testing.T, folder, runs string, of int) {
	t.Helper()
	x, err := experiment.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	fast, _ := x.RunsOf("fast")
	slow, _ := x.RunsOf("slow")
	sides := slices.Concat([]string{"compare", "--runs-dir", runs, "--gate", "puts.put.response.p50"}, fast, []string{"--"}, slow)
	if code, out, talk := tool(t, sides...); code != of || of == exitRegression && !strings.Contains(out, "6 pairs of runs side by side") {
		t.Errorf("side by side: exit %d\n%s%s", code, out, talk)
	}
	if of != exitRegression {
		return // some run is not valid
	}
	if code, out, _ := tool(t, "compare", "--runs-dir", runs, fast[0], slow[0]); code != exitDone || !strings.HasPrefix(out, "INDICATIVE") {
		t.Errorf("one against one: exit %d\n%s", code, out)
	}
	if code, _, talk := tool(t, "compare", fast[0], slow[0], "--gate", "puts.put.response.p50"); code != exitUsage || !strings.Contains(talk, "give at least 6 of each side") {
		t.Errorf("one against one with a gate: exit %d, %s", code, talk)
	}
	if code, _, talk := tool(t, "compare", fast[0], fast[0]); code != exitUsage || !strings.Contains(talk, "are the same run") {
		t.Errorf("a run against itself: exit %d, %s", code, talk)
	}
	sides = slices.Concat([]string{"compare", "--runs-dir", runs, "--gate", "puts.put.response.p95"}, fast, []string{"--"}, slow)
	if code, _, talk := tool(t, sides...); code != exitUsage || !strings.Contains(talk, "enough samples of it") {
		t.Errorf("a gate without data: exit %d, %s", code, talk)
	}
	if code, _, talk := tool(t, "compare", "--save-baseline", "fast", "--runs-dir", runs, folder+":fast"); code != exitDone || !strings.Contains(talk, "baseline fast: 6 runs") {
		t.Errorf("saving a baseline: exit %d, %s", code, talk)
	}
	if code, _, talk := tool(t, "compare", "--save-baseline", "fast", "--runs-dir", runs, fast[0]); code != exitUsage || !strings.Contains(talk, "there is one of that name") {
		t.Errorf("saving it again: exit %d, %s", code, talk)
	}
	scenario := filepath.Join(filepath.Dir(runs), "puts.toml")
	limit := `thresholds=["puts.put.response.p50 <= baseline * 1.5 + 5ms"]`
	code, out, talk := tool(t, "run", scenario, "--runs-dir", runs, "--baseline", "fast", "--set", limit, "--set", "configuration.disk.fsync_delay=40ms")
	if code != exitThreshold && code != exitInvalid || !strings.Contains(out, "baseline * 1.5 + 5ms") {
		t.Errorf("a slower run against the baseline: exit %d\n%s%s", code, out, talk)
	}
}

// killedExperiment starts an experiment and kills it when some of its runs have ended.
func killedExperiment(t *testing.T, file, runs string, after int) (folder string) {
	t.Helper()
	command := exec.CommandContext(context.Background(), os.Args[0], "experiment", file, "--runs-dir", runs)
	var talk bytes.Buffer
	command.Stderr = &talk
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = command.Process.Kill()
		_ = command.Wait() // it was killed
	}()
	tick, late := time.NewTicker(50*time.Millisecond), time.After(2*time.Minute)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("no %d runs in two minutes: %s", after, talk.String())
		}
		if found, _ := filepath.Glob(filepath.Join(runs, "*-experiment")); len(found) == 1 && len(endedRuns(t, found[0])) >= after {
			return found[0]
		}
	}
}

// endedRuns are the runs that an experiment's journal tells of as ended.
func endedRuns(t *testing.T, folder string) (all []results.ExperimentRun) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(folder, results.ExperimentJournal))
	if err != nil {
		return nil // it begins just now
	}
	for line := range strings.Lines(string(text)) {
		var r results.ExperimentRecord
		if json.Unmarshal([]byte(line), &r) == nil && r.Ended != nil {
			all = append(all, *r.Ended)
		}
	}
	return all
}

// tool runs a command line to its end.
func tool(t *testing.T, args ...string) (code int, out, talk string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(t.Context(), os.Args[0], args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), stdout.String(), stderr.String()
}

func readJSON(t *testing.T, path string, into any) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}
