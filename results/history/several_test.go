package history

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// lived checks after each record, and is all that was told.
func lived(t *testing.T, records []Record) (told []Told) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.ndjson")
	for i, r := range records {
		if _, err := Add(path, r.At.Add(1), r); err != nil {
			t.Fatal(err)
		}
		told = append(told, check(t, path, i).Told...)
	}
	return told
}

// levels are nights of 1 % noise, at one level after the other.
func levels(of ...[2]float64) (all []Record) {
	rng := rand.New(rand.NewPCG(8, 8))
	for _, level := range of {
		for range int(level[0]) {
			all = append(all, measured(len(all), level[1]+0.01*rng.NormFloat64()))
		}
	}
	return all
}

// Changes that follow one another are told each, in whatever order they come.
func TestSeveralChanges(t *testing.T) {
	for name, test := range map[string]struct {
		records []Record
		worse   []bool
	}{
		"a second on top, three nights later":   {levels([2]float64{20, 0}, [2]float64{3, 0.1}, [2]float64{20, 0.2}), []bool{true, true}},
		"a second on top, eight nights later":   {levels([2]float64{20, 0}, [2]float64{8, 0.1}, [2]float64{20, 0.2}), []bool{true, true}},
		"mended":                                {levels([2]float64{20, 0}, [2]float64{5, 0.2}, [2]float64{20, 0}), []bool{true, false}},
		"mended, and broken again":              {levels([2]float64{20, 0}, [2]float64{4, 0.2}, [2]float64{4, 0}, [2]float64{20, 0.2}), []bool{true, false, true}},
		"mended, and broken again after a time": {levels([2]float64{20, 0}, [2]float64{15, 0.2}, [2]float64{15, 0}, [2]float64{20, 0.2}), []bool{true, false, true}},
	} {
		told := lived(t, test.records)
		var worse []bool
		ids := map[string]bool{}
		for _, c := range told {
			worse, ids[c.ID] = append(worse, c.Worse), true
		}
		if len(worse) != len(test.worse) || len(ids) != len(told) {
			t.Errorf("%s: told %+v", name, told)
			continue
		}
		for i := range worse {
			if worse[i] != test.worse[i] {
				t.Errorf("%s: told %v, want %v", name, worse, test.worse)
			}
		}
	}
}

// Nights that were added before anybody looked hide no change in another.
func TestLateLook(t *testing.T) {
	path := stored(t, levels([2]float64{20, 0}, [2]float64{10, 0.3}, [2]float64{10, 0.2})...)
	if n := check(t, path, 40); len(n.Told) != 2 || !n.Told[0].Worse || n.Told[1].Worse || !n.Worse() {
		t.Errorf("%+v", n.Told)
	}
	if n := check(t, path, 41); len(n.Told) > 0 {
		t.Errorf("told again: %+v", n.Told)
	}
}

// Of two machines that add to one history each is judged by itself, whoever was last.
func TestTwoMachines(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 4))
	path := filepath.Join(t.TempDir(), "history.ndjson")
	told := 0
	for n := range 40 {
		for _, processor := range []string{"first", "second"} {
			effect := 0.01 * rng.NormFloat64()
			if processor == "first" && n >= 20 {
				effect += 0.3
			}
			r := measured(n, effect, func(r *Record) { r.Machine.CPUModel, r.Source = processor, r.Source+processor })
			if _, err := Add(path, r.At.Add(1), r); err != nil {
				t.Fatal(err)
			}
		}
		told += len(check(t, path, n).Told) // after the second machine's
	}
	if told != 1 {
		t.Errorf("told %d times", told)
	}
}

// What is not measured any more is neither suspected nor waited for.
func TestGone(t *testing.T) {
	records := levels([2]float64{20, 0})
	records = append(records, measured(20, 0.5, func(r *Record) { r.Candidate.Name = "other" }), measured(21, 0.5))
	path := stored(t, records...)
	if n := check(t, path, 21); len(n.Suspected) != 1 || !n.Decides() {
		t.Fatalf("%+v", n.Suspected)
	}
	gone := measured(22, 0, func(r *Record) { r.Metrics[0].Metric = "churn.create.response.p50" })
	if _, err := Add(path, gone.At, gone); err != nil {
		t.Fatal(err)
	}
	if n := check(t, path, 22); len(n.Suspected) > 0 || n.Decides() {
		t.Errorf("suspected %+v, decides: %v", n.Suspected, n.Decides())
	}
}

