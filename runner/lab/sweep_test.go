package lab

import (
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

func TestToolKilled(t *testing.T) {
	for name, signal := range map[string]syscall.Signal{"kill -9": syscall.SIGKILL, "an unhandled SIGTERM": syscall.SIGTERM} {
		t.Run(name, func(t *testing.T) {
			runs := t.TempDir()
			run := filepath.Join(runs, "killed")
			tool := startTool(t, run)
			if removed, err := Sweep(runs); len(removed) > 0 || err != nil {
				t.Errorf("Sweep of a living lab removed %v, %v", removed, err)
			}
			if got := len(processesOf(run)); got != 5 {
				t.Errorf("%d processes, want the tool, its host and three members", got)
			}
			endTool(t, tool, signal)
			mustBeGone(t, run)
			mustSweep(t, runs, run)
			mustSweepGroups(t, run)
			if !exists(memberLog(run, "m1")) {
				t.Error("Sweep removed more than the data")
			}
		})
	}
}

// The tool dies while its lab starts, at whatever point that is.
func TestToolKilledWhileStarting(t *testing.T) {
	for name, file := range map[string]string{
		"before the host":    filepath.Join(dataName, lockName),
		"with the host":      filepath.Join("logs", HostCommand+".log"),
		"with a member":      filepath.Join("logs", "m1.log"),
		"with three members": filepath.Join("logs", "m3.log"),
	} {
		t.Run(name, func(t *testing.T) {
			runs := t.TempDir()
			run := filepath.Join(runs, "killed")
			tool := toolFor(t, run)
			if err := tool.Start(); err != nil {
				t.Fatal(err)
			}
			eventually(t, startTimeout, file, func() bool { return exists(filepath.Join(run, file)) })
			endTool(t, tool, syscall.SIGKILL)
			mustBeGone(t, run)
			mustSweep(t, runs, run)
			mustSweepGroups(t, run)
		})
	}
}

func TestSweepLeavesWhatIsNotItsOwn(t *testing.T) {
	runs, elsewhere := t.TempDir(), t.TempDir()
	live := start(t, Spec{Run: filepath.Join(runs, "live"), Configuration: scenarios.Configuration{Members: 1}})
	abandon(t, filepath.Join(elsewhere, "run"), false)
	abandon(t, filepath.Join(runs, "kept"), true)
	makeFile(t, filepath.Join(runs, "foreign", dataName, "precious"))
	makeFile(t, filepath.Join(runs, "finished", "run.jsonl"))
	makeFile(t, filepath.Join(runs, "a-file"))
	// A linked run folder, a linked data folder, and a link within dead data.
	symlink(t, filepath.Join(elsewhere, "run"), filepath.Join(runs, "linked-run"))
	makeFile(t, filepath.Join(runs, "linked-data", "run.jsonl"))
	symlink(t, dataFolder(filepath.Join(elsewhere, "run")), dataFolder(filepath.Join(runs, "linked-data")))
	makeFile(t, filepath.Join(runs, "linked-lock", dataName, "precious"))
	symlink(t, lockPath(filepath.Join(elsewhere, "run")), lockPath(filepath.Join(runs, "linked-lock")))
	dead := filepath.Join(runs, "dead")
	abandon(t, dead, false)
	symlink(t, elsewhere, filepath.Join(dataFolder(dead), "linked"))
	makeFile(t, filepath.Join(dead, "run.jsonl"))

	removed, err := Sweep(runs)
	if err != nil || !slices.Equal(removed, []string{dataFolder(dead)}) {
		t.Errorf("Sweep removed %v, %v; want only the dead lab's data", removed, err)
	}
	mustNotExist(t, dataFolder(dead))
	for _, path := range []string{
		filepath.Join(dead, "run.jsonl"),
		memberData(filepath.Join(runs, "kept"), "m1"),
		memberData(filepath.Join(elsewhere, "run"), "m1"),
		filepath.Join(runs, "foreign", dataName, "precious"),
		filepath.Join(runs, "linked-lock", dataName, "precious"),
		filepath.Join(runs, "finished", "run.jsonl"),
	} {
		if !exists(path) {
			t.Errorf("%s is gone", path)
		}
	}
	putAndGet(t, live.Endpoints())
	stop(t, live)
}

func TestSweepNothing(t *testing.T) {
	if removed, err := Sweep(filepath.Join(t.TempDir(), "none")); len(removed) > 0 || err != nil {
		t.Errorf("Sweep of no folder: %v, %v", removed, err)
	}
}

// What cannot be removed is told, and does not keep the rest from being removed.
func TestSweepTellsWhatIsLeft(t *testing.T) {
	runs := t.TempDir()
	stuck, dead := filepath.Join(runs, "a-stuck"), filepath.Join(runs, "dead")
	abandon(t, stuck, false)
	abandon(t, dead, false)
	protect(t, memberData(stuck, "m1"))
	removed, err := Sweep(runs)
	if err == nil || !slices.Equal(removed, []string{dataFolder(dead)}) {
		t.Errorf("Sweep removed %v, %v; want an error for the other one", removed, err)
	}
}

// protect makes what lies in a folder impossible to remove, for root too, until the test ends.
func protect(t *testing.T, dir string) {
	t.Helper()
	if os.Geteuid() != 0 {
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Chmod(dir, 0o700) })
		return
	}
	f, err := os.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	const immutable = 0x10 // FS_IMMUTABLE_FL of linux/fs.h
	if err := unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, immutable); err != nil {
		_ = f.Close()
		t.Skipf("root without the right, or a file system without the means, to make a folder immutable: %v", err)
	}
	t.Cleanup(func() {
		_ = unix.IoctlSetPointerInt(int(f.Fd()), unix.FS_IOC_SETFLAGS, 0)
		_ = f.Close()
	})
}

