package results

import (
	"path/filepath"
	"testing"
	"time"
)

// Blocks hold what the measure phase has, each value once, what came after it in the last.
func TestLoadBlocks(t *testing.T) {
	folder := t.TempDir()
	j, err := CreateJournal(filepath.Join(folder, JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	record := func(r Record) {
		if err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	record(Record{Header: &Header{Schema: JournalSchema, ID: "a"}})
	record(Record{Phase: &Phase{Name: PhaseWarmup}})
	record(Record{Phase: &Phase{Name: PhaseMeasure, AtMS: 1000}})
	second := func(start float64, phase PhaseName, micros int64) {
		h := NewHistogram(Figures)
		if err := h.RecordValue(micros); err != nil {
			t.Fatal(err)
		}
		encoded, err := EncodeHistogram(h)
		if err != nil {
			t.Fatal(err)
		}
		record(Record{Interval: &Interval{StartMS: start, EndMS: start + 1000, Operations: []OperationInterval{{
			Workload: "churn", Operation: "create", Phase: phase, Quantities: map[string]Histogram{Response: encoded},
		}}}})
	}
	second(0, PhaseWarmup, 9999)
	for i := range 11 {
		second(1000+1000*float64(i), PhaseMeasure, int64(100+i))
	}
	record(Record{Phase: &Phase{Name: PhaseDrain, AtMS: 12000}})
	second(12000, PhaseMeasure, 500) // intended in the measure phase, and done after it
	record(Record{End: &End{AtMS: 13000, Complete: true}})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	all, err := LoadBlocks(folder, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	blocks := all["churn.create.response"]
	if len(blocks) != 2 || len(blocks[0]) != 5 || len(blocks[1]) != 7 || blocks[0][0] != (Seen{100, 1}) || blocks[1][6].Micros < 500 {
		t.Errorf("%v", blocks)
	}
	if _, err := LoadBlocks(t.TempDir(), time.Second); err == nil {
		t.Error("a folder without a journal has blocks")
	}
}
