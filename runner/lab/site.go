package lab

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// site is where one member of a cluster lives: its addresses are host:port.
type site struct {
	name    string
	learner bool
	// client and peer are where it listens, metrics where it tells of itself in plain text.
	client, peer, metrics string
	// clientVia and peerVia are where others reach it.
	clientVia, peerVia string
	secure             scenarios.TLS
	data               string
	wal                string // empty where it lies with the data
}

// clientURL is where the lab host reaches the member.
func (s site) clientURL() string { return urlOf(s.client, s.secure.Client) }

// endpoint is where clients reach it.
func (s site) endpoint() string { return urlOf(s.clientVia, s.secure.Client) }

// peerURL is where it listens for its peers.
func (s site) peerURL() string { return urlOf(s.peer, s.secure.Peer) }

// peerEndpoint is where its peers reach it.
func (s site) peerEndpoint() string { return urlOf(s.peerVia, s.secure.Peer) }

func (s site) metricsURL() string { return urlOf(s.metrics, false) }

func urlOf(address string, secure bool) string {
	if secure {
		return "https://" + address
	}
	return "http://" + address
}

// makeSites gives each member its folders and its free ports.
func (h host) makeSites(ctx context.Context) ([]site, error) {
	c := h.order.Configuration
	names := c.MemberNames()
	ports, err := h.ports(ctx, h.portsEach()*len(names))
	if err != nil {
		return nil, err
	}
	sites := make([]site, len(names))
	for i, name := range names {
		sites[i] = h.siteOf(name, ports[h.portsEach()*i:])
		sites[i].learner = i >= c.Members
	}
	return sites, nil
}

// portsEach is how many ports a member has.
func (h host) portsEach() int {
	if h.order.Configuration.Links.Proxied {
		return 5
	}
	return 3
}

// siteOf is the site of a member with its ports, which are the first of these.
func (h host) siteOf(name string, ports []int) site {
	own := make([]string, h.portsEach())
	for k := range own {
		own[k] = fmt.Sprintf("127.0.0.1:%d", ports[k])
	}
	s := site{name: name, secure: h.order.Configuration.TLS, client: own[0], peer: own[1], metrics: own[2], data: memberData(h.run, name)}
	s.clientVia, s.peerVia = s.client, s.peer
	if h.order.Configuration.Links.Proxied {
		s.clientVia, s.peerVia = own[3], own[4]
	}
	if h.order.Folders.Data != "" {
		s.data = filepath.Join(h.order.Folders.Data, name)
	}
	if h.order.Folders.WAL != "" {
		s.wal = filepath.Join(h.order.Folders.WAL, name+"-wal")
	}
	return s
}

// clear removes the data of the member.
func (s site) clear() error {
	for _, folder := range []string{s.data, s.wal} {
		if err := os.RemoveAll(folder); err != nil {
			return fmt.Errorf("clearing the data of %s: %w", s.name, err)
		}
	}
	return nil
}
