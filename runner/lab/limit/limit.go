// Package limit gives the members of a lab CPU and memory as Kubernetes gives
// them to pods.
//
// Each member has a cgroup of its own below one of the lab, which lies in or
// near the cgroup of who calls [Open], so that limits that stand around the tool
// stay around the lab. A member puts itself in with [Enter] before etcd begins.
// Where groups cannot be made, Go's own variables stand in as far as they can,
// and [Applied] says how far that is.
package limit

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Resources are what each member requests and is limited to, as in a pod's
// container. Zero is none; as in Kubernetes, a limit without a request is both.
//
// A CPU request is a weight against what else runs, for which the lab as a whole
// weighs what its members request together; a CPU limit is a quota of each 100 ms,
// and a memory limit is where the kernel kills; page cache counts.
// A memory request bounds nothing (in Kubernetes it decides where a pod runs and
// whom the kernel kills first): it is checked, and [Applied] says that it does nothing.
type Resources struct {
	RequestCPU    int   // millicores
	LimitCPU      int   // millicores; below 10 it is 10, as in Kubernetes
	RequestMemory int64 // bytes
	LimitMemory   int64 // bytes
}

// Mode is by which means resources are given.
type Mode string

// The modes.
const (
	None        Mode = "none"
	Environment Mode = "environment" // GOMAXPROCS and GOMEMLIMIT
	V1          Mode = "cgroup v1"
	V2          Mode = "cgroup v2"
)

// Applied is what became of the resources that were asked for.
type Applied struct {
	Mode Mode `json:"mode"`

	// CPU and Memory say whether a request or limit of CPU and a limit of memory is in
	// force: kept by the kernel in a cgroup, else nearly, by Go's runtime, as Why says.
	CPU    bool `json:"cpu"`
	Memory bool `json:"memory"`

	Why string `json:"why,omitempty"` // sentences on what is not, or only nearly, in force
}

// Spec is what [Open] is to give to whom.
type Spec struct {
	Run       string   // the absolute run folder, by which the groups can be told
	Members   []string // their names; all get the same
	Resources Resources
}

// Groups are the groups of one lab. Close removes them.
type Groups struct {
	Applied Applied

	members map[string]*Group
	folders []string // the lab's groups, of which the members' are below
}

// Group is what one member is given. Its methods may be called at any time by
// any goroutine.
type Group struct {
	folders []string // one per hierarchy
	env     []string
	usage   func() (Usage, error)
}

// Open makes the groups of a lab, as far as this machine allows: that it does not
// is no error but told in [Groups.Applied]. Errors are those of spec, and of what
// was begun and could not be taken back. The caller owns the groups: once it is
// dead, [Sweep] may take them.
func Open(spec Spec) (*Groups, error) {
	hierarchies, err := readTable("/proc/self")
	return open(spec, hierarchies, err)
}

// open gives what it can by the hierarchies, which could not be read if unread is set.
func open(spec Spec, hierarchies table, unread error) (*Groups, error) {
	if err := spec.check(); err != nil {
		return nil, err
	}
	asked := spec.Resources
	needs := asked.needs()
	where := hierarchies.choose(needs)
	if unread != nil {
		where = nowhere(needs, unread.Error())
	}
	g := &Groups{members: make(map[string]*Group, len(spec.Members))}
	if err := g.make(&where, spec); err != nil {
		// What was made of the groups is empty, so it goes at once.
		if left := g.Close(context.Background()); left != nil {
			return nil, errors.Join(err, left)
		}
		where = nowhere(needs, err.Error())
		g.folders = nil
		clear(g.members)
	}
	var env []string
	g.Applied, env = asked.outcome(where)
	for _, name := range spec.Members {
		if g.members[name] == nil {
			g.members[name] = &Group{}
		}
		g.members[name].env = env
	}
	return g, nil
}

// make makes the groups at where, and takes from it what proves impossible.
func (g *Groups) make(where *place, spec Spec) error {
	where.probe()
	if where.version == 0 {
		return nil
	}
	self, err := readOwner("self")
	if err != nil {
		return fmt.Errorf("finding out who owns the groups: %w", err)
	}
	name := groupName(spec.Run, self)
	if where.version == 1 {
		return g.makeV1(where, name, spec)
	}
	return g.makeV2(where, name, spec)
}

// Of is what the member of that name is given; nil if there is none.
func (g *Groups) Of(member string) *Group { return g.members[member] }

// Close removes the groups; their members must be dead or dying. It waits up to
// two seconds for their end, shorter if ctx ends; it kills nothing.
func (g *Groups) Close(ctx context.Context) error {
	var errs []error
	for _, folder := range g.folders {
		errs = append(errs, remove(ctx, folder))
	}
	return errors.Join(errs...)
}

// Procs are the files by which the member enters its groups, for [Enter]. There
// are none without groups.
func (g *Group) Procs() []string {
	procs := make([]string, len(g.folders))
	for i, folder := range g.folders {
		procs[i] = filepath.Join(folder, procsFile)
	}
	return procs
}

// Env is what the member's environment needs besides, as NAME=value: the limits
// that no group holds and that Go's runtime can stand in for.
func (g *Group) Env() []string { return append([]string{}, g.env...) }

func (s Spec) check() error {
	r := s.Resources
	switch {
	case r.RequestCPU < 0, r.LimitCPU < 0, r.RequestMemory < 0, r.LimitMemory < 0:
		return fmt.Errorf("resources cannot be negative: %+v", r)
	case r.LimitCPU > 0 && r.RequestCPU > r.LimitCPU:
		return fmt.Errorf("the CPU request of %dm is above the limit of %dm", r.RequestCPU, r.LimitCPU)
	case r.LimitMemory > 0 && r.RequestMemory > r.LimitMemory:
		return fmt.Errorf("the memory request of %d bytes is above the limit of %d", r.RequestMemory, r.LimitMemory)
	case !filepath.IsAbs(s.Run):
		return fmt.Errorf("the run folder %q is not an absolute path", s.Run)
	}
	for _, name := range s.Members {
		if name == "" || name[0] == '.' || strings.ContainsRune(name, os.PathSeparator) {
			return fmt.Errorf("%q cannot be the name of a group", name)
		}
	}
	return nil
}
