package report

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// The log, as hdrhistogram-go's own reader has it, sums to the run's histograms, tag by
// tag, and its instants are those of the measure phase.
func TestHLog(t *testing.T) {
	f := podChurn(20)
	f.loads[0].workload = "a b,c\n%d"
	run := inFolder(t, append(f.journal(t), []byte("{\"interval\":{\"start_ms\":1\n"+`{"interval":{"operations":[{"workload":"w","operation":"o","phase":"measure","quantities":{"response":"torn"}}]}}`+"\n")...))
	want := map[string]map[int64]int64{}
	for _, o := range run.Operations {
		for name, h := range o.Quantities {
			want[tagOf(results.Measured{Workload: o.Workload, Operation: o.Operation, Quantity: name})] = bars(h)
		}
	}
	for _, w := range run.Watches {
		for name, h := range w.Quantities {
			want[w.Workload+"."+name] = bars(h)
		}
	}
	var out bytes.Buffer
	if err := HLog(&out, Page{Run: run}); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	for _, line := range []string{"#[Histogram log format version 1.3]\n", "values are microseconds", "#[not valid: ", "#[StartTime: 1772360100.000 (seconds since epoch), 2026-03-01T10:15:00Z]\n", "Tag=a%20b%2Cc%0A%25d.pod-start.response,7.000000,1.000000,"} {
		if !strings.Contains(text, line) {
			t.Errorf("the log does not have %q:\n%.2000s", line, text)
		}
	}
	measure, _ := run.Span(results.PhaseMeasure)
	from, to := run.Header.Started.Add(time.Duration(measure.StartMS)*time.Millisecond).UnixMilli(), run.Header.Started.Add(time.Duration(run.LastMS)*time.Millisecond).UnixMilli()
	sums := map[string]*hdr.Histogram{}
	reader := hdr.NewHistogramLogReader(&out)
	for {
		h, err := reader.NextIntervalHistogram()
		if err != nil {
			t.Fatal(err)
		}
		if h == nil {
			break
		}
		if h.StartTimeMs() < from || h.EndTimeMs() > to || h.EndTimeMs() <= h.StartTimeMs() {
			t.Fatalf("%s: an interval from %d to %d, beyond %d to %d", h.Tag(), h.StartTimeMs(), h.EndTimeMs(), from, to)
		}
		if sums[h.Tag()] == nil {
			sums[h.Tag()] = results.NewHistogram(results.Figures)
		}
		if lost := sums[h.Tag()].Merge(h); lost > 0 {
			t.Errorf("%s: %d values are beyond the range", h.Tag(), lost)
		}
	}
	got := map[string]map[int64]int64{}
	for tag, h := range sums {
		got[tag] = bars(h)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the sums are not the run's (-want +got):\n%s", diff)
	}
}

// bars are the counts of a histogram's buckets.
func bars(h *hdr.Histogram) map[int64]int64 {
	all := map[int64]int64{}
	for _, b := range h.Distribution() {
		if b.Count > 0 {
			all[b.From] = b.Count
		}
	}
	return all
}

// inFolder loads a run from a folder of its own.
func inFolder(t *testing.T, journal []byte) *results.Run {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, results.JournalFile), journal, 0o644); err != nil {
		t.Fatal(err)
	}
	run, err := results.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	return run
}

func TestHLogWithoutJournal(t *testing.T) {
	run := inFolder(t, podChurn(1).journal(t))
	if err := os.Remove(filepath.Join(run.Folder, results.JournalFile)); err != nil {
		t.Fatal(err)
	}
	if err := HLog(&bytes.Buffer{}, Page{Run: run}); err == nil || !strings.Contains(err.Error(), "run.jsonl") {
		t.Errorf("%v", err)
	}
}
