package scenarios

import "github.com/etcd-dyno/etcd-dyno/scenarios/model"

// Get reads one object of a population at a time: Range{key, limit=1}.
type Get struct {
	Resource model.Resource
	// Keys choose the object; Count is that of the population, Size has no meaning and is 0.
	Keys Keys
	// Serializable has the member that is asked answer, without the leader's word.
	Serializable bool
}

func (Get) kind() string { return "get" }

func (Get) operations() []string { return []string{"get"} }

func (Get) requests() []request { return []request{{operation: "get", each: 1}} }

func readGet(t *table, g given) Kind {
	get := Get{Resource: readResource(t, ""), Serializable: t.boolean("serializable", false)}
	get.Keys = readObjects(t, g, get.Resource)
	return get
}

func (g Get) encode(s *section) {
	s.text("resource", g.Resource.Name)
	s.choice(g.Keys)
	if g.Serializable {
		s.boolean("serializable", true)
	}
}

// readObjects reads how the objects of a population are chosen, which must be there.
func readObjects(t *table, g given, r model.Resource) Keys {
	k := readChoice(t)
	k.Count = 1
	if r.Name == "" {
		return k
	}
	if p, ok := g.population(r); ok && p.Count > 0 {
		k.Count = p.Count
	} else {
		t.faultHere("there are no %s: write [setup.%s] with count = 1000", r.Name, suggestedName(r))
	}
	return k
}

// suggestedName is a name for a population of the resource.
func suggestedName(r model.Resource) string {
	if r.JSON {
		return "objects"
	}
	return r.Name
}

// choice writes how keys are chosen, one key a line.
func (s *section) choice(k Keys) {
	for _, p := range k.encodeChoice() {
		s.add(p.key, p.value)
	}
}
