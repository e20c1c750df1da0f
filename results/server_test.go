package results

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"testing/quick"

	"github.com/google/go-cmp/cmp"
)

func TestServerHistogram(t *testing.T) {
	t.Parallel()
	h := ServerHistogram{SumMS: 40, Buckets: []ServerBucket{{0, 1, 50}, {2, 4, 40}, {8192, 0, 10}}}
	for p, want := range map[float64]float64{25: 0.5, 50: 1, 70: 3, 90: 4, 99: 8192} {
		if got, ok := h.Percentile(p); !ok || math.Abs(got-want) > 1e-9 {
			t.Errorf("p%v is %v, want %v", p, got, want)
		}
	}
	if _, ok := (ServerHistogram{}).Percentile(50); ok || h.MeanMS() != 0.4 || h.Above(2) != 0.5 {
		t.Errorf("mean %v, above 2 %v", h.MeanMS(), h.Above(2))
	}
}

// The sum of two histograms has what both have, in whatever order they are added.
func TestServerHistogramPlus(t *testing.T) {
	t.Parallel()
	of := func(counts []uint8) (h ServerHistogram) {
		for i, n := range counts {
			if from := float64(int(1) << (i % 20)); n > 0 {
				h = h.Plus(ServerHistogram{SumMS: from, Buckets: []ServerBucket{{from, 2 * from, int64(n)}}})
			}
		}
		return h
	}
	if err := quick.Check(func(a, b []uint8) bool {
		x, y := of(a), of(b)
		return cmp.Equal(x.Plus(y), y.Plus(x)) && x.Plus(y).Count() == x.Count()+y.Count()
	}, nil); err != nil {
		t.Error(err)
	}
}

// What is told belongs to the phase in which most of the time between two looks lies.
func TestTelemetryByPhases(t *testing.T) {
	t.Parallel()
	var journal bytes.Buffer
	e := json.NewEncoder(&journal)
	look := func(start, end, cpu, db float64) *MemberTelemetry {
		return &MemberTelemetry{
			Member: "m1", StartMS: start, EndMS: end, Counters: map[string]float64{CPUSeconds: cpu}, Gauges: map[string]float64{DBBytes: db},
			Histograms: map[string]ServerHistogram{Fsync: {SumMS: 2, Buckets: []ServerBucket{{0, 1, 4}}}},
		}
	}
	for _, r := range []Record{
		{Header: &Header{Schema: JournalSchema}},
		{Phase: &Phase{Name: PhaseSetup}},
		{Member: look(0, 900, 5, 10)},
		{Phase: &Phase{Name: PhaseMeasure, AtMS: 1000}},
		{Member: look(900, 1050, 7, 20)}, // mostly before
		{Member: look(1050, 2000, 0.5, 90)},
		{Member: &MemberTelemetry{Member: "m1", StartMS: 2100, EndMS: 2100, Error: "refused"}},
		{Member: &MemberTelemetry{Member: "m1", StartMS: 2000, EndMS: 3000, Anew: true, Counters: map[string]float64{CPUSeconds: 0.25}, Gauges: map[string]float64{DBBytes: 80}}},
		{Host: &HostTelemetry{StartMS: 1000, EndMS: 2000, CPU: 0.5, MemoryAvailable: 7, NetworkSent: 1000}},
		{Host: &HostTelemetry{StartMS: 2000, EndMS: 3000, CPU: 0.1, MemoryAvailable: 9, NetworkSent: 3000}},
		{Log: &LogNote{AtMS: 1500, Member: "m1", Class: LogSlowApply, Count: 3}},
		{Phase: &Phase{Name: PhaseDrain, AtMS: 3000}},
		{Member: look(3000, 3500, 9, 70)},
		{End: &End{AtMS: 3500, Complete: true}},
	} {
		if err := e.Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	run, err := LoadFrom(&journal)
	if err != nil || run.Lost != 0 {
		t.Fatal(err, run.Lost)
	}
	r := Summarize(run)
	p := r.Server[0].Phases[PhaseMeasure]
	if p.Seconds != 1.95 || p.Missed != 1 || p.Restarts != 1 || math.Abs(p.CPUCores-0.75/1.95) > 1e-9 || p.DBBytes != 80 || p.DBMaxBytes != 90 || p.Fsync.Count != 4 {
		t.Errorf("measure %+v", p)
	}
	if s := r.Server[0].Phases[PhaseSetup]; math.Abs(s.CPUCores-12/1.05) > 1e-9 {
		t.Errorf("setup %+v", s)
	}
	if r.Server[0].Logs[LogSlowApply] != 3 {
		t.Errorf("logs %v", r.Server[0].Logs)
	}
	if h := r.Host; math.Abs(h.CPU-0.3) > 1e-9 || h.MemoryAvailableBytes != 7 || h.NetworkSentRate != 2000 {
		t.Errorf("host %+v", h)
	}
}
