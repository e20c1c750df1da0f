package link

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// timer wakes one goroutine to the microsecond.
//
// Note: a timer of the Go runtime, when the process is idle, is a timeout of
// epoll_wait(2) and so rounded up to a millisecond. A timerfd is an event for
// the same epoll_wait, and the kernel's timer slack does not apply to it.
type timer struct {
	file *os.File
	raw  syscall.RawConn
}

func newTimer() (*timer, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("creating a timer: %w", err)
	}
	file := os.NewFile(uintptr(fd), "timerfd")
	raw, err := file.SyscallConn()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("creating a timer: %w", err), file.Close())
	}
	return &timer{file: file, raw: raw}, nil
}

// until returns at the time at, or at once with an error when the timer is or
// gets closed.
//
// The descriptor is never read: setting it takes back what has expired, and the
// next expiry is an edge that the poller sees.
func (t *timer) until(at time.Time) error {
	var failed error
	err := t.raw.Read(func(fd uintptr) bool {
		d := time.Until(at)
		if d <= 0 {
			return true
		}
		failed = unix.TimerfdSettime(int(fd), 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}, nil)
		return failed != nil
	})
	if err := errors.Join(err, failed); err != nil {
		return fmt.Errorf("waiting for a timer: %w", err)
	}
	return nil
}

// close ends a wait; it may be called more than once.
func (t *timer) close() { _ = t.file.Close() }
