package runner

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// churn is pod-churn in short.
const churn = `
name = "churn"
[cluster]
nodes = 20
[phases]
warmup = "1s"
measure = "5s"
[setup.pods]
count = 400
[workload.churn]
kind = "pod-churn"
arrival = { process = "poisson", rate = "10/s" }
[workload.heartbeats]
kind = "node-heartbeat"
[workload.informers]
kind = "watch"
resource = "pods"
watchers = 3
[workload.relist]
kind = "list"
resource = "pods"
limit = 100
arrival = { rate = "2/s" }
[workload.puts]
kind = "raw"
operation = "put"
keys = { count = 100 }
size = "1KiB"
arrival = { rate = "50/s" }
`

func jobOf(tb testing.TB, scenario, configuration string, sets ...string) Job {
	tb.Helper()
	s, err := scenarios.ParseScenario("test.toml", []byte(scenario), sets)
	if err != nil {
		tb.Fatal(err)
	}
	c, err := scenarios.LoadConfiguration("single", nil)
	if configuration != "" {
		c, err = scenarios.ParseConfiguration("test.toml", []byte(configuration), nil)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return Job{Scenario: s, Configuration: c, RunsDir: tb.TempDir(), Tool: "test"}
}

func runJob(tb testing.TB, job Job) (*results.Run, results.Result) {
	tb.Helper()
	folder, err := Run(tb.Context(), tb.Context(), job)
	if err != nil {
		tb.Fatal(err)
	}
	return load(tb, folder)
}

func load(tb testing.TB, folder string) (*results.Run, results.Result) {
	tb.Helper()
	run, err := results.Load(folder)
	if err != nil {
		tb.Fatal(err)
	}
	return run, verdict.Judge(run)
}

func operationOf(tb testing.TB, run *results.Run, workload, operation string) results.OperationRecord {
	tb.Helper()
	i := slices.IndexFunc(run.Operations, func(o results.OperationRecord) bool { return o.Workload == workload && o.Operation == operation })
	if i < 0 {
		tb.Fatalf("no row %s.%s", workload, operation)
	}
	return run.Operations[i]
}

// The whole of a run on a real etcd: every workload works, every count adds up,
// every event comes, and nothing stays.
func TestRunOnALab(t *testing.T) {
	job := jobOf(t, churn, "")
	var phases []results.PhaseName
	job.Progress = func(s Status) {
		if !slices.Contains(phases, s.Phase) {
			phases = append(phases, s.Phase)
		}
	}
	run, result := runJob(t, job)

	if !result.Complete || run.Lost != 0 {
		t.Errorf("complete %v, %d lost lines", result.Complete, run.Lost)
	}
	// A machine that is busy elsewhere may pass over a short phase.
	order := []results.PhaseName{results.PhaseSetup, results.PhaseWarmup, results.PhaseMeasure, results.PhaseDrain}
	inOrder := slices.IsSortedFunc(phases, func(a, b results.PhaseName) int { return slices.Index(order, a) - slices.Index(order, b) })
	if !inOrder || len(phases) == 0 || phases[0] != results.PhaseSetup || !slices.Contains(phases, results.PhaseMeasure) && !underRace {
		t.Errorf("progress told of %v, in the order of %v", phases, order)
	}
	if len(run.Operations) != 15 {
		t.Errorf("%d rows: %v", len(run.Operations), names(run))
	}
	for _, o := range run.Operations {
		if o.Intended != o.Succeeded+o.Conflicts+o.ErrorCount()+o.Dropped {
			t.Errorf("%s.%s: intended is not the sum of its outcomes: %+v", o.Workload, o.Operation, o.Counts)
		}
		if o.ErrorCount() > 0 || o.Dropped > 0 || o.Unfinished > 0 || o.Clamped > 0 {
			t.Errorf("%s.%s: %+v", o.Workload, o.Operation, o.Counts)
		}
		for _, q := range []string{results.Response, results.Turnaround, results.Service} {
			if n := o.Quantities[q].TotalCount(); n != o.Intended {
				t.Errorf("%s.%s: %s has %d of %d operations", o.Workload, o.Operation, q, n, o.Intended)
			}
		}
		if n := len(o.Exemplars); int64(n) != min(o.Intended, results.Exemplars) || n > 0 && (!o.Chain && o.Exemplars[0].Endpoint == "" || o.Exemplars[0].ResponseMS > float64(o.Quantities[results.Response].Max())/1000) {
			t.Errorf("%s.%s: %d exemplars of %d operations: %+v", o.Workload, o.Operation, n, o.Intended, o.Exemplars[:min(n, 1)])
		}
		if stale := o.Operation == "delete-stale"; stale && o.Conflicts != o.Intended || !stale && o.Conflicts > 0 {
			t.Errorf("%s.%s: %d conflicts of %d", o.Workload, o.Operation, o.Conflicts, o.Intended)
		}
	}
	if n := run.Wake.TotalCount(); n < probeRate || n > 6*probeRate*3/2 {
		t.Errorf("%d probes in 5 s, %d a second were wanted", n, probeRate)
	}
	if puts := operationOf(t, run, "puts", "put"); puts.Intended != 250 || puts.BytesSent < 250*1024 {
		t.Errorf("constant 50/s for 5 s: %d intended, %d bytes sent", puts.Intended, puts.BytesSent)
	}
	if pages, lists := operationOf(t, run, "relist", "page"), operationOf(t, run, "relist", "list"); lists.Intended != 10 || pages.Intended < 4*lists.Intended {
		t.Errorf("%d pages in %d lists of 400 pods by 100", pages.Intended, lists.Intended)
	}
	if len(result.Watches) != 1 {
		t.Fatalf("watches: %+v", result.Watches)
	}
	wantChecks(t, result)
	w := result.Watches[0]
	if w.Missing == nil || *w.Missing != 0 || w.Delivered+w.Late != w.Expected || w.Expected == 0 || w.Duplicated+w.OutOfOrder+w.Unmatched != 0 {
		t.Errorf("watch: %+v, missing %v", w, w.Missing)
	}
	if w.Delivery.Count != w.Expected || w.DeliveryFromAck.Count != w.Expected {
		t.Errorf("%d and %d deliveries timed of %d", w.Delivery.Count, w.DeliveryFromAck.Count, w.Expected)
	}
	for _, name := range []string{results.JournalFile, results.ScenarioFile, results.ConfigurationFile, "logs"} {
		if _, err := os.Stat(filepath.Join(run.Folder, name)); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Stat(filepath.Join(run.Folder, results.DataFolder)); err == nil {
		t.Error("the lab's data are still there")
	}
}

func names(run *results.Run) (all []string) {
	for _, o := range run.Operations {
		all = append(all, o.Workload+"."+o.Operation)
	}
	return all
}

// A pod costs the requests that a real kube-apiserver sends for it: 14.5 from
// create to Ready, 10.2 for its deletion, by operation as measured.
func TestPodBudget(t *testing.T) {
	perStart := map[podStep]float64{stepCreate: 1, stepBind: 1, stepGetAccount: 1, stepGet: 4, stepCreating: 1, stepRunning: 1, stepReady: 1, stepEvent: 4.5}
	perStop := map[podStep]float64{stepGet: 4, stepMark: 1, stepEvent: 1.5, stepTerminated: 1, stepMarkNow: 1, stepDeleteStale: 0.7, stepDelete: 1}
	start, stop := map[podStep]float64{}, map[podStep]float64{}
	stale := scenarios.PodChurn{}.StaleShare()
	for containers := 1; containers <= 2; containers++ {
		for _, s := range startSteps(scenarios.NoWave, containers) {
			start[s] += 0.5
		}
		for _, s := range stopSteps(scenarios.NoWave, containers, true) {
			stop[s] += 0.5 * stale
		}
		for _, s := range stopSteps(scenarios.NoWave, containers, false) {
			stop[s] += 0.5 * (1 - stale)
		}
	}
	for _, tc := range []struct {
		name      string
		got, want map[podStep]float64
		sum       float64
	}{{"start", start, perStart, 14.5}, {"stop", stop, perStop, 10.2}} {
		t.Run(tc.name, func(t *testing.T) {
			sum := 0.0
			for step, n := range tc.got {
				sum += n
				if math.Abs(n-tc.want[step]) > 1e-9 {
					t.Errorf("step %d: %g a pod, want %g", step, n, tc.want[step])
				}
			}
			if math.Abs(sum-tc.sum) > 1e-9 {
				t.Errorf("%g requests a pod, want %g", sum, tc.sum)
			}
		})
	}
}

// A member that is killed in mid-run is an honest result: the run goes on to its
// end, what hangs is a time-out with its age, and no event is called missing.
func TestMemberKilled(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	job := jobOf(t, churn, "", "phases.measure=10s", "phases.drain=1s")
	killed := false
	var at time.Time
	job.Progress = func(s Status) {
		if s.Phase == results.PhaseMeasure && s.Elapsed > 500*time.Millisecond && !killed {
			killed, at = true, time.Now()
			killMembers(t, job.RunsDir)
		}
	}
	run, result := runJob(t, job)
	if !killed {
		t.Fatal("the member was never killed")
	}
	if !slices.ContainsFunc(run.Events, func(e results.Event) bool {
		return e.Kind == results.EventMember && strings.Contains(e.Detail, "killed")
	}) {
		t.Errorf("no word of the member's end: %+v", run.Events)
	}
	if countEvents(run, results.EventConnection, " broke") == 0 || countEvents(run, results.EventConnection, "does not answer") != 1 {
		t.Errorf("no word of the connections: %+v", run.Events)
	}
	puts := operationOf(t, run, "puts", "put")
	if puts.Intended != 500 || puts.Errors["DeadlineExceeded"] == 0 || puts.Unfinished == 0 || puts.Succeeded == 0 {
		t.Errorf("puts: %+v", puts.Counts)
	}
	// Those that were due just after the death waited until the drain of 1 s was over.
	measured := result.Phases[slices.IndexFunc(result.Phases, func(p results.PhaseSpan) bool { return p.Name == results.PhaseMeasure })]
	dead := run.Header.Started.Add(time.Duration(measured.EndMS)*time.Millisecond + time.Second).Sub(at)
	if oldest := time.Duration(puts.Quantities[results.Response].Max()) * time.Microsecond; oldest < dead/2 {
		t.Errorf("the longest wait is recorded as %v; the member was dead for %v", oldest, dead)
	}
	for _, o := range run.Operations {
		if o.Intended != o.Succeeded+o.Conflicts+o.ErrorCount()+o.Dropped {
			t.Errorf("%s.%s: intended is not the sum of its outcomes: %+v", o.Workload, o.Operation, o.Counts)
		}
	}
	if w := result.Watches[0]; w.Missing != nil && *w.Missing > 0 {
		t.Errorf("%d events are called missing", *w.Missing)
	}
	if result.Valid != (len(result.InvalidReasons) == 0) || !result.Complete {
		t.Errorf("valid %v %v, complete %v", result.Valid, result.InvalidReasons, result.Complete)
	}
	for _, c := range result.Checks {
		if (c.Status == results.Fail) != (c.Name == "members-healthy") {
			t.Errorf("%s %s: %s", c.Name, c.Status, c.Detail)
		}
	}
}

// killMembers kills the members of the labs in a runs' folder, by what stands on their command lines.
func killMembers(t *testing.T, runsDir string) {
	t.Helper()
	for _, pid := range membersOf(t, runsDir) {
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
}

// membersOf is the process ids of the members that belong to a runs' folder.
func membersOf(t *testing.T, runsDir string) (pids []int) {
	t.Helper()
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Error(err)
	}
	for _, path := range lines {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it ended meanwhile
		}
		words := strings.Split(string(b), "\x00")
		if len(words) < 4 || words[1] != lab.MemberCommand || !strings.HasPrefix(words[3], runsDir) {
			continue
		}
		var pid int
		if _, err := fmt.Sscanf(path, "/proc/%d/cmdline", &pid); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// Ctrl-C ends the load early; what was measured is kept and the lab is gone.
func TestInterrupted(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	job := jobOf(t, churn, "", "phases.measure=60s")
	run, result := interruptAfter(t, job, time.Second)
	if result.Complete || run.Ended == nil || operationOf(t, run, "puts", "put").Succeeded < 40 {
		t.Errorf("complete %v, end %v, puts %+v", result.Complete, run.Ended, operationOf(t, run, "puts", "put").Counts)
	}
	wantChecks(t, result)
	if pids := membersOf(t, job.RunsDir); len(pids) > 0 {
		t.Errorf("members are left: %v", pids)
	}
}

// interruptAfter runs a job and interrupts it so long after the start of its measure phase.
func interruptAfter(t *testing.T, job Job, after time.Duration) (*results.Run, results.Result) {
	t.Helper()
	return interruptWhen(t, job, func(s Status) bool { return s.Elapsed > after })
}

// allDone is when all chains have ended that were due until an instant of the measure phase. Who
// interrupts a run then waits on a busy machine as long as need be, and no longer on an idle one.
func allDone(due time.Duration) func(Status) bool {
	return func(s Status) bool { return s.Elapsed > due+500*time.Millisecond && s.InFlight == 0 && s.Backlog == 0 }
}

// interruptWhen runs a job and interrupts it as soon as a condition holds in its measure phase.
func interruptWhen(t *testing.T, job Job, holds func(Status) bool) (*results.Run, results.Result) {
	t.Helper()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	job.Progress = func(s Status) {
		if s.Elapsed < 0 {
			t.Errorf("%v of the %s have passed", s.Elapsed, s.Phase)
		}
		if s.Phase == results.PhaseMeasure && holds(s) {
			interrupt()
		}
	}
	folder, err := Run(ctx, t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	return load(t, folder)
}

// Interrupted before anything begins, a run leaves nothing but its folder.
func TestInterruptedAtOnce(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	job := jobOf(t, churn, "")
	if _, err := Run(ctx, t.Context(), job); err == nil {
		t.Error("a run that was interrupted before it began gives no error")
	}
	if pids := membersOf(t, job.RunsDir); len(pids) > 0 {
		t.Errorf("members are left: %v", pids)
	}
}

// An endpoint that nobody answers at is told within 5 s, without the password.
func TestUnreachable(t *testing.T) {
	t.Parallel()
	job := jobOf(t, churn, `endpoints = ["http://127.0.0.1:1"]`)
	job.Credentials = Credentials{Username: "root", Password: "s3cret"}
	began := time.Now()
	_, err := Run(t.Context(), t.Context(), job)
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("error %v", err)
	}
	if took := time.Since(began); took > 15*time.Second { // three times what is promised: other tests share the machine
		t.Errorf("told after %v", took)
	}
	if left, err := os.ReadDir(job.RunsDir); err != nil || len(left) > 0 {
		t.Errorf("a run that never began leaves %v, %v", left, err)
	}
}

// Overloaded, and cut off by the end of the drain: every chain is accounted for,
// what was worked off later is not achieved, and no event is called missing.
func TestOverload(t *testing.T) {
	run, result := runJob(t, jobOf(t, churn, "",
		"workload.churn.arrival.rate=300/s", "workload.churn.max_in_flight=2", "phases.measure=3s", "phases.warmup=0s", "phases.drain=1s"))
	for _, o := range run.Operations {
		if o.Intended != o.Succeeded+o.Conflicts+o.ErrorCount()+o.Dropped {
			t.Errorf("%s.%s: intended is not the sum of its outcomes: %+v", o.Workload, o.Operation, o.Counts)
		}
		if n := timed(o, results.Service); n != o.Sent {
			t.Errorf("%s.%s: %d service times of %d sent", o.Workload, o.Operation, n, o.Sent)
		}
		if n := timed(o, results.Response); n != o.Intended-o.Dropped {
			t.Errorf("%s.%s: %d response times of %d", o.Workload, o.Operation, n, o.Intended)
		}
	}
	start := operationOf(t, run, "churn", "pod-start")
	if start.Unfinished == 0 || start.Achieved >= start.Intended || start.Intended < 800 {
		t.Errorf("pod-start: %+v", start.Counts)
	}
	if w := result.Watches[0]; w.Missing == nil || *w.Missing != 0 || w.Expected == 0 || w.Delivered+w.Late != w.Expected {
		t.Errorf("watch: %+v", w)
	}
	waited := int64(0)
	for _, m := range run.Timeline {
		waited = max(waited, m.Backlog["churn"])
	}
	if waited < 100 || waited > start.Intended*20 {
		t.Errorf("at most %d operations waited for a worker", waited)
	}
}

// timed is how many times a quantity has.
func timed(o results.OperationRecord, quantity string) int64 {
	if h := o.Quantities[quantity]; h != nil {
		return h.TotalCount()
	}
	return 0
}
