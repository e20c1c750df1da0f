package link

import (
	"sync"
	"testing"
	"time"
)

func TestBytesOnALineGoOneAfterAnother(t *testing.T) {
	begin := time.Now()
	var l line
	for i, c := range []struct {
		at   time.Duration
		n    int
		rate int64
		want time.Duration
	}{
		{0, 1000, 1000, time.Second},
		{0, 500, 1000, 1500 * time.Millisecond},               // behind the first
		{time.Second, 500, 1000, 2 * time.Second},             // also
		{3 * time.Second, 100, 1000, 3100 * time.Millisecond}, // the line was free
		{time.Second, 100, 0, time.Second},                    // no line
	} {
		if got := l.pass(span{begin.Add(c.at), begin.Add(c.at)}, c.n, c.rate).Sub(begin); got != c.want {
			t.Errorf("%d: gone after %v, want %v", i, got, c.want)
		}
	}
}

// A sender that comes late for bytes that were waiting loses no bandwidth, one
// that had none does, and no byte has gone before it was read.
func TestALateSenderLosesNoBandwidth(t *testing.T) {
	begin := time.Now()
	at := func(ms float64) time.Time { return begin.Add(time.Duration(ms * 1e6)) }
	var l line
	var came span
	for i, c := range []struct{ begin, end, want float64 }{
		{0, 1, 11},         // waited for: comes at 1, takes 10
		{31, 31.01, 31.01}, // was waiting, and has gone at 21 already
		{31.01, 31.02, 31.02},
		{31.02, 31.03, 41},    // the line is at 41 now
		{31.03, 100, 110},     // waited for again
		{500, 500.01, 500.01}, // waiting for very long: not all of it is made up for
		{500.01, 500.02, 500.02},
		{500.02, 500.03, 500.03},
		{500.03, 500.04, 500.04},
		{500.04, 500.05, 500.05},
		{500.05, 500.06, 510.01},
	} {
		came = arrival(came, at(c.begin), at(c.end))
		if got := l.pass(came, 1000, 100_000); got.Sub(at(c.want)).Abs() > time.Microsecond {
			t.Errorf("%d: gone after %v, want %v ms", i, got.Sub(begin), c.want)
		}
	}
}

// Two connections share the line of their direction, and only that.
func TestConnectionsShareTheBandwidth(t *testing.T) {
	const each, rate = 1 << 20, 8 << 20
	n := NewNetwork()
	shape(t, n, Client, Shape{Bandwidth: rate})
	p := startProxy(t, n, startServer(t, swallow))
	begin := time.Now()
	var sending sync.WaitGroup
	for range 2 {
		c := dial(t, p.Addr())
		sending.Go(func() {
			if _, err := c.Write(make([]byte, each)); err != nil {
				t.Error(err)
			}
			finish(t, c)
		})
	}
	sending.Wait()
	const want = 2 * time.Second * each / rate
	// On a busy machine the line makes up for a sender that came late, which may be all at the end.
	if took := time.Since(begin); took < want-mostLate || took > 3*want {
		t.Errorf("two times %d bytes at %d a second took %v, want %v", each, rate, took, want)
	}
}

// What goes back does not take from what goes there.
func TestEachWayHasItsOwnBandwidth(t *testing.T) {
	const size, rate = 512 << 10, 1 << 20
	n := NewNetwork()
	shape(t, n, Client, Shape{Bandwidth: rate})
	p := startProxy(t, n, startServer(t, echoBack))
	begin := time.Now()
	exchangeAll(t, dial(t, p.Addr()), size, nil)
	const there = time.Second * size / rate
	if took := time.Since(begin); took < there-mostLate || took > 2*there {
		t.Errorf("%d bytes there and back at once took %v, want little more than %v", size, took, there)
	}
}
