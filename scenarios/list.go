package scenarios

import "github.com/etcd-dyno/etcd-dyno/scenarios/model"

// List reads all objects of a resource page by page at one pinned revision.
type List struct {
	Resource model.Resource
	// Limit is the number of keys a page, between 1 and 1,000,000; 500 by default.
	Limit int
}

func (List) kind() string { return "list" }

func (List) operations() []string { return []string{"list", "page"} }

func readList(t *table, _ model.Cluster) Kind {
	t.choice("mode", []string{"paged"}, "unpaged", "stream")
	return List{
		Resource: readResource(t, ""),
		Limit:    t.integer("limit", 500, 1, 1_000_000),
	}
}

func (l List) encode(s *section) {
	s.text("resource", l.Resource.Name)
	s.text("mode", "paged")
	s.integer("limit", l.Limit)
}
