package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

var errPortTaken = errors.New("a port was taken by another process")

// cluster is the members' processes, as the lab host sees them.
type cluster struct {
	sites   []site // of the start
	network *network
	exits   chan *process // each process that ended, for who reports it
	over    chan struct{} // closed when nobody reports any longer
	ending  sync.WaitGroup
	// token is the cluster's name.
	token   string
	placing sync.Mutex // held while members come, or token changes

	mu      sync.Mutex // guards members
	members []*member
}

func newCluster(sites []site) *cluster {
	return &cluster{sites: sites, exits: make(chan *process), over: make(chan struct{})}
}

// add takes a member in.
func (c *cluster) add(m *member) *member {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members = append(c.members, m)
	return m
}

// remove takes a member out.
func (c *cluster) remove(m *member) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.members = slices.DeleteFunc(c.members, func(each *member) bool { return each == m })
}

// all are the members as they are now.
func (c *cluster) all() []*member {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]*member{}, c.members...)
}

// member is the member of that name.
func (c *cluster) member(name string) (*member, error) {
	var names []string
	for _, m := range c.all() {
		if m.name == name {
			return m, nil
		}
		names = append(names, m.name)
	}
	return nil, fmt.Errorf("the lab has no member %q, but %s", name, strings.Join(names, ", "))
}

// report has the end of a process told to who takes it from exits.
func (c *cluster) report(p *process) {
	c.ending.Go(func() {
		<-p.exited
		select {
		case c.exits <- p:
		case <-c.over:
		}
	})
}

func (c *cluster) list() []Member {
	var list []Member
	for _, m := range c.all() {
		list = append(list, m.described())
	}
	return list
}

// stop asks the members to end, and kills those that have not within grace or
// when ctx ends. What holds one back is undone first.
//
// It asks one after the other: a leader that ends hands over its office first,
// and where all end at the same time it waits for a successor until it is killed.
func (c *cluster) stop(ctx context.Context, grace time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	members := c.all()
	c.network.healAll(members)
	for _, m := range members {
		m.free()
	}
	// A member takes up to a second to take leave of peers that live; half the
	// grace is for asking and half for that.
	turn := grace / time.Duration(2*len(members))
	for _, m := range members {
		m.signal(syscall.SIGTERM)
		m.awaitExit(ctx, turn)
	}
	for _, m := range members {
		m.awaitExit(ctx, grace)
	}
	c.kill()
}

// kill ends all members at once, waits until they are gone, and takes away what
// was around them. No order is carried out any longer.
func (c *cluster) kill() {
	members := c.all()
	for _, m := range members {
		m.signal(syscall.SIGKILL)
	}
	for _, m := range members {
		if p := m.latest(); p != nil {
			<-p.exited
		}
		m.closeDisk()
	}
	close(c.over)
	c.ending.Wait()
	c.network.close()
}
