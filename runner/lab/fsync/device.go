// Package fsync delays the fsyncs of a process tree, without root, FUSE or a
// change to its programs, as a slower disk would.
//
// A process that is about to become such a program ([Exec]) puts itself under a
// seccomp filter that makes fsync and fdatasync wait for a supervisor ([Device])
// in the parent, which lets the call go on after the delay. So the delay is
// added to what the real disk takes. All processes and threads below share one
// queue, as they would share the disk: the delay of an fsync begins when the one
// before has ended. The disk can also stand still, and be full.
package fsync

import (
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Device is the disk that the processes of one tree believe to have. Its methods
// may be called from several goroutines.
type Device struct {
	start  time.Time
	queue  *queue // the serving thread's alone
	socket int    // where the listener comes from, likewise
	ended  chan struct{}
	err    error // of the end, to be read after ended is closed

	mu      sync.Mutex // guards the following
	wake    int        // an event descriptor, open until ended
	over    bool       // wake is closed
	order   *Delay     // that the thread has not obeyed yet
	held    bool       // what the thread shall do from now on, and the two below
	full    bool
	closing bool
	stats   Stats
}

// Stats is what a Device has done so far.
type Stats struct {
	// Fsyncs is how many were let go, Gone how many waited in vain: their threads
	// were killed meanwhile.
	Fsyncs, Gone int64
	// Sizings is how many fallocates and ftruncates were let go.
	Sizings int64
	// Refused is how many calls of either kind failed, as the device was full.
	Refused int64
	// Late is by how much fsyncs were let go later than they were due, LateMax by how
	// much at most. It does not contain the way from the process and back.
	Late, LateMax time.Duration
}

// Open makes a Device and serves it in the background until it is closed or the
// last process of the tree is gone. Equal seeds give equal sequences of delays.
//
// shim is for one child, which inherits it and hands its descriptor to [Exec];
// the caller closes its own copy once the child has started.
func Open(d Delay, seed uint64) (device *Device, shim *os.File, err error) {
	if err := d.Check(); err != nil {
		return nil, nil, err
	}
	if err := Supported(); err != nil {
		return nil, nil, err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("making a socket for a seccomp listener: %w", err)
	}
	wake, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		_ = unix.Close(pair[0])
		_ = unix.Close(pair[1])
		return nil, nil, fmt.Errorf("making an event descriptor: %w", err)
	}
	device = &Device{start: time.Now(), queue: newQueue(d, seed), socket: pair[0], wake: wake, ended: make(chan struct{})}
	go device.serve()
	return device, os.NewFile(uintptr(pair[1]), "fsync supervisor"), nil
}

// Set changes the delay, at once. The delays of fsyncs that wait begin anew, and
// so do the times from stall to stall. Of a device that has ended it changes nothing.
func (d *Device) Set(delay Delay) error {
	if err := delay.Check(); err != nil {
		return err
	}
	d.tell(func() { d.order = &delay })
	return nil
}

// Hold makes the device stand still: no fsync ends until Release, those that wait
// included. What it delays meanwhile is fsyncs only. It may be held already.
func (d *Device) Hold() { d.tell(func() { d.held = true }) }

// Release undoes Hold: the delays of fsyncs that wait begin anew. On a device that
// is not held it does nothing.
func (d *Device) Release() { d.tell(func() { d.held = false }) }

// Fill makes the device full, or gives it room again. While it is full each fsync
// and fdatasync fails with ENOSPC at the end of its delay, those that wait
// included, and each fallocate and ftruncate at once. Nothing else fails, writes
// go through. Processes that still live when there is room again can go on.
func (d *Device) Fill(full bool) { d.tell(func() { d.full = full }) }

// Close lets the fsyncs that wait go on, held ones too, ends the service and waits
// for its end; on a full device they fail. Processes that are left over live on,
// but each later fsync, fallocate and ftruncate of theirs fails with ENOSYS. It returns what Wait returns.
func (d *Device) Close() error {
	d.tell(func() { d.closing = true })
	return d.Wait()
}

// Wait returns when the service has ended. An error means that it ended before
// the processes did, or that the child never came under it.
func (d *Device) Wait() error {
	<-d.ended
	return d.err
}

// Stats is what the device has done so far.
func (d *Device) Stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.stats
}

// tell changes something that the thread is to see at once.
func (d *Device) tell(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.over {
		return
	}
	change()
	_, _ = unix.Write(d.wake, []byte{1, 0, 0, 0, 0, 0, 0, 0}) // fails only when it is set already
}

// end is the thread's last word.
func (d *Device) end(err error) {
	d.mu.Lock()
	d.over = true
	_ = unix.Close(d.wake)
	d.mu.Unlock()
	_ = unix.Close(d.socket)
	d.err = err
	close(d.ended)
}
