package runner

import (
	"bufio"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// header says what runs, where and since when.
func (r *run) header() *results.Header {
	s := r.job.Scenario
	h := &results.Header{
		Schema: results.JournalSchema, ID: filepath.Base(r.folder), Started: r.clock.zero.UTC(),
		Scenario:      results.ScenarioRef{Name: s.Name, Description: s.Description, SHA256: s.SHA256},
		Configuration: r.target.ref,
		Environment:   environment(r.job.Tool),
		Strict:        r.job.Strict, Seed: s.Seed, Baseline: r.job.Baseline, Filled: r.job.Filled != "", Reproduce: r.job.Reproduce,
	}
	h.Environment.DataFilesystem = r.target.filesystem
	for _, t := range s.Limits() {
		h.Thresholds = append(h.Thresholds, t.String())
	}
	for _, w := range s.Workloads {
		if w.Window.Set {
			h.Windows = append(h.Windows, window(w, s.Phases.Measure))
		}
	}
	return h
}

// window is a workload's, cut to the measure phase.
func window(w scenarios.Workload, measure time.Duration) results.Window {
	length := max(measure-w.Window.From, 0)
	if w.Window.For > 0 {
		length = min(length, w.Window.For)
	}
	return results.Window{Workload: w.Name, FromMS: milliseconds(w.Window.From), ForMS: milliseconds(length)}
}

// environment is the machine and this program. What the kernel does not tell stays empty.
func environment(tool string) results.Environment {
	e := results.Environment{
		Tool: tool, Go: runtime.Version(), OS: runtime.GOOS + "/" + runtime.GOARCH,
		CPUs: runtime.NumCPU(), CPUModel: cpuModel(),
	}
	var uts unix.Utsname
	if unix.Uname(&uts) == nil {
		e.Kernel = unix.ByteSliceToString(uts.Release[:])
	}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) == nil {
		e.MemoryBytes = int64(info.Totalram) * int64(info.Unit)
	}
	return e
}

func cpuModel() string {
	f, err := os.Open("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
