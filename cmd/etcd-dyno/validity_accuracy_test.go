//go:build accuracy

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// validityRepeats is how often each way of being slow is tried.
const validityRepeats = 10

// undisturbed is the case in which nobody is made slow.
const undisturbed = "undisturbed"

// A generator that is made slow is told from an etcd that is made slow, in both
// directions and each time. Generator and etcd are pinned to a processor each,
// so that only one of them is disturbed. Where nothing is disturbed, the machine
// itself may still stall the generator now and then, which it then says.
func TestAccuracyValidity(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("it takes two processors to disturb one side alone")
	}
	const generator, etcd = 0, 1
	for _, tc := range []struct {
		name  string
		rate  int
		valid bool
		// disturb does so until the context ends.
		disturb func(ctx context.Context, t *testing.T, tool, member int)
	}{
		{undisturbed, 300, true, func(context.Context, *testing.T, int, int) {}},
		{"the generator's CPU is taken away for 30 of each 100 ms", 300, false, func(ctx context.Context, t *testing.T, tool, _ int) {
			t.Helper()
			stutter(ctx, t, tool, 30*time.Millisecond, 70*time.Millisecond)
		}},
		{"the generator runs under spinners", 300, false, func(ctx context.Context, t *testing.T, _, _ int) {
			t.Helper()
			spin(ctx, t, generator, 4)
		}},
		{"etcd is frozen for 1 s", 300, true, func(ctx context.Context, t *testing.T, _, member int) {
			t.Helper()
			select {
			case <-ctx.Done():
			case <-time.After(3 * time.Second):
				stutter(ctx, t, member, time.Second, time.Hour)
			}
		}},
		{"etcd runs under spinners", 300, true, func(ctx context.Context, t *testing.T, _, _ int) {
			t.Helper()
			spin(ctx, t, etcd, 4)
		}},
		{"etcd's disk is slowed by other writers", 300, true, func(ctx context.Context, t *testing.T, _, _ int) {
			t.Helper()
			spoilDisk(ctx, t, etcd, 4)
		}},
		{"etcd is overloaded", 12_000, true, func(context.Context, *testing.T, int, int) {}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wrong := 0
			for i := range validityRepeats {
				result, code := runPinned(t, tc.rate, generator, etcd, tc.disturb)
				put := result.Operations[0]
				t.Logf("%d: valid %v, exit %d, response p99 %s, service p99 %s, achieved %.0f/s, lag p99 %s, wake-up p99 %s %v", i, result.Valid, code,
					millis(put.Response.P99), millis(put.Service.P99), put.AchievedRate, millis(result.Generator.Lag.P99), millis(result.Generator.Wake.P99), result.InvalidReasons)
				if result.Valid != tc.valid || (code == exitInvalid) == tc.valid {
					wrong++
				}
			}
			allowed := 0
			if tc.name == undisturbed {
				allowed = validityRepeats * 3 / 10
			}
			if wrong > allowed {
				t.Errorf("%d of %d verdicts are wrong; each run must be valid: %v", wrong, validityRepeats, tc.valid)
			}
		})
	}
}

func millis(v *float64) string {
	if v == nil {
		return "n/a"
	}
	return fmt.Sprintf("%.2f ms", *v)
}

