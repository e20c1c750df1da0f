//go:build accuracy

package link

import (
	"testing"
	"time"
)

// The echo sees a link of 1 ms at 1.0 to 1.3 ms and one of 20 ms at 20 to 24 ms,
// at the median, on a machine that does nothing else.
func TestAccuracyLinkRTT(t *testing.T) {
	for _, c := range []struct {
		asked, most time.Duration
		samples     int
	}{
		{0, 300 * time.Microsecond, 1000},
		{time.Millisecond, 1300 * time.Microsecond, 1000},
		{20 * time.Millisecond, 24 * time.Millisecond, 200},
	} {
		n := NewNetwork()
		shape(t, n, "m2", Shape{RTT: c.asked})
		p := startProxy(t, n, startServer(t, echoBack))
		got := median(listenTo(t, p, "m2", c.samples, 2*time.Millisecond))
		t.Logf("asked %v, median %v", c.asked, got)
		if got < c.asked || got > c.most {
			t.Errorf("asked %v, median %v; want at most %v", c.asked, got, c.most)
		}
	}
}

// One connection carries more than 50 MB/s over a link of 20 ms.
func TestAccuracyLinkBulk(t *testing.T) {
	const size = 512 << 20
	n := NewNetwork()
	shape(t, n, Client, Shape{RTT: 20 * time.Millisecond})
	c := dial(t, startProxy(t, n, startServer(t, swallow)).Addr())
	begin, cpu := time.Now(), cpuTime(t)
	block := make([]byte, 1<<20)
	for range size / len(block) {
		if _, err := c.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	finish(t, c)
	rate := float64(size) / time.Since(begin).Seconds() / 1e6
	t.Logf("%.0f MB/s, %.2f s of processor time for a GiB, both ends included", rate, 2*(cpuTime(t)-cpu).Seconds())
	if rate < 50 {
		t.Errorf("%.0f MB/s, want more than 50", rate)
	}
}

// A bandwidth is held within 5 %.
func TestAccuracyLinkBandwidth(t *testing.T) {
	const rate, size = 20e6, 40 << 20
	n := NewNetwork()
	shape(t, n, Client, Shape{RTT: 2 * time.Millisecond, Bandwidth: rate})
	c := dial(t, startProxy(t, n, startServer(t, swallow)).Addr())
	begin := time.Now()
	if _, err := c.Write(make([]byte, size)); err != nil {
		t.Fatal(err)
	}
	finish(t, c)
	got := size / time.Since(begin).Seconds()
	t.Logf("asked %.1f MB/s, got %.2f", rate/1e6, got/1e6)
	if got > rate || got < 0.95*rate {
		t.Errorf("asked %.1f MB/s, got %.2f", rate/1e6, got/1e6)
	}
}
