package scenarios

import (
	"strconv"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// Watch follows a resource with several watchers.
type Watch struct {
	Resource model.Resource
	// Watchers is between 1 and 100,000; [cluster] apiservers by default.
	Watchers int
	// Connections is how many connections the watchers share, each with one
	// stream; between 1 and Watchers, which is the default: API servers give each
	// watch a connection of its own.
	Connections int
	// PrevKV has events carry the value before, Progress has etcd tell how far an
	// idle watcher is; both as API servers ask for it, unless set otherwise.
	PrevKV, Progress bool
	// ByKey has each watcher follow a single object, one after the other of those
	// that setup makes, as kubelets follow a Secret; otherwise the whole resource.
	ByKey bool
	// Objects is how many there are to follow; 0 unless ByKey.
	Objects int
	// Behind is how many revisions before where it was each watch begins, which
	// etcd then sends again; between 0, the default, and 10,000,000, and 0 unless Reopen.
	Behind int
	// Delay is how long a watcher takes for each response before it looks at the
	// next: a slow consumer. None by default, at most a minute.
	Delay time.Duration
	// Reopen is how long a watch lasts before it is cancelled and opened anew
	// where it was; for ever by default (0), at least 100 ms.
	Reopen time.Duration
}

func (Watch) kind() string { return "watch" }

func (Watch) operations() []string { return nil }

func (Watch) requests() []request { return nil }

func readWatch(t *table, g given) Kind {
	if !t.has("watchers") {
		t.derive("watchers", strconv.Itoa(g.cluster.APIServers), "one an API server, of [cluster]")
	}
	w := Watch{
		Resource: readResource(t, ""),
		Watchers: t.integer("watchers", g.cluster.APIServers, 1, 100_000),
	}
	w.Connections = t.integer("connections", w.Watchers, 1, w.Watchers)
	t.shape.say("connections", rangeShape("integer", 1, 100_000))
	w.PrevKV, w.Progress = t.boolean("prev_kv", true), t.boolean("progress_notify", true)
	if w.ByKey = t.choice("by", []string{"prefix", "key"}) == "key"; w.ByKey {
		w.Objects = 1
		if p, ok := g.population(w.Resource); ok && p.Count > 0 {
			w.Objects = p.Count
		} else if w.Resource.Name != "" {
			t.faultHere("there are no %s to follow by their keys: write [setup.%s] with count = 1000", w.Resource.Name, suggestedName(w.Resource))
		}
	}
	w.Behind = t.integer("behind", 0, 0, 10_000_000)
	w.Delay = t.duration("delay", 0, 0, time.Minute)
	if !t.has("reopen") {
		t.refuse("behind", `needs reopen: watches are opened before the load begins, when nothing is measured; write reopen = "10s", and each begins so far back every time`)
	}
	w.Reopen = t.duration("reopen", 0, 100*time.Millisecond, 24*time.Hour)
	return w
}

func (w Watch) encode(s *section) {
	s.text("resource", w.Resource.Name)
	s.integer("watchers", w.Watchers)
	s.integer("connections", w.Connections)
	s.boolean("prev_kv", w.PrevKV)
	s.boolean("progress_notify", w.Progress)
	if w.ByKey {
		s.text("by", "key")
	}
	if w.Behind > 0 {
		s.integer("behind", w.Behind)
	}
	s.duration("delay", w.Delay)
	if w.Reopen > 0 {
		s.duration("reopen", w.Reopen)
	}
}
