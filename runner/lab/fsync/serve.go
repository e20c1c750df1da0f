package fsync

import (
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// server is the thread that serves a Device.
type server struct {
	*Device
	fds     [2]unix.PollFd // where the processes speak and where the Device's owner does
	timeout unix.Timespec
	call    notification
	answer  response
	refuses bool // as the device is full
}

// farewell bounds how many fsyncs are let go after the wish to end, so that
// processes which never rest cannot put it off.
const farewell = 1000

// serve runs on a thread of its own that sleeps in the kernel, since Go's timers
// round up to a millisecond.
func (d *Device) serve() {
	// The thread is not unlocked: it ends with the goroutine, and its timer slack with it.
	runtime.LockOSThread()
	// Without it the kernel may wake the thread up to 50 µs late. It cannot fail for a valid number.
	_ = unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0)
	s := &server{Device: d, fds: [2]unix.PollFd{
		{Fd: int32(d.socket), Events: unix.POLLIN}, {Fd: int32(d.wake), Events: unix.POLLIN},
	}}
	listener, err := s.accept()
	if err == nil && listener >= 0 {
		err = s.attend(listener)
		_ = unix.Close(listener)
	}
	d.end(err)
}

// accept waits for the listener of the child's filter; -1 is that of none, as
// the device is to end.
func (s *server) accept() (listener int, err error) {
	for {
		said, err := s.await(nil)
		if err != nil {
			return -1, err
		}
		if s.obey() {
			return -1, nil
		}
		if said != 0 {
			return receiveListener(s.socket)
		}
	}
}

func receiveListener(socket int) (int, error) {
	var word [1]byte
	space := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(socket, word[:], space, unix.MSG_CMSG_CLOEXEC|unix.MSG_DONTWAIT)
	if err != nil {
		return -1, fmt.Errorf("receiving a seccomp listener: %w", err)
	}
	messages, err := unix.ParseSocketControlMessage(space[:n])
	if err != nil {
		return -1, fmt.Errorf("receiving a seccomp listener: %w", err)
	}
	if len(messages) == 0 {
		return -1, errors.New("the process whose fsyncs are to be delayed ended before it was under a filter")
	}
	listeners, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return -1, fmt.Errorf("receiving a seccomp listener: %w", err)
	}
	return listeners[0], nil
}

// attend delays fsyncs until the last process is gone or the device is to end.
func (s *server) attend(listener int) error {
	wakeOnSameCPU(listener)
	s.fds[0].Fd = int32(listener)
	for {
		timeout, err := s.letDueGo()
		if err != nil {
			return err
		}
		said, err := s.await(timeout)
		switch {
		case err != nil:
			return err
		case s.obey():
			return s.letAllGo()
		case said&unix.POLLHUP != 0:
			return nil
		case said&unix.POLLIN != 0:
			if err := s.receive(); err != nil {
				return err
			}
		case said != 0:
			return fmt.Errorf("waiting for fsyncs: the seccomp listener is in the state %#x", said)
		}
	}
}

// await sleeps until one of the two speaks or the time is over, and says what
// the processes' side said.
func (s *server) await(timeout *unix.Timespec) (said int16, err error) {
	s.fds[0].Revents, s.fds[1].Revents = 0, 0
	_, err = unix.Ppoll(s.fds[:], timeout, nil)
	if err != nil && !errors.Is(err, unix.EINTR) {
		return 0, fmt.Errorf("waiting for fsyncs: %w", err)
	}
	return s.fds[0].Revents, nil
}

// obey does what the Device's owner said, if anything; true means to end.
func (s *server) obey() bool {
	if s.fds[1].Revents == 0 {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var count [8]byte
	_, _ = unix.Read(s.wake, count[:]) // there is something to read
	if s.order != nil {
		s.queue.set(*s.order, s.now())
		s.order = nil
	}
	s.refuses = s.full
	s.queue.hold(s.held && !s.closing, s.now())
	return s.closing
}

// receive takes one fsync into the queue; what is none is answered at once.
func (s *server) receive() error {
	s.call = notification{}
	err := receive(int(s.fds[0].Fd), &s.call)
	switch {
	case err == nil && isFsync(s.call.data.number):
		s.queue.add(s.call.id, s.now())
	case err == nil:
		return s.letGo(s.call.id, func(done *Stats) { done.Sizings++ })
	case !errors.Is(err, unix.ENOENT): // it was interrupted, or killed, before we could
		return fmt.Errorf("receiving a system call: %w", err)
	}
	return nil
}

// letDueGo lets go what is due, and says how long it is to the next; nil is for ever.
func (s *server) letDueGo() (*unix.Timespec, error) {
	for {
		next, ok := s.queue.next()
		if !ok {
			return nil, nil
		}
		now := s.now()
		if next.due > now {
			s.timeout = unix.NsecToTimespec(int64(next.due - now))
			return &s.timeout, nil
		}
		if err := s.letNextGo(next.id, now-next.due); err != nil {
			return nil, err
		}
	}
}

// letAllGo lets go what waits, due or not.
func (s *server) letAllGo() error {
	s.timeout = unix.Timespec{}
	for range farewell {
		next, ok := s.queue.next()
		if ok {
			if err := s.letNextGo(next.id, 0); err != nil {
				return err
			}
			continue
		}
		said, err := s.await(&s.timeout)
		if err != nil || said != unix.POLLIN {
			return err
		}
		if err := s.receive(); err != nil {
			return err
		}
	}
	return nil
}

func (s *server) letNextGo(id uint64, late time.Duration) error {
	s.queue.done()
	return s.letGo(id, func(done *Stats) {
		done.Fsyncs++
		done.Late += late
		done.LateMax = max(done.LateMax, late)
	})
}

// letGo lets a call go on, or fail where the device is full, and counts that. The
// lock is held for both, so that a call which has ended is one that Stats knows.
func (s *server) letGo(id uint64, count func(*Stats)) error {
	var failure unix.Errno
	if s.refuses {
		failure = unix.ENOSPC
	}
	s.answer.id = id
	s.mu.Lock()
	defer s.mu.Unlock()
	err := answer(int(s.fds[0].Fd), &s.answer, failure)
	switch {
	case errors.Is(err, unix.ENOENT):
		s.stats.Gone++
	case err != nil:
		return fmt.Errorf("answering a system call: %w", err)
	case failure != 0:
		s.stats.Refused++
	default:
		count(&s.stats)
	}
	return nil
}

func (s *server) now() time.Duration { return time.Since(s.start) }
