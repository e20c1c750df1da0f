package results

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// sample is a journal of so many measured seconds with the operations given,
// each of 100 an interval at 1 ms.
func sample(tb testing.TB, seconds, operations int) [][]byte {
	tb.Helper()
	h := NewHistogram(Figures)
	if err := h.RecordValues(1000, 100); err != nil {
		tb.Fatal(err)
	}
	e, err := EncodeHistogram(h)
	if err != nil {
		tb.Fatal(err)
	}
	records := []Record{
		{Header: &Header{Schema: JournalSchema, ID: "sample", Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}},
		{Phase: &Phase{Name: PhaseMeasure}},
	}
	for s := range seconds {
		in := Interval{StartMS: float64(s) * 1000, EndMS: float64(s+1) * 1000}
		for o := range operations {
			in.Operations = append(in.Operations, OperationInterval{
				Workload: "w", Operation: string(rune('a' + o)), Phase: PhaseMeasure,
				Counts:     Counts{Intended: 100, Sent: 100, Succeeded: 100, Achieved: 100},
				Quantities: map[string]Histogram{Response: e, Turnaround: e, Service: e},
			})
		}
		records = append(records, Record{Interval: &in})
	}
	records = append(records, Record{End: &End{AtMS: float64(seconds) * 1000, Complete: true}})
	lines := make([][]byte, len(records))
	for i, r := range records {
		if lines[i], err = json.Marshal(r); err != nil {
			tb.Fatal(err)
		}
	}
	return lines
}

func loadLines(tb testing.TB, lines [][]byte) *Run {
	tb.Helper()
	run, err := LoadFrom(bytes.NewReader(bytes.Join(lines, []byte("\n"))))
	if err != nil {
		tb.Fatal(err)
	}
	return run
}

// A line that is cut short or corrupt costs itself alone.
func TestCorruptLine(t *testing.T) {
	for _, tc := range []struct {
		name string
		do   func(line []byte) []byte
	}{
		{"cut short", func(l []byte) []byte { return l[:len(l)/2] }},
		{"rubbish", func([]byte) []byte { return []byte("\x00\xff rubbish") }},
		{"a flipped bit in a histogram", func(l []byte) []byte {
			i := bytes.Index(l, []byte(`"response":"`)) + 60
			l[i] ^= 1
			return l
		}},
		{"two records in one", func(l []byte) []byte { return append(l[:len(l)-1], []byte(`,"end":{"at_ms":1,"complete":true}}`)...) }},
		{"no record", func([]byte) []byte { return []byte(`{}`) }},
	} {
		t.Run(tc.name, func(t *testing.T) {
			lines := sample(t, 10, 2)
			lines[6] = tc.do(bytes.Clone(lines[6]))
			run := loadLines(t, lines)
			if run.Lost != 1 || len(run.Timeline) != 9 || run.Ended == nil {
				t.Errorf("%d lost, %d seconds, end %v", run.Lost, len(run.Timeline), run.Ended)
			}
			if got := run.Operations[0].Intended; got != 900 {
				t.Errorf("%d operations, want 900", got)
			}
			if r := Summarize(run); r.Complete || len(r.Warnings) == 0 {
				t.Errorf("complete %v, warnings %q", r.Complete, r.Warnings)
			}
		})
	}
}

// A journal that breaks off anywhere is told up to its last full line.
func TestBrokenOff(t *testing.T) {
	whole := bytes.Join(sample(t, 5, 1), []byte("\n"))
	header := bytes.IndexByte(whole, '\n')
	for n := header + 1; n < len(whole); n += 97 {
		run, err := LoadFrom(bytes.NewReader(whole[:n]))
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if want := max(bytes.Count(whole[:n], []byte("\n"))-2, 0); len(run.Timeline) < want {
			t.Errorf("cut at %d: %d seconds, want %d", n, len(run.Timeline), want)
		}
	}
}

