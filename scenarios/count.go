package scenarios

import "github.com/etcd-dyno/etcd-dyno/scenarios/model"

// Count asks how many objects of a resource there are: Range{prefix, count_only}.
type Count struct {
	Resource model.Resource
}

func (Count) kind() string { return "count" }

func (Count) operations() []string { return []string{"count"} }

func (Count) requests() []request { return []request{{operation: "count", each: 1}} }

func readCount(t *table, _ given) Kind { return Count{Resource: readResource(t, "")} }

func (c Count) encode(s *section) { s.text("resource", c.Resource.Name) }
