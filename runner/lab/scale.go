package lab

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"

	"go.etcd.io/etcd/etcdutl/v3/snapshot"
	"go.uber.org/zap"
)

// names are the members that there are or may come to be.
func (h host) names() []string {
	names := h.order.Configuration.MemberNames()
	for n := len(names) + 1; n <= h.order.Most; n++ {
		names = append(names, memberName(n))
	}
	return names
}

func memberName(n int) string { return fmt.Sprintf("m%d", n) }

// place makes the place of one more member. Its name is the first that is free.
func (h host) place(ctx context.Context, c *cluster) (*member, error) {
	c.placing.Lock()
	defer c.placing.Unlock()
	taken := map[string]bool{}
	for _, m := range c.all() {
		taken[m.name] = true
	}
	all := h.names()
	free := slices.IndexFunc(all, func(name string) bool { return !taken[name] })
	if free < 0 {
		return nil, fmt.Errorf("there are %d members, and the lab was made for no more", len(taken))
	}
	ports, err := h.ports(ctx, h.portsEach())
	if err != nil {
		return nil, err
	}
	s := h.siteOf(all[free], ports)
	if err := s.clear(); err != nil {
		return nil, err
	}
	if c.network != nil {
		if err := c.network.openTo(ctx, h.order.Configuration, s, all); err != nil {
			return nil, err
		}
	}
	return c.add(h.makeMember(s)), nil
}

// join starts a member at its place.
func (h host) join(ctx context.Context, c *cluster, m *member, initialCluster string) error {
	if m.latest() != nil {
		return errors.New("it has started already")
	}
	c.placing.Lock()
	defer c.placing.Unlock()
	m.flags = etcdFlags(h.order.Configuration, h.files, m.site, joining{cluster: initialCluster, state: "existing", token: c.token})
	return h.launchMember(ctx, c, m)
}

// discard takes a member away for good.
func (h host) discard(ctx context.Context, c *cluster, m *member) error {
	if err := m.end(ctx, syscall.SIGTERM, h.order.StopTimeout); err != nil {
		return err
	}
	c.remove(m)
	m.closeDisk()
	c.network.closeTo(m.name)
	return m.clear()
}

// revisionBump is what Kubernetes' guide to restoring etcd advises: more than any
// cluster writes between two backups.
const (
	revisionBump = 1_000_000_000
	asItWas      = 0 // for who has never seen a later state than the snapshot's
)

// restore makes a new cluster of the data in a snapshot, and starts it.
func (h host) restore(ctx context.Context, c *cluster, path string) error {
	c.placing.Lock()
	defer c.placing.Unlock()
	members := c.all()
	defer takeTurns(members)()
	var peers []string
	for _, m := range members {
		if _, err := m.running(); err == nil {
			return fmt.Errorf("%s: %w", m.name, errRuns)
		}
		peers = append(peers, m.name+"="+m.peerEndpoint())
	}
	j := joining{cluster: strings.Join(peers, ","), state: "new", token: newToken()}
	for _, m := range members {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err := m.restore(path, j, revisionBump); err != nil {
			return fmt.Errorf("restoring %s: %w", m.name, err)
		}
		m.flags = etcdFlags(h.order.Configuration, h.files, m.site, j)
	}
	c.token = j.token
	for _, m := range members {
		if err := h.launchMember(ctx, c, m); err != nil {
			return err
		}
	}
	return nil
}

// takeTurns takes the turns of members, until the function that it returns is called.
func takeTurns(members []*member) (end func()) {
	for _, m := range members {
		m.turn.Lock()
	}
	return func() {
		for _, m := range members {
			m.turn.Unlock()
		}
	}
}

// restore replaces the data of a member that does not run. Where revisions are bumped, all
// before are compacted.
func (m *member) restore(path string, j joining, bump uint64) error {
	if err := m.clear(); err != nil {
		return err
	}
	return snapshot.NewV3(zap.NewNop()).Restore(snapshot.RestoreConfig{
		SnapshotPath: path, Name: m.name, OutputDataDir: m.data, OutputWALDir: m.wal, PeerURLs: []string{m.peerEndpoint()},
		InitialCluster: j.cluster, InitialClusterToken: j.token, RevisionBump: bump, MarkCompacted: bump > 0,
	})
}
