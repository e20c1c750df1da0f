package limit

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/cgroups/v3/cgroup1"
	"github.com/opencontainers/runtime-spec/specs-go"
)

// makeV1 makes a group for the lab and one below for each member, in each
// hierarchy of where.
func (g *Groups) makeV1(where *place, name string, spec Spec) error {
	var subsystems []cgroup1.Subsystem
	folders := map[cgroup1.Name]string{} // of the lab
	for c, s := range where.spots {
		root := filepath.Dir(s.point)
		switch c {
		case cpu:
			subsystems = append(subsystems, cgroup1.NewCpu(root))
		case cpuacct:
			subsystems = append(subsystems, cgroup1.NewCpuacct(root))
		case memory:
			subsystems = append(subsystems, cgroup1.NewMemory(root, cgroup1.IgnoreModules("memsw", "kmem", "kmem.tcp")))
		}
		folders[cgroup1.Name(c)] = filepath.Join(s.folder(), name)
	}
	make1 := func(member string, r *specs.LinuxResources) (cgroup1.Cgroup, error) {
		path := func(n cgroup1.Name) (string, error) {
			return filepath.Join(where.spots[string(n)].group, name, member), nil
		}
		return cgroup1.New(path, r, cgroup1.WithHierarchy(func() ([]cgroup1.Subsystem, error) { return subsystems, nil }))
	}
	// The lab's own folders are made here, because cgroup1.New would share those of another lab.
	for _, folder := range folders {
		if err := g.claim(folder); err != nil {
			return err
		}
	}
	r := spec.Resources.defaulted()
	if _, err := make1("", &specs.LinuxResources{CPU: cpuV1(Resources{RequestCPU: r.RequestCPU * len(spec.Members)})}); err != nil {
		return fmt.Errorf("making the cgroup of the lab: %w", err)
	}
	limits := &specs.LinuxResources{CPU: cpuV1(r), Memory: memoryV1(r, where)}
	for _, member := range spec.Members {
		control, err := make1(member, limits)
		if err != nil {
			return fmt.Errorf("making the cgroup of %s: %w", member, err)
		}
		group := &Group{usage: func() (Usage, error) { return usageV1(control) }}
		for _, folder := range g.folders {
			group.folders = append(group.folders, filepath.Join(folder, member))
		}
		g.members[member] = group
	}
	return nil
}

// claim makes a folder of the lab. Two controllers may share a hierarchy, and so
// their folder.
func (g *Groups) claim(folder string) error {
	made, err := os.Stat(folder)
	if err == nil {
		for _, other := range g.folders {
			if info, err := os.Stat(other); err == nil && os.SameFile(info, made) {
				return nil
			}
		}
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		return fmt.Errorf("making the cgroup of the lab: %w", err)
	}
	g.folders = append(g.folders, folder)
	return nil
}

func cpuV1(r Resources) *specs.LinuxCPU {
	c := &specs.LinuxCPU{}
	if r.RequestCPU > 0 {
		c.Shares = new(shares(r.RequestCPU))
	}
	if r.LimitCPU > 0 {
		c.Period, c.Quota = new(uint64(period)), new(quota(r.LimitCPU))
	}
	return c
}

// memoryV1 allows no swap on top, where the kernel counts swap.
func memoryV1(r Resources, where *place) *specs.LinuxMemory {
	if r.LimitMemory == 0 || !where.has(memory) {
		return nil
	}
	m := &specs.LinuxMemory{Limit: &r.LimitMemory}
	if _, err := os.Stat(filepath.Join(where.spots[memory].folder(), "memory.memsw.limit_in_bytes")); err == nil {
		m.Swap = &r.LimitMemory // memory and swap together
	}
	return m
}

func usageV1(control cgroup1.Cgroup) (Usage, error) {
	m, err := control.Stat()
	if err != nil {
		return Usage{}, err
	}
	var u Usage
	u.CPU = time.Duration(m.CPU.Usage.Total)
	u.Periods, u.ThrottledPeriods = m.CPU.Throttling.Periods, m.CPU.Throttling.ThrottledPeriods
	u.Throttled = time.Duration(m.CPU.Throttling.ThrottledTime)
	if m.Memory != nil {
		u.Memory, u.MaxMemory = m.Memory.Usage.Usage, m.Memory.Usage.Max
		u.OOMKills = m.MemoryOomControl.OomKill
	}
	return u, nil
}