// toolFor is a tool in a process of its own with a lab of three in run.
func toolFor(t *testing.T, run string) *exec.Cmd {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// Not bound to the test's context: the tests end it, each in its way.
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), executable, toolCommand, run)
	cmd.Stderr = os.Stderr
	return cmd
}

// startTool returns when the tool's lab is ready.
func startTool(t *testing.T, run string) *exec.Cmd {
	t.Helper()
	cmd := toolFor(t, run)
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var members []Member
	if err := json.NewDecoder(stdout).Decode(&members); err != nil {
		endTool(t, cmd, syscall.SIGKILL)
		t.Fatalf("the tool's lab is not ready: %v", err)
	}
	return cmd
}

// mustSweep sweeps the data of run until they are gone: the kernel takes a dying
// process's command line from ps a moment before it closes its files.
func mustSweep(t *testing.T, runs, run string) {
	t.Helper()
	eventually(t, 2*time.Second, "the data are swept", func() bool {
		removed, err := Sweep(runs)
		if err != nil {
			t.Errorf("Sweep: %v", err)
		}
		return slices.Equal(removed, []string{dataFolder(run)})
	})
	mustNotExist(t, dataFolder(run))
}

// mustSweepGroups sweeps the cgroups of a killed tool's lab.
func mustSweepGroups(t *testing.T, run string) {
	t.Helper()
	eventually(t, 5*time.Second, "the cgroups are swept", func() bool {
		if _, err := SweepGroups(t.Context()); err != nil {
			t.Logf("SweepGroups: %v", err)
		}
		return len(ownGroups(t, run)) == 0
	})
}

func endTool(t *testing.T, tool *exec.Cmd, signal syscall.Signal) {
	t.Helper()
	if err := tool.Process.Signal(signal); err != nil {
		t.Errorf("killing the tool: %v", err)
	}
	_ = tool.Wait() // it reports the signal
}

// abandon leaves data as a killed lab does.
func abandon(t *testing.T, run string, keep bool) {
	t.Helper()
	if err := os.MkdirAll(run, 0o755); err != nil {
		t.Fatal(err)
	}
	lock, err := claimData(run, keep, folders{})
	if err != nil {
		t.Fatal(err)
	}
	makeFile(t, filepath.Join(memberData(run, "m1"), "wal"))
	if err := lock.Close(); err != nil {
		t.Fatal(err)
	}
}

func makeFile(t *testing.T, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
}

func symlink(t *testing.T, to, at string) {
	t.Helper()
	if err := os.Symlink(to, at); err != nil {
		t.Fatal(err)
	}
}
