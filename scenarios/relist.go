package scenarios

import "github.com/etcd-dyno/etcd-dyno/scenarios/model"

// Relist is the start of API servers beside those that run: each arrival
// starts some at once, which open a connection for each resource that they
// cache, read it whole, and watch it; those of the arrival before are gone then.
type Relist struct {
	// Servers start at once; between 1 and 100, 1 by default.
	Servers int
}

func (Relist) kind() string { return "relist" }

func (Relist) operations() []string { return []string{"bootstrap", "list", "get-revision", "watch"} }

func (r Relist) requests() []request {
	n := float64(r.Servers * len(model.CachedResources()))
	return []request{{operation: "list", each: n}, {operation: "get-revision", each: n}, {operation: "watch", each: n}}
}

func readRelist(t *table, _ given) Kind { return Relist{Servers: t.integer("servers", 1, 1, 100)} }

func (r Relist) encode(s *section) { s.integer("servers", r.Servers) }
