package scenarios_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

const sweepText = `name = "batch"
scenarios = ["pod-churn"]
set = ["phases.measure=40s", "configuration.disk.fsync_delay=2ms"]
objective = "churn.bind.response.p50"
rounds = 4
max_time = "1h"

[sweep.interval]
key = "configuration.etcd.backend-batch-interval"
values = ["10ms", "100ms", "1s"]
baseline = "100ms"

[sweep.count]
key = "configuration.etcd.snapshot-count"
from = 1000
to = 100000
steps = 3
scale = "log"

[sweep.load.levels]
usual = []
"twice & no lists" = ["workload.churn.arrival.rate=10/s", "workload.relist.arrival.rate=1/h"]
`

func TestSweep(t *testing.T) {
	t.Parallel()
	e, err := scenarios.ParseExperiment("x.toml", []byte(sweepText), nil, []string{"seed=7"}, []string{"etcd.quota-backend-bytes=8GiB"})
	if err != nil {
		t.Fatal(err)
	}
	if n := len(e.Configurations); n != 18 || len(e.Sweep.Points) != n || e.Pairs != 4 || len(e.Gates) != 0 {
		t.Fatalf("%d points, %d rounds, gates %v", n, e.Pairs, e.Gates)
	}
	names := map[string]bool{}
	for i, c := range e.Configurations {
		names[c.Name] = true
		p := e.Sweep.Points[i]
		for flag, want := range map[string]string{
			"backend-batch-interval": []string{"10ms", "100ms", "1s"}[p.Levels[0]], "snapshot-count": []string{"1000", "10000", "100000"}[p.Levels[1]], "quota-backend-bytes": "8589934592",
		} {
			if !slices.Contains(c.Flags, scenarios.Flag{Name: flag, Value: want}) {
				t.Errorf("%s (%v) has %v, want %s %s", c.Name, p.Levels, c.Flags, flag, want)
			}
		}
		rate := 5.0
		if p.Levels[2] == 1 {
			rate = 10
		}
		for _, w := range p.Scenario.Workloads {
			if w.Name == "churn" && float64(w.Arrival.Rate) != rate {
				t.Errorf("%s: %v", c.Name, w.Arrival)
			}
		}
		if p.Scenario.Seed != 7 || p.Scenario.Phases.Measure.Seconds() != 40 || c.Disk.FsyncDelay.P50.Milliseconds() != 2 {
			t.Errorf("%s has not got what all have", c.Name)
		}
	}
	if len(names) != 18 || !names["interval-10ms_count-1000_load-twice---no-lists"] {
		t.Errorf("names %v", names)
	}
	if want := []int{1, 0, 0}; !slices.Equal(e.Sweep.Points[e.Baseline].Levels, want) {
		t.Errorf("the baseline has %v, want %v", e.Sweep.Points[e.Baseline].Levels, want)
	}
	one, err := scenarios.ParseExperiment("x.toml", []byte(sweepText), []string{"design=one-at-a-time"}, nil, nil)
	if err != nil || len(one.Configurations) != 1+2+2+1 || one.Baseline != 0 {
		t.Errorf("%d points one at a time, baseline %d: %v", len(one.Configurations), one.Baseline, err)
	}
	again := written(t, e)
	if d := cmp.Diff(string(scenarios.EncodeExperiment(e)), string(scenarios.EncodeExperiment(again))); d != "" {
		t.Error(d)
	}
	for i := range e.Configurations {
		if e.Configurations[i].SHA256 != again.Configurations[i].SHA256 || e.Sweep.Points[i].Scenario.SHA256 != again.Sweep.Points[i].Scenario.SHA256 {
			t.Errorf("%s is another when it is read again", e.Configurations[i].Name)
		}
	}
	if again.Baseline != e.Baseline || again.Sweep.MaxTime != e.Sweep.MaxTime {
		t.Errorf("baseline %d, %v", again.Baseline, again.Sweep.MaxTime)
	}
}

