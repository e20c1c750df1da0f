package scenarios

import "github.com/etcd-dyno/etcd-dyno/scenarios/model"

// Watch follows a resource with several watchers, each on a stream and a
// connection of its own, as API servers do.
type Watch struct {
	Resource model.Resource
	// Watchers is between 1 and 100,000; [cluster] apiservers by default.
	Watchers int
}

func (Watch) kind() string { return "watch" }

func (Watch) operations() []string { return nil }

func readWatch(t *table, cluster model.Cluster) Kind {
	return Watch{
		Resource: readResource(t, ""),
		Watchers: t.integer("watchers", cluster.APIServers, 1, 100_000),
	}
}

func (w Watch) encode(s *section) {
	s.text("resource", w.Resource.Name)
	s.integer("watchers", w.Watchers)
}
