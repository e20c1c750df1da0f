package lab

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// eventually polls until done, at most for limit.
func eventually(t *testing.T, limit time.Duration, what string, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-tick.C:
		case <-deadline.C:
			t.Errorf("not after %v: %s", limit, what)
			return
		}
	}
}

func procFile(pid int, name string) string {
	return filepath.Join("/proc", strconv.Itoa(pid), name)
}

// commandLine is that of a process, empty for one that is gone or a zombie.
func commandLine(pid int) string {
	line, err := os.ReadFile(procFile(pid, "cmdline"))
	if err != nil {
		return ""
	}
	return string(bytes.ReplaceAll(line, []byte{0}, []byte{' '}))
}

func alive(pid int) bool { return commandLine(pid) != "" }

// processesOf are the living processes whose command line names the folder.
func processesOf(folder string) (pids []int) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err == nil && strings.Contains(commandLine(pid), folder) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// mustBeGone gives the kernel the two seconds that are promised after any death.
func mustBeGone(t *testing.T, folder string) {
	t.Helper()
	eventually(t, 2*time.Second, "no process of the lab is left", func() bool { return len(processesOf(folder)) == 0 })
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}

func mustNotExist(t *testing.T, path string) {
	t.Helper()
	if exists(path) {
		t.Errorf("%s is left", path)
	}
}

func kill(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatalf("killing %d: %v", pid, err)
	}
}
