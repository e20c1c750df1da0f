package scenarios

import "github.com/etcd-dyno/etcd-dyno/scenarios/model"

// Relist is the start of API servers beside those that run: each arrival
// starts some at once, which open a connection for each resource that they
// cache, read it whole, and watch it; those of the arrival before are gone then.
type Relist struct {
	// Servers start at once; between 1 and 100, 1 by default.
	Servers int
	// Uncached tells that they have no watch cache: see [model.NoWatchCache].
	Uncached bool
}

// Watched are the resources that each reads and watches.
func (r Relist) Watched() []model.Resource { return model.Watched(!r.Uncached) }

func (Relist) kind() string { return "relist" }

func (r Relist) operations() []string {
	if r.Uncached {
		return []string{"bootstrap", "list", "watch"}
	}
	return []string{"bootstrap", "list", "get-revision", "watch"}
}

func (r Relist) requests() []request {
	n := float64(r.Servers * len(r.Watched()))
	all := []request{{operation: "list", each: n}}
	if !r.Uncached {
		all = append(all, request{operation: "get-revision", each: n})
	}
	return append(all, request{operation: "watch", each: n})
}

func readRelist(t *table, g given) Kind {
	return Relist{Servers: t.integer("servers", 1, 1, 100), Uncached: g.uncached()}
}

func (r Relist) encode(s *section) { s.integer("servers", r.Servers) }
