package lab

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"time"
)

// process is a child that the kernel kills when its parent dies.
type process struct {
	name   string
	cmd    *exec.Cmd
	exited chan struct{} // closed when the process is gone and waited for
	// expected is set before it is told to end.
	expected atomic.Bool
}

// spawn starts cmd and waits for its end in the background: then exited is
// closed and the process sent to exits, which must have room, unless it is nil.
//
// The kernel sends the parent-death signal when the *thread* that forked ends,
// and Go ends threads as it likes. So the goroutine that forks keeps its thread
// until the child is gone. That the parent may have died before the child had
// asked for the signal is seen to by package syscall, which compares getppid.
func spawn(name string, cmd *exec.Cmd, exits chan<- *process) (*process, error) {
	p := &process{name: name, cmd: cmd, exited: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait() // state has the outcome
		close(p.exited)
		if exits != nil {
			exits <- p
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("starting the process of %s: %w", name, err)
	}
	return p, nil
}

// gone reports whether the process has exited.
func (p *process) gone() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// state is the exit state of a process that has exited.
func (p *process) state() string { return p.cmd.ProcessState.String() }

// signal sends s. A process that is gone already is no error: it is what is wanted.
func (p *process) signal(s os.Signal) { _ = p.cmd.Process.Signal(s) }

// awaitExit reports whether the process exited within d and before ctx ended.
func (p *process) awaitExit(ctx context.Context, d time.Duration) bool {
	limit := time.NewTimer(d)
	defer limit.Stop()
	select {
	case <-p.exited:
		return true
	case <-ctx.Done():
	case <-limit.C:
	}
	return false
}
