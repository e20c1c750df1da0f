package runner

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
)

// Updates of one hot object conflict, try again with what the reply brought, and
// all succeed in the end; watchers see each.
func TestConflicts(t *testing.T) {
	t.Parallel()
	run, _ := runJob(t, jobOf(t, `
name = "hot"
[phases]
warmup = "0s"
measure = "2s"
[setup.configmaps]
count = 1
size = "1KiB"
[workload.w]
kind = "update"
resource = "configmaps"
arrival = { process = "closed", clients = 8 }
[workload.informers]
kind = "watch"
resource = "configmaps"
`, ""))
	chain, update := operationOf(t, run, "w", "guaranteed-update"), operationOf(t, run, "w", "update")
	if chain.Succeeded < 20 || chain.Succeeded != chain.Intended || update.Succeeded < chain.Succeeded-8 || update.Conflicts < chain.Succeeded/2 || update.ErrorCount() > 0 {
		t.Errorf("chains %+v, updates %+v", chain.Counts, update.Counts)
	}
	// What the last eight clients tried again after the end belongs to the drain.
	if w := run.Watches[0]; w.Missing > 0 || !w.Sealed || w.Delivered+w.Late != w.Expected || w.Expected < update.Succeeded {
		t.Errorf("%d updates: %+v", update.Succeeded, w.WatchInterval)
	}
}

// A list by RangeStream tells its chunks and when the first came.
func TestListStream(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	run, result := runJob(t, jobOf(t, `
name = "stream"
[phases]
warmup = "0s"
measure = "2s"
[setup.pods]
count = 500
[workload.w]
kind = "list"
resource = "pods"
mode = "stream"
arrival = { rate = "5/s" }
`, ""))
	list := operationOf(t, run, "w", "list")
	// 500 pods of 7 KB come in chunks of 10, 20, 40, 80 and so on.
	if list.Succeeded != 10 || list.Chunks < 4*list.Succeeded || list.Chunks > 20*list.Succeeded || list.BytesReceived < 10*500*5000 {
		t.Errorf("%+v", list.Counts)
	}
	first, whole := list.Quantities[results.FirstChunk], list.Quantities[results.Service]
	if first.TotalCount() != 10 || first.Max() > whole.Max() || first.Min() > whole.Min() {
		t.Errorf("first chunk of %d lists: %d to %d µs, the whole %d to %d µs", first.TotalCount(), first.Min(), first.Max(), whole.Min(), whole.Max())
	}
	if f := result.Operations[0].FirstChunk; f == nil || f.Count != 10 || result.Operations[0].Chunks != list.Chunks {
		t.Errorf("the result has %+v", result.Operations[0])
	}
}

// What expires is timed from the end of its lease.
func TestExpiry(t *testing.T) {
	t.Parallel()
	run, result := runJob(t, jobOf(t, `
name = "expiry"
[phases]
warmup = "0s"
measure = "8s"
drain = "6s"
[workload.leases]
kind = "lease"
ttl = "2s"
keys = 2
keep_alives = 1
end = "expire"
arrival = { rate = "2/s" }
[workload.events]
kind = "events"
ttl = "2s"
patches = "0%"
arrival = { rate = "5/s" }
`, ""))
	// Leases that are not over at the end of a busy machine's drain leave their keys.
	wantPassed(t, result)
	for _, tc := range []struct {
		workload, operation string
		least               int64
	}{{"leases", "expire", 8}, {"events", "expire", 10}} {
		o := operationOf(t, run, tc.workload, tc.operation)
		late := o.Quantities[results.ExpiryLateness]
		if o.Intended < tc.least || o.Succeeded+o.ErrorCount() != o.Intended || late.TotalCount() != o.Intended {
			t.Errorf("%s: %+v", tc.workload, o.Counts)
		}
		// etcd looks for leases that are over twice a second.
		if worst := time.Duration(late.Max()) * time.Microsecond; o.ErrorCount() > 0 || worst > 10*time.Second || late.Mean() < 1000 {
			t.Errorf("%s: late by %v in the mean, %v at most; %v", tc.workload, time.Duration(late.Mean())*time.Microsecond, worst, o.Errors)
		}
	}
	life, attach, renew := operationOf(t, run, "leases", "lease-life"), operationOf(t, run, "leases", "attach"), operationOf(t, run, "leases", "keep-alive")
	// The steps of the last ones fall into the drain.
	if life.Intended != 16 || attach.Succeeded < 2*life.Intended-4 || renew.Succeeded < life.Intended-4 || life.Succeeded != life.Intended {
		t.Errorf("lives %+v, attached %+v, renewed %+v", life.Counts, attach.Counts, renew.Counts)
	}
	for _, o := range result.Operations {
		if o.Operation == "expire" && (o.ExpiryLateness == nil || o.ExpiryLateness.Count != o.Intended) {
			t.Errorf("the result has %+v", o)
		}
	}
}

