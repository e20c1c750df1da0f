package limit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// owner is a process that cannot be mistaken for a later one of the same number.
type owner struct {
	pid       int
	start     uint64 // in clock ticks after boot
	namespace uint64 // of process numbers
}

// errDead is the state of a process that does nothing any more.
var errDead = errors.New("the process is dead")

// readOwner reads which process is pid, or "self". A zombie is dead.
func readOwner(pid string) (owner, error) {
	stat, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, unix.ESRCH):
		return owner{}, errDead
	case err != nil:
		return owner{}, err
	}
	o, err := parseStat(string(stat))
	if err != nil {
		return owner{}, err
	}
	o.namespace, err = ownNamespace()
	return o, err
}

// parseStat reads /proc/PID/stat (proc_pid_stat(5)). The second field is the
// program's name in parentheses and may hold anything.
func parseStat(stat string) (owner, error) {
	number, _, _ := strings.Cut(stat, " ")
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	const state, start = 0, 19 // the third field and the 22nd
	if len(fields) <= start {
		return owner{}, fmt.Errorf("%q is not the state of a process", stat)
	}
	switch fields[state] {
	case "Z", "X", "x":
		return owner{}, errDead
	}
	pid, err := strconv.Atoi(number)
	if err != nil {
		return owner{}, err
	}
	ticks, err := strconv.ParseUint(fields[start], 10, 64)
	return owner{pid: pid, start: ticks}, err
}

// ownNamespace is the number of the namespace in which this process counts
// processes, from a link like "pid:[4026531836]".
func ownNamespace() (uint64, error) {
	link, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return 0, err
	}
	return strconv.ParseUint(strings.TrimSuffix(strings.TrimPrefix(link, "pid:["), "]"), 10, 64)
}

// dead reports whether the owner is surely dead. Of another namespace, or hidden
// from us (hidepid of proc(5)), it may live.
func (o owner) dead() bool {
	if namespace, err := ownNamespace(); err != nil || namespace != o.namespace {
		return false
	}
	now, err := readOwner(strconv.Itoa(o.pid))
	if errors.Is(err, errDead) {
		err := unix.Kill(o.pid, 0)
		return err == nil || errors.Is(err, unix.ESRCH) // nil is a zombie
	}
	return err == nil && now.start != o.start
}

const namePrefix = "etcd-dyno_"

// groupName is the name of a lab's group: whose it is for people (the end of the
// run folder's path, and a hash of all of it), then the owner for sweep.
func groupName(run string, o owner) string {
	const most = 60
	label := strings.Map(func(r rune) rune {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9' || r == '.' {
			return r
		}
		return '-'
	}, filepath.Base(run))
	hash := sha256.Sum256([]byte(run))
	return fmt.Sprintf("%s%s_%x_%d_%d_%d", namePrefix, label[:min(len(label), most)], hash[:4], o.pid, o.start, o.namespace)
}

// parseName finds the owner in the name of a group; ours tells whether it is one of a lab.
func parseName(name string) (o owner, ours bool) {
	rest, ours := strings.CutPrefix(name, namePrefix)
	parts := strings.Split(rest, "_")
	if !ours || len(parts) != 5 {
		return owner{}, false
	}
	pid, err1 := strconv.Atoi(parts[2])
	start, err2 := strconv.ParseUint(parts[3], 10, 64)
	namespace, err3 := strconv.ParseUint(parts[4], 10, 64)
	o = owner{pid: pid, start: start, namespace: namespace}
	return o, pid > 0 && errors.Join(err1, err2, err3) == nil
}
