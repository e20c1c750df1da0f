package history

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// day is a night's time.
func day(n int) time.Time { return time.Date(2026, 1, 1, 3, 0, 0, 0, time.UTC).AddDate(0, 0, n) }

// measured is a record of that night, whose one metric is higher than the control's by that share.
func measured(night int, effect float64, changes ...func(*Record)) Record {
	control := 2.0
	r := Record{
		At: day(night), Name: "nightly", Source: fmt.Sprintf("%s-nightly", day(night).Format("20060102T150405Z")),
		Scenario:  results.ScenarioRef{Name: "pod-churn", SHA256: strings.Repeat("a", 64)},
		Candidate: Party{Name: "candidate", SHA256: strings.Repeat("c", 64), Etcd: "3.7.3"},
		Control:   &Party{Name: "control", SHA256: strings.Repeat("0", 64), Etcd: "3.7.3"},
		Machine:   Machine{OS: "linux", Kernel: "6.18", CPUModel: "test", CPUs: 2, MemoryGiB: 24, Filesystem: "ext4"},
		Tool:      "etcd-dyno v1", Pairs: 16, Valid: true,
		Metrics: []Metric{{Metric: "churn.bind.response.p50", Better: "lower", Gates: true, Relative: true, Value: 2 * (1 + effect), Control: &control, Effect: &effect}},
	}
	for _, change := range changes {
		change(&r)
	}
	return r
}

// stored is a history's file with such records, each added an hour after it began.
func stored(t *testing.T, records ...Record) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.ndjson")
	for _, r := range records {
		if _, err := Add(path, r.At.Add(time.Hour), r); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func mustRead(t *testing.T, path string) *History {
	t.Helper()
	h, err := Read(path)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// nightsOf are the days of the records, in their order.
func nightsOf(h *History) (all []int) {
	for _, r := range h.Records {
		all = append(all, int(r.At.Sub(day(0)).Hours()/24))
	}
	return all
}

func TestAddTwice(t *testing.T) {
	path := stored(t, measured(0, 0.01))
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	moved := measured(0, 0.01)
	moved.Folder = "elsewhere" // where it lies is not what was measured
	added, err := Add(path, day(3), moved)
	if err != nil || len(added) != 1 || !added[0].Already || !added[0].Record.Added.Equal(day(0).Add(time.Hour)) {
		t.Errorf("%+v, %v; want it to be there already", added, err)
	}
	if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
		t.Error("the file has changed")
	}
}

// A line that cannot be read is told by its number, stays where it is, and hides no other.
func TestFaults(t *testing.T) {
	path := stored(t, measured(0, 0), measured(1, 0))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(whole), "\n")
	for _, test := range []struct{ name, line, why string }{
		{"half a line", lines[0][:100] + "\n", "line 2 is no JSON of a history: unexpected end"},
		{"another program's", "{\"a\":1}\n", `line 2 has the schema "", this program reads "etcd-dyno/history/v1"`},
		{"of later", `{"schema":"etcd-dyno/history/v2","record":{}}` + "\n", `line 2 has the schema "etcd-dyno/history/v2"`},
		{"nothing in it", `{"schema":"etcd-dyno/history/v1"}` + "\n", "line 2 has neither a record nor"},
		{"two things", `{"schema":"etcd-dyno/history/v1","ack":{"change":"a"},"told":{"id":"a"}}` + "\n", "or several"},
		{"a record of nothing", `{"schema":"etcd-dyno/history/v1","record":{}}` + "\n", "is a record without id"},
		{"an ack of nothing", `{"schema":"etcd-dyno/history/v1","ack":{}}` + "\n", "is an ack of no change"},
		{"a merge that is not done", "<<<<<<< HEAD\n", "mark of a merge"},
		{"bytes", "\x00\xff\xfe\n", "line 2 is no JSON"},
		{"a type", `{"schema":"etcd-dyno/history/v1","record":{"id":7}}` + "\n", "line 2 is no JSON of a history: json: cannot unmarshal number"},
	} {
		t.Run(test.name, func(t *testing.T) {
			spoilt := lines[0] + test.line + lines[1]
			if err := os.WriteFile(path, []byte(spoilt), 0o644); err != nil {
				t.Fatal(err)
			}
			h := mustRead(t, path)
			if len(h.Faults) != 1 || !strings.Contains(h.Faults[0].String(), test.why) || len(h.Records) != 2 {
				t.Errorf("%d records, faults %v; want two and %q", len(h.Records), h.Faults, test.why)
			}
			if _, err := Add(path, day(3), measured(2, 0)); err != nil {
				t.Fatal(err)
			}
			if after, _ := os.ReadFile(path); !strings.HasPrefix(string(after), spoilt) {
				t.Error("what was there has been changed")
			}
			if got := nightsOf(mustRead(t, path)); !slices.Equal(got, []int{0, 1, 2}) {
				t.Errorf("nights %v", got)
			}
		})
	}
}

