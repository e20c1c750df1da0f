package runner

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// light is a little load, under which actions happen.
const light = `
name = "light"
[cluster]
nodes = 10
[phases]
warmup = "1s"
measure = "%s"
drain = "5s"
[workload.puts]
kind = "raw"
operation = "put"
keys = { count = 100 }
size = "1KiB"
arrival = { rate = "50/s" }
[workload.churn]
kind = "pod-churn"
arrival = { rate = "2/s" }
[workload.informers]
kind = "watch"
resource = "pods"
watchers = 3
`

const threeMembers = "name = \"three\"\nmembers = 3\n"

// acted runs the light load with actions, on a lab of three members unless another is given.
func acted(tb testing.TB, measure, actions, configuration string) Job {
	tb.Helper()
	if configuration == "" {
		configuration = threeMembers
	}
	job := jobOf(tb, fmt.Sprintf(light, measure)+actions, configuration)
	job.Configuration = job.Scenario.On(job.Configuration)
	return job
}

func actionOf(tb testing.TB, run *results.Run, name string) results.ActionRecord {
	tb.Helper()
	i := slices.IndexFunc(run.Actions, func(a results.ActionRecord) bool { return a.Name == name })
	if i < 0 {
		tb.Fatalf("no action %s in %+v", name, run.Actions)
	}
	a := run.Actions[i]
	if a.Failed != "" || a.EndedMS == nil || a.UnavailableMS == nil || a.RecoveredMS == nil {
		tb.Fatalf("%s: failed %q, ended %v, unavailable %v, recovered %v", name, a.Failed, a.EndedMS, a.UnavailableMS, a.RecoveredMS)
	}
	return a
}

// agrees fails the test where the outage that a run measured is not what its prober saw.
func agrees(tb testing.TB, run *results.Run, p *prober, name string, within time.Duration) results.ActionRecord {
	tb.Helper()
	a := actionOf(tb, run, name)
	begin := run.Header.Started.Add(milli(a.AtMS))
	end := begin.Add(max(milli(*a.EndedMS-a.AtMS), milli(*a.RecoveredMS)))
	saw, measured := p.gap(begin, end), milli(*a.UnavailableMS)
	tb.Logf("%s (%s of %v): without service for %v, the prober says %v; over after %v, recovered after %v",
		name, a.Do, a.Members, measured.Round(time.Millisecond), saw.Round(time.Millisecond), milli(*a.EndedMS-a.AtMS), milli(*a.RecoveredMS))
	if d := (saw - measured).Abs(); d > within && !underRace {
		tb.Errorf("%s: the run measured an outage of %v, the prober %v", name, measured, saw)
	}
	return a
}

