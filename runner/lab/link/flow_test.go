package link

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"
)

// shapes are those that a byte can go through in a different way.
func shapes() map[string]Shape {
	return map[string]Shape{
		"plain":     {},
		"latency":   {RTT: 4 * time.Millisecond},
		"jitter":    {RTT: 4 * time.Millisecond, Jitter: 4 * time.Millisecond},
		"bandwidth": {Bandwidth: 100 << 20},
	}
}

// Every byte arrives once and in order, and the end of each way by itself.
func TestBytesAndHalfCloseGoThrough(t *testing.T) {
	for name, s := range shapes() {
		t.Run(name, func(t *testing.T) {
			n := NewNetwork()
			shape(t, n, Client, s)
			// Answers only after the end of what it is sent.
			p := startProxy(t, n, startServer(t, func(c *net.TCPConn) {
				all, _ := io.ReadAll(c)
				_, _ = c.Write(all)
			}))
			exchangeAll(t, dial(t, p.Addr()), 3<<20, nil)
		})
	}
}

func TestShapesChangeUnderOpenConnections(t *testing.T) {
	n := NewNetwork()
	p := startProxy(t, n, startServer(t, echoBack))
	exchangeAll(t, dial(t, p.Addr()), 3<<20, func(i int) {
		switch i % 6 {
		case 0:
			n.Cut(Client, "m1")
		case 1:
			n.Heal("m1", Client)
		default:
			s := Shape{RTT: time.Duration(i%3) * time.Millisecond, Jitter: time.Duration(i%2) * time.Millisecond}
			shape(t, n, Client, s)
		}
	})
}

// exchangeAll sends random bytes in random portions, and wants them back.
func exchangeAll(t *testing.T, c *net.TCPConn, size int, between func(portion int)) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	sent := make([]byte, size)
	for i := range sent {
		sent[i] = byte(rng.Uint32())
	}
	var writing sync.WaitGroup
	writing.Go(func() {
		for i, rest := 0, sent; len(rest) > 0; i++ {
			k := min(len(rest), 1+rng.IntN(20000))
			if _, err := c.Write(rest[:k]); err != nil {
				t.Error(err)
				return
			}
			rest = rest[k:]
			if between != nil {
				between(i)
			}
		}
		if between != nil {
			between(1)
		}
		if err := c.CloseWrite(); err != nil {
			t.Error(err)
		}
	})
	got, err := io.ReadAll(c)
	writing.Wait()
	if err != nil || !bytes.Equal(got, sent) {
		t.Errorf("sent %d bytes, got %d that are equal: %v, error %v", len(sent), len(got), bytes.Equal(got, sent), err)
	}
}

// A reset on one side is one on the other, whichever side it is.
func TestResetGoesThrough(t *testing.T) {
	for name, s := range shapes() {
		t.Run(name, func(t *testing.T) {
			n := NewNetwork()
			shape(t, n, Client, s)
			served := make(chan error, 1)
			p := startProxy(t, n, startServer(t, func(c *net.TCPConn) {
				_, _ = c.Write([]byte{1})
				_, err := io.Copy(io.Discard, c)
				served <- err
			}))
			c := dial(t, p.Addr())
			if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
				t.Fatal(err)
			}
			_, _ = c.SetLinger(0), c.Close()
			if err := <-served; !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the server behind saw %v", err)
			}

			p = startProxy(t, n, startServer(t, func(c *net.TCPConn) { _ = c.SetLinger(0) }))
			if err := endOf(t, p.Addr()); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("the client saw %v", err)
			}
		})
	}
}

func TestAnUpstreamThatIsNotThereIsAReset(t *testing.T) {
	p := startProxy(t, NewNetwork(), "127.0.0.1:1")
	if err := endOf(t, p.Addr()); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("got %v", err)
	}
}

// endOf is the error that a connection ends with; a reset may come before a
// dialler has seen that it is connected.
func endOf(t *testing.T, address string) error {
	t.Helper()
	var dialer net.Dialer
	c, err := dialer.DialContext(t.Context(), "tcp", address)
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = io.Copy(io.Discard, c)
	return err
}

// A sender whose receiver does not read must wait: what is on the way is bounded.
func TestBytesOnTheWayAreBounded(t *testing.T) {
	n := NewNetwork()
	shape(t, n, Client, Shape{RTT: time.Millisecond})
	deaf := make(chan struct{})
	p := startProxy(t, n, startServer(t, func(*net.TCPConn) { <-deaf }))
	defer close(deaf)
	c := dial(t, p.Addr())
	block, total := make([]byte, 1<<20), 0
	for {
		if err := c.SetWriteDeadline(time.Now().Add(500 * time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		k, err := c.Write(block)
		total += k
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil || total > 4*maxInFlight {
			t.Fatalf("%d MiB were taken; error %v", total>>20, err)
		}
	}
	if total < maxInFlight {
		t.Errorf("only %d bytes were taken, want %d", total, maxInFlight)
	}
}

// A message every 100 µs, each on its way for 10 ms: latency costs no throughput.
func TestSmallMessagesArePipelined(t *testing.T) {
	const messages = 2000
	n := NewNetwork()
	shape(t, n, Client, Shape{RTT: 20 * time.Millisecond})
	c := dial(t, startProxy(t, n, startServer(t, echoBack)).Addr())
	timer, err := newTimer()
	if err != nil {
		t.Fatal(err)
	}
	defer timer.close()
	begin := time.Now()
	var reading sync.WaitGroup
	reading.Go(func() {
		if _, err := io.ReadFull(c, make([]byte, 100*messages)); err != nil {
			t.Error(err)
		}
	})
	for i := range messages {
		if _, err := c.Write(make([]byte, 100)); err != nil {
			t.Fatal(err)
		}
		if err := timer.until(begin.Add(time.Duration(i) * 100 * time.Microsecond)); err != nil {
			t.Fatal(err)
		}
	}
	reading.Wait()
	if took := time.Since(begin); took < 200*time.Millisecond || took > 3*220*time.Millisecond {
		t.Errorf("%d messages took %v, want about 220 ms", messages, took)
	}
}
