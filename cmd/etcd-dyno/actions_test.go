package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// aLittle is load for tests of what happens under it.
const aLittle = `
name = "little"
[phases]
warmup = "500ms"
measure = "8s"
drain = "3s"
[workload.puts]
kind = "raw"
operation = "put"
keys = { count = 100 }
size = "1KiB"
arrival = { rate = "50/s" }
`

// scenarioFile writes a scenario and returns its name.
func scenarioFile(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "mine.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// A member that comes back with an old copy of its data has lost acknowledged
// writes, behind everybody's back: the run says so, and ends with 7.
func TestLostWritesAreFound(t *testing.T) {
	file := scenarioFile(t, aLittle+`
[action.first]
at = "500ms"
do = "stop"
member = "m1"
for = "1500ms"
[action.second]
at = "4s"
do = "stop"
member = "m1"
for = "1500ms"
`)
	runs := t.TempDir()
	planted := make(chan error, 1)
	go func() { planted <- plantOldCopy(t, runs) }()
	code, out, errs := called(t, "run", file, "--configuration", "single", "--runs-dir", runs)
	if err := <-planted; err != nil {
		t.Fatal(err)
	}
	if code != exitCheck {
		t.Errorf("exit code %d, want %d:\n%s\n%s", code, exitCheck, out, errs)
	}
	for _, check := range []string{"acknowledged-writes", "linearizable"} {
		if !regexp.MustCompile(`(?m)^  fail +` + check).MatchString(out) {
			t.Errorf("the check %s has not failed:\n%s", check, out)
		}
	}
	if drawn, _ := filepath.Glob(filepath.Join(runs, "*", "linearizability.html")); len(drawn) != 1 {
		t.Errorf("pictures of the fault: %v", drawn)
	}
}

// plantOldCopy copies a member's data while it is stopped the first time, and puts
// the copy there when it is the second time.
func plantOldCopy(t *testing.T, runs string) error {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copy")
	var data string
	stopped := func(action string) func() bool {
		return func() bool {
			found, _ := filepath.Glob(filepath.Join(runs, "*", results.JournalFile))
			if len(found) == 0 {
				return false
			}
			data = filepath.Join(filepath.Dir(found[0]), "data", "m1")
			text, err := os.ReadFile(found[0])
			return err == nil && wasStopped(text, action)
		}
	}
	eventually(t, 30*time.Second, "the first stop", stopped("first"))
	if err := os.CopyFS(copied, os.DirFS(data)); err != nil {
		return err
	}
	eventually(t, 30*time.Second, "the second stop", stopped("second"))
	if err := os.RemoveAll(data); err != nil {
		return err
	}
	return os.CopyFS(data, os.DirFS(copied))
}

// wasStopped reports whether a journal tells that an action has ended a member.
func wasStopped(journal []byte, action string) bool {
	for line := range bytes.Lines(journal) {
		var r results.Record
		if json.Unmarshal(line, &r) == nil && r.Action != nil && r.Action.Name == action && len(r.Action.Steps) > 0 {
			return true
		}
	}
	return false
}

// What cannot be done is refused with its place, before anything is started.
func TestActionRefused(t *testing.T) {
	runs := t.TempDir()
	for _, c := range []struct {
		action, flag, value, want string
	}{
		{"do = \"kill\"\nmember = \"m7\"", "--configuration", "three", `mine.toml:17:1: member: "m7" is no member of three; there are m1, m2, m3`},
		{"do = \"kill\"\nmember = \"leader\"", "--endpoints", "http://127.0.0.1:1", `mine.toml:16:1: do: "kill" is for a lab`},
		{"do = \"defragment\"", "--endpoints", "http://127.0.0.1:1", `mine.toml:16:1: do: "defragment" disturbs whoever else uses the cluster: it needs --allow-disruptive`},
	} {
		file := scenarioFile(t, aLittle+"\n[action.it]\nat = \"1s\"\n"+c.action+"\n")
		code, _, errs := called(t, "run", file, c.flag, c.value, "--runs-dir", runs)
		if code != exitUsage || !strings.Contains(errs, c.want) {
			t.Errorf("%s: exit code %d, want %d and %q:\n%s", c.action, code, exitUsage, c.want, errs)
		}
	}
	if left, _ := os.ReadDir(runs); len(left) > 0 {
		t.Errorf("something was started: %v", left)
	}
}

// Maintenance of a cluster that exists, with leave.
func TestForeignMaintenance(t *testing.T) {
	c := startForeign(t)
	file := scenarioFile(t, strings.Replace(aLittle, `measure = "8s"`, `measure = "4s"`, 1)+`
[action.compact]
at = "500ms"
do = "compact"
[action.defragment]
at = "1s"
do = "defragment"
[action.backup]
at = "1500ms"
do = "snapshot"
`)
	runs := t.TempDir()
	code, out, errs := called(t, "run", file, "--endpoints", c.Endpoints()[0], "--allow-disruptive", "--yes", "--runs-dir", runs, "-o", "json")
	if code != exitDone && code != exitInvalid {
		t.Fatalf("exit code %d:\n%s", code, errs)
	}
	if !strings.Contains(errs, "at 1s: defragment") {
		t.Errorf("the plan does not tell of it:\n%s", errs)
	}
	var r results.Result
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	for _, a := range r.Actions {
		if a.Failed != "" || a.EndedMS == nil {
			t.Errorf("%s: %+v", a.Name, a.Action)
		}
	}
	if len(r.Actions) != 3 || r.Actions[2].Snapshot == nil || r.Actions[2].Snapshot.Keys == 0 {
		t.Errorf("actions %+v", r.Actions)
	}
	if keys, _ := keysOf(t, c); len(keys) > 0 {
		t.Errorf("%d keys are left: %q", len(keys), keys)
	}
	if left, _ := filepath.Glob(filepath.Join(runs, "*", "snapshots")); len(left) > 0 {
		t.Errorf("a snapshot of somebody's cluster is left: %v", left)
	}
}
