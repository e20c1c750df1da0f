package lab

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/link"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Echo is one round trip of the lab host's own over a link of the lab.
type Echo struct {
	// From and To are the parties: a member's name or scenarios.ClientParty.
	From string `json:"from"`
	To   string `json:"to"`
	// At is when it was sent.
	At time.Time `json:"at"`
	// RTT is how long it took.
	RTT time.Duration `json:"rtt_ns"`
}

// echoEvery is how often a link is measured.
const echoEvery = time.Second

// echo measures each link of a cluster until ctx ends, and hands what it sees to
// tell, from several goroutines. A pair is measured one way: both are alike.
func (n *network) echo(ctx context.Context, sites []site, tell func(Echo)) *sync.WaitGroup {
	var wg sync.WaitGroup
	if n == nil {
		return &wg
	}
	report := func(s link.Sample) { tell(Echo{From: s.From, To: s.To, At: s.At, RTT: s.RTT}) }
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, to := range sites {
		client, peer := n.clients[to.name], n.peers[to.name]
		wg.Go(func() { keepEcho(ctx, client, scenarios.ClientParty, report) })
		for _, from := range sites[:i] {
			wg.Go(func() { keepEcho(ctx, peer, from.name, report) })
		}
	}
	return &wg
}

// keepEcho measures a link until ctx ends, also when its connection breaks.
func keepEcho(ctx context.Context, p *link.Proxy, from string, report func(link.Sample)) {
	for ctx.Err() == nil {
		if err := p.Echo(ctx, from, echoEvery, report); err != nil {
			fmt.Fprintln(os.Stderr, err) // the lab host's log
		}
		select {
		case <-ctx.Done():
		case <-time.After(echoEvery):
		}
	}
}