// A job that is killed while it writes spoils no other's line.
func TestCutOff(t *testing.T) {
	path := stored(t, measured(0, 0), measured(1, 0))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 40, len(whole) / 4} {
		if err := os.WriteFile(path, whole[:len(whole)-n], 0o644); err != nil {
			t.Fatal(err)
		}
		want := []int{0, 1, 2}
		if n > 1 { // with only its end missing the line is whole
			want = []int{0, 2}
			if h := mustRead(t, path); len(h.Faults) != 1 || h.Faults[0].String() != "line 2 was cut off: it has no end" {
				t.Errorf("%d bytes short: faults %v", n, h.Faults)
			}
		}
		if _, err := Add(path, day(3), measured(2, 0)); err != nil {
			t.Fatal(err)
		}
		if got := nightsOf(mustRead(t, path)); !slices.Equal(got, want) {
			t.Errorf("%d bytes short: nights %v, want %v", n, got, want)
		}
	}
}

// Many processes that add at once lose nothing.
func TestManyWriters(t *testing.T) {
	if path := os.Getenv("HISTORY_OF_MANY_WRITERS"); path != "" {
		for i := range 25 {
			r := measured(i, 0)
			r.Name = fmt.Sprint(os.Getpid())
			if _, err := Add(path, r.At, r); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	path := filepath.Join(t.TempDir(), "history.ndjson")
	var all []*exec.Cmd
	for range 4 {
		c := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestManyWriters$")
		c.Env = append(os.Environ(), "HISTORY_OF_MANY_WRITERS="+path)
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	for _, c := range all {
		if err := c.Wait(); err != nil {
			t.Error(err)
		}
	}
	h := mustRead(t, path)
	if len(h.Records) != 100 || len(h.Faults) > 0 {
		t.Errorf("%d records, faults %v; want 100 and none", len(h.Records), h.Faults)
	}
}

// Histories that were merged line by line, in whatever order, are the same history.
func TestMerge(t *testing.T) {
	base := stored(t, measured(0, 0), measured(1, 0))
	common, err := os.ReadFile(base)
	if err != nil {
		t.Fatal(err)
	}
	branch := func(nights ...int) string {
		path := filepath.Join(t.TempDir(), "history.ndjson")
		if err := os.WriteFile(path, common, 0o644); err != nil {
			t.Fatal(err)
		}
		for _, n := range nights {
			if _, err := Add(path, day(n).Add(time.Hour), measured(n, 0)); err != nil {
				t.Fatal(err)
			}
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[len(common):])
	}
	a, b := branch(2, 4, 5), branch(3, 6)
	for _, merged := range []string{a + b, b + a} {
		if err := os.WriteFile(base, append(slices.Clone(common), merged...), 0o644); err != nil {
			t.Fatal(err)
		}
		h := mustRead(t, base)
		if got := nightsOf(h); !slices.Equal(got, []int{0, 1, 2, 3, 4, 5, 6}) || len(h.Warnings) > 0 {
			t.Errorf("nights %v, warnings %v", got, h.Warnings)
		}
	}
}

// A clock that runs backwards is told, and the order stays that in which records were added.
func TestClock(t *testing.T) {
	backwards := func(r *Record) { r.At = r.At.AddDate(-50, 0, 0) }
	path := stored(t, measured(0, 0), measured(1, 0))
	wrong := measured(2, 0, backwards)
	added, err := Add(path, wrong.At.Add(time.Hour), wrong)
	if err != nil || len(added[0].Notes) != 1 || !strings.Contains(added[0].Notes[0], "the clock runs backwards: it is 1976-01-03 04:00, and the record before was added at 2026-01-02 04:00") {
		t.Errorf("%+v, %v", added, err)
	}
	for _, n := range []int{3, 4} {
		if _, err := Add(path, day(n).Add(time.Hour), measured(n, 0)); err != nil {
			t.Fatal(err)
		}
	}
	h := mustRead(t, path)
	if h.Records[2].At.Year() != 1976 || h.Records[3].At != day(3) || len(h.Warnings) != 1 || !strings.Contains(h.Warnings[0], "the clock ran backwards") {
		t.Errorf("order %v, warnings %v", nightsOf(h), h.Warnings)
	}

	// One night of the future, and then the right time again.
	path = stored(t, measured(0, 0))
	ahead := measured(1, 0, func(r *Record) { r.At = r.At.AddDate(10, 0, 0) })
	if _, err := Add(path, ahead.At.Add(time.Hour), ahead); err != nil {
		t.Fatal(err)
	}
	for n := 2; n < 6; n++ {
		r := measured(n, 0)
		if _, err := Add(path, r.At.Add(time.Duration(7-n)*time.Hour), r); err != nil { // each takes less long
			t.Fatal(err)
		}
	}
	h = mustRead(t, path)
	if got := nightsOf(h); h.Records[1].At.Year() != 2036 || !slices.Equal(got[2:], []int{2, 3, 4, 5}) || len(h.Warnings) != 1 {
		t.Errorf("order %v, warnings %v", got, h.Warnings)
	}
	if added, err := Add(path, day(1), measured(9, 0)); err != nil || !strings.Contains(strings.Join(added[0].Notes, " "), "is yet to come") {
		t.Errorf("%+v, %v", added, err)
	}
}

// A night that was forgotten takes its place when it is added later.
func TestLateNight(t *testing.T) {
	path := stored(t, measured(0, 0), measured(2, 0), measured(3, 0))
	added, err := Add(path, day(4), measured(1, 0))
	if err != nil || len(added[0].Notes) != 1 || !strings.Contains(added[0].Notes[0], "it is older than the last one") {
		t.Errorf("%+v, %v", added, err)
	}
	if h := mustRead(t, path); !slices.Equal(nightsOf(h), []int{0, 1, 2, 3}) || len(h.Warnings) > 0 {
		t.Errorf("nights %v, warnings %v", nightsOf(h), h.Warnings)
	}
}

// What must be the same for measures to be compared parts the series, and is told; what is measured does not.
func TestWhatParts(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*Record)
		note   string
		parts  bool
	}{
		{"scenario", func(r *Record) { r.Scenario.SHA256 = strings.Repeat("b", 64) }, "the scenario pod-churn changed (aaaaaaaa, now bbbbbbbb); its series begin anew", true},
		{"processor", func(r *Record) { r.Machine.CPUModel = "other" }, "the machine changed: its processor was test, and is other; its series begin anew", true},
		{"processors and memory", func(r *Record) { r.Machine.CPUs, r.Machine.MemoryGiB = 4, 32 }, "its number of processors was 2, and is 4; the machine changed: its memory was 24 GiB, and is 32 GiB", true},
		{"control's etcd", func(r *Record) { r.Control = &Party{Name: "control", SHA256: strings.Repeat("0", 64), Etcd: "3.7.4"} }, "the control changed (etcd 3.7.3, now 3.7.4): it is to stay as it is", true},
		{"control's settings", func(r *Record) { r.Control = &Party{Name: "control", SHA256: strings.Repeat("1", 64), Etcd: "3.7.3"} }, "the control changed (settings 00000000, now 11111111)", true},
		{"candidate's etcd", func(r *Record) { r.Candidate.Etcd = "3.7.4" }, "candidate: etcd 3.7.3, now 3.7.4", false},
		{"candidate's settings", func(r *Record) { r.Candidate.SHA256 = strings.Repeat("d", 64) }, "candidate: settings cccccccc, now dddddddd", false},
		{"tool", func(r *Record) { r.Tool = "etcd-dyno v2" }, "etcd-dyno v1, now etcd-dyno v2", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := stored(t, measured(0, 0), measured(1, 0))
			added, err := Add(path, day(3), measured(2, 0, test.change))
			if err != nil || !strings.Contains(strings.Join(added[0].Notes, "\n"), test.note) {
				t.Errorf("notes %q, %v; want %q", added[0].Notes, err, test.note)
			}
			s := mustRead(t, path).Series()
			if len(s) != 1 || (len(s[0].Segments) == 2) != test.parts {
				t.Fatalf("%+v", s)
			}
			if test.parts && (s[0].Current != 1 || len(s[0].Segments[1].Why) == 0 || len(s[0].Segments[0].Points) != 2) {
				t.Errorf("%+v", s[0])
			}
			if last := s[0].Segments[s[0].Current].Points; !test.parts && len(last[2].Noted) == 0 {
				t.Error("the chart says nothing of it")
			}
			// The first machine again: its measures go on.
			added, err = Add(path, day(4), measured(3, 0))
			if s := mustRead(t, path).Series(); err != nil || test.parts && (s[0].Current != 0 || len(s[0].Segments[0].Points) != 3 || !strings.Contains(strings.Join(added[0].Notes, "\n"), "goes on with the 2 of before that")) {
				t.Errorf("%+v, %v, %v", s[0], added[0].Notes, err)
			}
		})
	}
}