func milli(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

// sound fails the test where a run with actions is not whole: a check failed, or something is left.
func sound(tb testing.TB, result results.Result) {
	tb.Helper()
	for _, c := range result.Checks {
		if c.Status == results.Fail {
			tb.Errorf("check %s: %s", c.Name, c.Detail)
		}
	}
	for _, reason := range result.InvalidReasons {
		if strings.Contains(reason, "action") {
			tb.Errorf("not valid: %s", reason)
		}
	}
	if !result.Complete {
		tb.Error("the run is not complete")
	}
}

// probed is how far a prober and a run may be apart here, where other tests share the
// processors and outages last seconds; an idle machine is held to 50 ms by `make accuracy`.
const probed = 750 * time.Millisecond

func TestLeaderKilled(t *testing.T) {
	t.Parallel()
	job := acted(t, "9s", `
[action.lose-leader]
at = "2s"
do = "kill"
member = "leader"
for = "3s"
`, "")
	p := beside(t, &job, deleteNothing)
	run, result := runJob(t, job)
	p.end()
	sound(t, result)
	a := agrees(t, run, p, "lose-leader", probed)
	if outage := milli(*a.UnavailableMS); outage < 500*time.Millisecond || outage > 9*time.Second {
		t.Errorf("an outage of %v, where an election time-out is 1 s", outage)
	}
	if len(a.Members) != 1 || len(a.Steps) != 2 {
		t.Errorf("befell %v in steps %+v", a.Members, a.Steps)
	}
}

// One of each family of faults after the other, each of its own row.
func TestFaults(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	job := acted(t, "22s", `
[action.split]
at = "1s"
do = "partition"
member = "leader"
for = "3s"
[action.stall]
at = "9s"
do = "disk-stall"
member = "all"
for = "1500ms"
[action.full]
at = "14s"
do = "disk-full"
member = "follower"
for = "2s"
`, "")
	p := beside(t, &job, deleteNothing)
	run, result := runJob(t, job)
	p.end()
	sound(t, result)
	agrees(t, run, p, "split", probed)
	if a := agrees(t, run, p, "stall", probed); *a.UnavailableMS < 1000 {
		t.Errorf("without service for %v ms while no disk wrote for 1.5 s", *a.UnavailableMS)
	}
	if a := agrees(t, run, p, "full", probed); len(a.Steps) != 1 || !strings.HasPrefix(a.Steps[0].Name, "started again") {
		t.Errorf("whose disk was full did not end, and was not started again: %+v", a.Steps)
	}
}

// What an administrator does, on three members.
func TestMaintenance(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	job := acted(t, "8s", `
[action.move]
at = "1s"
do = "move-leader"
[action.compact]
at = "2s"
do = "compact"
[action.defragment]
at = "3500ms"
do = "defragment"
[action.backup]
at = "5s"
do = "snapshot"
`, "")
	p := beside(t, &job, deleteNothing)
	run, result := runJob(t, job)
	p.end()
	sound(t, result)
	for _, name := range []string{"move", "compact", "defragment", "backup"} {
		agrees(t, run, p, name, probed)
	}
	if a := actionOf(t, run, "backup"); a.Snapshot == nil || a.Snapshot.Bytes < 1<<16 || a.Snapshot.Revision == 0 || a.Snapshot.Keys == 0 || a.Snapshot.Hash == "" {
		t.Errorf("the snapshot is %+v", a.Snapshot)
	}
}

// One member becomes three and one again, each step timed.
func TestScale(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	job := acted(t, "12s", `
[action.grow]
at = "1s"
do = "scale"
to = 3
[action.shrink]
at = "10s"
do = "scale"
to = 1
`, "name = \"one\"\nmembers = 1\n")
	run, result := runJob(t, job)
	sound(t, result)
	var steps []string
	for _, s := range actionOf(t, run, "grow").Steps {
		steps = append(steps, s.Member+" "+s.Name)
		t.Logf("%s %s: %v", s.Member, s.Name, milli(s.TookMS))
	}
	if got := strings.Join(steps, ", "); got != "m2 added as a learner, m2 started, m2 caught up and promoted, m2 serves, m3 added as a learner, m3 started, m3 caught up and promoted, m3 serves" {
		t.Errorf("the steps were %s", got)
	}
	if a := actionOf(t, run, "shrink"); len(a.Steps) < 4 {
		t.Errorf("the steps back were %+v", a.Steps)
	}
}

// All members and their data are lost; the load goes on with what the snapshot had.
func TestDisasterRecovery(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	job := acted(t, "14s", `
[action.backup]
at = "1s"
do = "snapshot"
[action.disaster]
at = "4s"
do = "disaster-recovery"
for = "1s"
`, "")
	p := beside(t, &job, deleteNothing)
	run, result := runJob(t, job)
	p.end()
	sound(t, result)
	a := agrees(t, run, p, "disaster", probed)
	backup := actionOf(t, run, "backup")
	if a.Loss == nil || a.Loss.Revision != backup.Snapshot.Revision || a.Loss.Acknowledged < 50 || a.Loss.Keys < 20 || a.Loss.Keys > a.Loss.Acknowledged {
		t.Errorf("lost %+v, after a snapshot of %+v", a.Loss, backup.Snapshot)
	}
	if *a.UnavailableMS < 1000 || *a.RecoveredMS < *a.UnavailableMS/2 {
		t.Errorf("without service for %v ms, recovered after %v ms", *a.UnavailableMS, *a.RecoveredMS)
	}
	if puts := operationOf(t, run, "puts", "put"); puts.Succeeded < 300 {
		t.Errorf("only %d puts succeeded: the load did not go on", puts.Succeeded)
	}
}
