package scenarios

import (
	"strconv"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// Watch follows a resource with several watchers.
type Watch struct {
	Resource model.Resource
	// Watchers is between 1 and 100,000; [cluster] apiservers by default.
	Watchers int
	// Connections is how many connections the watchers share, each with one
	// stream; between 1 and Watchers, which is the default: API servers give each
	// watch a connection of its own.
	Connections int
}

func (Watch) kind() string { return "watch" }

func (Watch) operations() []string { return nil }

func (Watch) requests() []request { return nil }

func readWatch(t *table, g given) Kind {
	cluster := g.cluster
	if !t.has("watchers") {
		t.derive("watchers", strconv.Itoa(cluster.APIServers), "one an API server, of [cluster]")
	}
	w := Watch{
		Resource: readResource(t, ""),
		Watchers: t.integer("watchers", cluster.APIServers, 1, 100_000),
	}
	w.Connections = t.integer("connections", w.Watchers, 1, w.Watchers)
	t.shape.say("connections", rangeShape("integer", 1, 100_000))
	return w
}

func (w Watch) encode(s *section) {
	s.text("resource", w.Resource.Name)
	s.integer("watchers", w.Watchers)
	s.integer("connections", w.Connections)
}
