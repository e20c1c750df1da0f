package scenarios

import (
	"fmt"
	"time"
)

// Events creates Kubernetes Events, and counts some of them up again, as
// client-go's recorder does. They expire with leases that API servers share
// among them.
type Events struct {
	// TTL is how long an event lives, in whole seconds; an hour by default, between 1 s and a week.
	TTL time.Duration
	// Patches is the share of arrivals that count an earlier event up instead; 10 % by default.
	Patches Percent
	// Size is of a value, in bytes.
	Size SizeDistribution
}

// Reuse is how long API servers share a lease among events: 5 % of their time to
// live in whole seconds, at most 60 s; 0 where each event has a lease of its own.
func (e Events) Reuse() time.Duration {
	return min(time.Minute, (e.TTL / 20).Truncate(time.Second))
}

// LeaseTTL is the time to live that API servers ask of etcd for events: long
// enough for the last one that shares the lease.
func (e Events) LeaseTTL() time.Duration { return e.TTL + e.Reuse() }

func (Events) kind() string { return "events" }

func (Events) operations() []string {
	return []string{"patch-event", "create-event", "get-event", "update-event", "lease-grant", "expire"}
}

func (e Events) requests() []request {
	patches := float64(e.Patches) / 100
	return []request{
		{operation: "create-event", each: 1 - patches, writes: true, value: e.Size.Mean()},
		{operation: "get-event", each: patches},
		{operation: "update-event", each: patches, writes: true, value: e.Size.Mean()},
	}
}

func readEvents(t *table, _ given) Kind {
	r := mustResource("events")
	e := Events{
		TTL:     t.duration("ttl", time.Hour, time.Second, 7*24*time.Hour),
		Patches: t.percent("patches", 10),
		Size:    t.sizes(SizeDistribution{P50: Size(r.P50), P99: Size(r.P99)}),
	}
	t.wholeSeconds("ttl", e.TTL)
	return e
}

// deriveEvents is as many events as the pods that churn cause.
func deriveEvents(_ *table, g given) (Arrival, string, bool) {
	c := g.cluster
	if c.Churn == 0 || c.EventsPerPod == 0 {
		return Arrival{}, `churn = "5/s" under [cluster]`, false
	}
	rate := Rate(min(c.Churn*c.EventsPerPod, maxRate))
	return Arrival{Process: Poisson, Rate: rate}, fmt.Sprintf("%s pods × %g events a pod", Rate(c.Churn), c.EventsPerPod), true
}

func (e Events) encode(s *section) {
	s.duration("ttl", e.TTL)
	s.text("patches", e.Patches.String())
	s.sizes(e.Size)
}
