//go:build tuning

package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
	"github.com/etcd-dyno/etcd-dyno/runner/lab/limit"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

var only = flag.String("only", "", "which experiments of the tuning guide run, with commas between them; all unless given")

// Every experiment of the tuning guide runs in its short form, whole. With -write-guide what it came to is kept.
// What the machine cannot run is not run, and that and why stand at the end.
func TestTuning(t *testing.T) {
	names := guideExperiments()
	if *only != "" {
		names = strings.Split(*only, ",")
	}
	var left []string
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			// This is no test of each change, but the nightly: what the machine has not got is told there, in the end once more.
			if why := cannotRun(t, name); why != "" {
				left = append(left, name+": not run: "+why)
				t.Skip("not run: " + why)
			}
			runs := t.TempDir()
			began := time.Now()
			code, out, talk := tool(t, "experiment", name, "--runs-dir", runs)
			took := time.Since(began)
			t.Logf("exit %d after %v\n%s", code, took.Round(time.Second), out)
			if code != exitDone {
				t.Errorf("exit %d: %s", code, talk)
			}
			folders, err := filepath.Glob(filepath.Join(runs, "*-experiment"))
			if err != nil || len(folders) != 1 {
				t.Fatalf("%v, %v", folders, err)
			}
			if took > 10*time.Minute+30*time.Second {
				t.Errorf("%s took %v", name, took)
			}
			if *writeGuide && code == exitDone {
				keepChapter(t, name, folders[0], took)
			}
		})
	}
	if *writeGuide {
		if err := os.WriteFile(guideFile, []byte(guide(t, chapters(t))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d of %d experiments ran", len(names)-len(left), len(names))
	for _, each := range left {
		t.Log(each)
	}
}

// cannotRun says why this machine cannot run the short form of an experiment; empty where it can.
func cannotRun(t *testing.T, name string) string {
	t.Helper()
	e, err := scenarios.LoadExperiment(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	needs := experiment.NeedsOf(e)
	if needs.Build {
		if _, err := exec.LookPath("go"); err != nil {
			return "no Go toolchain: " + err.Error()
		}
	}
	if needs.Limits {
		if why := withoutCgroups(t); why != "" {
			return "cgroups cannot be written: " + why
		}
	}
	f := experimentFlags{}
	f.runsDir = t.TempDir()
	if err := f.roomFor(e); err != nil {
		return err.Error()
	}
	return ""
}

// withoutCgroups says why the kernel would not keep limits of CPU and memory here; empty where it would.
func withoutCgroups(t *testing.T) string {
	t.Helper()
	groups, err := limit.Open(limit.Spec{Run: t.TempDir(), Members: []string{"m1"}, Resources: limit.Resources{LimitCPU: 500, LimitMemory: 64 << 20}})
	if err != nil {
		t.Fatal(err)
	}
	if err := groups.Close(t.Context()); err != nil {
		t.Error(err)
	}
	return groups.Applied.Why
}

// keepChapter writes what an experiment came to beside the guide, as figures and as its report.
func keepChapter(t *testing.T, name, folder string, took time.Duration) {
	t.Helper()
	var c results.Comparison
	if err := readFile(folder, results.ComparisonFile, &c); err != nil {
		t.Fatal(err)
	}
	first, err := resultOf(comparedIn(c)[0].Folder)
	if err != nil {
		t.Fatal(err)
	}
	finished, err := filepath.Glob(filepath.Join(folder, results.RunsFolder, "*", results.ResultFile))
	if err != nil {
		t.Fatal(err)
	}
	e, err := scenarios.LoadExperiment(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	ofEtcd := versions(t, c) // before it is forgotten where the runs are
	withoutFolders(&c)
	machine := first.Environment
	of := chapter{
		Experiment: name, SHA256: measured(e), Day: first.Started.Format(time.DateOnly), TookS: took.Seconds(), Runs: len(finished),
		Machine: fmt.Sprintf("%d × %s, %.0f GiB, Linux %s, %s", machine.CPUs, machine.CPUModel, float64(machine.MemoryBytes)/(1<<30), kernel(machine.Kernel), machine.DataFilesystem),
		Etcd:    ofEtcd, Comparison: c,
	}
	text, err := json.Marshal(of)
	if err != nil {
		t.Fatal(err)
	}
	if told := tellsWhere(string(text), folder); told != "" {
		t.Fatalf("%s tells where it was measured: %s", name, told)
	}
	if err := results.WriteFile(filepath.Join(guideFolder, name+".json"), append(text, '\n')); err != nil {
		t.Fatal(err)
	}
	of.writePage(t)
}

// tellsWhere finds in what is kept the name of this machine or a path on it; empty where there is none.
func tellsWhere(text, folder string) string {
	private := []string{filepath.Dir(folder), os.TempDir()}
	if host, err := os.Hostname(); err == nil && host != "" && host != "localhost" {
		private = append(private, host)
	}
	if home, err := os.UserHomeDir(); err == nil && home != "/" {
		private = append(private, home)
	}
	for _, each := range private {
		if found := regexp.MustCompile(`(^|\W)` + regexp.QuoteMeta(each) + `(\W|$)`).FindString(text); found != "" {
			return found
		}
	}
	return ""
}

// withoutFolders takes away where runs were: they are not kept with the guide.
func withoutFolders(c *results.Comparison) {
	for i := range c.Sweeps {
		for k := range c.Sweeps[i].Points {
			for r := range c.Sweeps[i].Points[k].Runs {
				c.Sweeps[i].Points[k].Runs[r].Folder = ""
			}
		}
		if again := c.Sweeps[i].Confirmation; again != nil {
			for _, runs := range [][]results.ComparedRun{again.Baseline.Runs, again.Candidate.Runs} {
				for r := range runs {
					runs[r].Folder = ""
				}
			}
		}
	}
}

// kernel is a release without what a distributor has put behind it.
func kernel(release string) string {
	parts := strings.SplitN(release, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// versions are those of etcd that the runs had.
func versions(t *testing.T, c results.Comparison) string {
	t.Helper()
	var all []string
	for _, p := range c.Sweeps[0].Points {
		at := slices.IndexFunc(p.Runs, func(r results.ComparedRun) bool { return r.Folder != "" })
		if at < 0 {
			continue // the point has no run
		}
		r, err := resultOf(p.Runs[at].Folder)
		if err != nil {
			t.Fatal(err)
		}
		if etcd := r.Configuration.Etcd; etcd != nil && !slices.Contains(all, etcd.Version) {
			all = append(all, etcd.Version)
		}
	}
	if len(all) == 0 {
		t.Error("no run tells its version of etcd")
	}
	return strings.Join(all, " and ")
}
