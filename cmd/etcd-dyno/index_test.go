package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// journalled writes the journal of a run in which a hundred puts took 2 ms each, in a second.
func journalled(t *testing.T, folder string, started time.Time, ended bool) {
	t.Helper()
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	j, err := results.CreateJournal(filepath.Join(folder, results.JournalFile))
	if err != nil {
		t.Fatal(err)
	}
	h := results.NewHistogram(results.Figures)
	if err := h.RecordValues(2000, 100); err != nil {
		t.Fatal(err)
	}
	latency, err := results.EncodeHistogram(h)
	if err != nil {
		t.Fatal(err)
	}
	all := []results.Record{
		{Header: &results.Header{
			Schema: results.JournalSchema, ID: filepath.Base(folder), Started: started, Scenario: results.ScenarioRef{Name: "puts"},
			Configuration: results.ConfigurationRef{Name: "single", Lab: true, Members: 1, EtcdVersion: "3.7.3"},
		}},
		{Phase: &results.Phase{Name: results.PhaseMeasure}},
		{Interval: &results.Interval{EndMS: 1000, Operations: []results.OperationInterval{{
			Workload: "puts", Operation: "put", Phase: results.PhaseMeasure, Counts: results.Counts{Intended: 100, Sent: 100, Succeeded: 100, Achieved: 100},
			Quantities: map[string]results.Histogram{results.Response: latency, results.Turnaround: latency, results.Service: latency},
		}}}},
		{End: &results.End{AtMS: 1000, Complete: true}},
	}
	if !ended {
		all = all[:3]
	}
	for _, r := range all {
		if err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}

// finished writes a run with its result and a report.
func finished(t *testing.T, folder string, started time.Time) {
	t.Helper()
	journalled(t, folder, started, true)
	run, err := results.Load(folder)
	if err != nil {
		t.Fatal(err)
	}
	if err := results.WriteResult(folder, verdict.Judge(run)); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(folder, results.ReportFile), "<p>")
}

func put(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// begun makes an experiment with one run, and returns its folder.
func begun(t *testing.T, runs, name string) string {
	t.Helper()
	asked, err := scenarios.ParseExperiment("x.toml", []byte("name = \"disk\"\nscenarios = [\"pod-churn\"]\nconfigurations = [\"single\", \"slow-disk\"]\n"), nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	x, err := experiment.Create(filepath.Join(runs, name), asked, "test", "")
	if err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	finished(t, filepath.Join(x.Folder, results.RunsFolder, "20260102T150405Z-puts-single"), time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC))
	return x.Folder
}

// compared writes a comparison of one run with one run.
func compared(t *testing.T, folder string) {
	t.Helper()
	c := results.Comparison{Schema: results.ComparisonSchema, Outcome: results.GateOpen, Contrasts: []results.Contrast{{
		Scenario: "puts", Method: results.Indicative, Comparable: true, Baseline: results.Side{Name: "a", Runs: []results.ComparedRun{{ID: "one"}}}, Candidate: results.Side{Name: "b"},
	}}}
	b, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(folder, results.ComparisonFile), string(b))
	put(t, filepath.Join(folder, comparisonPage), "<p>")
}

