package scenarios

// NamespaceDeletion deletes everything that setup made in one namespace after
// the other, one object at a time, as the namespace controller does: each
// arrival takes the next of the 20 namespaces, and those after the last find
// nothing.
type NamespaceDeletion struct {
	// Uncached tells that the API servers have no watch cache: see [model.NoWatchCache].
	Uncached bool
}

// Namespaces is how many namespaces the objects of setup are spread over.
const Namespaces = 20

func (NamespaceDeletion) kind() string { return "namespace-deletion" }

func (NamespaceDeletion) operations() []string {
	return []string{"namespace-deletion", "list", "get", "delete"}
}

// requests: how many objects a namespace has is the setup's to say; see the workload's setup.
func (NamespaceDeletion) requests() []request { return []request{{operation: "list", each: 1}} }

func readNamespaceDeletion(t *table, g given) Kind {
	for _, p := range g.setup {
		if p.Resource.Namespaced && p.Count > 0 {
			return NamespaceDeletion{Uncached: g.uncached()}
		}
	}
	t.faultHere("there is nothing in a namespace that could be deleted: write [setup.configmaps] with count = 1000")
	return NamespaceDeletion{}
}

func (NamespaceDeletion) encode(*section) {}
