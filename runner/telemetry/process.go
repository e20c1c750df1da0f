package telemetry

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/prometheus/procfs"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Process looks at a process on this machine, again and again.
type Process struct {
	pid int
	// waited is how long each thread has waited for a processor so far, in nanoseconds.
	waited map[int]uint64
	group  cgroup
	usage  map[string]float64 // of the group, at the last look
}

// NewProcess begins to look at a process.
func NewProcess(pid int) *Process {
	p := &Process{pid: pid, group: cgroupOf(pid)}
	p.Look()
	return p
}

// Look is by how much counters have grown since the last look, and what gauges are
// now, by the names of results; what the kernel does not tell is not there.
func (p *Process) Look() (grown, now map[string]float64) {
	grown, now = map[string]float64{}, map[string]float64{}
	waited := waits(p.pid)
	if waited != nil {
		var sum uint64
		for thread, ns := range waited {
			if was := p.waited[thread]; ns > was { // else its number is another's by now
				sum += ns - was
			}
		}
		grown[results.CPUWaitSeconds] = float64(sum) / 1e9
	}
	p.waited = waited
	usage := p.group.usage()
	for name, v := range usage {
		grown[name] = max(v-p.usage[name], 0)
	}
	p.usage = usage
	p.group.limits(now)
	return grown, now
}

// waits is how long each thread of a process has been ready to run and waited
// for a processor, in nanoseconds (Documentation/scheduler/sched-stats); nil where
// the kernel does not tell.
func waits(pid int) map[int]uint64 {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return nil
	}
	threads, err := fs.AllThreads(pid)
	if err != nil {
		return nil
	}
	all := make(map[int]uint64, len(threads))
	for _, thread := range threads {
		if s, err := thread.Schedstat(); err == nil { // else it ended meanwhile
			all[thread.PID] = s.WaitingNanoseconds
		}
	}
	return all
}

// cgroup is where the limits of a process are; empty folders where there are none to be found.
type cgroup struct {
	// cpu and memory are the folders of the two, the same one in version 2.
	cpu, memory string
	v2          bool
}

// cgroupRoot is where the hierarchies are mounted on every distribution.
const cgroupRoot = "/sys/fs/cgroup"

// cgroupOf finds the groups of a process (cgroups(7)).
func cgroupOf(pid int) (g cgroup) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cgroup")
	if err != nil {
		return cgroup{}
	}
	for line := range strings.Lines(string(text)) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, path, _ := strings.Cut(rest, ":")
		switch {
		case controllers == "" && g.cpu == "":
			if folder := filepath.Join(cgroupRoot, path); exists(filepath.Join(folder, "cpu.max")) {
				g = cgroup{cpu: folder, memory: folder, v2: true}
			}
		case names(controllers, "cpu"):
			g.cpu, g.v2 = filepath.Join(cgroupRoot, "cpu", path), false
		case names(controllers, "memory"):
			g.memory, g.v2 = filepath.Join(cgroupRoot, "memory", path), false
		}
	}
	return g
}

func names(list, name string) bool {
	for each := range strings.SplitSeq(list, ",") {
		if each == name {
			return true
		}
	}
	return false
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// usage is how the group's CPU limit has held its processes up so far; empty where there is none.
func (g cgroup) usage() map[string]float64 {
	if g.cpu == "" {
		return nil
	}
	text, err := os.ReadFile(filepath.Join(g.cpu, "cpu.stat"))
	if err != nil {
		return nil
	}
	all := map[string]float64{}
	for line := range strings.Lines(string(text)) {
		name, number, _ := strings.Cut(strings.TrimSpace(line), " ")
		v, err := strconv.ParseFloat(number, 64)
		if err != nil {
			continue
		}
		switch name {
		case "nr_periods":
			all[results.Periods] = v
		case "nr_throttled":
			all[results.Throttled] = v
		case "throttled_time": // version 1, nanoseconds
			all[results.ThrottledSeconds] = v / 1e9
		case "throttled_usec":
			all[results.ThrottledSeconds] = v / 1e6
		}
	}
	return all
}

// limits are the group's.
func (g cgroup) limits(into map[string]float64) {
	quota, period, memory := g.read("cpu.cfs_quota_us"), g.read("cpu.cfs_period_us"), 0.0
	if g.v2 {
		quota, period = twoOf(g.cpu, "cpu.max")
		memory, _ = twoOf(g.memory, "memory.max")
	} else if g.memory != "" {
		memory, _ = twoOf(g.memory, "memory.limit_in_bytes")
	}
	if quota > 0 && period > 0 {
		into[results.CPULimit] = quota / period
	}
	if memory > 0 && memory < 1<<60 { // version 1 says so where there is none
		into[results.MemoryLimit] = memory
	}
}

func (g cgroup) read(name string) float64 {
	if g.v2 || g.cpu == "" {
		return 0
	}
	v, _ := twoOf(g.cpu, name)
	return v
}

// twoOf reads one or two numbers of a file; 0 for what is none, as "max".
func twoOf(folder, name string) (first, second float64) {
	text, err := os.ReadFile(filepath.Join(folder, name))
	if err != nil {
		return 0, 0
	}
	var numbers [2]float64
	for i, field := range strings.Fields(string(text)) {
		if v, err := strconv.ParseFloat(field, 64); err == nil && i < 2 {
			numbers[i] = v
		}
	}
	return numbers[0], numbers[1]
}
