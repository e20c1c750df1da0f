package link

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"
)

// TLS with HTTP/2, and a stream on it whose messages come one by one.
func TestTLSAndHTTP2GoThrough(t *testing.T) {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var b [1]byte
		for {
			if _, err := r.Body.Read(b[:]); err != nil {
				return
			}
			_, _ = w.Write(b[:])
			w.(http.Flusher).Flush()
		}
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	n := NewNetwork()
	shape(t, n, Client, Shape{RTT: time.Millisecond})
	p := startProxy(t, n, server.Listener.Addr().String())
	body, feed := io.Pipe()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+p.Addr(), body)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _, _ = feed.Write([]byte("0")) }()
	response, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.ProtoMajor != 2 {
		t.Fatalf("the protocol is %s", response.Proto)
	}
	got := make([]byte, 1)
	for i := range 50 {
		if i > 0 {
			if _, err := feed.Write([]byte{byte('0' + i)}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := io.ReadFull(response.Body, got); err != nil || got[0] != byte('0'+i) {
			t.Fatalf("message %d came back as %q, error %v", i, got, err)
		}
	}
	_ = feed.Close()
}

func TestCutIsABlackHoleUntilHeal(t *testing.T) {
	for name, s := range shapes() {
		t.Run(name, func(t *testing.T) {
			n := NewNetwork()
			shape(t, n, Client, s)
			p := startProxy(t, n, startServer(t, echoBack))
			open := dial(t, p.Addr())
			roundTrip(t, open)
			n.Cut("m1", Client)
			fresh := dial(t, p.Addr())
			for what, c := range map[string]io.ReadWriter{"open": open, "new": fresh} {
				if _, err := c.Write([]byte{1}); err != nil {
					t.Errorf("the %s connection, cut: %v", what, err)
				}
			}
			_ = open.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			_ = fresh.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
			for what, c := range map[string]io.Reader{"open": open, "new": fresh} {
				if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("reading on the %s connection, cut: %v", what, err)
				}
			}
			n.Heal(Client, "m1")
			_ = open.SetReadDeadline(time.Time{})
			_ = fresh.SetReadDeadline(time.Time{})
			for what, c := range map[string]io.Reader{"open": open, "new": fresh} {
				if _, err := io.ReadFull(c, make([]byte, 1)); err != nil {
					t.Errorf("the %s connection, healed: %v", what, err)
				}
			}
		})
	}
}

// What one party sends is held back, and what the other sends goes on, on one
// connection, whichever of them is cut.
func TestCutOneWay(t *testing.T) {
	for name, s := range shapes() {
		t.Run(name, func(t *testing.T) {
			n := NewNetwork()
			shape(t, n, Client, s)
			served := make(chan net.Conn, 1)
			p := startProxy(t, n, startServer(t, func(c *net.TCPConn) {
				served <- c
				<-t.Context().Done()
			}))
			near := dial(t, p.Addr())
			far := <-served
			passes := func(from, to net.Conn) bool {
				t.Helper()
				if _, err := from.Write([]byte{1}); err != nil {
					t.Fatal(err)
				}
				_ = to.SetReadDeadline(time.Now().Add(50 * time.Millisecond))
				_, err := io.ReadFull(to, make([]byte, 1))
				return err == nil
			}
			n.CutWay(Client, "m1")
			if passes(near, far) || !passes(far, near) {
				t.Error("cut from the client: that way passes, or the other does not")
			}
			n.HealWay(Client, "m1")
			_ = far.SetReadDeadline(time.Time{})
			if _, err := io.ReadFull(far, make([]byte, 1)); err != nil {
				t.Errorf("what was held back: %v", err)
			}
			n.CutWay("m1", Client)
			if !passes(near, far) || passes(far, near) {
				t.Error("cut to the client: that way passes, or the other does not")
			}
			n.HealWay("m1", Client)
		})
	}
}

// Close takes all with it, also what waits for a line, a timer or a heal.
func TestCloseLeavesNothing(t *testing.T) {
	upstream := startServer(t, swallow)
	before := descriptors(t)
	for name, s := range map[string]Shape{
		"plain": {}, "a minute away": {RTT: 2 * time.Minute}, "a thin line": {Bandwidth: 1},
	} {
		n := NewNetwork()
		shape(t, n, Client, s)
		p, err := n.Listen(t.Context(), "m1", "127.0.0.1:0", upstream)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			if i == 5 {
				n.Cut(Client, "m1")
			}
			c := dial(t, p.Addr())
			if _, err := c.Write(make([]byte, 100)); err != nil {
				t.Fatal(err)
			}
		}
		begin := time.Now()
		if err := p.Close(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(begin); took > 3*time.Second {
			t.Errorf("%s: closing took %v", name, took)
		}
	}
	// The clients' own ends are still open, and the server's for a moment.
	eventually(t, "the descriptors to be closed", func() bool { return descriptors(t) <= before+30 })
}

func TestWrongShapesAndAddressesAreErrors(t *testing.T) {
	n := NewNetwork()
	for _, s := range []Shape{{RTT: -1}, {Jitter: -1}, {Bandwidth: -1}} {
		if err := n.SetShape("m1", "m2", s); err == nil || !strings.Contains(err.Error(), "the link from m1 to m2") {
			t.Errorf("%+v: %v", s, err)
		}
	}
	taken := startServer(t, echoBack)
	if _, err := n.Listen(t.Context(), "m1", taken, taken); err == nil || !strings.Contains(err.Error(), "the proxy of m1") {
		t.Errorf("listening where a server listens: %v", err)
	}
}
