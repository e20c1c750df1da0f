package scenarios

import "github.com/etcd-dyno/etcd-dyno/scenarios/model"

// Update changes one object of a population at a time, as the API server's
// GuaranteedUpdate does: a Txn that expects the revision last seen, and after a
// conflict again with the object that the reply brought, until it succeeds.
type Update struct {
	Resource model.Resource
	// Keys choose the object; Count is that of the population, Size has no meaning and is 0.
	Keys Keys
	// Size is of the new value, in bytes; the population's by default.
	Size SizeDistribution
	// Uncached tells that the API servers have no watch cache: see [model.NoWatchCache].
	Uncached bool
}

func (Update) kind() string { return "update" }

func (u Update) operations() []string {
	if u.Uncached {
		return []string{"guaranteed-update", "get", "update"}
	}
	return []string{"guaranteed-update", "update"}
}

func (u Update) requests() []request {
	return append(readFirst(u.Uncached, 1), request{operation: "update", each: 1, writes: true, value: u.Size.Mean()})
}

func readUpdate(t *table, g given) Kind {
	u := Update{Resource: readResource(t, ""), Uncached: g.uncached()}
	u.Keys = readObjects(t, g, u.Resource)
	p, _ := g.population(u.Resource)
	u.Size = t.sizes(p.Size)
	return u
}

func (u Update) encode(s *section) {
	s.text("resource", u.Resource.Name)
	s.choice(u.Keys)
	s.sizes(u.Size)
}
