package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// attempt starts all members on free ports and waits until they are healthy; if
// they are not, none is left.
func (h host) attempt(ctx context.Context) (*cluster, error) {
	sites, err := h.makeSites(ctx)
	if err != nil {
		return nil, err
	}
	c := newCluster(sites)
	if c.network, err = openNetwork(ctx, h.order.Configuration, sites); err != nil {
		return nil, err
	}
	if err := h.startAll(ctx, c); err != nil {
		c.kill()
		return nil, err
	}
	return c, nil
}

// newToken is the name of a cluster, by which etcd tells it from others.
func newToken() string { return "etcd-dyno-" + rand.Text() }

func (h host) startAll(ctx context.Context, c *cluster) error {
	c.token = newToken()
	for _, s := range c.sites {
		if s.learner {
			continue
		}
		if err := h.startMember(ctx, c, s); err != nil {
			return err
		}
	}
	dial := h.dial()
	if err := awaitHealthy(ctx, c.members, dial, probeTimeoutOf(h.order.Configuration)); err != nil {
		return err
	}
	for _, s := range c.sites {
		if !s.learner {
			continue
		}
		if err := h.startLearner(ctx, c, s); err != nil {
			return err
		}
	}
	client, err := dial(c.members[0].clientURL())
	if err != nil {
		return err
	}
	defer client.Close()
	return setUpAuth(ctx, client, h.order.Configuration.Auth, h.order.Passwords)
}

// startMember starts a member that has no data. An earlier attempt may have got
// as far as writing, which goes.
func (h host) startMember(ctx context.Context, c *cluster, s site) error {
	if err := s.clear(); err != nil {
		return err
	}
	m := c.add(h.makeMember(s))
	if err := os.RemoveAll(m.log); err != nil {
		return fmt.Errorf("clearing the log of %s: %w", s.name, err)
	}
	j := founding(c.sites, s, c.token)
	m.flags = etcdFlags(h.order.Configuration, h.files, s, j)
	if h.order.Snapshot != "" && !s.learner { // a learner gets all from the leader
		if err := m.restore(h.order.Snapshot, j, asItWas); err != nil {
			return fmt.Errorf("filling %s from a snapshot: %w", s.name, err)
		}
	}
	return h.launchMember(ctx, c, m)
}

// makeMember makes a member at a site; nothing runs there yet.
func (h host) makeMember(s site) *member {
	return &member{site: s, log: memberLog(h.run, s.name), disk: Disk{Delay: h.order.Configuration.Disk.FsyncDelay}}
}

// environment is all that a member inherits: what the configuration says, and
// before it what stands in for limits that the kernel does not keep.
func (h host) environment(member string) []string {
	var env []string
	for _, v := range h.order.Configuration.Env {
		env = append(env, v.Name+"="+v.Value)
	}
	for _, instead := range h.around.groups.Of(member).Env() {
		name, _, _ := strings.Cut(instead, "=")
		if !slices.ContainsFunc(env, func(own string) bool { return strings.HasPrefix(own, name+"=") }) {
			env = append(env, instead)
		}
	}
	return env
}

// startLearner adds a member that does not vote to a cluster that runs.
func (h host) startLearner(ctx context.Context, c *cluster, s site) error {
	client, err := h.dial()(c.members[0].clientURL())
	if err != nil {
		return err
	}
	defer client.Close()
	if err := addLearner(ctx, client, s.peerEndpoint()); err != nil {
		return fmt.Errorf("adding the learner %s: %w", s.name, err)
	}
	if err := h.startMember(ctx, c, s); err != nil {
		return err
	}
	return awaitHealthy(ctx, c.members[len(c.members)-1:], h.dial(), probeTimeoutOf(h.order.Configuration))
}

// addLearner adds a learner as soon as the cluster takes one: it does not while
// its members have not known one another for long enough.
func addLearner(ctx context.Context, client *clientv3.Client, peerURL string) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := client.MemberAddAsLearner(ctx, []string{peerURL})
		if !errors.Is(err, rpctypes.ErrUnhealthy) && !errors.Is(err, rpctypes.ErrGRPCUnhealthy) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}
