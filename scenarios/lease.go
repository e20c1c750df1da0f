package scenarios

import (
	"strconv"
	"time"
)

// LeaseEnd is how a lease of a lease workload ends.
type LeaseEnd string

// The ends of leases.
const (
	// Revoke ends it by LeaseRevoke after its last renewal.
	Revoke LeaseEnd = "revoke"
	// Expire lets it run out; how late its first key goes is the quantity expiry_lateness.
	Expire LeaseEnd = "expire"
)

// Lease makes etcd leases: each arrival grants one, attaches keys to it, keeps
// it alive for a while, and lets it end. The API server only grants and lets
// expire; other clients do all of it.
type Lease struct {
	// TTL is between 1 s and a week, in whole seconds; 10 s by default. etcd raises what is
	// below one and a half election time-outs.
	TTL time.Duration
	// Keys is how many keys each lease has, between 0 and 1,000; 1 by default.
	Keys int
	// Size is of a key's value, in bytes.
	Size SizeDistribution
	// KeepAlives is how often the lease is renewed, each time after a third of
	// its TTL; between 0 and 1,000, 0 by default.
	KeepAlives int
	End        LeaseEnd
}

func (Lease) kind() string { return "lease" }

func (l Lease) operations() []string {
	all := []string{"lease-life", "lease-grant"}
	if l.Keys > 0 {
		all = append(all, "attach")
	}
	if l.KeepAlives > 0 {
		all = append(all, "keep-alive")
	}
	if l.End == Revoke {
		return append(all, "revoke")
	}
	return append(all, "expire")
}

func (l Lease) requests() []request {
	all := []request{{operation: "lease-grant", each: 1}}
	if l.Keys > 0 {
		all = append(all, request{operation: "attach", each: float64(l.Keys), writes: true, value: l.Size.Mean()})
	}
	if l.KeepAlives > 0 {
		all = append(all, request{operation: "keep-alive", each: float64(l.KeepAlives)})
	}
	if l.End == Revoke {
		all = append(all, request{operation: "revoke", each: 1})
	}
	return all
}

func readLease(t *table, _ given) Kind {
	l := Lease{
		TTL:        t.duration("ttl", 10*time.Second, time.Second, 7*24*time.Hour),
		Keys:       t.integer("keys", 1, 0, 1000),
		Size:       t.sizes(SizeDistribution{P50: 256, P99: 256}),
		KeepAlives: t.integer("keep_alives", 0, 0, 1000),
		End:        LeaseEnd(t.choice("end", []string{string(Revoke), string(Expire)})),
	}
	t.wholeSeconds("ttl", l.TTL)
	if l.End == Expire && l.Keys == 0 {
		t.fault("keys", `= 0 with end = "expire": that a lease has expired is seen by its keys; write keys = 1`)
	}
	return l
}

// wholeSeconds adds a fault where a time to live is not what etcd counts in.
func (t *table) wholeSeconds(key string, ttl time.Duration) {
	if ttl%time.Second != 0 {
		t.fault(key, "= %q is no whole number of seconds; etcd counts in seconds", ttl)
	}
}

func (l Lease) encode(s *section) {
	s.duration("ttl", l.TTL)
	s.add("keys", strconv.Itoa(l.Keys))
	s.sizes(l.Size)
	s.integer("keep_alives", l.KeepAlives)
	s.text("end", string(l.End))
}
