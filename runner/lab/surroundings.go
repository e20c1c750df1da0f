package lab

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"os"
	"syscall"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/fsync"
	"github.com/etcd-dyno/etcd-dyno/runner/lab/limit"
	"github.com/etcd-dyno/etcd-dyno/runner/lab/link"
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
func surround(run string, c scenarios.Configuration) (surroundings, error) {
	var s surroundings
	if c.Disk.Filtered {
		err := fsync.Supported()
		s.slow = err == nil
		if err != nil {
			s.notes = append(s.notes, "fsyncs are not delayed, and the disk is as fast as it is: "+err.Error())
		}
	}
	var err error
	s.groups, err = limit.Open(limit.Spec{Run: run, Members: c.MemberNames(), Resources: limit.Resources{
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

// device makes a member's disk; nil where fsyncs do not pass through the host.
func (s surroundings) device(c scenarios.Configuration, member string) (*fsync.Device, *os.File, error) {
	if !s.slow {
		return nil, nil, nil
	}
	d := c.Disk.FsyncDelay
	h := fnv.New64a()
	_, _ = h.Write([]byte(member)) // a hash takes all
	device, shim, err := fsync.Open(fsync.Delay{P50: d.P50, P99: d.P99, Stall: fsync.Stall{Every: d.StallEvery, For: d.StallFor}}, h.Sum64())
	if err != nil {
		return nil, nil, fmt.Errorf("making the disk of %s: %w", member, err)
	}
	return device, shim, nil
}

// network is the proxies of one cluster; nil where members are dialled directly.
type network struct {
	*link.Network
	clients, peers map[string]*link.Proxy
}

// openNetwork starts the proxies before the members.
func openNetwork(ctx context.Context, c scenarios.Configuration, sites []site) (*network, error) {
	if !c.Links.Proxied {
		return nil, nil
	}
	n := &network{Network: link.NewNetwork(), clients: map[string]*link.Proxy{}, peers: map[string]*link.Proxy{}}
	if err := n.open(ctx, c, sites); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

func (n *network) open(ctx context.Context, c scenarios.Configuration, sites []site) error {
	for _, to := range sites {
		for _, from := range append([]string{link.Client}, c.MemberNames()...) {
			if from == to.name {
				continue
			}
			l := c.Links.Between(from, to.name)
			if err := n.SetShape(from, to.name, link.Shape{RTT: l.RTT, Jitter: l.Jitter, Bandwidth: l.Bandwidth}); err != nil {
				return err
			}
		}
		var err error
		if n.clients[to.name], err = n.listen(ctx, to.name, to.clientVia, to.client); err != nil {
			return err
		}
		if n.peers[to.name], err = n.listen(ctx, to.name, to.peerVia, to.peer); err != nil {
			return err
		}
	}
	return nil
}

func (n *network) listen(ctx context.Context, party, at, upstream string) (*link.Proxy, error) {
	p, err := n.Listen(ctx, party, at, upstream)
	if errors.Is(err, syscall.EADDRINUSE) {
		err = fmt.Errorf("%w: %w", errPortTaken, err)
	}
	return p, err
}

// close ends the proxies, if there are any.
func (n *network) close() {
	if n == nil {
		return
	}
	for _, proxies := range []map[string]*link.Proxy{n.clients, n.peers} {
		for _, p := range proxies {
			if p != nil {
				_ = p.Close() // a listener of ours that closes or is gone
			}
		}
	}
}

// register tells the network which process a member is.
func (n *network) register(member string, pid int) {
	if n != nil {
		n.Register(member, pid)
	}
}
