package link

import (
	"context"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// startServer runs serve on each connection to it until the test ends.
func startServer(tb testing.TB, serve func(*net.TCPConn)) (address string) {
	tb.Helper()
	var config net.ListenConfig
	l, err := config.Listen(tb.Context(), "tcp4", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer c.Close()
				serve(c.(*net.TCPConn))
			})
		}
	})
	tb.Cleanup(func() {
		_ = l.Close()
		serving.Wait()
	})
	return l.Addr().String()
}

func echoBack(c *net.TCPConn) { _, _ = io.Copy(c, c) }

// startProxy stands before m1, and is closed before the upstream is.
func startProxy(tb testing.TB, n *Network, upstream string) *Proxy {
	tb.Helper()
	p, err := n.Listen(tb.Context(), "m1", "127.0.0.1:0", upstream)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := p.Close(); err != nil {
			tb.Error(err)
		}
	})
	return p
}

// shape gives a right shape to the link to m1.
func shape(tb testing.TB, n *Network, from string, s Shape) {
	tb.Helper()
	if err := n.SetShape(from, "m1", s); err != nil {
		tb.Fatal(err)
	}
}

func dial(tb testing.TB, address string) *net.TCPConn {
	tb.Helper()
	var dialer net.Dialer
	c, err := dialer.DialContext(tb.Context(), "tcp", address)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = c.Close() })
	return c.(*net.TCPConn)
}

// descriptors is how many files this process has open.
func descriptors(tb testing.TB) int {
	tb.Helper()
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		tb.Fatal(err)
	}
	return len(names)
}

// eventually waits for what must come true within seconds.
func eventually(tb testing.TB, what string, come func() bool) {
	tb.Helper()
	limit := time.After(10 * time.Second)
	for !come() {
		select {
		case <-time.After(time.Millisecond):
		case <-limit:
			tb.Fatalf("waited for %s", what)
		}
	}
}

// roundTrip sends one byte and awaits it.
func roundTrip(tb testing.TB, c net.Conn) {
	tb.Helper()
	var b [1]byte
	if _, err := c.Write(b[:]); err != nil {
		tb.Fatal(err)
	}
	if _, err := io.ReadFull(c, b[:]); err != nil {
		tb.Fatal(err)
	}
}

// listenTo collects n samples of the proxy's echo.
func listenTo(tb testing.TB, p *Proxy, from string, n int, interval time.Duration) []Sample {
	tb.Helper()
	ctx, cancel := context.WithCancel(tb.Context())
	defer cancel()
	var samples []Sample
	err := p.Echo(ctx, from, interval, func(s Sample) {
		if samples = append(samples, s); len(samples) == n {
			cancel()
		}
	})
	if err != nil {
		tb.Fatal(err)
	}
	return samples
}

// swallow takes all bytes, and then sends one: they have arrived.
func swallow(c *net.TCPConn) {
	_, _ = io.Copy(io.Discard, c)
	_, _ = c.Write([]byte{1})
}

// finish ends what c sends to swallow and waits until all of it has arrived.
func finish(tb testing.TB, c *net.TCPConn) {
	tb.Helper()
	if err := c.CloseWrite(); err != nil {
		tb.Fatal(err)
	}
	if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
		tb.Fatal(err)
	}
}

// cpuTime is what this process has used, the test's own part included.
func cpuTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
