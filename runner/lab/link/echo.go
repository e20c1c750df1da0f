package link

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Sample is one round trip of the echo: From dialled To, and At is when it was sent.
type Sample struct {
	From, To string
	At       time.Time
	RTT      time.Duration
}

// Echo sends a few bytes from a party through the proxy once in each interval,
// over one connection that goes the way of every other, queue and shape included,
// but to an echo instead of the party. It hands each round trip to report, one at
// a time; on a link that is cut, the next one ends when it is healed. It returns
// nil when ctx ends, and an error when the connection does.
func (p *Proxy) Echo(ctx context.Context, from string, interval time.Duration, report func(Sample)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("starting the echo from %s to %s: %w", from, p.party, err)
	}
	var echoing sync.WaitGroup
	defer func() {
		cancel()
		_ = l.Close()
		echoing.Wait()
	}()
	echoing.Go(func() { answer(ctx, l) })
	c, forget, err := p.dialProbe(ctx, probe{from: from, echo: l.Addr().String()})
	if err != nil {
		return fmt.Errorf("starting the echo from %s to %s: %w", from, p.party, err)
	}
	defer forget()
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	err = exchange(ctx, c, interval, func(at time.Time, rtt time.Duration) {
		report(Sample{From: from, To: p.party, At: at, RTT: rtt})
	})
	if ctx.Err() != nil {
		return nil
	}
	return fmt.Errorf("the echo from %s to %s: %w", from, p.party, err)
}

// answer sends back what comes on the first connection, until its end or that of
// ctx: on a link that is cut the first does not come through.
func answer(ctx context.Context, l net.Listener) {
	c, err := l.Accept()
	if err != nil {
		return // the echo ended before the proxy came
	}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { _ = c.Close() })()
	_, _ = io.Copy(c, c) // the other end tells what happened
}

// dialProbe connects to the proxy from an address that the proxy knows before it
// sees the connection. forget takes it from the proxy again.
func (p *Proxy) dialProbe(ctx context.Context, known probe) (c net.Conn, forget func(), err error) {
	var at netip.AddrPort
	forget = func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.probes, at)
	}
	dialer := net.Dialer{Control: func(_, _ string, raw syscall.RawConn) error {
		var failed error
		err := raw.Control(func(fd uintptr) { at, failed = bindLoopback(int(fd)) })
		if err := errors.Join(err, failed); err != nil {
			return fmt.Errorf("choosing a local port: %w", err)
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.probes[at] = known
		return nil
	}}
	if c, err = dialer.DialContext(ctx, "tcp4", p.Addr()); err != nil {
		forget()
		return nil, nil, err
	}
	return c, forget, nil
}

// bindLoopback gives a socket a free port on 127.0.0.1.
func bindLoopback(fd int) (netip.AddrPort, error) {
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return netip.AddrPort{}, err
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}, err
	}
	in4, ok := name.(*unix.SockaddrInet4)
	if !ok {
		return netip.AddrPort{}, fmt.Errorf("an address of type %T", name)
	}
	return netip.AddrPortFrom(netip.AddrFrom4(in4.Addr), uint16(in4.Port)), nil
}

// exchange sends a number and awaits it, again and again, until ctx ends or the
// connection does.
func exchange(ctx context.Context, c net.Conn, interval time.Duration, done func(at time.Time, rtt time.Duration)) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	var sent, got [8]byte
	for i := uint64(1); ; i++ {
		binary.BigEndian.PutUint64(sent[:], i)
		at := time.Now()
		if _, err := c.Write(sent[:]); err != nil {
			return err
		}
		if _, err := io.ReadFull(c, got[:]); err != nil {
			return err
		}
		rtt := time.Since(at)
		if got != sent {
			return fmt.Errorf("sent %x and got %x", sent, got)
		}
		done(at, rtt)
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}
