package scenarios

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// Action is something that happens to the cluster while it is under load.
type Action struct {
	// Name is unique in a scenario.
	Name string
	// At counts from the start of the measure phase; at least 0.
	At time.Duration
	// Do is what happens.
	Do Do
}

// Do is what an action does. The set is closed: Kill, Stop, Restart, Freeze,
// Partition, SlowLink, CutLink, SlowDisk, DiskStall, DiskFull, MoveLeader,
// Compact, Defragment, Snapshot, RollingRestart, Fill, Scale and DisasterRecovery.
type Do interface {
	// do is the name in a file.
	do() string
	// lasts is how long it is until what was done is undone; 0 where nothing is.
	lasts() time.Duration
	// encode writes what is its own.
	encode(*section)
}

// Kind is the name of what the action does in a scenario file, for example "kill".
func (a Action) Kind() string { return a.Do.do() }

// Until is how long it is until what was done is undone; 0 where nothing is.
func (a Action) Until() time.Duration { return a.Do.lasts() }

// Selector says whom an action befalls: SelectLeader, SelectFollower, SelectAll,
// or a member by its name.
type Selector string

// The selectors that are no names. They are resolved when the action begins; of
// several followers it is the first.
const (
	SelectLeader   Selector = "leader"
	SelectFollower Selector = "follower"
	SelectAll      Selector = "all"
)

// named reports whether it is a member's name.
func (s Selector) named() bool {
	return s != SelectLeader && s != SelectFollower && s != SelectAll
}

// memberForm is what the name of a lab's member looks like.
var memberForm = regexp.MustCompile(`^m[1-9]$`)

// actionEntry is how a kind of action is read from its table.
type actionEntry struct {
	name string
	// about says in a line what it does.
	about string
	read  func(*table) Do
	// anywhere tells that it can be done to a cluster that exists, too.
	anywhere bool
}

// actionKinds are all kinds of actions, faults first.
var actionKinds = []actionEntry{
	{name: "kill", about: "members are killed (SIGKILL), and started again after a while", read: readKill},
	{name: "stop", about: "members are asked to end (SIGTERM), and started again after a while", read: readStop},
	{name: "restart", about: "members are asked to end, and started again at once", read: readRestart},
	{name: "freeze", about: "members stand still (SIGSTOP) for a while", read: readFreeze},
	{name: "partition", about: "members are cut off from all others for a while", read: readPartition},
	{name: "slow-link", about: "a link is slower for a while", read: readSlowLink},
	{name: "cut-link", about: "nothing passes over a link for a while", read: readCutLink},
	{name: "slow-disk", about: "members' fsyncs take longer for a while", read: readSlowDisk},
	{name: "disk-stall", about: "members' fsyncs do not end for a while", read: readDiskStall},
	{name: "disk-full", about: "members' disks have no room for a while; those that ended of it are started again", read: readDiskFull},
	{name: "move-leader", about: "another member is made the leader", read: readMoveLeader, anywhere: true},
	{name: "compact", about: "the history up to now is compacted", read: readCompact, anywhere: true},
	{name: "defragment", about: "members rewrite their databases, one after the other, the leader last", read: readDefragment, anywhere: true},
	{name: "snapshot", about: "a snapshot is streamed from a member, and checked", read: readSnapshot, anywhere: true},
	{name: "rolling-restart", about: "all members are restarted, one after the other, the leader last", read: readRollingRestart},
	{name: "fill", about: "the database is filled up to its quota; after a while room is made again", read: readFill},
	{name: "scale", about: "members are added or removed, one after the other, until there are so many", read: readScale},
	{name: "disaster-recovery", about: "all members and their data are lost; after a while a new cluster is made from the last snapshot", read: readDisasterRecovery},
}

// ActionNames are the names of all kinds of actions, faults first.
func ActionNames() []string {
	names := make([]string, len(actionKinds))
	for i, k := range actionKinds {
		names[i] = k.name
	}
	return names
}

// readActions reads the tables [action.NAME], in the order in which they happen.
func readActions(t *table) (all []Action) {
	named := t.named("action")
	for _, below := range named {
		if a, ok := readAction(below, named); ok {
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, func(a, b Action) int { return cmp.Or(cmp.Compare(a.At, b.At), strings.Compare(a.Name, b.Name)) })
	for _, a := range all {
		if _, recovers := a.Do.(DisasterRecovery); recovers && !snapshotBefore(all, a) {
			t.doc.fault(toml.Key{"action", a.Name, "do"}, "do = %q needs a snapshot that was taken before: write an action with do = \"snapshot\" and an earlier at", a.Kind())
		}
	}
	return all
}

// snapshotBefore reports whether an action has a snapshot to recover from.
func snapshotBefore(all []Action, a Action) bool {
	return slices.ContainsFunc(all, func(other Action) bool {
		_, is := other.Do.(Snapshot)
		return is && other.At < a.At
	})
}

// readAction reads one of several; it reports false where it is not known what it does.
func readAction(t *table, named []*table) (Action, bool) {
	a := Action{Name: t.name()}
	if !t.has("do") && t.doc.setAt(t.path) {
		noSuch(t, named, "action", "do")
		return a, false
	}
	t.require("at", `at = "10s", counted from the start of the measure phase`)
	a.At = t.duration("at", 0, 0, maxSpan)
	names := ActionNames()
	if !t.require("do", "one of "+quotedList(names)) {
		return a, false
	}
	name := t.text("do", "")
	i := slices.IndexFunc(actionKinds, func(k actionEntry) bool { return k.name == name })
	if i < 0 {
		if _, isText := t.values["do"].(string); isText {
			t.fault("do", "= %q is unknown%s; write one of %s", shorten(name), nearest.Hint(name, names), quotedList(names))
		}
		return a, false
	}
	a.Do = actionKinds[i].read(t)
	t.unknown()
	return a, true
}

// shape is what a kind's table may have.
func (k actionEntry) shape() *shape {
	s := &shape{}
	read := func(values map[string]any) {
		values["do"] = k.name
		readAction(&table{doc: &document{}, path: toml.Key{"action", "a"}, values: values, shape: s}, nil)
	}
	read(map[string]any{})
	read(map[string]any{"fsync_delay": map[string]any{}}) // which may be a table, too
	s.properties["do"] = &shape{fragment: map[string]any{"const": k.name, "description": k.about}}
	return s
}

// encode writes it.
func (a Action) encode(s *section) {
	s.duration("at", a.At)
	s.text("do", a.Kind())
	a.Do.encode(s)
}

// words say what happens and when, for people.
func (a Action) words() string {
	s := section{}
	a.Do.encode(&s)
	what := []string{a.Kind()}
	for _, p := range s.pairs {
		what = append(what, p.key+"="+p.value)
	}
	return fmt.Sprintf("at %s: %s", unit.FormatDuration(a.At), strings.Join(what, " "))
}

// Happens reports whether the action begins within a measure phase of that length.
func (a Action) Happens(measure time.Duration) bool { return a.At < measure }

// warning is what is told of an action that does not do all that it says in a measure phase of that length.
func (a Action) warning(measure time.Duration) string {
	switch until := a.At + a.Until(); {
	case !a.Happens(measure):
		return fmt.Sprintf("the action %s does not happen: it begins at %v, the measure phase ends at %v", a.Name, a.At, measure)
	case until > measure:
		return fmt.Sprintf("the action %s would last until %v; it is undone when the measure phase ends, at %v", a.Name, until, measure)
	default:
		return ""
	}
}
