package lab

import (
	"context"
	"fmt"
	"syscall"
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
		return m.end(ctx, syscall.SIGTERM, h.order.StopTimeout)
	case doRevive:
		return h.revive(ctx, c, m)
	case doFreeze:
		return m.freeze()
	case doThaw:
		m.thaw()
	}
	return nil
}

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