// mixed is a folder with all that can lie in one.
func mixed(t *testing.T) (runs string) {
	t.Helper()
	runs = filepath.Join(t.TempDir(), "runs")
	at := time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC)
	finished(t, filepath.Join(runs, "20260102T150405Z-puts-single"), at)
	finished(t, filepath.Join(runs, `a b#c?%"><script>`), at.Add(time.Minute))
	journalled(t, filepath.Join(runs, "20260102T160000Z-puts-killed"), at.Add(time.Hour), false)
	journalled(t, filepath.Join(runs, "20260102T160100Z-puts-unreported"), at.Add(time.Hour), true)
	finished(t, filepath.Join(runs, "20260102T170000Z-puts-cut"), at)
	put(t, filepath.Join(runs, "20260102T170000Z-puts-cut", results.ResultFile), `{"schema":`)
	finished(t, filepath.Join(runs, "20260102T171000Z-puts-newer"), at)
	put(t, filepath.Join(runs, "20260102T171000Z-puts-newer", results.ResultFile), `{"schema":"etcd-dyno/result/v9"}`)
	put(t, filepath.Join(runs, "20260102T180000Z-puts-empty", results.JournalFile), "")
	finished(t, filepath.Join(runs, "only-a-result"), at)
	if err := os.Remove(filepath.Join(runs, "only-a-result", results.JournalFile)); err != nil {
		t.Fatal(err)
	}
	compared(t, begun(t, runs, "20260103T000000Z-disk-experiment"))
	begun(t, runs, "20260103T010000Z-half-experiment")
	put(t, filepath.Join(runs, "20260103T020000Z-torn-experiment", results.ExperimentJournal), `{"header":`)
	compared(t, filepath.Join(runs, "20260103T030000Z-puts-comparison"))
	put(t, filepath.Join(runs, "20260103T040000Z-puts-comparison", results.ComparisonFile), "[]")
	put(t, filepath.Join(runs, "notes", "todo.txt"), "x")
	put(t, filepath.Join(runs, "file.json"), "x")
	put(t, filepath.Join(runs, "20260103T050000Z-nothing-comparison", "x"), "")
	return runs
}

