package record

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// tcp is an address as a connection has it.
func tcp(tb testing.TB, address string) net.Addr {
	tb.Helper()
	a, err := netip.ParseAddrPort(address)
	if err != nil {
		tb.Fatal(err)
	}
	return net.TCPAddrFromAddrPort(a)
}

const first, second = "https://etcd-0:2379", "https://etcd-1:2379"

func twoEndpoints() *Endpoints {
	return NewEndpoints([]string{first, second}, map[netip.AddrPort]string{
		netip.MustParseAddrPort("10.0.0.1:2379"):  first,
		netip.MustParseAddrPort("10.0.0.11:2379"): first,
		netip.MustParseAddrPort("10.0.0.2:2379"):  second,
		netip.MustParseAddrPort("10.0.0.3:2379"):  "https://elsewhere:2379",
	})
}

func TestAddresses(t *testing.T) {
	e := twoEndpoints()
	for _, tc := range []struct {
		what   string
		remote net.Addr
		want   string
	}{
		{"an endpoint's", tcp(t, "10.0.0.1:2379"), first},
		{"its other one", tcp(t, "10.0.0.11:2379"), first},
		{"written as IPv6", tcp(t, "[::ffff:10.0.0.2]:2379"), second},
		{"another port", tcp(t, "10.0.0.2:2380"), "10.0.0.2:2380"},
		{"of a URL that is no endpoint", tcp(t, "10.0.0.3:2379"), "10.0.0.3:2379"},
		{"the same again", tcp(t, "10.0.0.2:2380"), "10.0.0.2:2380"},
		{"no address", nil, ""},
		{"no TCP address", &net.UnixAddr{Name: "/run/etcd"}, ""},
	} {
		got := ""
		if i := e.of(tc.remote); i != unknown {
			got = e.name(i)
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.what, got, tc.want)
		}
	}
	for i := range 2 * strangers {
		e.of(tcp(t, fmt.Sprintf("10.0.1.%d:2379", i)))
	}
	if n := len(e.table.Load().names); n != 2+strangers {
		t.Errorf("%d endpoints are told apart, want %d", n, 2+strangers)
	}
}

// What was sent to an endpoint is in the whole and in that endpoint's part; what
// was sent to nobody is in the whole alone, and so is all but the measure phase.
func TestPartsOfTheWhole(t *testing.T) {
	r := New()
	r.Split(twoEndpoints())
	s, chain := r.Operation("churn", "create", "pods"), r.Chain("churn", "pod-start", "pods")
	outcome := func(remote net.Addr, change func(o *Outcome)) {
		o := Outcome{Phase: Measure, DonePhase: Measure, Sent: time.Millisecond, Done: 3 * time.Millisecond, Remote: remote, BytesSent: 10, BytesReceived: 1}
		change(&o)
		s.Count(0, o.Phase, Intended, 1)
		s.Done(0, &o)
		chain.Done(0, &o)
	}
	at1, at2 := tcp(t, "10.0.0.1:2379"), tcp(t, "10.0.0.2:2379")
	for round := range 3 { // what the pool gives back must be empty
		for shard := range 5 {
			outcome(at1, func(o *Outcome) { o.Done += time.Duration(shard) * time.Millisecond })
		}
		outcome(at1, func(o *Outcome) { o.Conflict = true })
		outcome(at2, func(o *Outcome) { o.Code, o.Retries = codes.Unavailable, 2 })
		outcome(at2, func(o *Outcome) { o.DonePhase = Drain })
		outcome(at2, func(o *Outcome) { o.Phase = Warmup })
		outcome(nil, func(o *Outcome) { o.Code = codes.Unavailable })
		outcome(at1, func(o *Outcome) { o.NotSent, o.Code = true, codes.DeadlineExceeded })
		s.Count(0, Measure, Dropped, 1)
		in, err := r.Swap().Interval(0, time.Second)
		if err != nil {
			t.Fatal(err)
		}
		var parts []results.EndpointInterval
		for _, row := range in.Operations {
			if len(row.Endpoints) > 0 && (row.Chain || row.Phase != results.PhaseMeasure) {
				t.Errorf("round %d: a row has parts: %+v", round, row)
			}
			parts = append(parts, row.Endpoints...)
		}
		if len(parts) != 2 {
			t.Fatalf("round %d: %d parts: %+v", round, len(parts), parts)
		}
		for i, want := range []struct {
			endpoint string
			counts   results.Counts
			max      int64 // of service, in µs
		}{
			{first, results.Counts{Sent: 6, Succeeded: 5, Conflicts: 1, Achieved: 6, BytesSent: 60, BytesReceived: 6}, 6000},
			{second, results.Counts{Sent: 2, Succeeded: 1, Achieved: 1, Retries: 2, BytesSent: 20, BytesReceived: 2, Errors: map[string]int64{"Unavailable": 1}}, 2000},
		} {
			got := parts[i]
			if got.Endpoint != want.endpoint || fmt.Sprint(got.Counts) != fmt.Sprint(want.counts) {
				t.Errorf("round %d: part %d is %+v, want %+v", round, i, got, want)
			}
			h, err := got.Service.Decode()
			if err != nil {
				t.Fatal(err)
			}
			if off := float64(h.Max()) / float64(want.max); h.TotalCount() != got.Sent || off < 0.99 || off > 1.01 {
				t.Errorf("round %d: service at %s has %d values up to %d µs, want %d up to %d", round, got.Endpoint, h.TotalCount(), h.Max(), got.Sent, want.max)
			}
		}
	}
}

// Without endpoints nothing is kept by endpoint.
func TestNoParts(t *testing.T) {
	r := New()
	r.Operation("a", "b", "").Done(0, &Outcome{Phase: Measure, DonePhase: Measure, Remote: tcp(t, "10.0.0.1:2379")})
	in, err := r.Swap().Interval(0, time.Second)
	if err != nil || len(in.Operations) != 1 || len(in.Operations[0].Endpoints) != 0 {
		t.Errorf("%+v, %v", in, err)
	}
}

func BenchmarkDoneByEndpoint(b *testing.B) {
	r := New()
	r.Split(twoEndpoints())
	s := r.Operation("churn", "create", "pods")
	o := Outcome{Phase: Measure, DonePhase: Measure, Sent: time.Millisecond, Done: 3 * time.Millisecond, Remote: tcp(b, "10.0.0.2:2379")}
	s.Done(0, &o)
	b.ReportAllocs()
	for b.Loop() {
		s.Count(0, Measure, Intended, 1)
		s.Done(0, &o)
	}
}

func BenchmarkIntervalByEndpoint(b *testing.B) {
	r := New()
	r.Split(twoEndpoints())
	remotes := []net.Addr{tcp(b, "10.0.0.1:2379"), tcp(b, "10.0.0.2:2379"), tcp(b, "10.0.0.3:2379")}
	var all []*Series
	for i := range 12 {
		all = append(all, r.Operation("w", string(rune('a'+i)), ""))
	}
	b.ReportAllocs()
	for b.Loop() {
		for _, s := range all {
			for i := range 100 {
				s.Done(i, &Outcome{Phase: Measure, DonePhase: Measure, Done: time.Duration(i*i) * time.Microsecond, Remote: remotes[i%3]})
			}
		}
		if _, err := r.Swap().Interval(0, time.Second); err != nil {
			b.Fatal(err)
		}
	}
}