// A night at which a rate was 0 in some run, so that there is a difference and no ratio, spoils no ratios.
func TestRatioAndDifference(t *testing.T) {
	records := levels([2]float64{20, 0}, [2]float64{1, -5}, [2]float64{20, -0.1})
	for i := range records {
		records[i].Metrics[0].Better = "higher"
	}
	records[20].Metrics[0].Relative, records[20].Metrics[0].Least = false, 0.5
	if told := lived(t, records); len(told) != 1 || !told[0].Worse || told[0].Effect > -0.07 {
		t.Errorf("%+v", told)
	}
}

// Nobody waits for a pipe.
func TestPipe(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{pipe, os.DevNull, t.TempDir()} {
		if _, err := Read(path); err == nil {
			t.Errorf("%s was read", path)
		}
		if _, err := Add(path, day(0), measured(0, 0)); err == nil {
			t.Errorf("%s was written to", path)
		}
	}
}

// A write that fails adds nothing: neither a part of a line, nor lines before it.
func TestWriteFails(t *testing.T) {
	path := stored(t, measured(0, 0))
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var old unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_FSIZE, &old); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: uint64(len(before)) + 1000, Max: old.Max}); err != nil {
		t.Fatal(err)
	}
	_, err = Add(path, day(1), measured(1, 0), measured(2, 0), measured(3, 0))
	if failed := unix.Setrlimit(unix.RLIMIT_FSIZE, &old); failed != nil {
		t.Fatal(failed)
	}
	if err == nil {
		t.Fatal("it was written beyond the limit")
	}
	if after, err := os.ReadFile(path); err != nil || string(after) != string(before) {
		t.Errorf("%d bytes, %v; %d were there", len(after), err, len(before))
	}
}

// What too few pairs know is remembered with its values, and judged by nobody.
func TestFewPairs(t *testing.T) {
	v := func(x float64) *float64 { return &x }
	side := func(name string) results.Side {
		return results.Side{Name: name, Runs: []results.ComparedRun{{ID: "a", Folder: "/x/runs/" + name + "-a", Started: day(3)}, {ID: "b", Folder: "/x/runs/" + name + "-b", Started: day(2)}}}
	}
	c := results.Contrast{Comparable: true, Method: results.Paired, Pairs: 2, Baseline: side("control"), Candidate: side("candidate"), Metrics: []results.MetricContrast{
		{Metric: "both", Baseline: []*float64{v(1), v(1)}, Candidate: []*float64{v(2), v(2)}, Relative: true, Effect: 1, BaselineMedian: 1, CandidateMedian: 2},
		{Metric: "half", Baseline: []*float64{v(1), nil}, Candidate: []*float64{v(2), v(2)}, Effect: 1, BaselineMedian: 1, CandidateMedian: 2},
		{Metric: "crossed", Baseline: []*float64{v(1), nil}, Candidate: []*float64{nil, v(2)}, BaselineMedian: 1, CandidateMedian: 2},
		{Metric: "nobody", Baseline: []*float64{nil, nil}, Candidate: []*float64{nil, nil}},
	}}
	r := OfContrast("n", "s", "", "/x", c, results.Result{})
	if len(r.Metrics) != 3 || r.At != day(2) || len(r.Runs) != 2 || r.Runs[0] != "runs/candidate-a" || r.ControlRuns[1] != "runs/control-b" {
		t.Fatalf("%+v", r)
	}
	both, half, crossed := r.Metrics[0], r.Metrics[1], r.Metrics[2]
	if *both.Effect != 1 || both.Pairs != 0 || *half.Effect != 1 || half.Pairs != 1 || crossed.Effect != nil || crossed.Value != 2 || *crossed.Control != 1 {
		t.Errorf("%+v", r.Metrics)
	}
}