func TestIndexOf(t *testing.T) {
	runs := mixed(t)
	index, err := indexOf(runs, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	tell := func(r report.IndexRun) string {
		said := r.Path
		if r.Problem != "" {
			return said + ": " + r.Started.Format(time.DateTime) + " " + strings.ReplaceAll(r.Problem, runs, "RUNS")
		}
		if r.Report {
			said += ", report"
		}
		if r.Unfinished {
			said += ", unfinished"
		}
		if o := r.Result.Operations; len(o) == 1 && o[0].Response.P50 != nil {
			said += ", put"
		}
		return said
	}
	var got []string
	for _, r := range index.Runs {
		got = append(got, tell(r))
	}
	want := []string{
		"20260102T150405Z-puts-single, report, put",
		"20260102T160000Z-puts-killed, unfinished, put",
		"20260102T160100Z-puts-unreported, unfinished, put",
		"20260102T170000Z-puts-cut: 2026-01-02 17:00:00 reading result.json: unexpected end of JSON input; etcd-dyno report writes it anew from the journal",
		`20260102T171000Z-puts-newer: 2026-01-02 17:10:00 reading result.json: its schema is "etcd-dyno/result/v9", this program reads "etcd-dyno/result/v1"`,
		"20260102T180000Z-puts-empty: 2026-01-02 18:00:00 loading RUNS/20260102T180000Z-puts-empty/run.jsonl: no header in it (0 unreadable lines): not a journal of a run, or cut off before the run began",
		`a b#c?%"><script>, report, put`,
		"only-a-result, report, put",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("runs (-want +got):\n%s", diff)
	}
	got = nil
	for _, c := range index.Comparisons {
		said := c.Path + ": " + c.Name + " " + c.Page + " " + c.Problem + strings.Join(c.Asked, "; ")
		if c.Comparison != nil {
			said += "compared"
		}
		for _, r := range c.Runs {
			said += "; " + tell(r)
		}
		got = append(got, said)
	}
	want = []string{
		"20260103T000000Z-disk-experiment: disk comparison.html compared; 20260103T000000Z-disk-experiment/runs/20260102T150405Z-puts-single, report, put",
		"20260103T010000Z-half-experiment: disk  pod-churn: slow-disk against single; 20260103T010000Z-half-experiment/runs/20260102T150405Z-puts-single, report, put",
		"20260103T020000Z-torn-experiment: torn  reading experiment.jsonl: no header in it: not a journal of an experiment, or cut off as it began",
		"20260103T030000Z-puts-comparison:  comparison.html compared",
		"20260103T040000Z-puts-comparison:   reading comparison.json: json: cannot unmarshal array into Go value of type results.Comparison",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("comparisons (-want +got):\n%s", diff)
	}
}

// files are the paths and the contents of all files below a folder.
func files(t *testing.T, folder string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The page is all that is written, however often.
func TestReportIndex(t *testing.T) {
	runs := mixed(t)
	before := files(t, runs)
	for range 2 {
		var out, talk bytes.Buffer
		if code := execute([]string{"report", "--index", runs + "/"}, standard{in: os.Stdin, out: &out, err: &talk}); code != exitDone {
			t.Fatalf("exit %d: %s", code, talk.String())
		}
		page := filepath.Join(runs, indexPage)
		if talk.String() != "report: "+page+"\n" || out.Len() > 0 {
			t.Errorf("told %q and printed %q", talk.String(), out.String())
		}
		after := files(t, runs)
		if !strings.Contains(after[page], "INCOMPLETE") || !strings.Contains(after[page], `href="./a%20b%23c%3F%25%22%3E%3Cscript%3E/report.html"`) {
			t.Error("the page lacks the killed run, or a link")
		}
		delete(after, page)
		if diff := cmp.Diff(before, after); diff != "" {
			t.Errorf("something else was written (-want +got):\n%s", diff)
		}
	}
}

func TestReportIndexRefuses(t *testing.T) {
	runs := mixed(t)
	empty, usual, site := t.TempDir(), t.TempDir(), t.TempDir()
	put(t, filepath.Join(site, indexPage), "<h1>My page</h1>")
	t.Setenv("ETCD_DYNO_RUNS_DIR", usual)
	for _, test := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"an empty folder", []string{empty}, exitDone, "report: " + filepath.Join(empty, indexPage)},
		{"the usual folder", nil, exitDone, "report: " + filepath.Join(usual, indexPage)},
		{"none", []string{filepath.Join(runs, "nowhere")}, exitUsage, "nowhere: there is no such folder"},
		{"a file", []string{filepath.Join(runs, "file.json")}, exitUsage, "it is a file"},
		{"below a file", []string{filepath.Join(runs, "file.json", "x")}, exitUsage, "not a directory"},
		{"a run", []string{filepath.Join(runs, "20260102T150405Z-puts-single")}, exitUsage, "it is a run folder"},
		{"an experiment", []string{filepath.Join(runs, "20260103T000000Z-disk-experiment")}, exitUsage, "it is an experiment's folder"},
		{"another's page", []string{site}, exitUsage, "etcd-dyno did not write it"},
		{"two", []string{runs, empty}, exitUsage, "--index takes one FOLDER, there are 2 arguments"},
		{"a form", []string{runs, "-o", "json"}, exitUsage, "leave -o and --figures out"},
	} {
		var out, talk bytes.Buffer
		code := execute(slices.Concat([]string{"report", "--index"}, test.args), standard{in: os.Stdin, out: &out, err: &talk})
		if code != test.code || !strings.Contains(talk.String(), test.want) || out.Len() > 0 {
			t.Errorf("%s: exit %d, told %q, printed %q", test.name, code, talk.String(), out.String())
		}
	}
	page, err := os.ReadFile(filepath.Join(empty, indexPage))
	if err != nil || !bytes.Contains(page, []byte("There is no run here yet")) {
		t.Errorf("the page of an empty folder: %v\n%s", err, page)
	}
	if err := os.MkdirAll(filepath.Join(usual, indexPage+".tmp"), 0o755); err != nil {
		t.Fatal(err)
	}
	var talk bytes.Buffer
	if code := execute([]string{"report", "--index", usual}, standard{in: os.Stdin, out: &talk, err: &talk}); code != exitCannotRun || !strings.Contains(talk.String(), "writing index.html") {
		t.Errorf("where nothing can be written: exit %d, told %q", code, talk.String())
	}
}
