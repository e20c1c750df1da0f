package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
)

func TestMain(m *testing.M) {
	// A command starts itself anew as lab host and members, by the name of the test binary; the test's own arguments are flags.
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-") {
		main()
	}
	testscript.Main(m, map[string]func(){"etcd-dyno": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"exits": func(ts *testscript.TestScript, _ bool, args []string) {
				if len(args) < 2 {
					ts.Fatalf("usage: exits CODE COMMAND ARG…")
				}
				want, err := strconv.Atoi(args[0])
				ts.Check(err)
				exits(ts, args[1:], want)
			},
			// What the machine was busy with may make any run invalid (6), which comes before a breach (3).
			"quietly": func(ts *testscript.TestScript, _ bool, args []string) { exits(ts, args, exitDone, exitInvalid) },
			// How well the machine is, is not known here: a doctor may find something (3).
			"judged":   func(ts *testscript.TestScript, _ bool, args []string) { exits(ts, args, exitDone, exitThreshold) },
			"breached": func(ts *testscript.TestScript, _ bool, args []string) { exits(ts, args, exitThreshold, exitInvalid) },
			"folder":   folder,
		},
	})
}

// folder is "folder DIR": RUN becomes the only run folder in it.
func folder(ts *testscript.TestScript, _ bool, args []string) {
	all, err := filepath.Glob(filepath.Join(ts.MkAbs(args[0]), "*"))
	ts.Check(err)
	if len(all) != 1 {
		ts.Fatalf("there are %d folders in %s", len(all), args[0])
	}
	ts.Setenv("RUN", all[0])
}

// exits runs a command, which must end with one of the codes.
func exits(ts *testscript.TestScript, command []string, want ...int) {
	got := 0
	var exit *exec.ExitError
	switch err := ts.Exec(command[0], command[1:]...); {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if !slices.Contains(want, got) {
		ts.Fatalf("exit code %d, want one of %v", got, want)
	}
}

// Killed in mid-run, the tool leaves no process, and a report up to the last full second.
func TestKilled(t *testing.T) {
	runs := t.TempDir()
	command := exec.CommandContext(context.Background(), os.Args[0], "run", "pod-churn", "--set", "phases.warmup=1s", "--set", "phases.measure=60s", "--runs-dir", runs)
	var talk bytes.Buffer
	command.Stderr, command.SysProcAttr = &talk, &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = command.Process.Kill() }()
	var folder string
	measured := func() bool {
		journals, err := filepath.Glob(filepath.Join(runs, "*", results.JournalFile))
		if err != nil || len(journals) == 0 {
			return false
		}
		folder = filepath.Dir(journals[0])
		run, err := results.Load(folder)
		return err == nil && len(run.Timeline) >= 4
	}
	eventually(t, 60*time.Second, "four seconds in the journal", measured)
	began := time.Now()
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait() // it was killed
	eventually(t, 6*time.Second, "every process of the lab is gone", func() bool { return len(processesOf(t, runs)) == 0 })
	t.Logf("all gone %v after the kill", time.Since(began))

	run, err := results.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range run.Timeline {
		if i > 0 && m.StartMS != run.Timeline[i-1].EndMS {
			t.Errorf("second %d begins at %v ms, the one before ended at %v ms", i, m.StartMS, run.Timeline[i-1].EndMS)
		}
	}
	var out, errs bytes.Buffer
	if code := execute([]string{"report", folder}, standard{in: os.Stdin, out: &out, err: &errs}); code != exitDone {
		t.Fatalf("report exits with %d: %s", code, errs.String())
	}
	for _, name := range []string{results.ResultFile, results.ReportFile} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
	if !strings.Contains(out.String(), "churn") {
		t.Errorf("the summary:\n%s", out.String())
	}
	// The next run takes away what the killed one could not.
	data := filepath.Join(folder, results.DataFolder)
	if _, err := os.Stat(data); err != nil {
		t.Fatalf("the killed run's data: %v", err)
	}
	if removed, err := lab.Sweep(runs); err != nil || len(removed) != 1 {
		t.Errorf("swept %v, %v", removed, err)
	}
}

// processesOf is what runs with a folder on its command line.
func processesOf(t *testing.T, folder string) (found []string) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		b, err := os.ReadFile(path)
		if err == nil && bytes.Contains(b, []byte(folder)) {
			found = append(found, strings.ReplaceAll(string(b), "\x00", " "))
		}
	}
	return found
}

// eventually polls until a condition holds, and fails the test where it does not in time.
func eventually(t *testing.T, limit time.Duration, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(limit)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not within %v: %s", limit, what)
		}
	}
}
