package scenarios_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// everyAction has one action of each kind, each key given.
const everyAction = `
name = "every"
[phases]
measure = "60s"
[workload.puts]
kind = "raw"
operation = "put"
keys = { count = 10 }
size = "1KiB"
arrival = { rate = "1/s" }
[action.a]
at = "0s"
do = "kill"
member = "leader"
for = "3s"
[action.b]
at = "1s"
do = "stop"
member = "m3"
for = "3s"
[action.c]
at = "2s"
do = "restart"
member = "all"
[action.d]
at = "3s"
do = "freeze"
member = "follower"
for = "3s"
[action.e]
at = "4s"
do = "partition"
members = ["m1", "m2"]
direction = "in"
clients = true
for = "3s"
[action.f]
at = "5s"
do = "slow-link"
between = ["client", "m2"]
rtt = "50ms"
jitter = "5ms"
bandwidth = "10Mbit/s"
for = "3s"
[action.g]
at = "6s"
do = "cut-link"
between = ["m1", "m2"]
for = "3s"
[action.h]
at = "7s"
do = "slow-disk"
member = "m1"
fsync_delay = { p50 = "1ms", p99 = "20ms" }
for = "3s"
[action.i]
at = "8s"
do = "disk-stall"
member = "m1"
for = "3s"
[action.j]
at = "9s"
do = "disk-full"
member = "m1"
for = "3s"
[action.k]
at = "10s"
do = "move-leader"
to = "m2"
[action.l]
at = "11s"
do = "compact"
[action.m]
at = "12s"
do = "defragment"
member = "leader"
[action.n]
at = "13s"
do = "snapshot"
member = "m1"
[action.o]
at = "14s"
do = "rolling-restart"
pause = "1s"
[action.p]
at = "15s"
do = "fill"
for = "3s"
[action.q]
at = "16s"
do = "scale"
to = 5
[action.r]
at = "17s"
do = "disaster-recovery"
for = "3s"
`

func TestActions(t *testing.T) {
	t.Parallel()
	s, err := scenarios.ParseScenario("every.toml", []byte(everyAction), nil)
	if err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for i, a := range s.Actions {
		kinds = append(kinds, a.Kind())
		if a.At != time.Duration(i)*time.Second {
			t.Errorf("action %d, %s, is at %v", i, a.Name, a.At)
		}
	}
	if diff := cmp.Diff(scenarios.ActionNames(), kinds); diff != "" {
		t.Errorf("not each kind once, in order: %s", diff)
	}
	again, err := scenarios.ParseScenario("every.toml", scenarios.EncodeScenario(s), nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Actions, again.Actions); diff != "" {
		t.Errorf("read again it is another: %s", diff)
	}
	three := configuration(t, "three")
	if refused := s.RefusedOn(three, false); len(refused) > 0 {
		t.Errorf("refused on three: %+v", refused)
	}
	if on := s.On(three); !on.Links.Proxied || !on.Disk.Filtered || on.SHA256 == three.SHA256 {
		t.Errorf("links and disks cannot be changed on %+v", on)
	}
	if warnings := s.Warnings(); len(warnings) > 0 {
		t.Errorf("warnings %q", warnings)
	}
}

