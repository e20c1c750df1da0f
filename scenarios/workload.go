package scenarios

import (
	"slices"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
)

// Workload is one stream of a scenario.
type Workload struct {
	// Name is unique in a scenario; "server" and "baseline" are reserved.
	Name string
	// Kind is one of APIServer, Compaction, Count, Events, Get, LeaderElection, Lease, List,
	// NamespaceDeletion, NodeHeartbeat, PodChurn, Raw, Relist, Update and Watch.
	Kind Kind
	// Arrival is the zero value for kinds that have arrivals of their own
	// (APIServer, Compaction, LeaderElection, NodeHeartbeat) or none (Watch).
	Arrival Arrival
	// MaxInFlight bounds the operations in flight: 4 for lists, 1,000
	// otherwise, unless set; between 1 and 100,000, but 0 for a watch, which has
	// no operations. In a closed loop the clients are the bound.
	MaxInFlight int
	// Window is when chains start; none for a watch.
	Window Window
	// Timeout is the deadline of each request, counted from when it is sent; 0
	// where it is the API server's own, 34 s for writes and 60 s for reads.
	Timeout time.Duration
}

// Kind is what a workload does. The set is closed: see Workload.
type Kind interface {
	// kind is the name in a file.
	kind() string
	// operations are the names that results have, chains first.
	operations() []string
	// requests are how often each operation is sent, for explain; in the order of operations.
	requests() []request
	// encode writes what is the kind's own.
	encode(*section)
}

// KindName is the kind's name in a scenario file, for example "pod-churn".
func (w Workload) KindName() string { return w.Kind.kind() }

// Operations are the names under which the workload's operations are counted
// and timed, chains first, in the order in which they happen; none for a
// watch. Each may be named in a threshold.
func (w Workload) Operations() []string { return w.Kind.operations() }

// kindEntry is how a kind is read from its table.
type kindEntry struct {
	name string
	// about says in a line what it does.
	about string
	read  func(*table, given) Kind
	// arrives tells that the kind needs an arrival of its own.
	arrives bool
	// derive is the arrival that follows from what is given, where none is written;
	// it reports false where nothing follows. nil for kinds that must have one.
	derive func(*table, given) (Arrival, string, bool)
	// instead says, where it does not arrive, what its rate follows.
	instead string
	// maxInFlight is the default, 0 for a kind without operations.
	maxInFlight int
}

// given is what a workload is read with: what it does not say follows from it.
type given struct {
	cluster model.Cluster
	setup   []Population
	// replaced is how many pods the workloads before replace in a wave.
	replaced int
}

// uncached tells that API servers have no watch cache, so that they read each object before they change it.
func (g given) uncached() bool { return !g.cluster.Cached() }

// readFirst are the reads that come before so many changes a second, or an
// arrival, where there is no watch cache.
func readFirst(uncached bool, changes float64) []request {
	if !uncached {
		return nil
	}
	return []request{{operation: "get", each: changes}}
}

// population is what setup makes of a resource.
func (g given) population(r model.Resource) (Population, bool) {
	i := slices.IndexFunc(g.setup, func(p Population) bool { return p.Resource == r })
	if i < 0 {
		return Population{}, false
	}
	return g.setup[i], true
}

// kinds are all kinds of workloads, in order of their names.
var kinds = []kindEntry{
	{name: "apiserver", about: "API servers keep their caches, check them, renew their own leases, and are probed", read: readAPIServer, instead: "its rates follow apiservers under [cluster]", maxInFlight: 1000},
	{name: "compaction", about: "API servers compact etcd's history by compact_rev_key", read: readCompaction, instead: "its rate follows interval", maxInFlight: 1000},
	{name: "count", about: "how many objects a resource has: Range with count_only", read: readCount, arrives: true, maxInFlight: 1000},
	{name: "events", about: "Events with shared leases are created, and some counted up", read: readEvents, arrives: true, derive: deriveEvents, maxInFlight: 1000},
	{name: "get", about: "single objects are read: Range of one key", read: readGet, arrives: true, maxInFlight: 1000},
	{name: "leader-election", about: "controllers renew the Leases by which they elect their leader", read: readLeaderElection, instead: "its rate follows locks and period", maxInFlight: 1000},
	{name: "lease", about: "etcd leases are granted, used, kept alive and revoked, or left to expire", read: readLease, arrives: true, maxInFlight: 1000},
	{name: "list", about: "all objects of a resource are read, in pages, at once or by RangeStream", read: readList, arrives: true, maxInFlight: 4},
	{name: "namespace-deletion", about: "all objects of one namespace after the other are deleted, one at a time", read: readNamespaceDeletion, arrives: true, maxInFlight: 1000},
	{name: "node-heartbeat", about: "kubelets renew their nodes' Leases and update their status", read: readNodeHeartbeat, instead: "its rate follows nodes, period and status_period", maxInFlight: 1000},
	{name: "pod-churn", about: "pods are started and stopped, with all requests of their lives", read: readPodChurn, arrives: true, derive: deriveChurn, maxInFlight: 1000},
	{name: "raw", about: "plain puts, gets, ranges, deletes and Txns, as etcd's own benchmark sends them", read: readRaw, arrives: true, maxInFlight: 1000},
	{name: "relist", about: "API servers start: they read all that they cache at once, and watch it", read: readRelist, arrives: true, maxInFlight: 10_000},
	{name: "update", about: "objects are changed as GuaranteedUpdate does, conflicts and all", read: readUpdate, arrives: true, maxInFlight: 1000},
	{name: "watch", about: "a resource is followed by watchers, each event timed and accounted for", read: readWatch, instead: "it follows what the other workloads write"},
}

