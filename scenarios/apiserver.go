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
}

// The loops of a kube-apiserver 1.37, as they were measured: each comes again
// after a time between the first and the last.
const (
	PollLeast, PollMost         = 42 * time.Second, 86 * time.Second   // revision of a cached resource, mean 64 s
	CountLeast, CountMost       = 60 * time.Second, 132 * time.Second  // number of events, mean 96 s
	CheckLeast, CheckMost       = 303 * time.Second, 448 * time.Second // consistency of a cache, mean 376 s
	OwnLeasePeriod              = 10 * time.Second                     // of its own three leases
	ReadinessEvery, LivelyEvery = time.Second, 10 * time.Second        // of the probes; the first asks twice
)

func (APIServer) kind() string { return "apiserver" }

func (APIServer) operations() []string {
	return []string{
		"master-lease", "peer-lease",
		"get-revision", "check-consistency", "count-events", "get", "lease-grant", "update-lease", "list-leases", "renew-identity", "probe", "status",
	}
}

func (a APIServer) requests() []request {
	n := a.Servers
	mean := func(least, most time.Duration) time.Duration { return (least + most) / 2 }
	cached := len(model.CachedResources())
	all := []request{
		{operation: "get-revision", each: perSecond(n*cached, mean(PollLeast, PollMost))},
		{operation: "check-consistency", each: perSecond(n*cached, mean(CheckLeast, CheckMost))},
		{operation: "count-events", each: perSecond(n*eventStores, mean(CountLeast, CountMost))},
		{operation: "get", each: perSecond(4*n, OwnLeasePeriod)},
		{operation: "lease-grant", each: perSecond(2*n, OwnLeasePeriod)},
		{operation: "update-lease", each: perSecond(2*n, OwnLeasePeriod), writes: true, value: 100},
		{operation: "list-leases", each: perSecond(n, OwnLeasePeriod)},
		{operation: "renew-identity", each: perSecond(n, OwnLeasePeriod), writes: true, value: 720},
	}
	if a.Probes {
		all = append(all, request{operation: "probe", each: perSecond(2*n, ReadinessEvery)})
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
		Servers: g.cluster.APIServers,
		Probes:  t.boolean("probes", true),
		Scrape:  t.duration("scrape", 30*time.Second, 0, 24*time.Hour),
	}
}

func (a APIServer) encode(s *section) {
	s.boolean("probes", a.Probes)
	s.duration("scrape", a.Scrape)
}
