package scenarios

import (
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
)

// Workload is one stream of a scenario.
type Workload struct {
	// Name is unique in a scenario; "server" and "baseline" are reserved.
	Name string
	// Kind is one of PodChurn, NodeHeartbeat, List, Watch, Raw.
	Kind Kind
	// Arrival is the zero value for kinds that have arrivals of their own
	// (NodeHeartbeat) or none (Watch).
	Arrival Arrival
	// MaxInFlight bounds the operations in flight: 4 for lists, 1,000
	// otherwise, unless set; between 1 and 100,000, but 0 for a watch, which has
	// no operations. In a closed loop the clients are the bound.
	MaxInFlight int
	// Timeout is the deadline of each request, counted from when it is sent; 0
	// where it is the API server's own, 34 s for writes and 60 s for reads.
	Timeout time.Duration
}

// Kind is what a workload does. The set is closed: PodChurn, NodeHeartbeat,
// List, Watch and Raw.
type Kind interface {
	// kind is the name in a file.
	kind() string
	// operations are the names that results have, chains first.
	operations() []string
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
	read func(*table, model.Cluster) Kind
	// arrives tells that the kind needs an arrival of its own.
	arrives bool
	// instead says, where it does not arrive, what its rate follows.
	instead string
	// maxInFlight is the default, 0 for a kind without operations.
	maxInFlight int
	// chains is how many chains an arrival starts at once, where that is not 1.
	chains int
}

// kinds are all kinds of workloads, in order of their names.
var kinds = []kindEntry{
	{name: "list", read: readList, arrives: true, maxInFlight: 4},
	{name: "node-heartbeat", read: readNodeHeartbeat, instead: "its rate follows nodes, period and status_period", maxInFlight: 1000},
	{name: "pod-churn", read: readPodChurn, arrives: true, maxInFlight: 1000, chains: 2},
	{name: "raw", read: readRaw, arrives: true, maxInFlight: 1000},
	{name: "watch", read: readWatch, instead: "it follows what the other workloads write"},
}

func readWorkloads(t *table, cluster model.Cluster) []Workload {
	named := t.named("workload")
	if tables, ok := t.values["workload"].(map[string]any); len(tables) == 0 && (ok || !t.has("workload")) {
		t.doc.faultAt(0, `no workloads; write at least one table [workload.NAME] with a kind, as in kind = "pod-churn"`)
	}
	var all []Workload
	for _, below := range named {
		if name := below.name(); name == "server" || name == "baseline" {
			below.faultHere("the name %q is reserved for thresholds; choose another", name)
		}
		if w, ok := readWorkload(below, named, cluster); ok {
			all = append(all, w)
		}
	}
	return all
}

func readWorkload(t *table, named []*table, cluster model.Cluster) (Workload, bool) {
	entry, ok := readKind(t, named)
	if !ok {
		return Workload{}, false
	}
	w := Workload{Name: t.name(), Kind: entry.read(t, cluster)}
	if entry.arrives {
		w.Arrival = readArrival(t)
	} else {
		t.refuse("arrival", "does not belong to a %s: %s", entry.name, entry.instead)
	}
	switch {
	case entry.maxInFlight == 0:
		t.refuse("max_in_flight", "does not belong to a %s: it has no operations", entry.name)
		t.refuse("timeout", "does not belong to a %s: it has no operations", entry.name)
	case w.Arrival.Process == Closed:
		t.refuse("max_in_flight", "does not belong to a closed loop: its clients are the bound")
		w.MaxInFlight = w.Arrival.Clients * max(entry.chains, 1)
	default:
		w.MaxInFlight = t.integer("max_in_flight", entry.maxInFlight, 1, 100_000)
	}
	if entry.maxInFlight > 0 {
		w.Timeout = t.duration("timeout", 0, time.Millisecond, time.Hour)
	}
	t.refuse("from", "is not supported yet; a workload runs from the start of warmup to the end of measure")
	t.refuse("for", "is not supported yet; a workload runs from the start of warmup to the end of measure")
	t.unknown()
	return w, true
}

// readKind finds the kind that a workload names.
func readKind(t *table, named []*table) (kindEntry, bool) {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = k.name
	}
	if !t.has("kind") && t.doc.setAt(t.path) {
		t.faultHere("no workload %q%s; workloads: %s", t.name(), hintOther(t, named), otherNames(t, named))
		return kindEntry{}, false
	}
	if !t.require("kind", "one of "+quotedList(names)) {
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

// hintOther hints at a workload that --set probably meant.
func hintOther(t *table, named []*table) string {
	return nearest.Hint(t.name(), strings.Split(otherNames(t, named), ", "))
}

// otherNames lists the workloads besides t's that have a kind.
func otherNames(t *table, named []*table) string {
	var names []string
	for _, other := range named {
		if other.name() != t.name() && other.has("kind") {
			names = append(names, other.name())
		}
	}
	return strings.Join(names, ", ")
}
