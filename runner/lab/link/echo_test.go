package link

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"
)

func median(samples []Sample) time.Duration {
	all := make([]time.Duration, len(samples))
	for i, s := range samples {
		all[i] = s.RTT
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func TestEchoMeasuresEachLinkByItself(t *testing.T) {
	n := NewNetwork()
	upstream := startServer(t, echoBack)
	p := startProxy(t, n, upstream)
	shape(t, n, "m2", Shape{RTT: 5 * time.Millisecond})
	shape(t, n, "m3", Shape{RTT: 20 * time.Millisecond})
	for _, c := range []struct {
		from        string
		least, most time.Duration
	}{
		{Client, 0, 3 * time.Millisecond},
		{"m2", 5 * time.Millisecond, 15 * time.Millisecond},
		{"m3", 20 * time.Millisecond, 60 * time.Millisecond},
	} {
		samples := listenTo(t, p, c.from, 20, time.Millisecond)
		if got := median(samples); got < c.least || got > c.most {
			t.Errorf("from %s: median %v, want %v to %v", c.from, got, c.least, c.most)
		}
		if s := samples[0]; s.From != c.from || s.To != "m1" || time.Since(s.At) > time.Minute {
			t.Errorf("from %s: sample %+v", c.from, s)
		}
	}
}

// Jitter spreads the round trips over the whole of RTT ± Jitter and no further.
func TestEchoShowsJitter(t *testing.T) {
	n := NewNetwork()
	p := startProxy(t, n, startServer(t, echoBack))
	shape(t, n, Client, Shape{RTT: 20 * time.Millisecond, Jitter: 16 * time.Millisecond})
	samples := listenTo(t, p, Client, 60, time.Millisecond)
	slices.SortFunc(samples, func(a, b Sample) int { return int(a.RTT - b.RTT) })
	least, most := samples[0].RTT, samples[len(samples)-1].RTT
	if least < 4*time.Millisecond || least > 14*time.Millisecond || most < 26*time.Millisecond {
		t.Errorf("20 ms ± 16 ms: round trips from %v to %v", least, most)
	}
	if got := median(samples); got < 14*time.Millisecond || got > 60*time.Millisecond {
		t.Errorf("20 ms ± 16 ms: median %v", got)
	}
}

func TestEchoEndsWithItsProxy(t *testing.T) {
	n := NewNetwork()
	p, err := n.Listen(t.Context(), "m1", "127.0.0.1:0", startServer(t, echoBack))
	if err != nil {
		t.Fatal(err)
	}
	shape(t, n, "m2", Shape{RTT: time.Millisecond})
	first := true
	err = p.Echo(t.Context(), "m2", time.Millisecond, func(Sample) {
		if first {
			first = false
			if err := p.Close(); err != nil {
				t.Error(err)
			}
		}
	})
	if err == nil || !strings.Contains(err.Error(), "the echo from m2 to m1") {
		t.Errorf("the echo over a proxy that was closed ended with %v", err)
	}
}

// The probe is known by its port and only as long as it is there.
func TestEchoLeavesNothing(t *testing.T) {
	n := NewNetwork()
	p := startProxy(t, n, startServer(t, echoBack))
	before := descriptors(t)
	for range 20 {
		listenTo(t, p, "m2", 1, time.Millisecond)
	}
	if len(p.probes) != 0 {
		t.Errorf("%d probes are still known", len(p.probes))
	}
	eventually(t, "the echo's descriptors to be closed", func() bool { return descriptors(t) <= before })
}

// An answer that is far away, or never comes, does not hold up the end.
func TestEchoEndsWhileItWaits(t *testing.T) {
	for name, hinder := range map[string]func(*Network){
		"cut":      func(n *Network) { n.Cut("m1", "m2") },
		"far away": func(n *Network) { shape(t, n, "m2", Shape{RTT: 2 * time.Minute}) },
	} {
		n := NewNetwork()
		p := startProxy(t, n, startServer(t, echoBack))
		ctx, cancel := context.WithCancel(t.Context())
		begin := time.Now()
		err := p.Echo(ctx, "m2", time.Millisecond, func(Sample) {
			hinder(n)
			time.AfterFunc(20*time.Millisecond, cancel)
		})
		if took := time.Since(begin); err != nil || took > 5*time.Second {
			t.Errorf("%s: ended after %v with %v", name, took, err)
		}
	}
}
