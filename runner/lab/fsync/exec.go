package fsync

import (
	"fmt"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// None in the place of a supervisor's descriptor leaves the fsyncs alone.
const None = -1

// Exec turns this process into another program, as execve(2) does, under the
// eyes of a supervisor. It returns only if that fails; then the process is of no
// use any more.
//
// supervisor is the descriptor of the file that [Open] returned, or None. It is
// not inherited by the program; other descriptors are, unless they are closed on
// exec. parent is the process id of the parent, with which the program is to die.
// A parent-death signal that was asked for at the fork would be lost, as it is a
// thread's and execve may be called on any thread.
func Exec(supervisor, parent int, path string, argv, env []string) error {
	runtime.LockOSThread() // on which filter, parent-death signal and execve must meet
	if supervisor != None {
		if err := submit(supervisor); err != nil {
			return err
		}
	}
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return fmt.Errorf("asking for a signal at the parent's death: %w", err)
	}
	if now := os.Getppid(); now != parent {
		return fmt.Errorf("the parent, process %d, is gone: it is %d now", parent, now)
	}
	if err := syscall.Exec(path, argv, env); err != nil {
		return fmt.Errorf("executing %s: %w", path, err)
	}
	return nil
}

// submit installs the filter on this thread and sends its listener to the supervisor.
func submit(supervisor int) error {
	unix.CloseOnExec(supervisor)
	listener, err := install()
	if err != nil {
		return err
	}
	for {
		err := unix.Sendmsg(supervisor, []byte{0}, unix.UnixRights(listener), nil, unix.MSG_NOSIGNAL)
		switch err {
		case nil:
			// Only the supervisor has it now, so that it is closed with the supervisor.
			return unix.Close(listener)
		case unix.EINTR:
		default:
			return fmt.Errorf("handing the seccomp filter to the supervisor: %w", err)
		}
	}
}
