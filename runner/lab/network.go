package lab

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"syscall"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/link"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// network is the proxies of one cluster; nil where members are dialled directly.
type network struct {
	*link.Network
	mu             sync.Mutex // guards the following
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
		if err := n.openTo(ctx, c, to, c.MemberNames()); err != nil {
			return err
		}
	}
	return nil
}

// openTo opens the ways to a member, from clients and from members of those names.
func (n *network) openTo(ctx context.Context, c scenarios.Configuration, to site, members []string) error {
	for _, from := range append([]string{link.Client}, members...) {
		if from == to.name {
			continue
		}
		l := c.Links.Between(from, to.name)
		if err := n.SetShape(from, to.name, link.Shape{RTT: l.RTT, Jitter: l.Jitter, Bandwidth: l.Bandwidth}); err != nil {
			return err
		}
	}
	client, err := n.listen(ctx, to.name, to.clientVia, to.client)
	if err != nil {
		return err
	}
	peer, err := n.listen(ctx, to.name, to.peerVia, to.peer)
	if err != nil {
		return errors.Join(err, client.Close())
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.clients[to.name], n.peers[to.name] = client, peer
	return nil
}

// closeTo closes the ways to a member that is gone for good.
func (n *network) closeTo(name string) {
	if n == nil {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, proxies := range []map[string]*link.Proxy{n.clients, n.peers} {
		if p := proxies[name]; p != nil {
			_ = p.Close() // a listener of ours that closes or is gone
		}
		delete(proxies, name)
	}
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
	n.mu.Lock()
	defer n.mu.Unlock()
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

// healAll undoes what was cut.
func (n *network) healAll(members []*member) {
	if n == nil {
		return
	}
	for i, a := range members {
		n.Heal(link.Client, a.name)
		for _, b := range members[:i] {
			n.Heal(a.name, b.name)
		}
	}
}
