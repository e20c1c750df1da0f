package scenarios

import (
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// APIServer is what the API servers of [cluster] do to etcd without anybody
// asking them: a cache of every resource that follows it by a watch, polls of
// its revision, checks of its consistency, their own leases, and answers to
// health probes. The load finds them as they are long after their start.
type APIServer struct {
	// Servers is the number of API servers of [cluster].
	Servers int
	// Probes tells that they are probed as kubeadm has them: about two requests a second each.
	Probes bool
	// Scrape is how often their metrics are read, for which each asks etcd for its
	// size on a new connection; 30 s by default, never where 0.
	Scrape time.Duration
	// Uncached tells that they have no watch cache: see [model.NoWatchCache].
	Uncached bool
}

// Loop is something that an API server does again and again, each time after a
// time between the two.
type Loop struct{ Least, Most time.Duration }

func (l Loop) mean() time.Duration { return (l.Least + l.Most) / 2 }

// Loops are those of a kube-apiserver 1.37, as they were measured.
type Loops struct {
	// Poll asks for the revision of a cached resource, Count for the number of
	// events, Check reads a cached resource again.
	Poll, Count, Check Loop
	// OwnLease renews each of its own three leases, Probe is one of two health checks.
	OwnLease, Probe Loop
}

// Loops are the API servers' loops.
func (APIServer) Loops() Loops {
	every := func(d time.Duration) Loop { return Loop{d, d} }
	return Loops{
		Poll:     Loop{42 * time.Second, 86 * time.Second},   // mean 64 s
		Count:    Loop{60 * time.Second, 132 * time.Second},  // mean 96 s
		Check:    Loop{303 * time.Second, 448 * time.Second}, // mean 376 s
		OwnLease: every(10 * time.Second),
		Probe:    Loop{time.Second, 1034 * time.Millisecond}, // 118 a minute of both
	}
}

// Watched are the resources that each watches: all that it caches, or without a
// watch cache those that its own parts follow.
func (a APIServer) Watched() []model.Resource { return model.Watched(!a.Uncached) }

func (APIServer) kind() string { return "apiserver" }

func (a APIServer) operations() []string {
	all := []string{"master-lease", "peer-lease"}
	if a.Uncached {
		all = append(all, "count-objects")
	} else {
		all = append(all, "get-revision", "check-consistency")
	}
	return append(all, "count-events", "get", "lease-grant", "update-lease", "list-leases", "renew-identity", "probe", "status")
}

func (a APIServer) requests() []request {
	n, l := a.Servers, a.Loops()
	cached := len(model.CachedResources())
	all, gets := []request{
		{operation: "get-revision", each: perSecond(n*cached, l.Poll.mean())},
		{operation: "check-consistency", each: perSecond(n*cached, l.Check.mean())},
	}, 4*n
	if a.Uncached {
		all = []request{{operation: "count-objects", each: perSecond(n*cached, l.Poll.mean())}}
		gets += n // before the identity is renewed
	}
	all = append(
		all,
		request{operation: "count-events", each: perSecond(n*eventStores, l.Count.mean())},
		request{operation: "get", each: perSecond(gets, l.OwnLease.mean())},
		request{operation: "lease-grant", each: perSecond(2*n, l.OwnLease.mean())},
		request{operation: "update-lease", each: perSecond(2*n, l.OwnLease.mean()), writes: true, value: 100},
		request{operation: "list-leases", each: perSecond(n, l.OwnLease.mean())},
		request{operation: "renew-identity", each: perSecond(n, l.OwnLease.mean()), writes: true, value: 720},
	)
	if a.Probes {
		all = append(all, request{operation: "probe", each: perSecond(2*n, l.Probe.mean())})
	}
	if a.Scrape > 0 {
		all = append(all, request{operation: "status", each: perSecond(n, a.Scrape)})
	}
	return all
}

// eventStores are those of core/v1 and of events.k8s.io/v1.
const eventStores = 2

func readAPIServer(t *table, g given) Kind {
	return APIServer{
		Servers: g.cluster.APIServers, Uncached: g.uncached(),
		Probes: t.boolean("probes", true),
		Scrape: t.duration("scrape", 30*time.Second, 0, 24*time.Hour),
	}
}

func (a APIServer) encode(s *section) {
	s.boolean("probes", a.Probes)
	s.duration("scrape", a.Scrape)
}