func configuration(t *testing.T, name string) scenarios.Configuration {
	t.Helper()
	c, err := scenarios.LoadConfiguration(name, nil)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestActionWarnings(t *testing.T) {
	t.Parallel()
	s, err := scenarios.ParseScenario("every.toml", []byte(everyAction), []string{"phases.measure=16500ms"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"the action p would last until 18s;", "the action r does not happen:"}
	got := s.Warnings()
	if len(got) != len(want) {
		t.Fatalf("warnings %q", got)
	}
	for i := range want {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("warning %q, want %q…", got[i], want[i])
		}
	}
}

// What cannot be done is refused where it is written, before anything starts.
func TestActionsRefused(t *testing.T) {
	t.Parallel()
	existing, err := scenarios.ParseConfiguration("there.toml", []byte(`endpoints = ["http://127.0.0.1:2379"]`), nil)
	if err != nil {
		t.Fatal(err)
	}
	learners, err := scenarios.ParseConfiguration("learners.toml", []byte("members = 3\nlearners = 1\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	locked, err := scenarios.ParseConfiguration("locked.toml", []byte("members = 3\n[auth]\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	const load = "[workload.churn]\nkind = \"pod-churn\"\narrival = { rate = \"1/s\" }\n\n"
	for _, c := range []struct {
		name, action string
		on           scenarios.Configuration
		allow        bool
		want         string // of the fault; empty where it is not refused
	}{
		{"no such member", "do = \"kill\"\nmember = \"m4\"", configuration(t, "three"), false, `9:1: member: "m4" is no member of three; there are m1, m2, m3`},
		{"a learner leads not", "do = \"move-leader\"\nto = \"m4\"", learners, false, `9:1: to: "m4" is no voting member of learners; there are m1, m2, m3`},
		{"a learner dies", "do = \"kill\"\nmember = \"m4\"", learners, false, ""},
		{"no follower", "do = \"kill\"\nmember = \"follower\"", configuration(t, "single"), false, `9:1: member: a single member has no followers; write --configuration three, or leader`},
		{"the only member's snapshot", "do = \"snapshot\"", configuration(t, "single"), false, ""},
		{"no peers", "do = \"partition\"\nmember = \"m1\"", configuration(t, "single"), false, `9:1: member: a single member has nobody to be cut off from; write clients = true, or --configuration three`},
		{"cut off from clients", "do = \"partition\"\nmember = \"m1\"\nclients = true", configuration(t, "single"), false, ""},
		{"one side", "do = \"partition\"\nmembers = [\"m1\", \"m2\", \"m3\"]", configuration(t, "three"), false, `9:1: members: nobody is left on the other side: three has 3 members`},
		{"no such member in a list", "do = \"partition\"\nmembers = [\"m9\"]", configuration(t, "three"), false, `9:1: members: "m9" is no member of three; there are m1, m2, m3`},
		{"no such end", "do = \"cut-link\"\nbetween = [\"m1\", \"m5\"]", configuration(t, "three"), false, `9:1: between: "m5" is no member of three; there are m1, m2, m3`},
		{"as it is", "do = \"scale\"\nto = 3", configuration(t, "three"), false, `9:1: to: there are 3 members already`},
		{"learners", "do = \"scale\"\nto = 5", learners, false, `8:1: do: "scale" is for a lab without learners of its own`},
		{"tokens of another cluster", "do = \"disaster-recovery\"\n[action.before]\nat = \"1s\"\ndo = \"snapshot\"", locked, false, `8:1: do: "disaster-recovery" is for a lab without [auth]: a client's token names a raft index that a restored etcd has not come to, and until it has, etcd lets the client wait`},
		{"kills never", "do = \"kill\"\nmember = \"leader\"", existing, true, `8:1: do: "kill" is for a lab, and this cluster exists already; leave the action out, or run without --endpoints`},
		{"fills never", "do = \"fill\"", existing, true, `8:1: do: "fill" is for a lab, and this cluster exists already; leave the action out, or run without --endpoints`},
		{"not without a word", "do = \"defragment\"", existing, false, `8:1: do: "defragment" disturbs whoever else uses the cluster: it needs --allow-disruptive`},
		{"with it", "do = \"defragment\"", existing, true, ""},
		{"unknown names", "do = \"defragment\"\nmember = \"m1\"", existing, true, `9:1: member: "m1": the members of a cluster that exists are not known by name here; write leader or follower`},
		{"a member to come", "do = \"kill\"\nmember = \"m5\"\n[action.before]\nat = \"1s\"\ndo = \"scale\"\nto = 5", configuration(t, "three"), false, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			file := t.TempDir() + "/bad.toml"
			writeFile(t, file, load+"[action.it]\nat = \"5s\"\n\n"+c.action+"\n")
			s, err := scenarios.LoadScenario(file, nil)
			if err != nil {
				t.Fatal(err)
			}
			err = scenarios.RefuseScenario(file, nil, s.RefusedOn(c.on, c.allow))
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || strings.TrimPrefix(err.Error(), file+":") != c.want):
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}