func readWorkloads(t *table, g given) []Workload {
	named := t.named("workload")
	if tables, ok := t.values["workload"].(map[string]any); len(tables) == 0 && (ok || !t.has("workload")) {
		t.doc.faultAt(0, `no workloads; write at least one table [workload.NAME] with a kind, as in kind = "pod-churn"`)
	}
	var all []Workload
	for _, below := range named {
		if name := below.name(); name == "server" || name == "baseline" {
			below.faultHere("the name %q is reserved for thresholds; choose another", name)
		}
		w, ok := readWorkload(below, named, g)
		if !ok {
			continue
		}
		all = append(all, w)
		if c, churns := w.Kind.(PodChurn); churns && c.Wave.Replaces() {
			g.replaced += c.Wave.Pods
		}
	}
	return all
}

func readWorkload(t *table, named []*table, g given) (Workload, bool) {
	entry, ok := readKind(t, named)
	if !ok {
		return Workload{}, false
	}
	w := Workload{Name: t.name(), Kind: entry.read(t, g)}
	if entry.arrives {
		w.Arrival = entry.arrival(t, g)
	} else {
		t.refuse("arrival", "does not belong to a %s: %s", entry.name, entry.instead)
	}
	switch {
	case entry.maxInFlight == 0:
		t.refuse("max_in_flight", "does not belong to a %s: it has no operations", entry.name)
		t.refuse("timeout", "does not belong to a %s: it has no operations", entry.name)
		t.refuse("from", "does not belong to a %s: it watches as long as anything is written", entry.name)
		t.refuse("for", "does not belong to a %s: it watches as long as anything is written", entry.name)
	case w.Arrival.Process == Closed:
		t.refuse("max_in_flight", "does not belong to a closed loop: its clients are the bound")
		w.MaxInFlight = min(w.Arrival.Clients*chainsOf(w.Kind), maxInFlight)
	default:
		w.MaxInFlight = t.integer("max_in_flight", entry.maxInFlight, 1, maxInFlight)
	}
	if entry.maxInFlight > 0 {
		w.Timeout = t.duration("timeout", 0, time.Millisecond, time.Hour)
		w.Window = readWindow(t)
	}
	t.unknown()
	return w, true
}

// maxInFlight bounds the operations of a workload that are in flight.
const maxInFlight = 100_000

// chainsOf is how many chains an arrival has under way at once.
func chainsOf(k Kind) int {
	if several, ok := k.(interface{ chains() int }); ok {
		return several.chains()
	}
	return 1
}

// arrival is what a workload writes, or else what follows from what is given.
func (k kindEntry) arrival(t *table, g given) Arrival {
	if k.derive == nil || t.has("arrival") {
		return readArrival(t)
	}
	a, why, ok := k.derive(t, g)
	if !ok {
		t.take("arrival")
		t.faultHere(`arrival is missing; write arrival = { process = "poisson", rate = "5/s" }, or %s`, why)
		return Arrival{}
	}
	t.derive("arrival", inlineTable(a.pairs()), why)
	return a
}

// readKind finds the kind that a workload names.
func readKind(t *table, named []*table) (kindEntry, bool) {
	names := KindNames()
	if !t.has("kind") && t.doc.setAt(t.path) {
		noSuch(t, named, "workload", "kind")
		return kindEntry{}, false
	}
	if !t.has("kind") {
		for _, key := range sorted(t.values) {
			if hint := nearest.Hint(key, []string{"kind"}); hint != "" {
				t.doc.fault(t.at(key), "unknown key %q%s; write one of %s", key, hint, quotedList(names))
				return kindEntry{}, false
			}
		}
		t.require("kind", "one of "+quotedList(names))
		return kindEntry{}, false
	}
	name := t.text("kind", "")
	for _, k := range kinds {
		if k.name == name {
			return k, true
		}
	}
	if _, isText := t.values["kind"].(string); isText {
		t.fault("kind", "= %q is unknown%s; write one of %s", shorten(name), nearest.Hint(name, names), quotedList(names))
	}
	return kindEntry{}, false
}

// noSuch adds the fault that --set names a table of that sort which is not there:
// those that are have the key.
func noSuch(t *table, named []*table, sort, key string) {
	var names []string
	for _, other := range named {
		if other.name() != t.name() && other.has(key) {
			names = append(names, other.name())
		}
	}
	there := "there is none"
	if len(names) > 0 {
		there = sort + "s: " + strings.Join(names, ", ")
	}
	t.faultHere("no %s %q%s; %s", sort, t.name(), nearest.Hint(t.name(), names), there)
}
