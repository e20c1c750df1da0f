package fsync

import (
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// child is a process of the test binary's.
type child struct {
	*exec.Cmd
	stdout *os.File
	out    *json.Decoder
	exited chan error // gets what Wait returned
}

// spawn starts the test binary as something else, with extra files, and kills it
// at the end of the test. Its parent-death signal comes when the thread that
// forked ends, and so that thread waits for it.
func spawn(t testing.TB, files []*os.File, args ...string) *child {
	t.Helper()
	out, stdout, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = out.Close() })
	c := &child{
		Cmd:    exec.CommandContext(t.Context(), os.Args[0], args...),
		stdout: out, out: json.NewDecoder(out), exited: make(chan error, 1),
	}
	c.Stdout, c.Stderr, c.ExtraFiles = stdout, os.Stderr, files
	started, gone := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		defer close(gone)
		err := c.Start()
		started <- err
		if err == nil {
			c.exited <- c.Wait()
		}
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	_ = stdout.Close()
	t.Cleanup(func() {
		_ = c.Process.Kill()
		<-gone
	})
	return c
}

// under is a program that becomes what it is under a new device.
func under(t testing.TB, d Delay, program ...string) (*Device, *child) {
	t.Helper()
	if err := Supported(); err != nil {
		t.Skip(err)
	}
	device, shim, err := Open(d, 1)
	if err != nil {
		t.Fatal(err)
	}
	c := spawn(t, []*os.File{shim}, shimmed(shimFD, program...)...)
	if err := shim.Close(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = c.Process.Kill()
		if err := device.Close(); err != nil {
			t.Errorf("closing the device: %v", err)
		}
	})
	return device, c
}

func shimmed(supervisor int, program ...string) []string {
	return append([]string{shimProgram, strconv.Itoa(supervisor), strconv.Itoa(os.Getpid()), os.Args[0]}, program...)
}

// waiting is a waitProgram under a new device that is known to wait for it.
func waiting(t *testing.T, d Delay) (*Device, *child, waiter) {
	t.Helper()
	device, c := under(t, d, waitProgram, filepath.Join(t.TempDir(), "file"))
	return device, c, c.awaitWaiting(t)
}

func (c *child) awaitWaiting(t *testing.T) waiter {
	t.Helper()
	var w waiter
	c.decode(t, &w)
	eventually(t, "the program waits in fsync", func() bool { return w.syncing(t) })
	return w
}

// syncing says whether the thread is in fsync. A disk is done with that in no
// time: who is found there waits for a supervisor.
func (w waiter) syncing(t *testing.T) bool {
	t.Helper()
	call, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(w.PID), "task", strconv.Itoa(w.Thread), "syscall"))
	if err != nil {
		t.Fatal(err)
	}
	return strings.HasPrefix(string(call), strconv.Itoa(unix.SYS_FSYNC)+" ")
}

func (c *child) decode(t testing.TB, v any) {
	t.Helper()
	if err := c.out.Decode(v); err != nil {
		t.Fatalf("reading what the child says: %v", err)
	}
}

// mustEnd drains what the child says until all who could say something are gone.
func (c *child) mustEnd(t *testing.T) {
	t.Helper()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = io.Copy(io.Discard, c.stdout)
	}()
	within(t, "the end of all processes", ended)
}

const patience = 5 * time.Second

func within[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case v = <-c:
	case <-limit.C:
		t.Fatalf("not after %v: %s", patience, what)
	}
	return v
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("not after %v: %s", patience, what)
		}
	}
}
