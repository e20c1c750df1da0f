package runner

import (
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// What members, machine and logs told is of the measure phase alone, and a member
// that was killed in it is no reason for a warning.
func TestTelemetry(t *testing.T) {
	t.Parallel()
	job := acted(t, "8s", `
[action.kill]
at = "2s"
do = "kill"
member = "m3"
for = "1s"
`, "")
	run, result := runJob(t, job)
	sound(t, result)
	if len(result.Server) != 3 || result.Host == nil || result.Host.CPU <= 0 || result.Host.CPU > 1 {
		t.Fatalf("%d members, host %+v", len(result.Server), result.Host)
	}
	measured, _ := run.Span(results.PhaseMeasure)
	span := (measured.EndMS - measured.StartMS) / 1000
	for i, s := range result.Server {
		p := s.Phases[results.PhaseMeasure]
		if killed := i == 2; killed != (p.Restarts == 1) || s.Version == "" || s.Build == "" {
			t.Errorf("%s %s %s: %d restarts", s.Member, s.Version, s.Build, p.Restarts)
		}
		// A look takes its time, more on a busy machine, and the one at either end is of the neighbour's phase where it is late.
		if i < 2 && math.Abs(p.Seconds-span) > 3 {
			t.Errorf("%s was followed for %v s of %v", s.Member, p.Seconds, span)
		}
		// How many writes go to the disk at once is the machine's.
		if p.Fsync == nil || p.Fsync.Count < 10 || p.Commit == nil || p.Apply == nil || p.Request == nil && i != 2 {
			t.Errorf("%s: fsync %+v commit %+v apply %+v request %+v", s.Member, p.Fsync, p.Commit, p.Apply, p.Request)
		}
		if p.CPUCores <= 0 || p.CPUCores > 2 || p.RSSBytes < 10<<20 || p.DBBytes <= 0 || p.DBInUseBytes > p.DBBytes || p.QuotaBytes != 2<<30 || p.Keys == 0 {
			t.Errorf("%s: %+v", s.Member, p)
		}
	}
	writes := operationOf(t, run, "puts", "put").Succeeded
	for _, s := range result.Server[:2] {
		// What the load wrote in the phase was applied by each member in it, as far as it was followed, and the rest is not ten times as much.
		if got := s.Phases[results.PhaseMeasure].ProposalsApplied; got < writes/2 || got > 10*writes {
			t.Errorf("%s applied %d proposals, the load put %d", s.Member, got, writes)
		}
	}
	for _, w := range result.Warnings {
		if strings.Contains(w, "tells") {
			t.Errorf("warning: %s", w)
		}
	}
	if !slices.ContainsFunc(run.Events, func(e results.Event) bool {
		return e.Kind == results.EventTelemetry && strings.Contains(e.Detail, "m3 tells nothing")
	}) {
		t.Errorf("no event tells of m3: %+v", run.Events)
	}
	if result.Generator.GCPauses == 0 || result.Generator.HeapBytes == 0 {
		t.Errorf("generator %+v", result.Generator)
	}
}

// A page that hangs is told once, and costs nothing else: the run goes on.
func TestTelemetryOfAPageThatHangs(t *testing.T) {
	t.Parallel()
	etcd := startEtcd(t)
	page := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer page.Close()
	healthy := etcd.Endpoints()[0] + "/metrics"
	job := jobOf(t, beatsWatched, `endpoints = ["`+etcd.Endpoints()[0]+`"]
[telemetry]
every = "500ms"
urls = ["`+page.URL+`/metrics", "`+healthy+`"]
`, `phases.measure="4s"`) // some of the looks come through, on however busy a machine
	began := time.Now()
	run, result := runJob(t, job)
	t.Logf("the run took %v", time.Since(began))
	told := 0
	for _, w := range result.Warnings {
		if strings.Contains(w, "tells nothing of itself") && strings.Contains(w, "no whole answer within 1s") {
			told++
		}
	}
	if told != 1 || !result.Complete || len(result.Server) != 2 {
		t.Errorf("told %d times, complete %v, warnings %q, %d members", told, result.Complete, result.Warnings, len(result.Server))
	}
	for _, s := range result.Server {
		p := s.Phases[results.PhaseMeasure]
		if hangs := strings.HasSuffix(page.URL, s.Member); hangs != (p.Missed > 0) || hangs == (p.Fsync != nil) {
			t.Errorf("%s: %+v", s.Member, p)
		}
	}
	if span, _ := run.Span(results.PhaseMeasure); span.EndMS == 0 {
		t.Error("nothing was measured")
	}
}

// Nobody is asked where that is not wanted.
func TestNoTelemetry(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	_, result := runJob(t, jobOf(t, beatsWatched, "members = 1\n[telemetry]\nevery = \"0s\"\n"))
	if len(result.Server) != 0 || result.Host != nil {
		t.Errorf("%d members, host %+v", len(result.Server), result.Host)
	}
}
