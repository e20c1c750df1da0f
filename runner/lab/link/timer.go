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
// the same epoll_wait, and the kernel's timer slack does not apply to it. What is
// left is how long an idle processor takes to wake and run a goroutine, 20 to 150
// µs: as long as that usually is, it wakes earlier.
type timer struct {
	file *os.File
	raw  syscall.RawConn
	// early is by how much; only the goroutine that waits knows it.
	early time.Duration
}

// mostEarly bounds timer.early, so that one late wake-up makes none too early.
const mostEarly = 150 * time.Microsecond

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

// until returns at the time at, within what it has learnt, or at once with an
// error when the timer is or gets closed.
//
// The descriptor is never read: setting it takes back what has expired, and the
// next expiry is an edge that the poller sees.
func (t *timer) until(at time.Time) error {
	var failed error
	aim, waited := at.Add(-t.early), false
	err := t.raw.Read(func(fd uintptr) bool {
		d := time.Until(aim)
		if d <= 0 {
			return true
		}
		waited = true
		failed = unix.TimerfdSettime(int(fd), 0, &unix.ItimerSpec{Value: unix.NsecToTimespec(int64(d))}, nil)
		return failed != nil
	})
	if err := errors.Join(err, failed); err != nil {
		return fmt.Errorf("waiting for a timer: %w", err)
	}
	if waited {
		late := time.Since(aim)
		t.early = min(t.early+(late-t.early)/4, mostEarly)
	}
	return nil
}

// close ends a wait; it may be called more than once.
func (t *timer) close() { _ = t.file.Close() }