// runPinned runs puts as a command of its own, pinned to a processor, against a
// lab that is pinned to another, and returns the result and the exit code.
func runPinned(t *testing.T, rate, generator, etcd int, disturb func(ctx context.Context, t *testing.T, tool, member int)) (results.Result, int) {
	t.Helper()
	dir := t.TempDir()
	file := filepath.Join(dir, "puts.toml")
	text := fmt.Sprintf("name = \"puts\"\n[phases]\nwarmup = \"1s\"\nmeasure = \"8s\"\n[workload.puts]\nkind = \"raw\"\noperation = \"put\"\nkeys = { count = 1000 }\nsize = \"1KiB\"\narrival = { rate = \"%d/s\" }\n", rate)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	configuration, err := scenarios.LoadConfiguration("single", nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(t.Context(), lab.Spec{Run: filepath.Join(dir, "lab"), Configuration: configuration})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	member := memberBelow(t, dir)
	pin(t, member, etcd)

	runs := filepath.Join(dir, "runs")
	command := exec.CommandContext(t.Context(), os.Args[0], "run", file, "--runs-dir", runs, "--endpoints", l.Endpoints()[0], "--yes")
	var talk bytes.Buffer
	command.Stderr, command.Env = &talk, append(os.Environ(), "GOMAXPROCS=1")
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	pin(t, command.Process.Pid, generator)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		disturb(ctx, t, command.Process.Pid, member)
	}()
	ended := command.Wait()
	cancel()
	<-done
	var exit *exec.ExitError
	if ended != nil && !errors.As(ended, &exit) {
		t.Fatal(ended)
	}
	folders, err := filepath.Glob(filepath.Join(runs, "*"))
	if err != nil || len(folders) != 1 {
		t.Fatalf("run folders %v, %v; the run said:\n%s", folders, err, talk.String())
	}
	run, err := results.Load(folders[0])
	if err != nil {
		t.Fatal(err)
	}
	result := verdict.Judge(run)
	if len(result.Operations) == 0 {
		t.Fatalf("no operation was recorded; the run said:\n%s", talk.String())
	}
	return result, command.ProcessState.ExitCode()
}

// memberBelow is the process of the only member of a lab below a folder.
func memberBelow(t *testing.T, folder string) int {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range lines {
		b, err := os.ReadFile(path)
		if err == nil && bytes.Contains(b, []byte("\x00"+lab.MemberCommand+"\x00")) && bytes.Contains(b, []byte(folder)) {
			pid, err := strconv.Atoi(strings.Split(path, "/")[2])
			if err != nil {
				t.Fatal(err)
			}
			return pid
		}
	}
	t.Fatal("the lab has no member")
	return 0
}

// pin binds all threads of a process, and those to come, to one processor.
func pin(t *testing.T, pid, cpu int) {
	t.Helper()
	var set unix.CPUSet
	set.Set(cpu)
	for range 2 { // a second time for threads that came meanwhile
		tasks, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		if err != nil {
			t.Fatal(err)
		}
		for _, task := range tasks {
			tid, err := strconv.Atoi(task.Name())
			if err != nil {
				t.Fatal(err)
			}
			if err := unix.SchedSetaffinity(tid, &set); err != nil && !errors.Is(err, unix.ESRCH) {
				t.Fatal(err)
			}
		}
	}
}

// stutter stops a process again and again, until the context ends.
func stutter(ctx context.Context, t *testing.T, pid int, stopped, running time.Duration) {
	t.Helper()
	for ctx.Err() == nil {
		for _, each := range []struct {
			signal syscall.Signal
			wait   time.Duration
		}{{syscall.SIGSTOP, stopped}, {syscall.SIGCONT, running}} {
			if err := syscall.Kill(pid, each.signal); err != nil {
				return // it has ended
			}
			select {
			case <-ctx.Done():
				_ = syscall.Kill(pid, syscall.SIGCONT)
				return
			case <-time.After(each.wait):
			}
		}
	}
}

// spin keeps a processor busy with so many processes until the context ends.
func spin(ctx context.Context, t *testing.T, cpu, n int) {
	t.Helper()
	hold(ctx, t, cpu, n, func(int) []string { return []string{"sh", "-c", "while :; do :; done"} })
}

// spoilDisk writes to the disk that tests use, each block through to the device, until the context ends.
func spoilDisk(ctx context.Context, t *testing.T, cpu, n int) {
	t.Helper()
	dir := t.TempDir()
	hold(ctx, t, cpu, n, func(i int) []string {
		return []string{"sh", "-c", fmt.Sprintf("while :; do dd if=/dev/zero of=%s/%d bs=1M count=64 oflag=dsync 2>/dev/null; done", dir, i)}
	})
}

// hold runs commands, pinned to a processor, until the context ends.
func hold(ctx context.Context, t *testing.T, cpu, n int, command func(i int) []string) {
	t.Helper()
	var all []*exec.Cmd
	for i := range n {
		argv := command(i)
		c := exec.CommandContext(context.WithoutCancel(ctx), argv[0], argv[1:]...)
		c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
		if err := c.Start(); err != nil {
			t.Error(err)
			break
		}
		pin(t, c.Process.Pid, cpu)
		all = append(all, c)
	}
	<-ctx.Done()
	for _, c := range all {
		_ = syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		_ = c.Wait() // it was killed
	}
}
