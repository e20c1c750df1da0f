package history

import (
	"fmt"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Machine is what measures of one another must have in common, as far as the machine goes.
type Machine struct {
	OS string `json:"os"`
	// Kernel is its version without what changes with each repair, for example "6.18".
	Kernel   string `json:"kernel"`
	CPUModel string `json:"cpu_model,omitempty"`
	CPUs     int    `json:"cpus"`
	// MemoryGiB is rounded: kernels keep some of it to themselves.
	MemoryGiB int64 `json:"memory_gib"`
	// Filesystem is the type of the file system of the data.
	Filesystem string `json:"filesystem,omitempty"`
}

// MachineOf is the machine of an environment.
func MachineOf(e results.Environment) Machine {
	kernel := strings.SplitN(e.Kernel, ".", 3)
	const gib = 1 << 30
	return Machine{
		OS: e.OS, Kernel: strings.Join(kernel[:min(2, len(kernel))], "."), CPUModel: e.CPUModel, CPUs: e.CPUs,
		MemoryGiB: (e.MemoryBytes + gib/2) / gib, Filesystem: e.DataFilesystem,
	}
}

// PartyOf is a configuration as a side of a record.
func PartyOf(c results.ConfigurationRef) Party {
	p := Party{Name: c.Name, SHA256: c.SHA256, Etcd: c.EtcdVersion}
	if c.Etcd != nil {
		p.Build = c.Etcd.Go
		if c.Etcd.SHA256 != "" {
			p.Build = c.Etcd.SHA256
		}
	}
	return p
}

// environment is what the measures of a segment have in common.
type environment struct {
	scenario string // the SHA-256
	control  Party
	machine  Machine
}

func (r Record) environment() environment {
	e := environment{scenario: r.Scenario.SHA256, machine: r.Machine}
	if r.Control != nil {
		e.control = *r.Control
	}
	return e
}

// unlike says in what two records differ that parts their series.
func unlike(a, b Record) (why []string) {
	x, y := a.environment(), b.environment()
	if x.scenario != y.scenario {
		why = append(why, fmt.Sprintf("the scenario %s changed (%s, now %s)", b.Scenario.Name, short(x.scenario), short(y.scenario)))
	}
	if x.control != y.control {
		why = append(why, "the control changed ("+strings.Join(between(x.control, y.control), ", ")+"): it is to stay as it is")
	}
	for _, m := range []struct{ what, was, is string }{
		{"system", x.machine.OS, y.machine.OS},
		{"kernel", x.machine.Kernel, y.machine.Kernel},
		{"processor", x.machine.CPUModel, y.machine.CPUModel},
		{"number of processors", fmt.Sprint(x.machine.CPUs), fmt.Sprint(y.machine.CPUs)},
		{"memory", fmt.Sprintf("%d GiB", x.machine.MemoryGiB), fmt.Sprintf("%d GiB", y.machine.MemoryGiB)},
		{"file system", x.machine.Filesystem, y.machine.Filesystem},
	} {
		if m.was != m.is {
			why = append(why, fmt.Sprintf("the machine changed: its %s was %s, and is %s", m.what, orNone(m.was), orNone(m.is)))
		}
	}
	return why
}

// between says in what two states of a configuration differ.
func between(a, b Party) (all []string) {
	if a.Etcd != b.Etcd {
		all = append(all, fmt.Sprintf("etcd %s, now %s", orNone(a.Etcd), orNone(b.Etcd)))
	}
	if a.Build != b.Build {
		all = append(all, fmt.Sprintf("built by %s, now %s", orNone(short(a.Build)), orNone(short(b.Build))))
	}
	if a.SHA256 != b.SHA256 {
		all = append(all, fmt.Sprintf("settings %s, now %s", orNone(short(a.SHA256)), orNone(short(b.SHA256))))
	}
	return all
}

// noted says what else is another than before: it does not part the series, but may be why it changed.
func noted(a, b Record) (all []string) {
	if changed := between(a.Candidate, b.Candidate); len(changed) > 0 {
		all = append(all, b.Candidate.Name+": "+strings.Join(changed, ", "))
	}
	if a.Tool != b.Tool {
		all = append(all, fmt.Sprintf("%s, now %s", orNone(a.Tool), orNone(b.Tool)))
	}
	return all
}

func orNone(s string) string {
	if s == "" {
		return "not known"
	}
	return s
}

// short is the beginning of a hash, and all of what is none.
func short(s string) string {
	if len(s) == 64 {
		return s[:8]
	}
	return s
}
