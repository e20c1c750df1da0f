package release

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// command is a process that is run to its end.
type command struct {
	argv []string
	dir  string
	env  []string // nothing else is inherited
}

// output is what a process said and the code that it exited with.
type output struct {
	stdout, stderr string
	code           int
}

// run runs the command. An exit code is no error; that it cannot be started is,
// and so are the end of ctx and a signal. No process of the command's group
// outlives ctx.
func (c command) run(ctx context.Context) (output, error) {
	// The parent-death signal comes when the thread that forked ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	cmd.Dir = c.dir
	cmd.Env = append([]string{}, c.env...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second // for a process that left the group and holds the pipes
	err := cmd.Run()
	if ctx.Err() != nil {
		if cmd.Process != nil {
			awaitGroup(cmd.Process.Pid)
		}
		return output{}, context.Cause(ctx)
	}
	out := output{stdout: stdout.String(), stderr: stderr.String(), code: cmd.ProcessState.ExitCode()}
	exit := (*exec.ExitError)(nil)
	switch {
	case err == nil, errors.As(err, &exit) && out.code >= 0:
		return out, nil
	case exit != nil:
		return output{}, fmt.Errorf("running %s: %w", c.argv[0], err)
	}
	return output{}, fmt.Errorf("starting %s: %w", c.argv[0], err)
}

// awaitGroup waits until none of a killed process group is left, so that nobody
// writes any more, at most a second: a zombie whose parent does not care stays.
func awaitGroup(leader int) {
	limit := time.NewTimer(time.Second)
	defer limit.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for syscall.Kill(-leader, 0) == nil {
		select {
		case <-tick.C:
		case <-limit.C:
			return
		}
	}
}