// A window keeps a workload within its part of the measure phase, of which its
// target rate is; one beyond it does not run, and thresholds on it are skipped.
func TestWindows(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	run, result := runJob(t, jobOf(t, `
name = "windows"
thresholds = ["late.put.errors == 0", "burst.put.target_rate > 90/s", "closed.put.errors == 0"]
[phases]
warmup = "1s"
measure = "4s"
[workload.burst]
kind = "raw"
operation = "put"
keys = { count = 5 }
size = "1KiB"
arrival = { rate = "100/s" }
from = "1s"
for = "2s"
[workload.ramp]
kind = "raw"
operation = "put"
keys = { count = 5 }
size = "1KiB"
arrival = { rate = "10/s", ramp = { to = "50/s", for = "4s" } }
[workload.closed]
kind = "raw"
operation = "put"
keys = { count = 5 }
size = "1KiB"
arrival = { process = "closed", clients = 2, think = "10ms" }
from = "2s"
for = "1s"
[workload.late]
kind = "raw"
operation = "put"
keys = { count = 5 }
size = "1KiB"
arrival = { rate = "100/s" }
from = "1m"
`, ""))
	if o := operationOf(t, run, "burst", "put"); o.Intended != 200 {
		t.Errorf("100/s for 2 s: %d", o.Intended)
	}
	// The integral from 10/s to 50/s over 4 s; the one at the very end is not in it.
	if o := operationOf(t, run, "ramp", "put"); o.Intended < 119 || o.Intended > 121 {
		t.Errorf("10/s to 50/s in 4 s: %d", o.Intended)
	}
	if o := operationOf(t, run, "closed", "put"); o.Intended < 20 || o.Intended > 2*100+4 {
		t.Errorf("2 clients that think 10 ms, for 1 s: %d", o.Intended)
	}
	for _, m := range run.Timeline {
		for _, o := range m.Operations {
			measure, _ := run.Span(results.PhaseMeasure)
			if o.Workload == "burst" && (m.EndMS < measure.StartMS+1000 || m.StartMS > measure.StartMS+4000) && o.Intended > 0 {
				t.Errorf("burst has %d arrivals between %v and %v ms", o.Intended, m.StartMS-measure.StartMS, m.EndMS-measure.StartMS)
			}
			if o.Workload == "late" {
				t.Error("a workload beyond the measure phase did something")
			}
		}
	}
	status := map[string]results.Status{}
	for _, th := range result.Thresholds {
		status[th.Check] = th.Status
	}
	if status["late.put.errors == 0"] != results.Skipped || status["burst.put.target_rate > 90/s"] != results.Pass {
		t.Errorf("thresholds: %+v", result.Thresholds)
	}
	if countEvents(run, results.EventWarning, "the workload late does not run") != 1 {
		t.Errorf("no word of the workload that does not run: %+v", run.Events)
	}
	for _, o := range result.Operations {
		if o.Workload == "burst" && (o.TargetRate < 99 || o.TargetRate > 101) {
			t.Errorf("the target rate of 100/s in a window is %v", o.TargetRate)
		}
		if strings.HasPrefix(o.Workload, "late") {
			t.Errorf("a row %+v", o)
		}
	}
}

