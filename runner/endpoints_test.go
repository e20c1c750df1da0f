package runner

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// sentByEndpoint is how many requests each endpoint has answered, over all operations.
func sentByEndpoint(run *results.Run) map[string]int64 {
	sent := map[string]int64{}
	for _, e := range run.Endpoints {
		sent[e.Endpoint] += e.Sent
	}
	return sent
}

// partsOf sums an operation's rows by endpoint.
func partsOf(run *results.Run, o results.OperationRecord) (sum results.Counts, service int64) {
	for _, e := range run.Endpoints {
		if e.Workload == o.Workload && e.Operation == o.Operation {
			sum = sum.Add(e.Counts)
			if e.Service != nil { // nil where all that an endpoint did was intended in the warm-up
				service += e.Service.TotalCount()
			}
		}
	}
	return sum, service
}

// With three members each operation's rows by endpoint add up to the whole, on
// the three URLs alone, about a third on each; chains have none.
func TestRowsByEndpoint(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	run, result := runJob(t, jobOf(t, churn, "name = \"three\"\nmembers = 3", "phases.warmup=1s", "phases.measure=4s"))
	if !result.Complete {
		t.Fatal("the run is not complete")
	}
	for _, o := range run.Operations {
		sum, service := partsOf(run, o)
		if o.Chain {
			if service > 0 {
				t.Errorf("%s.%s is a chain and has rows by endpoint", o.Workload, o.Operation)
			}
			continue
		}
		if sum.Sent != o.Sent || service != o.Quantities[results.Service].TotalCount() || sum.Succeeded != o.Succeeded || sum.Conflicts != o.Conflicts || sum.Achieved != o.Achieved || sum.BytesSent != o.BytesSent || sum.BytesReceived != o.BytesReceived {
			t.Errorf("%s.%s: the parts have %+v, service of %d; the whole has %+v", o.Workload, o.Operation, sum, service, o.Counts)
		}
		if sum.Intended+sum.Dropped+sum.Skipped+sum.Unreached > 0 {
			t.Errorf("%s.%s: what was sent to nobody has an endpoint: %+v", o.Workload, o.Operation, sum)
		}
	}
	ref := run.Header.Configuration
	sent := sentByEndpoint(run)
	var all int64
	for _, n := range sent {
		all += n
	}
	for _, url := range ref.Endpoints {
		if share := float64(sent[url]) / float64(all); share < 0.25 || share > 0.42 {
			t.Errorf("%s has %.0f %% of the requests: %v", url, 100*share, sent)
		}
	}
	if len(sent) != 3 || !slices.Contains(ref.Endpoints, ref.Leader) || strings.Join(ref.MemberNames, " ") != "m1 m2 m3" || ref.Pin != "" {
		t.Errorf("sent %v; the header has %+v", sent, ref)
	}
}

// A client that is held to the leader, the followers or a member sends to those
// endpoints alone, and stays there when the leader changes. All members are
// followed nevertheless. One of the endpoints is written by name.
func TestPins(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	three, err := scenarios.LoadConfiguration("three", nil)
	if err != nil {
		t.Fatal(err)
	}
	urls := startLab(t, three).Endpoints()
	urls[1] = strings.Replace(urls[1], "127.0.0.1", "localhost", 1)
	configuration := fmt.Sprintf("endpoints = [%q, %q, %q]", urls[0], urls[1], urls[2])
	for _, tc := range []struct {
		to    string
		moves bool
		want  func(ref results.ConfigurationRef) []string
	}{
		{to: "all", want: func(results.ConfigurationRef) []string { return urls }},
		{to: "m2", want: func(results.ConfigurationRef) []string { return urls[1:2] }},
		{to: "followers", want: func(ref results.ConfigurationRef) []string {
			return slices.DeleteFunc(slices.Clone(urls), func(url string) bool { return url == ref.Leader })
		}},
		{to: "leader", moves: true, want: func(ref results.ConfigurationRef) []string { return []string{ref.Leader} }},
	} {
		t.Run(tc.to, func(t *testing.T) {
			job := jobOf(t, puts, configuration, "phases.warmup=500ms", "phases.measure=2s", "workload.puts.arrival.rate=50/s")
			job.Configuration.Client = tc.to
			if tc.moves { // there must be time left to hear of it
				job.Scenario.Phases.Measure = 6 * time.Second
				moveInMidRun(t, &job)
			}
			run, _ := runJob(t, job)
			want, sent := tc.want(run.Header.Configuration), sentByEndpoint(run)
			var all int64
			for _, url := range want {
				if all += sent[url]; sent[url] == 0 {
					t.Errorf("nothing was sent to %s: %v", url, sent)
				}
			}
			put := operationOf(t, run, "puts", "put")
			if len(sent) != len(want) || all != put.Sent || all < 100 {
				t.Errorf("sent %v, want %d to %v and nothing else", sent, put.Sent, want)
			}
			if n := countEvents(run, results.EventLeader, "the client stays at "+want[0]+", which follows now"); (n == 1) != tc.moves {
				t.Errorf("events: %+v", run.Events)
			}
		})
	}
	job := jobOf(t, puts, configuration)
	job.Configuration.Client = "m4"
	if _, err := Run(t.Context(), t.Context(), job); err == nil || !strings.Contains(err.Error(), "there is no member m4; there are m1, m2, m3") {
		t.Errorf("a member that is not there: %v", err)
	}
}

// moveInMidRun has the leader hand over after a second of the measure phase.
func moveInMidRun(t *testing.T, job *Job) {
	t.Helper()
	var folder string
	moved := false
	job.Started = func(f string) { folder = f }
	job.Progress = func(s Status) {
		if s.Phase == results.PhaseMeasure && s.Elapsed > 500*time.Millisecond && !moved {
			moved = true
			moveLeader(t, folder)
		}
	}
}

// With one endpoint its rows would say what the whole does.
func TestNoRowsForOneEndpoint(t *testing.T) {
	notUnderRace(t)
	run, result := runJob(t, jobOf(t, puts, "", "phases.warmup=0s", "phases.measure=1s", "workload.puts.arrival.rate=50/s"))
	if len(run.Endpoints) > 0 || len(result.Operations) != 1 || run.Operations[0].Sent == 0 {
		t.Errorf("%+v", result.Operations)
	}
}
