package fsync

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// filterFlags: with WAIT_KILLABLE_RECV no signal interrupts an fsync that the
// supervisor has heard of, else its delay would begin anew with each (Go's
// scheduler sends many); SPEC_ALLOW because older kernels slow down the whole
// process otherwise.
const filterFlags = unix.SECCOMP_FILTER_FLAG_NEW_LISTENER |
	unix.SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV |
	unix.SECCOMP_FILTER_FLAG_SPEC_ALLOW

// Supported says in a sentence why this machine cannot delay fsyncs, or nothing
// if it can. It tries it, on a thread that ends thereafter.
func Supported() error {
	if _, err := architecture(); err != nil {
		return err
	}
	action := uint32(unix.SECCOMP_RET_USER_NOTIF)
	if _, err := seccomp(unix.SECCOMP_GET_ACTION_AVAIL, 0, unsafe.Pointer(&action)); err != nil {
		return fmt.Errorf("fsyncs cannot be delayed: this kernel, or the sandbox around it, does not offer seccomp user notification (Linux 5.0): %w", err)
	}
	var sizes struct{ notification, response, data uint16 }
	if _, err := seccomp(unix.SECCOMP_GET_NOTIF_SIZES, 0, unsafe.Pointer(&sizes)); err != nil {
		return fmt.Errorf("fsyncs cannot be delayed: asking the kernel for the size of a seccomp notification: %w", err)
	}
	if uintptr(sizes.notification) != unsafe.Sizeof(notification{}) || uintptr(sizes.response) != unsafe.Sizeof(response{}) {
		return fmt.Errorf("fsyncs cannot be delayed: this kernel's seccomp notifications have %d and %d bytes, not %d and %d",
			sizes.notification, sizes.response, unsafe.Sizeof(notification{}), unsafe.Sizeof(response{}))
	}
	tried := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked, so that the filter ends with the thread
		listener, err := install()
		if err == nil {
			err = unix.Close(listener)
		}
		tried <- err
	}()
	return <-tried
}

// install puts the calling thread, and all that it will start, under the filter
// and returns the descriptor at which the kernel tells of each call
// that waits. It is closed on exec.
func install() (listener int, err error) {
	program, err := filter()
	if err != nil {
		return 0, err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return 0, fmt.Errorf("fsyncs cannot be delayed: giving up new privileges, as a filter without root needs it: %w", err)
	}
	bpf := unix.SockFprog{Len: uint16(len(program)), Filter: &program[0]}
	listener, err = seccomp(unix.SECCOMP_SET_MODE_FILTER, filterFlags, unsafe.Pointer(&bpf))
	switch {
	case errors.Is(err, unix.EINVAL):
		err = fmt.Errorf("fsyncs cannot be delayed: this kernel does not know WAIT_KILLABLE_RECV (Linux 5.19): %w", err)
	case errors.Is(err, unix.EBUSY):
		err = fmt.Errorf("fsyncs cannot be delayed: another program, a container runtime perhaps, listens to our system calls already: %w", err)
	case err != nil:
		err = fmt.Errorf("fsyncs cannot be delayed: installing the seccomp filter: %w", err)
	}
	return listener, err
}

// filter is the program that the kernel runs at each system call: it lets all
// pass but this architecture's fsync and fdatasync, and fallocate and ftruncate,
// which only a full disk refuses. A kernel from 5.11 on knows from a table of its
// own what always passes and does not run it for that.
func filter() ([]unix.SockFilter, error) {
	arch, err := architecture()
	if err != nil {
		return nil, err
	}
	const (
		load   = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		equal  = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		ret    = unix.BPF_RET | unix.BPF_K
		number = 0 // where struct seccomp_data has the system call's number,
		abi    = 4 // and where its architecture
	)
	return []unix.SockFilter{
		{Code: load, K: abi},
		{Code: equal, K: arch, Jf: 5},
		{Code: load, K: number},
		{Code: equal, K: unix.SYS_FSYNC, Jt: 4},
		{Code: equal, K: unix.SYS_FDATASYNC, Jt: 3},
		{Code: equal, K: unix.SYS_FALLOCATE, Jt: 2},
		{Code: equal, K: unix.SYS_FTRUNCATE, Jt: 1},
		{Code: ret, K: unix.SECCOMP_RET_ALLOW},
		{Code: ret, K: unix.SECCOMP_RET_USER_NOTIF},
	}, nil
}

func isFsync(number int32) bool { return number == unix.SYS_FSYNC || number == unix.SYS_FDATASYNC }

func architecture() (uint32, error) {
	switch runtime.GOARCH {
	case "amd64":
		return unix.AUDIT_ARCH_X86_64, nil
	case "arm64":
		return unix.AUDIT_ARCH_AARCH64, nil
	default:
		return 0, fmt.Errorf("fsyncs can be delayed on amd64 and arm64 only, not on %s", runtime.GOARCH)
	}
}

func seccomp(operation, flags uintptr, args unsafe.Pointer) (int, error) {
	r, _, errno := unix.Syscall(unix.SYS_SECCOMP, operation, flags, uintptr(args))
	if errno != 0 {
		return 0, errno
	}
	return int(r), nil
}