// API servers keep a cache of every resource, on a connection each, that misses
// nothing; they poll, check and probe as they were measured.
func TestAPIServers(t *testing.T) {
	t.Parallel()
	run, result := runJob(t, jobOf(t, `
name = "apiservers"
thresholds = ["servers.*.errors == 0", "servers.missing == 0"]
[cluster]
nodes = 20
apiservers = 2
[phases]
warmup = "500ms"
measure = "12s"
[setup.pods]
count = 300
[workload.servers]
kind = "apiserver"
scrape = "5s"
[workload.heartbeats]
kind = "node-heartbeat"
period = "2s"
`, ""))
	wantChecks(t, result)
	const servers, cached = 2, 61
	for _, tc := range []struct {
		operation string
		// want is how many are expected in 12 s.
		want float64
	}{
		{"get-revision", 12 * servers * cached / 64.0},
		{"check-consistency", 12 * servers * cached / 375.5},
		{"probe", 12 * servers * 2 / 1.017},
		{"get", 12 * servers * 4 / 10.0},
		{"lease-grant", 12 * servers * 2 / 10.0},
		{"update-lease", 12 * servers * 2 / 10.0},
		{"list-leases", 12 * servers / 10.0},
		{"renew-identity", 12 * servers / 10.0},
		{"status", 12 * servers / 5.0},
	} {
		o := operationOf(t, run, "servers", tc.operation)
		if by := math.Abs(float64(o.Intended) - tc.want); by > 1+3*math.Sqrt(tc.want) && !underRace || o.Succeeded != o.Intended {
			t.Errorf("%s: %.0f are expected, %+v", tc.operation, tc.want, o.Counts)
		}
	}
	if n := result.Generator.Connections; n < servers*(cached+2+2+2) {
		t.Errorf("%d connections of %d API servers", n, servers)
	}
	w, beats := run.Watches[0], operationOf(t, run, "heartbeats", "renew-lease")
	if w.Watchers != servers*cached || w.Missing > 0 || !w.Sealed || w.Delivered+w.Late != w.Expected || w.Expected < servers*beats.Succeeded {
		t.Errorf("%d renewals: %+v", beats.Succeeded, w.WatchInterval)
	}
	if verdict.Breached(result, false) {
		t.Errorf("thresholds %+v", result.Thresholds)
	}
}

// A namespace's objects are deleted one after the other; each watcher sees them go.
func TestNamespaceDeletion(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	run, result := interruptWhen(t, jobOf(t, `
name = "namespaces"
[phases]
warmup = "0s"
measure = "1m"
[setup.configmaps]
count = 200
size = "1KiB"
[setup.events]
count = 100
[setup.nodes]
count = 5
[workload.w]
kind = "namespace-deletion"
arrival = { rate = "10/s" }
for = "4s"
[workload.informers]
kind = "watch"
resource = "configmaps"
`, ""), allDone(4*time.Second))
	chain, list, get, remove := operationOf(t, run, "w", "namespace-deletion"), operationOf(t, run, "w", "list"), operationOf(t, run, "w", "get"), operationOf(t, run, "w", "delete")
	// Of 20 namespaces each has ten ConfigMaps and five Events, which are read once more, since no cache has them.
	if chain.Succeeded != 20 || chain.Skipped != 20 || list.Succeeded != 40 || get.Succeeded != 200+2*100 || remove.Succeeded != 300 {
		t.Errorf("chains %+v, lists %+v, gets %+v, deletions %+v", chain.Counts, list.Counts, get.Counts, remove.Counts)
	}
	wantChecks(t, result)
	if w := run.Watches[0]; w.Expected != 200 || w.Missing > 0 || !w.Sealed {
		t.Errorf("%+v", w.WatchInterval)
	}
}

