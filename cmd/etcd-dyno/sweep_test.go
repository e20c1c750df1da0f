package main

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

const disksSweep = `
name      = "disks"
scenarios = ["./puts.toml"]
rounds    = 2
confirm   = false
objective = "puts.put.response.p50"
metrics   = ["puts.put.service.p50"]

[sweep.delay]
key    = "configuration.disk.fsync_delay"
values = ["30ms", "0s"]

[sweep.count.levels]
few  = ["configuration.etcd.snapshot-count=20"]
many = []
`

// Killed in the midst of it, a sweep on real labs goes on where it was, tells the best, and writes it as files.
func TestSweep(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"disks.toml": disksSweep, "puts.toml": putsScenario} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	folder := killedExperiment(t, filepath.Join(dir, "disks.toml"), filepath.Join(dir, "runs"), 2)
	before := endedRuns(t, folder)
	if code, out, talk := tool(t, "compare", folder); code != exitOpen || !strings.Contains(talk, "the experiment is not finished") {
		t.Errorf("in the midst of it: exit %d: %s\n%s", code, talk, out)
	}
	code, out, talk := tool(t, "experiment", "--resume", folder)
	if code != exitDone {
		t.Fatalf("exit %d: %s\n%s", code, talk, out)
	}
	after := endedRuns(t, folder)
	if len(after) < 8 || !slices.Equal(after[:len(before)], before) || after[len(after)-1].TookS < 1 {
		t.Errorf("the runs were %+v, and then %+v", before, after)
	}
	var c results.Comparison
	readJSON(t, filepath.Join(folder, results.ComparisonFile), &c)
	s := c.Sweeps[0]
	if s.Best == nil || s.Factors[0].Levels[s.Points[*s.Best].Levels[0]] != "0s" {
		t.Fatalf("the best is not on the faster disk: %v of %+v\n%s", s.Best, s.Points, out)
	}
	if again, table, _ := tool(t, "compare", folder); again != code || table != out {
		t.Errorf("judged again: exit %d, and another table\n%s\n%s", again, out, table)
	}
	if code, _, talk := tool(t, "history", "add", folder, "--history", filepath.Join(dir, "history.ndjson")); code == exitDone || !strings.Contains(talk, "it is a sweep") {
		t.Errorf("a sweep in a history: exit %d, %s", code, talk)
	}
	wantBest(t, filepath.Join(folder, bestFolder), s)
	// The page and the index tell of it.
	if page, err := os.ReadFile(filepath.Join(folder, comparisonPage)); err != nil || !bytes.Contains(page, []byte("</html>")) || !bytes.Contains(page, []byte("fsync_delay")) {
		t.Errorf("the page: %v", err)
	}
	if code, _, talk := tool(t, "report", "--index", filepath.Join(dir, "runs")); code != exitDone {
		t.Errorf("the index: exit %d, %s", code, talk)
	}
}

// wantBest looks at what a sweep advises as files: a lab of it can be started, and etcd and kubeadm have their own.
func wantBest(t *testing.T, folder string, s results.Sweep) {
	t.Helper()
	best, err := scenarios.LoadConfiguration(filepath.Join(folder, results.ConfigurationFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	levels := s.Points[*s.Advised].Levels
	if best.Disk.FsyncDelay.P50 > 0 != (levels[0] == 0) || slices.Contains(best.Flags, scenarios.Flag{Name: "snapshot-count", Value: "20"}) != (levels[1] == 0) {
		t.Errorf("%v advised, and written %+v", levels, best)
	}
	for _, name := range []string{scenarios.EtcdFile, scenarios.KubeadmFile} {
		text, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || strings.Contains(string(text), "snapshot-count: 20") != (name == scenarios.EtcdFile && levels[1] == 0) {
			t.Errorf("%s: %v\n%s", name, err, text)
		}
	}
}