func TestNotValid(t *testing.T) {
	path := stored(t, measured(0, 0))
	added, err := Add(path, day(2), measured(1, 0.5, func(r *Record) { r.Valid, r.Reasons = false, []string{"the generator was late"} }))
	if err != nil || len(added[0].Notes) != 1 || added[0].Notes[0] != "it is kept, and does not count: the generator was late" {
		t.Errorf("%+v, %v", added, err)
	}
	if s := mustRead(t, path).Series(); len(s[0].Segments[0].Points) != 1 {
		t.Errorf("%+v", s)
	}
}

func TestReadNothing(t *testing.T) {
	if _, err := Read(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a history that is not there was read")
	}
	empty := filepath.Join(t.TempDir(), "empty")
	if err := os.WriteFile(empty, []byte("\n\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if h := mustRead(t, empty); len(h.Records)+len(h.Faults) > 0 {
		t.Errorf("%+v", h)
	}
	if n := mustRead(t, empty).Look(func(Series) bool { return true }, day(0)); len(n.Watched) > 0 {
		t.Errorf("%+v", n)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"schema":"etcd-dyno/history/v1","ack":{"change":"a"}}` + "\n"))
	f.Add([]byte("{"))
	f.Add([]byte(`{"schema":"etcd-dyno/history/v1","record":{"id":"a","name":"n","at":"2026-01-01T00:00:00Z","previous":"a"}}` + "\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, faults, _, err := parse(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		given := 0
		for l := range bytes.SplitSeq(text, []byte("\n")) {
			if len(bytes.TrimSpace(l)) > 0 {
				given++
			}
		}
		if len(lines)+len(faults) != given {
			t.Errorf("%d lines, %d faults, of %d", len(lines), len(faults), given)
		}
		h := historyOf(lines, faults)
		for _, s := range h.Series() {
			if j := s.Judge(h.Told); math.IsNaN(j.Level.Low) {
				t.Errorf("%+v", j)
			}
		}
	})
}
