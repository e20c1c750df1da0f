package limit

import (
	"errors"
	"fmt"
	"time"
)

// ErrNoGroup says that a member has no cgroup whose usage could be read.
var ErrNoGroup = errors.New("the member has no cgroup")

// Usage is what a member has used since its group was made.
type Usage struct {
	CPU              time.Duration `json:"cpu_ns"`            // of all cores together
	Periods          uint64        `json:"periods"`           // of 100 ms in which it ran under a CPU limit
	ThrottledPeriods uint64        `json:"throttled_periods"` // of those, in which it used up its quota
	Throttled        time.Duration `json:"throttled_ns"`      // how long it could have run but was not let, of all cores together
	Memory           uint64        `json:"memory_bytes"`      // now, page cache with it
	MaxMemory        uint64        `json:"max_memory_bytes"`  // the most there was; 0 where the kernel does not tell (v2 before Linux 5.19)
	OOMKills         uint64        `json:"oom_kills"`         // how often the kernel killed at the memory limit
}

// Usage reads the usage of the member. What belongs to a controller that
// [Applied] does not hold is 0; without any the error is [ErrNoGroup].
func (g *Group) Usage() (Usage, error) {
	if g.usage == nil {
		return Usage{}, ErrNoGroup
	}
	u, err := g.usage()
	if err != nil {
		return Usage{}, fmt.Errorf("reading the usage of a cgroup: %w", err)
	}
	return u, nil
}
