package link

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Proxy stands before one address of a party. It passes bytes, so TLS and HTTP/2
// go through it as they are.
type Proxy struct {
	network  *Network
	party    string
	upstream string
	listener *net.TCPListener
	cancel   context.CancelFunc
	serving  sync.WaitGroup

	mu     sync.Mutex // guards probes
	probes map[netip.AddrPort]probe
}

// probe is what the proxy knows of a connection of its own echo, by its local address.
type probe struct{ from, echo string }

// Listen starts a proxy for party at the address listen ("127.0.0.1:0" chooses a
// port) that dials upstream for each connection. Both are host:port. A connection
// whose upstream cannot be dialled is reset. The proxy serves until Close; ctx
// only ends the start.
func (n *Network) Listen(ctx context.Context, party, listen, upstream string) (*Proxy, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("starting the proxy of %s: %w", party, err)
	}
	serve, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p := &Proxy{
		network: n, party: party, upstream: upstream, listener: l.(*net.TCPListener), cancel: cancel,
		probes: map[netip.AddrPort]probe{},
	}
	p.serving.Go(func() { p.accept(serve) })
	return p, nil
}

// Addr is the address at which the proxy listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Close ends the listener and all connections, and returns when nothing of them
// is left.
func (p *Proxy) Close() error {
	err := p.listener.Close()
	p.cancel()
	p.serving.Wait()
	if err != nil {
		return fmt.Errorf("closing the proxy of %s: %w", p.party, err)
	}
	return nil
}

func (p *Proxy) accept(ctx context.Context) {
	// How long to wait when a connection cannot be accepted, for want of descriptors perhaps.
	const pause = 10 * time.Millisecond
	for {
		near, err := p.listener.AcceptTCP()
		switch {
		case err == nil:
			p.serving.Go(func() { p.serve(ctx, near) })
		case errors.Is(err, net.ErrClosed):
			return
		default:
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return
			}
		}
	}
}

// serve finds out what a connection is and passes its bytes until it ends.
func (p *Proxy) serve(ctx context.Context, near *net.TCPConn) {
	defer near.Close()
	from, upstream := p.origin(near)
	l := p.network.link(pair{from, p.party})
	// A connection is made by what goes either way.
	if l.open(ctx, outward) != nil || l.open(ctx, homeward) != nil {
		return
	}
	var dialer net.Dialer
	c, err := dialer.DialContext(ctx, "tcp", upstream)
	if err != nil {
		_ = near.SetLinger(0) // a reset is the nearest to a refusal that is left
		return
	}
	far := c.(*net.TCPConn)
	defer far.Close()
	p.join(ctx, pair{from, p.party}, l, near, far)
}

// join passes bytes both ways until both have ended or one has failed. Then the
// other end shall see the failure too: a reset on either side is one on both.
func (p *Proxy) join(ctx context.Context, between pair, l *link, near, far *net.TCPConn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	end := sync.OnceFunc(func() {
		_, _ = near.Close(), far.Close()
	})
	defer context.AfterFunc(ctx, end)()
	abort := func() {
		_, _ = near.SetLinger(0), far.SetLinger(0)
		cancel()
	}
	way := func(src, dst *net.TCPConn, on pair, goes direction) *flow {
		return &flow{
			link: l, line: p.network.line(on), way: goes, src: src, dst: dst,
			buffers: &p.network.buffers, abort: abort, room: make(chan struct{}, 1),
		}
	}
	var wg sync.WaitGroup
	for _, f := range []*flow{way(near, far, between, outward), way(far, near, pair{between.to, between.from}, homeward)} {
		wg.Go(func() {
			if f.run(ctx) != nil {
				abort()
			}
		})
	}
	wg.Wait()
}

// origin returns who dialled a connection and where it shall go.
func (p *Proxy) origin(near *net.TCPConn) (from, upstream string) {
	remote, local := addressOf(near.RemoteAddr()), addressOf(near.LocalAddr())
	p.mu.Lock()
	own, ok := p.probes[remote]
	p.mu.Unlock()
	if ok {
		return own.from, own.echo
	}
	return p.network.dialler(remote, local), p.upstream
}

// addressOf is the address of a TCP connection, an IPv4 one never as a mapped IPv6 one.
func addressOf(a net.Addr) netip.AddrPort {
	ap := a.(*net.TCPAddr).AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}
