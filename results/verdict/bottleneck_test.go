package verdict

import (
	"fmt"
	"strings"
	"testing"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// scene is a run of ten seconds with one or three members, on which a test changes what it is about.
type scene struct {
	run     *results.Run
	invalid []string
}

// member returns the measure phase of one.
func (s *scene) member(i int) *results.MemberPhase {
	return s.run.Server[i].Phases[results.PhaseMeasure]
}

// buckets is a histogram of etcd's with so many values up to each bound, from the one before.
func buckets(pairs ...float64) (h results.ServerHistogram) {
	from := 0.0
	for i := 0; i < len(pairs); i += 2 {
		h.Buckets = append(h.Buckets, results.ServerBucket{FromMS: from, ToMS: pairs[i], Count: int64(pairs[i+1])})
		h.SumMS += (from + pairs[i]) / 2 * pairs[i+1]
		from = pairs[i]
	}
	return h
}

func newScene(members int) *scene {
	s := &scene{run: &results.Run{LinkRTT: map[string]*hdr.Histogram{}, Phases: []results.PhaseSpan{{Name: results.PhaseMeasure, StartMS: 1000, EndMS: 11000}}}}
	for i := range members {
		p := &results.MemberPhase{SpanMS: 10_000, Looks: 10, Counters: map[string]float64{results.CPUSeconds: 2, results.CPUWaitSeconds: 0.2}, Histograms: map[string]results.ServerHistogram{
			results.Fsync: buckets(1, 1500, 2, 100), results.Commit: buckets(1, 50, 4, 50),
		}, Last: map[string]float64{results.QuotaBytes: 2 << 30}, Max: map[string]float64{results.DBBytes: 64 << 20}, Mean: map[string]float64{results.Watchers: 10}}
		if i == 0 {
			p.Mean[results.IsLeader] = 1
		}
		s.run.Server = append(s.run.Server, results.MemberRecord{Member: fmt.Sprintf("m%d", i+1), Phases: map[results.PhaseName]*results.MemberPhase{results.PhaseMeasure: p}})
	}
	s.operation("put", 2, results.Counts{Intended: 1000, Succeeded: 1000, BytesSent: 1 << 20})
	return s
}

// operation adds one whose service is always the same.
func (s *scene) operation(name string, serviceMS float64, c results.Counts) {
	h := results.NewHistogram(results.Figures)
	if err := h.RecordValues(int64(serviceMS*1000), c.Succeeded+c.Conflicts); err != nil {
		panic(err)
	}
	s.run.Operations = append(s.run.Operations, results.OperationRecord{Workload: "w", Operation: name, Counts: c, Quantities: map[string]*hdr.Histogram{results.Service: h, results.Response: h}})
}

func (s *scene) link(from, to string, ms float64) {
	h := results.NewHistogram(results.Figures)
	_ = h.RecordValues(int64(ms*1000), 100)
	s.run.Header.Configuration.Links = append(s.run.Header.Configuration.Links, results.LinkRef{From: from, To: to})
	s.run.LinkRTT[results.LinkKey(from, to)] = h
}

func TestFindings(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name    string
		members int
		change  func(s *scene)
		want    string // name and confidence of each
	}{
		{"nothing", 3, func(*scene) {}, ""},
		{"no telemetry", 0, func(*scene) {}, ""},
		{"a slow disk", 1, func(s *scene) { s.member(0).Histograms[results.Fsync] = buckets(16, 100, 32, 900) }, "disk-fsync high"},
		{"a slow disk of the leader", 3, func(s *scene) { s.member(0).Histograms[results.Fsync] = buckets(16, 100, 32, 900) }, "disk-fsync high"},
		{"a slow disk that no write waits for", 3, func(s *scene) { s.member(2).Histograms[results.Fsync] = buckets(16, 100, 32, 900) }, ""},
		{"slow disks of both followers", 3, func(s *scene) {
			s.member(1).Histograms[results.Fsync] = buckets(16, 100, 32, 900)
			s.member(2).Histograms[results.Fsync] = buckets(16, 100, 32, 900)
		}, "disk-fsync high"},
		{"a disk that stalls now and then", 1, func(s *scene) { s.member(0).Histograms[results.Fsync] = buckets(1, 950, 32, 50) }, "disk-fsync medium"},
		{"fsyncs that wait for a processor", 1, func(s *scene) {
			s.member(0).Histograms[results.Fsync] = buckets(1, 950, 32, 50)
			s.member(0).Counters[results.CPUWaitSeconds] = 6
		}, "cpu-host high, disk-fsync low"},
		{"too few fsyncs to say", 1, func(s *scene) { s.member(0).Histograms[results.Fsync] = buckets(32, 15) }, ""},
		{"slow commits", 1, func(s *scene) { s.member(0).Histograms[results.Commit] = buckets(1, 50, 64, 50) }, "disk-commit medium"},
		{"slow commits and fsyncs are one disk", 1, func(s *scene) {
			s.member(0).Histograms[results.Fsync] = buckets(16, 100, 32, 900)
			s.member(0).Histograms[results.Commit] = buckets(64, 100)
		}, "disk-fsync high"},
		{"held up by its limit", 1, func(s *scene) {
			s.member(0).Last[results.CPULimit] = 0.2
			s.member(0).Counters[results.ThrottledSeconds] = 3
			s.member(0).Counters[results.CPUWaitSeconds] = 9
		}, "cpu-etcd high"},
		{"at its limit without being held up", 1, func(s *scene) { s.member(0).Last[results.CPULimit] = 0.21 }, "cpu-etcd medium"},
		{"far below its limit", 1, func(s *scene) { s.member(0).Last[results.CPULimit] = 1 }, ""},
		{"taken by the hypervisor", 1, func(s *scene) {
			s.run.Host.Measure = &results.HostTelemetry{EndMS: 10_000, CPU: 0.6, Steal: 0.2}
		}, "cpu-host high"},
		{"waiting that hides behind slow requests", 1, func(s *scene) {
			s.member(0).Counters[results.CPUWaitSeconds] = 4
			s.run.Operations = nil
			s.operation("put", 50, results.Counts{Intended: 1000, Succeeded: 1000})
		}, ""},
		{"peers far away", 3, func(s *scene) {
			s.link("m1", "m2", 20)
			s.link("m1", "m3", 20)
			s.link("m2", "m3", 20)
			s.run.Operations = nil
			s.operation("put", 22, results.Counts{Intended: 1000, Succeeded: 1000})
		}, "network-rtt high"},
		{"one peer far away", 3, func(s *scene) {
			s.link("m1", "m2", 0.1)
			s.link("m1", "m3", 20)
			s.link("m2", "m3", 20)
		}, ""},
		{"peers far away beside a slower disk", 3, func(s *scene) {
			s.link("m1", "m2", 3)
			s.link("m1", "m3", 3)
			s.run.Operations = nil
			s.operation("put", 80, results.Counts{Intended: 1000, Succeeded: 1000})
		}, ""},
		{"round trips that etcd tells of", 3, func(s *scene) { s.member(0).Histograms[results.PeerRTT] = buckets(102.4, 0, 204.8, 40, 409.6, 40) }, "network-rtt medium"},
		{"leaders that change", 3, func(s *scene) { s.member(1).Counters[results.LeaderChanges] = 2 }, "raft medium"},
		{"leaders that an action changed", 3, func(s *scene) {
			s.member(1).Counters[results.LeaderChanges] = 2
			s.run.Actions = []results.ActionRecord{{}}
		}, ""},
		{"watchers behind", 1, func(s *scene) {
			s.member(0).Mean[results.SlowWatchers], s.member(0).Mean[results.EventsPending] = 8, 5000
		}, "watch high"},
		{"a watcher behind once", 1, func(s *scene) { s.member(0).Mean[results.SlowWatchers] = 0.1 }, ""},
		{"near the quota", 1, func(s *scene) { s.member(0).Max[results.DBBytes] = 1.96 * (1 << 30) }, "quota high"},
		{"on the way to the quota", 1, func(s *scene) { s.member(0).Max[results.DBBytes] = 1.7 * (1 << 30) }, "quota medium"},
		{"near the memory limit", 1, func(s *scene) {
			s.member(0).Last[results.MemoryLimit], s.member(0).Max[results.MemberRSS] = 128<<20, 120<<20
		}, "memory high"},
		{"garbage collection", 1, func(s *scene) { s.member(0).Counters[results.GCPauseSeconds] = 0.3 }, "memory medium"},
		{"a defragmentation", 1, func(s *scene) { s.member(0).Histograms[results.Defragment] = buckets(400, 1) }, "maintenance medium"},
		{"lists that take seconds", 1, func(s *scene) {
			s.operation("list", 4000, results.Counts{Intended: 10, Succeeded: 10, BytesReceived: 300 << 20})
		}, "large-request medium"},
		{"lists beyond the SLO", 1, func(s *scene) {
			s.operation("list", 40_000, results.Counts{Intended: 10, Succeeded: 10, BytesReceived: 300 << 20})
		}, "large-request high"},
		{"conflicts", 1, func(s *scene) {
			s.operation("update", 2, results.Counts{Intended: 100, Succeeded: 60, Conflicts: 40})
			s.operation("delete-stale", 2, results.Counts{Intended: 100, Conflicts: 100})
		}, "conflicts medium"},
		{"the generator", 1, func(s *scene) {
			s.invalid = []string{"w.put: the generator itself was late, by p50 3 of 5 ms of the response"}
			s.member(0).Histograms[results.Fsync] = buckets(16, 100, 32, 900)
		}, "generator high, disk-fsync high"},
		{"not valid for another reason", 1, func(s *scene) { s.invalid = []string{"the clock jumped"} }, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			s := newScene(tc.members)
			tc.change(s)
			var got []string
			for _, f := range Findings(s.run, s.invalid) {
				got = append(got, f.Name+" "+string(f.Confidence))
				if f.Advice == "" || len(f.Evidence) == 0 {
					t.Errorf("%s: advice %q, evidence %q", f.Name, f.Advice, f.Evidence)
				}
			}
			if strings.Join(got, ", ") != tc.want {
				t.Errorf("got %q, want %q", strings.Join(got, ", "), tc.want)
			}
		})
	}
}

func TestWrites(t *testing.T) {
	for names, want := range map[string]bool{
		"list page range get count get-event get-revision count-objects list-leases check-consistency probe status watch expire": false,
		"put create create-event update update-status bind delete delete-stale renew-lease lease-grant revoke compact evict":     true,
	} {
		for name := range strings.FieldsSeq(names) {
			if Writes(name) != want {
				t.Errorf("%s writes: %v", name, !want)
			}
		}
	}
}
