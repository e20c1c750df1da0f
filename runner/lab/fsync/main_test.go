package fsync

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// The processes that the test binary can be besides the tests.
const (
	shimProgram  = "test-shim"  // SUPERVISOR PARENT PROGRAM ARGUMENTS: becomes the program
	hostProgram  = "test-host"  // PROGRAM ARGUMENTS: supervises it, with the longest delay, until killed
	syncProgram  = "test-sync"  // FILE CALL THREADS CALLS: each thread syncs one after the other
	waitProgram  = "test-wait"  // FILE: syncs once, says how that was, syncs again, and waits to be killed
	roundProgram = "test-round" // FILE: makes all calls that a device answers in turn, and says how each was, until killed
	filesProgram = "test-files" // says what it has open
	etcdProgram  = "test-etcd"  // FLAGS: an etcd server
)

// shimFD is what a child gets as its first extra file.
const shimFD = 3

func TestMain(m *testing.M) {
	if len(os.Args) < 2 {
		goleak.VerifyTestMain(m)
		return
	}
	switch args := os.Args[2:]; os.Args[1] {
	case shimProgram:
		exitOn(beShim(args))
	case hostProgram:
		exitOn(beHost(args))
	case syncProgram:
		exitOn(beSync(args))
	case waitProgram:
		exitOn(beWait(args[0]))
	case roundProgram:
		exitOn(beRound(args[0]))
	case filesProgram:
		exitOn(beFiles())
	case etcdProgram:
		etcdmain.Main(append([]string{"etcd"}, args...))
	default:
		goleak.VerifyTestMain(m)
	}
}

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}

// beShim executes on another thread than the main one, for which a parent-death
// signal would be asked at a fork.
func beShim(args []string) error {
	runtime.LockOSThread()
	supervisor, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	parent, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	failed := make(chan error)
	go func() { failed <- Exec(supervisor, parent, args[2], args[2:], os.Environ()) }()
	return <-failed
}

func beHost(args []string) error {
	runtime.LockOSThread()
	device, shim, err := Open(Delay{P50: longest, P99: longest}, 1)
	if err != nil {
		return err
	}
	cmd := exec.Command(os.Args[0], append([]string{shimProgram, strconv.Itoa(shimFD), strconv.Itoa(os.Getpid()), os.Args[0]}, args...)...) //nolint:noctx // it ends with this process
	cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = os.Stdout, os.Stderr, []*os.File{shim}
	if err := cmd.Start(); err != nil {
		return err
	}
	return errors.Join(shim.Close(), device.Wait(), cmd.Wait())
}

// timing is what a thread of syncProgram measured of one call.
type timing struct {
	Took time.Duration
	Err  string
}

func beSync(args []string) error {
	call := calls()[args[1]]
	threads, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	times, err := strconv.Atoi(args[3])
	if err != nil {
		return err
	}
	timings := make([][]timing, threads)
	var running sync.WaitGroup
	for i := range threads {
		file, err := os.Create(args[0] + strconv.Itoa(i))
		if err != nil {
			return err
		}
		running.Go(func() {
			runtime.LockOSThread()
			for range times {
				_, _ = file.WriteString("a line that the disk must have\n")
				timings[i] = append(timings[i], timed(call, file))
			}
		})
	}
	running.Wait()
	return json.NewEncoder(os.Stdout).Encode(slices.Concat(timings...))
}

// calls are those that a device answers.
func calls() map[string]func(fd int) error {
	return map[string]func(int) error{
		"fsync": syscall.Fsync, "fdatasync": syscall.Fdatasync,
		"fallocate": func(fd int) error { return syscall.Fallocate(fd, 0, 0, 4096) },
		"ftruncate": func(fd int) error { return syscall.Ftruncate(fd, 4096) },
	}
}

// beRound makes all calls in turn, always in the same order, so that any as many in
// a row are all of them.
func beRound(name string) error {
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	say := json.NewEncoder(os.Stdout)
	all := calls()
	names := slices.Sorted(maps.Keys(all))
	for {
		for _, call := range names {
			if err := say.Encode(timed(all[call], file)); err != nil {
				return err
			}
		}
	}
}

func timed(call func(int) error, file *os.File) (t timing) {
	fd := int(file.Fd())
	began := time.Now()
	if err := call(fd); err != nil {
		t.Err = err.Error()
	}
	t.Took = time.Since(began)
	return t
}

// waiter is what waitProgram says first.
type waiter struct {
	PID, Thread int
}

func beWait(name string) error {
	runtime.LockOSThread()
	signal.Notify(make(chan os.Signal, 1), syscall.SIGTERM)
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	defer file.Close()
	say := json.NewEncoder(os.Stdout)
	if err := say.Encode(waiter{PID: os.Getpid(), Thread: unix.Gettid()}); err != nil {
		return err
	}
	for range 2 {
		if err := say.Encode(timed(syscall.Fsync, file)); err != nil {
			return err
		}
	}
	select {}
}

func beFiles() error {
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return err
	}
	open := map[string]string{}
	for _, e := range entries {
		if target, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name())); err == nil {
			open[e.Name()] = target
		}
	}
	return json.NewEncoder(os.Stdout).Encode(open)
}
