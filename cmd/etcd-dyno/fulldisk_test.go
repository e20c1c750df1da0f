package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// A journal whose disk is full in mid-run ends the run soon: not valid, with the
// reason, and what was written before can still be told.
func TestFullDisk(t *testing.T) { fillDisk(t) }

// fillDisk makes a run whose run folder lies on a small disk of its own, a mount
// that nobody else sees.
func fillDisk(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	runs, kept := filepath.Join(dir, "runs"), filepath.Join(dir, "kept")
	script := `mount -t tmpfs -o size=200k none "$1" && { "$0" run pod-churn --runs-dir "$1" --endpoints "$2" --yes --set phases.measure=10m --set setup.pods.count=100 --set workload.churn.arrival.rate=20/s; code=$?; cp -r "$1" "$3"; exit $code; }`
	for _, d := range []string{runs, kept} {
		if err := os.Mkdir(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	unshare := []string{"unshare", "--mount"}
	if os.Getuid() != 0 {
		unshare = append(unshare, "--user", "--map-root-user")
	}
	if out, err := exec.CommandContext(t.Context(), unshare[0], append(unshare[1:], "mount", "-t", "tmpfs", "none", runs)...).CombinedOutput(); err != nil {
		t.Skipf("no file system of a size of its own can be had here: %v: %s", err, out)
	}
	single, err := scenarios.LoadConfiguration("single", nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(t.Context(), lab.Spec{Run: filepath.Join(dir, "lab"), Configuration: single})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, unshare[0], append(unshare[1:], "sh", "-c", script, os.Args[0], runs, l.Endpoints()[0], kept)...)
	var talk bytes.Buffer
	command.Stderr = &talk
	var exit *exec.ExitError
	if err := command.Run(); !errors.As(err, &exit) || exit.ExitCode() != exitInvalid {
		t.Fatalf("%v, want exit code %d; it said:\n%s", err, exitInvalid, talk.String())
	}
	if said := talk.String(); !strings.Contains(said, "journal") || !strings.Contains(said, "no space left on device") {
		t.Errorf("it said:\n%s", said)
	}
	folders, err := filepath.Glob(filepath.Join(kept, "*", "*"))
	if err != nil || len(folders) != 1 {
		t.Fatalf("kept %v, %v", folders, err)
	}
	run, err := results.Load(folders[0])
	if err != nil || len(run.Timeline) == 0 {
		t.Fatalf("what was written before: %v", err)
	}
	t.Logf("%d seconds were kept", len(run.Timeline))
}
