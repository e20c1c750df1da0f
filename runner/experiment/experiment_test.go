package experiment

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// parsed is the experiment of these tests.
func parsed(tb testing.TB, sets ...string) scenarios.Experiment {
	tb.Helper()
	e, err := scenarios.ParseExperiment("x.toml", []byte(two), sets, nil, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return e
}

const two = `
name = "two"
scenarios = ["pod-churn"]
configurations = ["single", "slow-disk"]
gate = ["churn.create.response.p50"]
pairs = 6
`

// Two go by turns, as ABBA BAAB; of more each stands at each place, and follows each other, equally often.
func TestPlan(t *testing.T) {
	var turns strings.Builder
	for _, s := range Plan(parsed(t), false, 0, 4) {
		turns.WriteByte("AB"[s.Configuration])
	}
	if turns.String() != "ABBABAAB" {
		t.Errorf("two go %s", turns.String())
	}
	for n := 3; n <= 7; n++ {
		rows := order(n)
		at, after := map[[2]int]int{}, map[[2]int]int{}
		for _, row := range rows {
			for i, c := range row {
				at[[2]int{c, i}]++
				if i > 0 {
					after[[2]int{row[i-1], c}]++
				}
			}
		}
		for key, times := range at {
			if times != len(rows)/n {
				t.Errorf("of %d, %d stands %d times at place %d", n, key[0], times, key[1])
			}
		}
		if len(after) != n*(n-1) {
			t.Errorf("of %d, only %d follow one another", n, len(after))
		}
		for key, times := range after {
			if times != len(rows)/n {
				t.Errorf("of %d, %d follows %d %d times", n, key[1], key[0], times)
			}
		}
	}
}

func TestLooks(t *testing.T) {
	e := parsed(t, "pairs=8", "max_pairs=15")
	if got := looks(e); !slices.Equal(got, []int{8, 15}) {
		t.Errorf("%v", got)
	}
	if got := Refused(parsed(t, "pairs=5")); len(got) != 1 || !strings.Contains(got[0].Message, "write at least 6") {
		t.Errorf("five pairs: %+v", got)
	}
	built := parsed(t)
	built.Configurations[1].Version = "v3.6.16"
	if got := Refused(built); len(got) != 1 || !strings.Contains(got[0].Message, "single run the etcd that is built in, and slow-disk another") {
		t.Errorf("built unlike: %+v", got)
	}
	if got := Refused(parsed(t)); got != nil {
		t.Errorf("six pairs are refused: %+v", got)
	}
}

// maker writes runs whose create latency is as asked, as a run's journal has it.
type maker struct {
	tb testing.TB
	e  scenarios.Experiment
	// micros is the latency of a slot's run, and invalid tells that its attempt is not valid.
	micros  func(Slot) int64
	invalid func(s Slot, nth int) bool
	made    []Slot
	nth     map[Slot]int
	// took is how long a run takes, on the clock.
	took, clock time.Duration
	// most is how many runs are made before the process is as if killed; 0 for no end.
	most int
}

// now is the maker's own time.
func (m *maker) now() time.Time { return time.Time{}.Add(m.clock) }

// errKilled ends an experiment as a kill does: nothing is noted any more.
var errKilled = errors.New("killed")

func (m *maker) run(_ context.Context, s Slot, runsDir string, started func(string)) (string, error) {
	m.tb.Helper()
	folder := filepath.Join(runsDir, fmt.Sprintf("run-%d-%v-%d-%d-%d", len(m.made), s.Confirms, s.Pair, s.Configuration, rand.Uint32()))
	if err := os.Mkdir(folder, 0o755); err != nil {
		return "", err
	}
	started(folder)
	m.clock += m.took
	if m.most > 0 && len(m.made) >= m.most {
		return "", errKilled
	}
	m.made = append(m.made, s)
	if m.nth == nil {
		m.nth = map[Slot]int{}
	}
	m.nth[s]++
	m.write(folder, s, m.invalid != nil && m.invalid(s, m.nth[s]))
	return folder, nil
}

func (m *maker) write(folder string, s Slot, invalid bool) {
	m.tb.Helper()
	j, err := results.CreateJournal(filepath.Join(folder, results.JournalFile))
	if err != nil {
		m.tb.Fatal(err)
	}
	h := results.NewHistogram(results.Figures)
	if err := h.RecordValues(m.micros(s), 100); err != nil {
		m.tb.Fatal(err)
	}
	encoded, err := results.EncodeHistogram(h)
	if err != nil {
		m.tb.Fatal(err)
	}
	scenario, configuration := m.e.Scenario(s.Scenario, s.Configuration), m.e.Configurations[s.Configuration]
	records := []results.Record{
		{Header: &results.Header{
			Schema: results.JournalSchema, ID: filepath.Base(folder), Started: time.Now(),
			Scenario: results.ScenarioRef{Name: scenario.Name, SHA256: scenario.SHA256}, Configuration: results.ConfigurationRef{Name: configuration.Name, SHA256: configuration.SHA256},
		}},
		{Phase: &results.Phase{Name: results.PhaseMeasure}},
		{Interval: &results.Interval{EndMS: 1000, Operations: []results.OperationInterval{{
			Workload: "churn", Operation: "create", Phase: results.PhaseMeasure, Counts: results.Counts{Intended: 100, Sent: 100, Succeeded: 100},
			Quantities: map[string]results.Histogram{results.Response: encoded, results.Turnaround: encoded, results.Service: encoded},
		}}}},
		{Phase: &results.Phase{Name: results.PhaseDrain, AtMS: 1000}},
		{End: &results.End{AtMS: 1001, Complete: true}},
	}
	if invalid {
		records = append(records, results.Record{Event: &results.Event{Kind: results.EventInvalid, Detail: "the generator was late"}})
	}
	for _, r := range records {
		if err := j.Append(r); err != nil {
			m.tb.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		m.tb.Fatal(err)
	}
}

// latency is 5 ms and a little, by how much a slot differs; of the second configuration factor times that.
func latency(factor float64) func(Slot) int64 {
	return func(s Slot) int64 {
		base := 5000 * (1 + 0.01*float64((s.Pair*7+s.Configuration*3)%5))
		if s.Configuration == 1 {
			base *= factor
		}
		return int64(base)
	}
}

// outcome runs an experiment to its end, however often it is as if killed, and tells what came of it.
func outcome(t *testing.T, m *maker, e scenarios.Experiment) results.Comparison {
	t.Helper()
	m.tb, m.e = t, e
	folder := filepath.Join(t.TempDir(), "experiment")
	x, err := Create(folder, e, "test", "")
	if err != nil {
		t.Fatal(err)
	}
	for {
		c, err := x.Run(t.Context(), m.run)
		if closed := x.Close(); closed != nil {
			t.Fatal(closed)
		}
		if !errors.Is(err, errKilled) {
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		m.most += 1 + rand.IntN(6)
		if x, err = Resume(folder); err != nil {
			t.Fatal(err)
		}
	}
}

// What is decided and what is run follows from what came of the runs so far.
func TestRun(t *testing.T) {
	for _, tc := range []struct {
		name    string
		sets    []string
		factor  func(Slot) float64
		invalid func(s Slot, nth int) bool
		runs    int
		want    results.GateStatus
	}{
		{"the same", nil, always(1), nil, 12, results.GatePass},
		{"slower, and again", nil, always(1.5), nil, 24, results.GateFail},
		{"slower, and not confirmed by wish", []string{"confirm=false"}, always(1.5), nil, 12, results.GateFail},
		{"slower at first", nil, func(s Slot) float64 { return map[bool]float64{true: 1, false: 1.5}[s.Confirms] }, nil, 24, results.GatePass},
		{"faster", nil, always(0.5), nil, 12, results.GatePass},
		{"open to the end", []string{"max_pairs=12"}, func(s Slot) float64 { return []float64{0.7, 1.4}[s.Pair%2] }, nil, 24, results.GateInconclusive},
		{"invalid once", nil, always(1), func(s Slot, nth int) bool { return s.Pair == 2 && nth == 1 }, 14, results.GatePass},
		{"never valid", nil, always(1), func(s Slot, _ int) bool { return s.Pair == 2 && s.Configuration == 1 }, 14, results.GateNotComparable},
	} {
		t.Run(tc.name, func(t *testing.T) {
			m := &maker{invalid: tc.invalid, micros: func(s Slot) int64 { return latency(tc.factor(s))(s) }}
			c := outcome(t, m, parsed(t, tc.sets...))
			if c.Outcome != tc.want || len(m.made) != tc.runs {
				t.Errorf("%s after %d runs, want %s after %d: %+v", c.Outcome, len(m.made), tc.want, tc.runs, c.Gates)
			}
		})
	}
}

func always(factor float64) func(Slot) float64 { return func(Slot) float64 { return factor } }

// Ended at random moments, an experiment goes on as if it had not been: the same runs in the
// same order, none twice, and the same verdicts.
func TestResume(t *testing.T) {
	e := parsed(t)
	whole := &maker{micros: latency(1.5)}
	want := outcome(t, whole, e)
	for range 10 {
		m := &maker{micros: latency(1.5), most: 1 + rand.IntN(5)}
		got := outcome(t, m, e)
		if !slices.Equal(m.made, whole.made) {
			t.Errorf("made %v, want %v", m.made, whole.made)
		}
		if got.Outcome != want.Outcome || len(got.Contrasts[0].Metrics) != len(want.Contrasts[0].Metrics) {
			t.Errorf("%+v, want %+v", got, want)
		}
		for i, metric := range got.Contrasts[0].Metrics {
			if w := want.Contrasts[0].Metrics[i]; metric.Effect != w.Effect || metric.Verdict != w.Verdict || *metric.Low != *w.Low {
				t.Errorf("%+v, want %+v", metric, w)
			}
		}
	}
}

// A journal whose last line was cut off loses that line alone; a run that had ended is taken over, and nobody
// else can go on with an experiment that is under way.
func TestTornJournal(t *testing.T) {
	e := parsed(t)
	folder := filepath.Join(t.TempDir(), "experiment")
	x, err := Create(folder, e, "test", "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Resume(folder); !errors.Is(err, ErrBusy) {
		t.Errorf("resumed while under way: %v", err)
	}
	m := &maker{tb: t, e: e, micros: latency(1), most: 5}
	if _, err := x.Run(t.Context(), m.run); !errors.Is(err, errKilled) {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(folder, results.ExperimentJournal)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	// The end of the fifth run is cut off, and so is the beginning of the sixth.
	at := strings.LastIndex(string(text), `{"ended"`)
	if err := os.WriteFile(path, text[:at+20], 0o644); err != nil {
		t.Fatal(err)
	}
	if x, err = Resume(folder); err != nil {
		t.Fatal(err)
	}
	m.most = 0
	if _, err := x.Run(t.Context(), m.run); err != nil {
		t.Fatal(err)
	}
	if len(m.made) != 12 {
		t.Errorf("%d runs were made, want 12: the fifth had ended", len(m.made))
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, scenarios.ScenarioFileOf("pod-churn")), scenarios.EncodeScenario(changed(e.Scenarios[0])), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Resume(folder); !errors.Is(err, ErrChanged) {
		t.Errorf("a changed scenario: %v", err)
	}
}

func changed(s scenarios.Scenario) scenarios.Scenario {
	s.Seed++
	return s
}

// Whatever a journal holds, what is read of it is whole lines, and the rest can be written anew.
func FuzzReadJournal(f *testing.F) {
	for _, seed := range []string{"", "{}\n", `{"header":{"schema":"x"}}` + "\n" + `{"ended":{"pair":3}}` + "\n" + `{"end`, "\n", "null\n", "[1]\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		records, whole, err := readJournal(strings.NewReader(text))
		if err != nil {
			return
		}
		if whole > int64(len(text)) || whole > 0 && text[whole-1] != '\n' || strings.Contains(text[whole:], "\n") {
			t.Errorf("%d of %d bytes of %q are whole lines", whole, len(text), text)
		}
		if again, _, err := readJournal(strings.NewReader(text[:whole])); err != nil || len(again) != len(records) {
			t.Errorf("%d records, and then %d, %v", len(records), len(again), err)
		}
	})
}
