package fsync

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// notification is the kernel's struct seccomp_notif: a system call that waits.
type notification struct {
	id    uint64
	pid   uint32
	flags uint32
	data  struct {
		number  int32
		arch    uint32
		pointer uint64
		args    [6]uint64
	}
}

// response is the kernel's struct seccomp_notif_resp.
type response struct {
	id    uint64
	value int64
	error int32
	flags uint32
}

// receive takes a system call that waits; n must be zero. With it begins that no
// signal but a deadly one interrupts the call. ENOENT: there is none any more.
func receive(listener int, n *notification) error {
	return ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_RECV, unsafe.Pointer(n))
}

// answer lets a system call go on, or fail with an error unless that is 0.
// ENOENT: its thread is dead.
func answer(listener int, r *response, failure unix.Errno) error {
	r.error, r.flags = -int32(failure), 0
	if failure == 0 {
		r.flags = unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE
	}
	return ioctl(listener, unix.SECCOMP_IOCTL_NOTIF_SEND, unsafe.Pointer(r))
}

// wakeOnSameCPU makes the way there and back shorter: of the two sides one always
// waits for the other. Kernels before 6.6 do not know it.
func wakeOnSameCPU(listener int) {
	_ = unix.IoctlSetInt(listener, unix.SECCOMP_IOCTL_NOTIF_SET_FLAGS, unix.SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP)
}

func ioctl(fd int, request uintptr, arg unsafe.Pointer) error {
	for {
		_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), request, uintptr(arg))
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
		default:
			return errno
		}
	}
}
