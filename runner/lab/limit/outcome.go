package limit

import (
	"fmt"
	"strings"
)

// goMemory is how much of a memory limit Go's runtime is to keep to, in percent:
// the rest is for what it does not count.
const goMemory = 90

// needs are the controllers without which something of r is not in force.
func (r Resources) needs() []string {
	var needs []string
	if r.RequestCPU > 0 || r.LimitCPU > 0 {
		needs = append(needs, cpu)
	}
	if r.LimitMemory > 0 {
		needs = append(needs, memory)
	}
	return needs
}

// defaulted sets what Kubernetes sets if it is left out. Memory requests are left
// as they are, as nothing comes of them.
func (r Resources) defaulted() Resources {
	if r.RequestCPU == 0 {
		r.RequestCPU = r.LimitCPU
	}
	return r
}

// outcome says what is in force of r with groups at where, and which variables
// make up for the rest.
func (r Resources) outcome(where place) (a Applied, env []string) {
	var says []string
	for _, c := range r.needs() {
		held, variable, said := where.has(c), "", ""
		switch {
		case held:
		case c == cpu:
			variable, said = r.cpuWithout(where.why[cpu])
		default:
			variable, said = r.memoryWithout(where.why[memory])
		}
		if variable != "" {
			env = append(env, variable)
		}
		if said != "" {
			says = append(says, said)
		}
		if c == cpu {
			a.CPU = held || variable != ""
		} else {
			a.Memory = held || variable != ""
		}
	}
	if r.RequestMemory > 0 {
		says = append(says, fmt.Sprintf("The memory request of %s bounds nothing.", bytes(r.RequestMemory)))
	}
	a.Mode, a.Why = mode(where, env), strings.Join(says, " ")
	return a, env
}

func mode(where place, env []string) Mode {
	switch {
	case where.version == 1:
		return V1
	case where.version == 2:
		return V2
	case len(env) > 0:
		return Environment
	}
	return None
}

// cpuWithout is what remains of CPU without a cgroup: GOMAXPROCS counts whole
// cores, and more or fewer of them than asked for would not be what was asked for.
func (r Resources) cpuWithout(why string) (variable, said string) {
	switch {
	case r.LimitCPU == 0:
		return "", fmt.Sprintf("The CPU request of %dm is not in force: %s.", r.RequestCPU, why)
	case r.LimitCPU%1000 != 0:
		return "", fmt.Sprintf("The CPU limit of %dm is not in force: %s, and GOMAXPROCS counts whole cores.", r.LimitCPU, why)
	}
	said = fmt.Sprintf("The CPU limit of %dm is only GOMAXPROCS, which threads in system calls may exceed, and weighs nothing against other processes: %s.", r.LimitCPU, why)
	return fmt.Sprintf("GOMAXPROCS=%d", r.LimitCPU/1000), said
}

// memoryWithout is what remains of memory without a cgroup.
func (r Resources) memoryWithout(why string) (variable, said string) {
	said = fmt.Sprintf("The memory limit of %s is only GOMEMLIMIT at %d %% of it, which collects garbage more often, counts neither mapped files nor page cache, and kills nothing: %s.",
		bytes(r.LimitMemory), goMemory, why)
	return fmt.Sprintf("GOMEMLIMIT=%d", r.LimitMemory/100*goMemory+r.LimitMemory%100*goMemory/100), said
}

// bytes writes n in the largest unit of Kubernetes that divides it.
func bytes(n int64) string {
	units := []string{" bytes", "Ki", "Mi", "Gi", "Ti"}
	u := 0
	for ; u < len(units)-1 && n >= 1024 && n%1024 == 0; u++ {
		n /= 1024
	}
	return fmt.Sprintf("%d%s", n, units[u])
}
