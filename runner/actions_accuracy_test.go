//go:build accuracy

package runner

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Each fault and each maintenance action, on three members: the outage that the
// run measures is the one that a prober of its own sees, within 50 ms.
func TestAccuracyActions(t *testing.T) {
	for _, each := range []struct{ name, action string }{
		{"kill-leader", `do = "kill"` + "\n" + `member = "leader"` + "\n" + `for = "4s"`},
		{"kill-follower", `do = "kill"` + "\n" + `member = "follower"` + "\n" + `for = "4s"`},
		{"kill-all", `do = "kill"` + "\n" + `member = "all"` + "\n" + `for = "3s"`},
		{"stop-leader", `do = "stop"` + "\n" + `member = "leader"` + "\n" + `for = "4s"`},
		{"restart-leader", `do = "restart"` + "\n" + `member = "leader"`},
		{"freeze-leader", `do = "freeze"` + "\n" + `member = "leader"` + "\n" + `for = "4s"`},
		{"freeze-follower", `do = "freeze"` + "\n" + `member = "follower"` + "\n" + `for = "4s"`},
		{"partition-leader", `do = "partition"` + "\n" + `member = "leader"` + "\n" + `for = "4s"`},
		{"partition-leader-and-clients", `do = "partition"` + "\n" + `member = "leader"` + "\n" + `clients = true` + "\n" + `for = "4s"`},
		{"partition-halves", `do = "partition"` + "\n" + `members = ["m1", "m2"]` + "\n" + `for = "4s"`},
		{"partition-in", `do = "partition"` + "\n" + `member = "leader"` + "\n" + `direction = "in"` + "\n" + `for = "4s"`},
		{"partition-out", `do = "partition"` + "\n" + `member = "leader"` + "\n" + `direction = "out"` + "\n" + `for = "4s"`},
		{"slow-link", `do = "slow-link"` + "\n" + `between = ["m1", "m2"]` + "\n" + `rtt = "50ms"` + "\n" + `for = "4s"`},
		{"cut-link", `do = "cut-link"` + "\n" + `between = ["m1", "m2"]` + "\n" + `for = "4s"`},
		{"slow-disk", `do = "slow-disk"` + "\n" + `member = "leader"` + "\n" + `fsync_delay = "50ms"` + "\n" + `for = "4s"`},
		{"disk-stall-leader", `do = "disk-stall"` + "\n" + `member = "leader"` + "\n" + `for = "3s"`},
		{"disk-stall-all", `do = "disk-stall"` + "\n" + `member = "all"` + "\n" + `for = "3s"`},
		{"disk-full-follower", `do = "disk-full"` + "\n" + `member = "follower"` + "\n" + `for = "3s"`},
		{"disk-full-leader", `do = "disk-full"` + "\n" + `member = "leader"` + "\n" + `for = "3s"`},
		{"move-leader", `do = "move-leader"`},
		{"compact", `do = "compact"`},
		{"defragment", `do = "defragment"`},
		{"snapshot", `do = "snapshot"`},
		{"rolling-restart", `do = "rolling-restart"` + "\n" + `pause = "1s"`},
	} {
		t.Run(each.name, func(t *testing.T) {
			job := acted(t, "12s", "[action.it]\nat = \"2s\"\n"+each.action+"\n", "")
			p := beside(t, &job, deleteNothing)
			run, result := runJob(t, job)
			p.end()
			sound(t, result)
			a := agrees(t, run, p, "it", 50*time.Millisecond)
			leader := each.name == "kill-leader" || each.name == "freeze-leader" || each.name == "partition-leader-and-clients"
			if outage := milli(*a.UnavailableMS); leader && (outage < time.Second || outage > 3*time.Second) {
				t.Errorf("without the leader there was an outage of %v, not one to three election time-outs of 1 s", outage)
			}
		})
	}
}

// The same of a database that is full, where a prober's writes must be such that a full one refuses.
func TestAccuracyFill(t *testing.T) {
	job := acted(t, "20s", "[action.it]\nat = \"2s\"\ndo = \"fill\"\nfor = \"3s\"\n", "name = \"small\"\nmembers = 3\n[etcd]\nquota-backend-bytes = \"64MiB\"\n")
	p := beside(t, &job, grantLease)
	run, result := runJob(t, job)
	p.end()
	sound(t, result)
	if a := agrees(t, run, p, "it", 50*time.Millisecond); *a.UnavailableMS < 3000 {
		t.Errorf("without service for %v ms, although the alarm lasted 3 s", *a.UnavailableMS)
	}
}

// Fifty sequences of faults, each of its seed's: all processes go, and the result can be read.
func TestAccuracyRandomFaults(t *testing.T) {
	for seed := range 50 {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			actions := randomFaults(uint64(seed))
			t.Log(strings.ReplaceAll(actions, "\n", " "))
			random(t, actions)
		})
	}
}

// random runs a sequence of faults and looks at what is left.
func random(t *testing.T, actions string) {
	t.Helper()
	job := acted(t, "6s", actions, "")
	folder, err := Run(t.Context(), t.Context(), job)
	if err != nil {
		t.Error(err)
	}
	run, result := load(t, folder)
	if run.Lost != 0 || len(result.Operations) == 0 || run.Ended == nil {
		t.Errorf("the journal: %d lines lost, %d rows, end %v", run.Lost, len(result.Operations), run.Ended)
	}
	for _, a := range run.Actions {
		if a.EndedMS == nil {
			t.Errorf("%s was never over", a.Name)
		}
		t.Logf("%s %s of %v: failed %q", a.Name, a.Do, a.Members, a.Failed)
	}
	for _, c := range result.Checks {
		if c.Status == results.Fail {
			t.Errorf("check %s: %s", c.Name, c.Detail)
		}
	}
	left, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range left {
		if text, err := os.ReadFile(path); err == nil && strings.Contains(string(text), folder) {
			t.Errorf("left running: %s", strings.ReplaceAll(string(text), "\x00", " "))
		}
	}
}

// randomFaults are one to four faults at random times, that may overlap.
func randomFaults(seed uint64) string {
	rng := rand.New(rand.NewPCG(seed, 6))
	members := []string{"leader", "follower", "all", "m1", "m2", "m3"}
	var out strings.Builder
	for i := range 1 + rng.IntN(4) {
		do := []string{"kill", "stop", "freeze", "partition", "cut-link", "slow-disk", "disk-stall", "disk-full", "restart", "move-leader", "defragment", "rolling-restart"}[rng.IntN(12)]
		fmt.Fprintf(&out, "[action.a%d]\nat = \"%dms\"\ndo = %q\n", i, rng.IntN(5000), do)
		member := members[rng.IntN(len(members))]
		switch do {
		case "partition":
			fmt.Fprintf(&out, "member = %q\ndirection = %q\nclients = %v\n", []string{"leader", "follower", "m1"}[rng.IntN(3)], []string{"both", "in", "out"}[rng.IntN(3)], rng.IntN(2) == 0)
		case "cut-link":
			fmt.Fprint(&out, "between = [\"m1\", \"m3\"]\n")
		case "move-leader", "rolling-restart", "defragment":
		case "slow-disk":
			fmt.Fprintf(&out, "member = %q\nfsync_delay = \"20ms\"\n", member)
		default:
			fmt.Fprintf(&out, "member = %q\n", member)
		}
		switch do {
		case "restart", "move-leader", "rolling-restart", "defragment":
		default:
			fmt.Fprintf(&out, "for = \"%dms\"\n", 100+rng.IntN(3000))
		}
	}
	return out.String()
}
