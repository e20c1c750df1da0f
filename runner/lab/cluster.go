package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"
)

var errPortTaken = errors.New("a port was taken by another process")

// cluster is the members' processes, as the lab host sees them.
type cluster struct {
	members []*member
	exits   chan *process // each member's end; has room for all
}

type member struct {
	*process
	endpoint string
	log      string
	version  string // known when it is healthy
}

// attempt starts all members on free ports and waits until they are healthy; if
// they are not, none is left.
func (h host) attempt(ctx context.Context) (*cluster, error) {
	n := h.order.Members
	ports, err := h.ports(ctx, 2*n)
	if err != nil {
		return nil, err
	}
	sites := makeSites(ports)
	token := "etcd-dyno-" + rand.Text()
	c := &cluster{exits: make(chan *process, n)}
	for _, s := range sites {
		// An earlier attempt may have got as far as writing.
		if err := os.RemoveAll(memberData(h.run, s.name)); err != nil {
			c.kill()
			return nil, fmt.Errorf("clearing the data of %s: %w", s.name, err)
		}
		m, err := h.startMember(ctx, s, memberArgs(h.run, h.order.Flags, sites, s, token), c.exits)
		if err != nil {
			c.kill()
			return nil, err
		}
		c.members = append(c.members, m)
	}
	if err := c.awaitHealthy(ctx); err != nil {
		c.kill()
		return nil, err
	}
	return c, nil
}

func (h host) startMember(ctx context.Context, s site, args []string, exits chan<- *process) (*member, error) {
	path := memberLog(h.run, s.name)
	log, err := os.OpenFile(path, os.O_CREATE|os.O_TRUNC|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("creating the log of %s: %w", s.name, err)
	}
	defer log.Close()
	cmd := command(ctx, h.order.Executable, args...)
	cmd.Dir = h.run
	cmd.Stdout, cmd.Stderr = log, log
	cmd.ExtraFiles = []*os.File{h.lock}
	p, err := spawn(s.name, cmd, exits)
	if err != nil {
		return nil, err
	}
	return &member{process: p, endpoint: s.clientURL, log: path}, nil
}

// awaitHealthy returns when all members are healthy, or the first has exited, or
// ctx has ended.
func (c *cluster) awaitHealthy(ctx context.Context) error {
	ctx, fail := context.WithCancelCause(ctx)
	errs := make([]error, len(c.members))
	var probing, watching sync.WaitGroup
	for i, m := range c.members {
		watching.Go(func() {
			select {
			case <-m.exited:
				fail(m.died())
			case <-ctx.Done():
			}
		})
		probing.Go(func() { errs[i] = m.awaitHealthy(ctx) })
	}
	probing.Wait()
	cause := context.Cause(ctx)
	fail(nil)
	watching.Wait()
	if died, ok := errors.AsType[*diedError](cause); ok {
		return died
	}
	return errors.Join(errs...)
}

// diedError is a member that exited before it was healthy.
type diedError struct {
	member, state string
	log           []string
}

func (m *member) died() error {
	return &diedError{member: m.name, state: m.state(), log: lastWords(m.log)}
}

func (e *diedError) Error() string {
	return fmt.Sprintf("member %s ended (%s)%s", e.member, e.state, indented(e.log))
}

// Is tells a lost race for a port, the one end that is worth another attempt.
func (e *diedError) Is(target error) bool {
	return target == errPortTaken && strings.Contains(strings.Join(e.log, "\n"), "address already in use")
}

func (c *cluster) list() []Member {
	list := make([]Member, len(c.members))
	for i, m := range c.members {
		list[i] = Member{Name: m.name, PID: m.pid(), Endpoint: m.endpoint, Version: m.version}
	}
	return list
}

// stop asks the members to end, and kills those that have not within grace or
// when ctx ends.
//
// It asks one after the other: a leader that ends hands over its office first,
// and where all end at the same time it waits for a successor until it is killed.
func (c *cluster) stop(ctx context.Context, grace time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, grace)
	defer cancel()
	// A member takes up to a second to take leave of peers that live; half the
	// grace is for asking and half for that.
	turn := grace / time.Duration(2*len(c.members))
	for _, m := range c.members {
		m.signal(syscall.SIGTERM)
		m.awaitExit(ctx, turn)
	}
	for _, m := range c.members {
		m.awaitExit(ctx, grace)
	}
	c.kill()
}

// kill ends all members at once and waits until they are gone.
func (c *cluster) kill() {
	for _, m := range c.members {
		m.signal(syscall.SIGKILL)
	}
	for _, m := range c.members {
		<-m.exited
	}
}
