package runner

import (
	"bytes"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/telemetry"
)

// usage is what this process, and everything, has used of the machine.
type usage struct {
	at      time.Time
	cpu     time.Duration
	host    hostTime
	gc      debug.GCStats
	process *telemetry.Process
}

func newUsage() *usage {
	u := &usage{at: time.Now(), cpu: cpuTime(), host: readHostTime(), process: telemetry.NewProcess(os.Getpid())}
	debug.ReadGCStats(&u.gc)
	return u
}

// since is what was used since the last call.
func (u *usage) since() results.Usage {
	now, cpu, host := time.Now(), cpuTime(), readHostTime()
	used := results.Usage{RSSBytes: residentBytes(), HeapBytes: heapBytes()}
	var gc debug.GCStats
	debug.ReadGCStats(&gc)
	used.GCPauses, used.GCPauseMS = gc.NumGC-u.gc.NumGC, milliseconds(gc.PauseTotal-u.gc.PauseTotal)
	grown, _ := u.process.Look()
	if all := host.all - u.host.all; all > 0 {
		used.HostCPU = 1 - float64(host.idle-u.host.idle)/float64(all)
	}
	if d := now.Sub(u.at); d > 0 {
		used.CPUCores = (cpu - u.cpu).Seconds() / d.Seconds()
		used.CPUWaitCores = grown[results.CPUWaitSeconds] / d.Seconds()
	}
	u.at, u.cpu, u.host, u.gc = now, cpu, host, gc
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

// hostTime is the time of all processors since boot, in the kernel's ticks.
type hostTime struct{ all, idle int64 }

// readHostTime reads proc(5)'s stat; all is 0 where the kernel does not tell.
func readHostTime() (h hostTime) {
	b, err := os.ReadFile("/proc/stat")
	if err != nil {
		return hostTime{}
	}
	line, _, _ := bytes.Cut(b, []byte{'\n'})
	fields := bytes.Fields(line)
	if len(fields) < 9 || string(fields[0]) != "cpu" {
		return hostTime{}
	}
	// user nice system idle iowait irq softirq steal; guest time is in user already.
	for i, f := range fields[1:9] {
		n, err := strconv.ParseInt(string(f), 10, 64)
		if err != nil {
			return hostTime{}
		}
		h.all += n
		if i == 3 || i == 4 {
			h.idle += n
		}
	}
	return h
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

// heapBytes is what this process's heap holds.
func heapBytes() int64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return int64(sample[0].Value.Uint64())
}