// written writes an experiment beside what it compares, and reads it there.
func written(t *testing.T, e scenarios.Experiment) scenarios.Experiment {
	t.Helper()
	folder := t.TempDir()
	for name, text := range e.Files() {
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(folder, "experiment.toml")
	if err := os.WriteFile(path, scenarios.EncodeExperiment(e), 0o644); err != nil {
		t.Fatal(err)
	}
	again, err := scenarios.LoadExperiment(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// A range has values that a person would write.
func TestRange(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ ends, want string }{
		{`from = "1ms", to = "100ms", steps = 5, scale = "log"`, "1ms 3.16ms 10ms 31.6ms 100ms"},
		{`from = "1KiB", to = "1MB", steps = 3, scale = "log"`, "1KiB 32KB 1MB"},
		{`from = "5/s", to = "20/s", steps = 4`, "5/s 10/s 15/s 20/s"},
		{`from = 0, to = 10, steps = 3`, "0 5 10"},
		{`from = 100, to = 1, steps = 3, scale = "log"`, "100 10 1"},
		{`from = 0.5, to = 1.5, steps = 3`, "0.5 1 1.5"},
		{`from = "500m", to = 2, steps = 4`, "500m 1 1500m 2"},
		{`from = "256Mi", to = "1Gi", steps = 3, scale = "log"`, "256Mi 512Mi 1Gi"},
		{`from = "10%", to = "30%", steps = 3`, "10% 20% 30%"},
	} {
		key := "configuration.etcd.any"
		switch {
		case strings.Contains(tc.ends, ".5,"):
			key = "cluster.events_per_pod"
		case strings.Contains(tc.ends, "500m"):
			key = "configuration.resources.limits.cpu"
		case strings.Contains(tc.ends, "Mi"):
			key = "configuration.resources.limits.memory"
		}
		// A flag takes any text where a version of etcd is asked for whose flags are not known here.
		text := "name = \"x\"\nscenarios = [\"pod-churn\"]\nset = [\"configuration.version=v3.6.16\"]\nsweep.x = { key = \"" + key + "\", " + tc.ends + " }\n"
		e, err := scenarios.ParseExperiment("x.toml", []byte(text), nil, nil, nil)
		if err != nil {
			t.Errorf("%s: %v", tc.ends, err)
			continue
		}
		var got []string
		for _, l := range e.Sweep.Factors[0].Levels {
			got = append(got, l.Name)
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%s: %v, want %s", tc.ends, got, tc.want)
		}
	}
}

// What is accepted can be read again as it was written out, however odd its levels are, and also where
// what nobody asked for is not known at each point.
func TestOddSweeps(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 90)
	for _, factor := range []string{
		"key = \"workload.churn.arrival.rate\"\nvalues = [\"5/s\", \"0.1/s\"]\n",
		"key = \"description\"\nvalues = [\"\", \"é\", \"a\\tb\", \"" + long + "\", \"" + strings.Repeat("y", 90) + "\"]\n",
		"key = \"thresholds\"\nvalues = [[], [\"puts.put.errors == 0\"]]\n",
		"key = \"workload.puts.size\"\nvalues = [{ p50 = \"1KiB\", p99 = \"4KiB\" }, \"2KiB\"]\n",
		"levels = { \"one = 1\" = [], \"two.three\" = [\"seed=2\"] }\n",
	} {
		text := "name = \"x\"\nscenarios = [\"raw-puts\"]\n[sweep.a]\n" + factor
		if strings.Contains(factor, "churn") {
			text = strings.Replace(text, "raw-puts", "pod-churn", 1) // whose binds are too few at the second point
		}
		if strings.HasPrefix(factor, "key = \"description") { // which makes no difference: something else must
			text += "[sweep.b]\nkey = \"seed\"\nvalues = [1, 2]\n"
		}
		e, err := scenarios.ParseExperiment("x.toml", []byte(text), nil, nil, nil)
		if err != nil {
			t.Errorf("%s: %v", factor, err)
			continue
		}
		if again := written(t, e); string(scenarios.EncodeExperiment(again)) != string(scenarios.EncodeExperiment(e)) {
			t.Errorf("%s: it is another when it is read again:\n%s", factor, scenarios.EncodeExperiment(again))
		}
	}
}

// A level that --set adds comes last, and does not become the baseline.
func TestAddedLevel(t *testing.T) {
	t.Parallel()
	e, err := scenarios.ParseExperiment("x.toml", []byte(sweepText), []string{`sweep.load.levels.aaa=["workload.churn.arrival.rate=7/s"]`}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if l := e.Sweep.Factors[2].Levels; len(l) != 3 || l[0].Name != "usual" || l[2].Name != "aaa" {
		t.Errorf("%+v", l)
	}
}

// What --set would fix cannot vary, and a longer form is asked for where there is one.
func TestSweepSets(t *testing.T) {
	t.Parallel()
	_, err := scenarios.ParseExperiment("x.toml", []byte(sweepText), nil, nil, []string{"etcd.snapshot-count=5"})
	if err == nil || !strings.Contains(err.Error(), "varies configuration.etcd.snapshot-count") {
		t.Errorf("fixed what varies: %v", err)
	}
	_, err = scenarios.ParseExperiment("x.toml", []byte(sweepText), nil, nil, []string{`etcd."backend-batch-interval"=5ms`})
	if err == nil || !strings.Contains(err.Error(), "varies configuration.etcd.backend-batch-interval") {
		t.Errorf("fixed what varies: %v", err)
	}
	some, err := scenarios.ParseExperiment("x.toml", []byte(sweepText), nil, []string{"workload.churn.arrival.rate=6/s"}, nil)
	if err != nil || float64(some.Sweep.Points[0].Scenario.Workloads[0].Arrival.Rate) != 6 {
		t.Errorf("what only one of two levels changes is not to be set for the other: %v", err)
	}
	if _, err := scenarios.LongerForm("x.toml", []byte(sweepText)); err == nil || !strings.Contains(err.Error(), "no longer form") {
		t.Errorf("a longer form: %v", err)
	}
	sets, err := scenarios.LongerForm("x.toml", []byte("full = [\"experiment.rounds=8\", \"phases.measure=60s\"]\n"+sweepText))
	if err != nil || len(sets) != 2 {
		t.Errorf("%v, %v", sets, err)
	}
}

// Each built-in sweep says what it looks at and why, goes each way as often as the other, takes some ten
// minutes at most, and has a longer form, which is longer.
func TestBuiltInSweeps(t *testing.T) {
	t.Parallel()
	sweeps := 0
	for _, name := range scenarios.ExperimentNames() {
		e, err := scenarios.LoadExperiment(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		if e.Sweep == nil {
			continue
		}
		sweeps++
		if e.Name != name || e.Description == "" || e.Claim == "" || e.SaidBy == "" || e.LookAt == "" || len(e.Sweep.Metrics) == 0 || e.Confirm {
			t.Errorf("%s does not say all: %+v", name, e)
		}
		const around = 8 * time.Second // starting, setup, checks and report
		if took := measuring(e) + around*time.Duration(len(e.Configurations)*e.Pairs); e.Pairs%2 != 0 || took > 11*time.Minute {
			t.Errorf("%s: %d points in %d rounds take some %v", name, len(e.Configurations), e.Pairs, took)
		}
		file, text, err := scenarios.ExperimentText(name)
		if err != nil {
			t.Fatal(err)
		}
		sets, err := scenarios.LongerForm(file, text)
		if err != nil {
			t.Error(err)
			continue
		}
		long, err := scenarios.LoadExperiment(name, sets)
		if err != nil {
			t.Error(err)
		} else if measuring(long) < 2*measuring(e) || long.Pairs%2 != 0 {
			t.Errorf("%s measures for %v, and its longer form for %v", name, measuring(e), measuring(long))
		}
	}
	if sweeps == 0 {
		t.Error("there is none")
	}
}

// measuring is how long warm-up and measuring take in all runs of a sweep.
func measuring(e scenarios.Experiment) (all time.Duration) {
	for _, p := range e.Sweep.Points {
		all += (p.Scenario.Phases.Warmup + p.Scenario.Phases.Measure) * time.Duration(e.Pairs)
	}
	return all
}
