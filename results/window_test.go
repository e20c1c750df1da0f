package results

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// Before, during and after lie where the action's last record says, and each has
// what ended in it.
func TestStretches(t *testing.T) {
	lines := sample(t, 20, 1) // 100 a second, at 1 ms
	slow := NewHistogram(Figures)
	if err := slow.RecordValues(500_000, 40); err != nil {
		t.Fatal(err)
	}
	encoded, err := EncodeHistogram(slow)
	if err != nil {
		t.Fatal(err)
	}
	var journal []Record
	for _, line := range lines {
		var r Record
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		if in := r.Interval; in != nil && in.StartMS >= 5000 && in.StartMS < 8000 {
			in.Operations[0].Counts = Counts{Sent: 60, Succeeded: 40, Achieved: 40, Errors: map[string]int64{"Unavailable": 20}}
			in.Operations[0].Quantities = map[string]Histogram{Response: encoded}
			in.Operations = append(in.Operations, OperationInterval{Workload: "w", Operation: "late", Phase: PhaseWarmup, Counts: Counts{Succeeded: 1}})
		}
		if r.End != nil {
			begun := Action{Name: "loss", Do: "kill", AtMS: 5000}
			over := begun
			over.EndedMS, over.UnavailableMS, over.RecoveredMS, over.TailMS = new(6000.0), new(1500.0), new(2000.0), new(3000.0)
			open := Action{Name: "later", Do: "kill", AtMS: 15000, EndedMS: new(16000.0)}
			journal = append(journal, Record{Action: &begun}, Record{Action: &over}, Record{Action: &open})
		}
		journal = append(journal, r)
	}
	folder := t.TempDir()
	var text bytes.Buffer
	for _, r := range journal {
		if err := json.NewEncoder(&text).Encode(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(folder, JournalFile), text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	run, err := Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	all := Summarize(run).Actions
	if len(all) != 2 || all[0].Name != "loss" || *all[0].UnavailableMS != 1500 {
		t.Fatalf("actions %+v", all)
	}
	for _, c := range []struct {
		name               string
		window             *ActionWindow
		seconds, p50       float64
		succeeded, errored int64
	}{
		{"before", all[0].Before, 5, 1, 500, 0},
		{"during", all[0].During, 3, 500, 120, 60},
		{"after", all[0].After, 7, 1, 700, 0},
		{"before the second", all[1].Before, 7, 1, 700, 0},
		{"during the second, that never recovered", all[1].During, 5, 1, 500, 0},
	} {
		w := c.window
		if w == nil || w.Seconds != c.seconds || w.Succeeded != c.succeeded || w.ErrorCount() != c.errored || len(w.Operations) != 1 {
			t.Errorf("%s: %+v", c.name, w)
			continue
		}
		if p50 := *w.Response.P50; p50 < c.p50*0.99 || p50 > c.p50*1.01 {
			t.Errorf("%s: p50 of %v ms, not %v", c.name, p50, c.p50)
		}
	}
	if all[1].After != nil {
		t.Errorf("after what never recovered: %+v", all[1].After)
	}
}

// What an action is to cause is no warning; what comes at another time is.
func TestCausedEventsAreNoWarnings(t *testing.T) {
	run := loadLines(t, sample(t, 60, 1))
	run.Actions = []ActionRecord{{Action: Action{Name: "loss", AtMS: 5000, EndedMS: new(6000.0), RecoveredMS: new(2000.0)}}}
	for _, at := range []float64{4000, 5500, 12_000, 40_000} {
		run.Events = append(run.Events, Event{AtMS: at, Kind: EventConnection, Detail: "1 connection broke"})
	}
	run.Events = append(run.Events, Event{AtMS: 5500, Kind: EventWarning, Detail: "something else"})
	if got := Summarize(run).Warnings; len(got) != 3 {
		t.Errorf("warnings %q, want those of 4 s, of 40 s, and the other", got)
	}
}
