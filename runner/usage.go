package runner

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// usage is what this process has used of the machine.
type usage struct {
	at  time.Time
	cpu time.Duration
}

func newUsage() *usage { return &usage{at: time.Now(), cpu: cpuTime()} }

// since is what was used since the last call.
func (u *usage) since() results.Usage {
	now, cpu := time.Now(), cpuTime()
	used := results.Usage{RSSBytes: residentBytes()}
	if d := now.Sub(u.at); d > 0 {
		used.CPUCores = (cpu - u.cpu).Seconds() / d.Seconds()
	}
	u.at, u.cpu = now, cpu
	return used
}

// cpuTime is the CPU time of this process, its children not included; 0 where the kernel does not tell.
func cpuTime() time.Duration {
	var r unix.Rusage
	if unix.Getrusage(unix.RUSAGE_SELF, &r) != nil {
		return 0
	}
	return time.Duration(r.Utime.Nano() + r.Stime.Nano())
}

// residentBytes is the resident set of this process; 0 where the kernel does not tell.
func residentBytes() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(b)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
