package lab

import (
	"context"
	"fmt"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/fsync"
	"github.com/etcd-dyno/etcd-dyno/runner/lab/limit"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// surroundings are what the lab host puts around its members for as long as it lives.
type surroundings struct {
	groups *limit.Groups
	// slow tells that fsyncs pass through the host.
	slow bool
	// notes are what this machine could not do, a sentence each.
	notes []string
}

// surround makes what a configuration wants, as far as this machine can.
func surround(run string, c scenarios.Configuration, names []string) (surroundings, error) {
	var s surroundings
	if c.Disk.Filtered {
		err := fsync.Supported()
		s.slow = err == nil
		if err != nil {
			s.notes = append(s.notes, "fsyncs are not delayed, and the disk is as fast as it is: "+err.Error())
		}
	}
	var err error
	s.groups, err = limit.Open(limit.Spec{Run: run, Members: names, Resources: limit.Resources{
		RequestCPU: c.Resources.Requests.CPU, LimitCPU: c.Resources.Limits.CPU,
		RequestMemory: c.Resources.Requests.Memory, LimitMemory: c.Resources.Limits.Memory,
	}})
	if err != nil {
		return s, fmt.Errorf("giving the members their resources: %w", err)
	}
	if a := s.groups.Applied; a.Mode == limit.Environment || !a.CPU && asksCPU(c) || !a.Memory && c.Resources.Limits.Memory > 0 {
		s.notes = append(s.notes, "resources are not given as asked ("+string(a.Mode)+"): "+a.Why)
	}
	return s, nil
}

func asksCPU(c scenarios.Configuration) bool {
	return c.Resources.Requests.CPU > 0 || c.Resources.Limits.CPU > 0
}

// close takes away what outlives members; they are gone.
func (s surroundings) close(ctx context.Context) error {
	if s.groups == nil {
		return nil
	}
	if err := s.groups.Close(ctx); err != nil {
		return fmt.Errorf("removing the members' cgroups: %w", err)
	}
	return nil
}
