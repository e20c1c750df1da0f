package lab

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/link"
)

// obey does what the tool wants, and replies.
func (h host) obey(ctx context.Context, c *cluster, r request) reply {
	answer := reply{ID: r.ID}
	if err := h.carryOut(ctx, c, r, &answer); err != nil {
		answer.Failed = err.Error()
	}
	return answer
}

func (h host) carryOut(ctx context.Context, c *cluster, r request, answer *reply) error {
	switch r.Do {
	case doKill, doTerminate, doRevive, doFreeze, doThaw, doSetDisk, doJoin, doDiscard:
		m, err := c.member(r.Member)
		if err != nil {
			return err
		}
		m.turn.Lock()
		defer m.turn.Unlock()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return h.toMember(ctx, c, m, r)
	case doLook:
		m, err := c.member(r.Member)
		if err != nil {
			return err
		}
		_, err = m.running()
		answer.Runs = err == nil
		return nil
	case doCut, doHeal, doSetLink:
		return toLink(c, r)
	case doPrepare:
		m, err := h.place(ctx, c)
		if err == nil {
			told := m.described()
			answer.Prepared = &told
		}
		return err
	case doRestore:
		return h.restore(ctx, c, r.Snapshot)
	default:
		return fmt.Errorf("the lab host knows no %q", r.Do)
	}
}

// toMember does something to one member, whose turn it is.
func (h host) toMember(ctx context.Context, c *cluster, m *member, r request) error {
	switch r.Do {
	case doKill:
		return m.end(ctx, syscall.SIGKILL, h.order.StopTimeout)
	case doTerminate:
		return m.end(ctx, syscall.SIGTERM, farewell)
	case doRevive:
		return h.revive(ctx, c, m)
	case doFreeze:
		return m.freeze()
	case doThaw:
		m.thaw()
		return nil
	case doSetDisk:
		return h.setDisk(m, r.Disk)
	case doJoin:
		return h.join(ctx, c, m, r.InitialCluster)
	case doDiscard:
		return h.discard(ctx, c, m)
	default:
		return fmt.Errorf("the lab host knows no %q", r.Do)
	}
}

var errDirect = errors.New(`connections do not pass through the lab host; write client_rtt = "0s" under [links]`)

// toLink does something to a link.
func toLink(c *cluster, r request) error {
	if c.network == nil {
		return errDirect
	}
	for _, party := range []string{r.From, r.To} {
		if _, err := c.member(party); err != nil && party != link.Client {
			return err
		}
	}
	switch r.Do {
	case doCut:
		c.network.CutWay(r.From, r.To)
	case doHeal:
		c.network.HealWay(r.From, r.To)
	default:
		s := link.Shape{RTT: r.Link.RTT, Jitter: r.Link.Jitter, Bandwidth: r.Link.Bandwidth}
		return errors.Join(c.network.SetShape(r.From, r.To, s), c.network.SetShape(r.To, r.From, s))
	}
	return nil
}

// farewell is how long a member that is asked to end may take until it is killed: as
// long as Kubernetes gives a pod. etcd itself waits for open streams for 7 s.
const farewell = 30 * time.Second

// revive starts a member that has run before.
func (h host) revive(ctx context.Context, c *cluster, m *member) error {
	if _, err := m.running(); err == nil {
		return errRuns
	}
	if m.latest() == nil {
		return errNeverRan
	}
	return h.launchMember(ctx, c, m)
}

func (m *member) freeze() error {
	p, err := m.running()
	if err != nil {
		return err
	}
	m.setFrozen(p, true)
	return nil
}

func (m *member) thaw() {
	if p, err := m.running(); err == nil {
		m.setFrozen(p, false)
	}
}