func TestNoJournal(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"empty", "", "no header"},
		{"not a journal", "hello\nworld\n", "no header"},
		{"another schema", `{"header":{"schema":"etcd-dyno/journal/v9"}}`, `its schema is "etcd-dyno/journal/v9"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if _, err := LoadFrom(strings.NewReader(tc.text)); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("error %v, want %q", err, tc.want)
			}
		})
	}
}

func TestJournalIsNeverWrittenOver(t *testing.T) {
	path := filepath.Join(t.TempDir(), JournalFile)
	j, err := CreateJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.Append(Record{End: &End{AtMS: 1}}); err != nil {
		t.Fatal(err)
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(Record{End: &End{}}); err == nil {
		t.Error("appending to a closed journal gives no error")
	}
	if _, err := CreateJournal(path); !errors.Is(err, os.ErrExist) {
		t.Errorf("creating it again: %v", err)
	}
}

// On a full disk the first error stays, so that no gap is hidden.
func TestDiskFull(t *testing.T) {
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	j := &Journal{file: f}
	first := j.Append(Record{End: &End{}})
	if first == nil {
		t.Fatal("a full disk gives no error")
	}
	if again := j.Append(Record{End: &End{}}); !errors.Is(again, first) || !errors.Is(j.Err(), first) {
		t.Errorf("then %v and %v, want %v", again, j.Err(), first)
	}
}

// Histograms are merged: the percentile of two seconds is not the mean of theirs.
func TestMergedNotAveraged(t *testing.T) {
	lines := sample(t, 1, 1)
	h := NewHistogram(Figures)
	if err := h.RecordValues(9000, 900); err != nil {
		t.Fatal(err)
	}
	e, err := EncodeHistogram(h)
	if err != nil {
		t.Fatal(err)
	}
	slow, err := json.Marshal(Record{Interval: &Interval{StartMS: 1000, EndMS: 2000, Operations: []OperationInterval{{
		Workload: "w", Operation: "a", Phase: PhaseMeasure, Counts: Counts{Intended: 900, Succeeded: 900, Achieved: 900}, Quantities: map[string]Histogram{Response: e},
	}}}})
	if err != nil {
		t.Fatal(err)
	}
	r := Summarize(loadLines(t, append(lines[:3:3], slow, lines[3])))
	got := r.Operations[0].Response
	if got.Count != 1000 || *got.P50 < 8.9 || *got.P50 > 9.1 || *got.Min > 1.01 {
		t.Errorf("merged: %d, p50 %v, min %v", got.Count, *got.P50, *got.Min)
	}
}

func TestEnough(t *testing.T) {
	for _, tc := range []struct {
		p      float64
		needed int64
	}{{50, 20}, {90, 100}, {95, 200}, {99, 1000}, {99.9, 10000}, {99.99, 100000}} {
		if got := Needed(tc.p); got != tc.needed || !Enough(got, tc.p) || Enough(got-1, tc.p) {
			t.Errorf("p%g needs %d, want %d; %v, %v", tc.p, got, tc.needed, Enough(got, tc.p), Enough(got-1, tc.p))
		}
	}
}

func FuzzLoadFrom(f *testing.F) {
	f.Add(bytes.Join(sample(f, 3, 2), []byte("\n")))
	f.Add([]byte("{}\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		run, err := LoadFrom(bytes.NewReader(b))
		if err != nil {
			return
		}
		if _, err := json.Marshal(Summarize(run)); err != nil {
			t.Fatal(err)
		}
	})
}

// BenchmarkLoad is an hour's run of 12 operations.
func BenchmarkLoad(b *testing.B) {
	journal := bytes.Join(sample(b, 3600, 12), []byte("\n"))
	b.ReportAllocs()
	b.SetBytes(int64(len(journal)))
	for b.Loop() {
		run, err := LoadFrom(bytes.NewReader(journal))
		if err != nil {
			b.Fatal(err)
		}
		Summarize(run)
	}
}

// A machine that was full is told beside the numbers.
func TestFullMachine(t *testing.T) {
	for _, tc := range []struct {
		busy float64
		told bool
	}{{0.5, false}, {0.97, true}} {
		in, err := json.Marshal(Record{Interval: &Interval{StartMS: 0, EndMS: 1000, Generator: Usage{HostCPU: tc.busy}}})
		if err != nil {
			t.Fatal(err)
		}
		lines := sample(t, 0, 0)
		r := Summarize(loadLines(t, append(lines[:2:2], in, lines[2])))
		if told := strings.Contains(strings.Join(r.Warnings, "\n"), "processors were"); told != tc.told || r.Generator.HostCPU != tc.busy {
			t.Errorf("busy %v: %v, warnings %q", tc.busy, r.Generator.HostCPU, r.Warnings)
		}
	}
}

// A run whose header is lost is told all the same, as not valid; its folder's name says when it began.
func TestLoadWithoutHeader(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "20260102T150405Z-puts-single")
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	lines := sample(t, 3, 1)
	lines[0] = []byte(`{"header":{"schema"`)
	if err := os.WriteFile(filepath.Join(folder, JournalFile), bytes.Join(lines, []byte("\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	run, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	r := Summarize(run)
	if r.Valid || len(r.InvalidReasons) != 1 || !strings.Contains(r.InvalidReasons[0], "header") || len(r.Operations) != 1 || run.Lost != 1 {
		t.Errorf("valid %v: %q, %d operations, %d lines lost", r.Valid, r.InvalidReasons, len(r.Operations), run.Lost)
	}
	if want := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC); !r.Started.Equal(want) || r.ID != filepath.Base(folder) {
		t.Errorf("%s started at %v, want %v", r.ID, r.Started, want)
	}
}
