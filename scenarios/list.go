package scenarios

import "github.com/etcd-dyno/etcd-dyno/scenarios/model"

// ListMode is how a list is asked for.
type ListMode string

// The modes of lists.
const (
	// Paged reads Limit objects at a time, all at one pinned revision, as API servers before 1.37 do.
	Paged ListMode = "paged"
	// Unpaged reads all objects in one reply.
	Unpaged ListMode = "unpaged"
	// Stream reads by RangeStream, in which etcd sends one reply after the
	// other; in pages where there is a limit. An etcd before 3.7 does not know it;
	// the list is paged then, by 10,000, as the API server falls back.
	Stream ListMode = "stream"
)

// List reads all objects of a resource.
type List struct {
	Resource model.Resource
	Mode     ListMode
	// Limit is the number of keys a page, between 1 and 1,000,000; 500 by default
	// where Paged, none (0) where Stream, and always 0 where Unpaged.
	Limit int
	// KeysOnly leaves the values out.
	KeysOnly bool
	// Serializable has the member that is asked answer, without the leader's word.
	Serializable bool
}

func (List) kind() string { return "list" }

// Pages reports whether a list is a chain of pages.
func (l List) Pages() bool { return l.Limit > 0 }

func (l List) operations() []string {
	if l.Pages() {
		return []string{"list", "page"}
	}
	return []string{"list"}
}

// requests of a paged list are told as one: how many pages it has is known in the run only.
func (l List) requests() []request { return []request{{operation: "list", each: 1}} }

func readList(t *table, _ given) Kind {
	l := List{Resource: readResource(t, "")}
	l.Mode = ListMode(t.choice("mode", []string{string(Paged), string(Unpaged), string(Stream)}))
	switch l.Mode {
	case Paged:
		l.Limit = t.integer("limit", 500, 1, 1_000_000)
	case Stream:
		l.Limit = t.integer("limit", 0, 1, 1_000_000)
	case Unpaged:
		t.refuse("limit", `does not belong to mode = "unpaged", which reads all at once`)
	}
	l.KeysOnly = t.boolean("keys_only", false)
	l.Serializable = t.boolean("serializable", false)
	return l
}

func (l List) encode(s *section) {
	s.text("resource", l.Resource.Name)
	s.text("mode", string(l.Mode))
	if l.Limit > 0 {
		s.integer("limit", l.Limit)
	}
	if l.KeysOnly {
		s.boolean("keys_only", true)
	}
	if l.Serializable {
		s.boolean("serializable", true)
	}
}