// API servers that start read everything and watch it; those before them are gone.
func TestRelist(t *testing.T) {
	t.Parallel()
	const second = 4 * time.Second // those of the first start must have what they want by then
	run, _ := interruptWhen(t, jobOf(t, `
name = "relist"
[phases]
warmup = "0s"
measure = "1m"
[setup.pods]
count = 200
[workload.w]
kind = "relist"
servers = 2
arrival = { times = ["0s", "4s"] }
[workload.updates]
kind = "update"
resource = "pods"
arrival = { rate = "20/s" }
`, ""), allDone(second))
	if underRace {
		return // the second start may overtake the first, and end it
	}
	const starts = 2 * 2 * 61
	for _, name := range []string{"bootstrap", "list", "get-revision", "watch"} {
		if o := operationOf(t, run, "w", name); o.Succeeded != starts || o.Intended != starts {
			t.Errorf("%s: %+v, want %d", name, o.Counts, starts)
		}
	}
	list := operationOf(t, run, "w", "list")
	if list.Chunks < starts || list.Quantities[results.FirstChunk].TotalCount() != starts || list.BytesReceived < 4*200*5000 {
		t.Errorf("lists %+v", list.Counts)
	}
	if n := countEvents(run, results.EventConnection, ""); n > 0 {
		t.Errorf("%d words of connections that were to end: %+v", n, run.Events)
	}
}

// Slow watchers and those who open their watches anew again and again miss
// nothing; the slow ones see events late.
func TestMannersOfWatchers(t *testing.T) {
	t.Parallel()
	run, _ := runJob(t, jobOf(t, `
name = "manners"
[phases]
warmup = "0s"
measure = "5s"
[setup.configmaps]
count = 50
size = { min = "40B", max = "300B" } # with and without room for a mark
[workload.updates]
kind = "update"
resource = "configmaps"
choice = "sequential"
arrival = { rate = "40/s" }
[workload.slow]
kind = "watch"
resource = "configmaps"
watchers = 2
delay = "40ms"
[workload.restless]
kind = "watch"
resource = "configmaps"
watchers = 4
reopen = "300ms"
prev_kv = false
progress_notify = false
[workload.single]
kind = "watch"
resource = "configmaps"
watchers = 12
connections = 2
by = "key"
[workload.old]
kind = "watch"
resource = "configmaps"
watchers = 2
behind = 60
reopen = "1s"
`, ""))
	if underRace {
		return // slow watchers may not see all in time
	}
	for _, w := range run.Watches {
		each := int64(200)
		switch w.Workload {
		case "single":
			each = 4 // 200 updates of 50 objects in turn
		case "old":
			if catchUp := w.Quantities[results.CatchUp]; w.Replayed < 2*3*30 || catchUp == nil || catchUp.TotalCount() < 2*3 || catchUp.TotalCount() > 2*5 {
				t.Errorf("watches that began 60 revisions back had %d events again, and caught up: %+v", w.Replayed, catchUp)
			}
		}
		if w.Expected != int64(w.Watchers)*each || w.Missing+w.Duplicated+w.OutOfOrder+w.Unmatched > 0 || !w.Sealed || w.Delivered+w.Late != w.Expected {
			t.Errorf("%s: %+v", w.Workload, w.WatchInterval)
		}
		// At 40 a second a watcher that takes 40 ms for each falls behind, unless events come together.
		if p99 := w.Quantities[results.Delivery].ValueAtPercentile(99); w.Workload == "slow" && p99 < 20_000 {
			t.Errorf("slow watchers see events after %d µs", p99)
		}
	}
	if countEvents(run, results.EventWarning, "broke off") > 0 {
		t.Errorf("a watch that was to end is told of: %+v", run.Events)
	}
}
