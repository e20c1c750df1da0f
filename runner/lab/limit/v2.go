package limit

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/containerd/cgroups/v3/cgroup2"
)

const subtreeFile = "cgroup.subtree_control"

// makeV2 makes a group for the lab and one below for each member.
func (g *Groups) makeV2(where *place, name string, spec Spec) error {
	s := where.settle()
	if where.version == 0 {
		return nil
	}
	held := where.held()
	folder := filepath.Join(s.folder(), name)
	if err := g.claim(folder); err != nil {
		return err
	}
	if err := passOn(folder, held); err != nil {
		return err
	}
	r := spec.Resources.defaulted()
	make2 := func(member string, r Resources) (*cgroup2.Manager, error) {
		m, err := cgroup2.Load(filepath.Join(s.group, name, member), cgroup2.WithMountpoint(s.point))
		if err != nil {
			return nil, err
		}
		return m, m.Update(resourcesV2(r, held, filepath.Join(folder, member)))
	}
	if _, err := make2("", Resources{RequestCPU: r.RequestCPU * len(spec.Members)}); err != nil {
		return fmt.Errorf("setting the weight of the lab's cgroup: %w", err)
	}
	for _, member := range spec.Members {
		own := filepath.Join(folder, member)
		if err := os.Mkdir(own, 0o755); err != nil {
			return fmt.Errorf("making the cgroup of %s: %w", member, err)
		}
		control, err := make2(member, r)
		if err != nil {
			return fmt.Errorf("setting the limits of %s: %w", member, err)
		}
		g.members[member] = &Group{folders: []string{own}, usage: func() (Usage, error) { return usageV2(control, own) }}
	}
	return nil
}

// settle finds the group in which to make the lab's: the closest, from our own
// upwards, that passes on the controllers to those below. Our own cannot if it is
// not the root: a group of v2 with processes in it passes nothing on. It takes what
// can be had nowhere from the place.
func (p *place) settle() spot {
	held := p.held()
	sets := [][]string{held}
	if len(held) > 1 {
		for _, c := range held {
			sets = append(sets, []string{c})
		}
	}
	own := p.spots[held[0]]
	why := map[string]string{}
	for _, set := range sets {
		s, err := closest(own, set)
		if err != nil {
			why[strings.Join(set, "")] = err.Error()
			continue
		}
		for _, c := range held {
			if !slices.Contains(set, c) {
				p.without(c, why[c])
			}
		}
		return s
	}
	for _, c := range held {
		p.without(c, why[c])
	}
	return spot{}
}

// held are the controllers of the place, in order.
func (p *place) held() []string {
	return slices.DeleteFunc([]string{cpu, memory}, func(c string) bool { return !p.has(c) })
}

// closest prefers, among all groups from own upwards, one that passes the
// controllers on already; only then it makes one do so, which stays so: other
// groups may have come to rely on it.
func closest(own spot, controllers []string) (spot, error) {
	var refused error
	for _, change := range []bool{false, true} {
		for group := own.group; ; group = filepath.Dir(group) {
			s := spot{point: own.point, group: group}
			err := writable(s.folder())
			if err == nil && !passes(s.folder(), controllers) {
				err = fmt.Errorf("the cgroup %s passes %s on to none below", s.folder(), strings.Join(controllers, " and "))
				if change {
					err = passOn(s.folder(), controllers)
				}
			}
			if err == nil {
				return s, nil
			}
			if change && refused == nil {
				refused = err // by the closest
			}
			if group == "/" {
				break
			}
		}
	}
	return spot{}, fmt.Errorf("no cgroup from %s upwards can have groups with %s below: %w", own.folder(), strings.Join(controllers, " and "), refused)
}

// passes reports whether groups below folder have the controllers.
func passes(folder string, controllers []string) bool {
	b, err := os.ReadFile(filepath.Join(folder, subtreeFile))
	if err != nil {
		return false
	}
	passed := strings.Fields(string(b))
	return !slices.ContainsFunc(controllers, func(c string) bool { return !slices.Contains(passed, c) })
}

// passOn gives groups below folder the controllers, if folder has them itself.
//
// Note: cgroup2.NewManager would do so in every group from the root down, also in
// those of others.
func passOn(folder string, controllers []string) error {
	f, err := os.OpenFile(filepath.Join(folder, subtreeFile), os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("enabling controllers below a cgroup: %w", err)
	}
	defer f.Close()
	if _, err := f.WriteString("+" + strings.Join(controllers, " +")); err != nil {
		return fmt.Errorf("enabling %s below a cgroup: %w", strings.Join(controllers, " and "), err)
	}
	return nil
}

// resourcesV2 allows no swap, where the kernel counts swap.
func resourcesV2(r Resources, held []string, folder string) *cgroup2.Resources {
	var all cgroup2.Resources
	if slices.Contains(held, cpu) {
		all.CPU = &cgroup2.CPU{}
		if r.RequestCPU > 0 {
			all.CPU.Weight = new(weight(r.RequestCPU))
		}
		if r.LimitCPU > 0 {
			all.CPU.Max = cgroup2.NewCPUMax(new(quota(r.LimitCPU)), new(uint64(period)))
		}
	}
	if slices.Contains(held, memory) && r.LimitMemory > 0 {
		all.Memory = &cgroup2.Memory{Max: &r.LimitMemory}
		if _, err := os.Stat(filepath.Join(folder, "memory.swap.max")); err == nil {
			all.Memory.Swap = new(int64(0))
		}
	}
	return &all
}

func usageV2(control *cgroup2.Manager, folder string) (Usage, error) {
	if _, err := os.Stat(folder); err != nil { // Stat would take it for one without usage
		return Usage{}, err
	}
	m, err := control.StatFiltered(cgroup2.StatCPU | cgroup2.StatMemory | cgroup2.StatMemoryEvents)
	if err != nil {
		return Usage{}, err
	}
	return Usage{
		CPU:              time.Duration(m.GetCPU().GetUsageUsec()) * time.Microsecond,
		Periods:          m.GetCPU().GetNrPeriods(),
		ThrottledPeriods: m.GetCPU().GetNrThrottled(),
		Throttled:        time.Duration(m.GetCPU().GetThrottledUsec()) * time.Microsecond,
		Memory:           m.GetMemory().GetUsage(),
		MaxMemory:        m.GetMemory().GetMaxUsage(),
		OOMKills:         m.GetMemoryEvents().GetOomKill(),
	}, nil
}
