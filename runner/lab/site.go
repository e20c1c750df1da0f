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
	each := 3
	if c.Links.Proxied {
		each = 5
	}
	ports, err := h.ports(ctx, each*len(names))
	if err != nil {
		return nil, err
	}
	sites := make([]site, len(names))
	for i, name := range names {
		own := make([]string, each)
		for k := range own {
			own[k] = fmt.Sprintf("127.0.0.1:%d", ports[each*i+k])
		}
		s := site{
			name: name, learner: i >= c.Members, secure: c.TLS, client: own[0], peer: own[1], metrics: own[2],
			data: memberData(h.run, name),
		}
		s.clientVia, s.peerVia = s.client, s.peer
		if c.Links.Proxied {
			s.clientVia, s.peerVia = own[3], own[4]
		}
		if h.order.Folders.Data != "" {
			s.data = filepath.Join(h.order.Folders.Data, name)
		}
		if h.order.Folders.WAL != "" {
			s.wal = filepath.Join(h.order.Folders.WAL, name+"-wal")
		}
		sites[i] = s
	}
	return sites, nil
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
