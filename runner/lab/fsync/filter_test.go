package fsync

import (
	"encoding/binary"
	"testing"

	"golang.org/x/net/bpf"
	"golang.org/x/sys/unix"
)

func TestFilterTakesOnlyFsyncsAndSizings(t *testing.T) {
	arch, err := architecture()
	if err != nil {
		t.Skip(err)
	}
	program, err := filter()
	if err != nil {
		t.Fatal(err)
	}
	var instructions []bpf.Instruction
	for _, i := range program {
		instructions = append(instructions, bpf.RawInstruction{Op: i.Code, Jt: i.Jt, Jf: i.Jf, K: i.K}.Disassemble())
	}
	vm, err := bpf.NewVM(instructions)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		number, arch uint32
		want         int
	}{
		"fsync":                    {unix.SYS_FSYNC, arch, unix.SECCOMP_RET_USER_NOTIF},
		"fdatasync":                {unix.SYS_FDATASYNC, arch, unix.SECCOMP_RET_USER_NOTIF},
		"fallocate":                {unix.SYS_FALLOCATE, arch, unix.SECCOMP_RET_USER_NOTIF},
		"ftruncate":                {unix.SYS_FTRUNCATE, arch, unix.SECCOMP_RET_USER_NOTIF},
		"write":                    {unix.SYS_WRITE, arch, unix.SECCOMP_RET_ALLOW},
		"the call before fsync":    {min(unix.SYS_FSYNC, unix.SYS_FDATASYNC) - 1, arch, unix.SECCOMP_RET_ALLOW},
		"the call after fdatasync": {max(unix.SYS_FSYNC, unix.SYS_FDATASYNC) + 1, arch, unix.SECCOMP_RET_ALLOW},
		"another architecture's":   {unix.SYS_FSYNC, unix.AUDIT_ARCH_I386, unix.SECCOMP_RET_ALLOW},
	} {
		t.Run(name, func(t *testing.T) {
			// The library's loads are big-endian, the kernel's are the machine's.
			call := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, c.number), c.arch)
			got, err := vm.Run(call)
			if err != nil || got != c.want {
				t.Errorf("%#x, %v, want %#x", got, err, c.want)
			}
		})
	}
}
