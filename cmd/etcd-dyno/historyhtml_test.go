package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// remembered writes a history whose three records lie in folders of those names.
func remembered(t *testing.T, file string, folders ...string) {
	t.Helper()
	for i, folder := range folders {
		r := history.Record{
			At: time.Date(2026, 3, 1+i, 2, 0, 0, 0, time.UTC), Name: "nightly", Source: folder, Folder: folder, Valid: true, Pairs: 1,
			Scenario: results.ScenarioRef{Name: "puts"}, Candidate: history.Party{Name: "single"}, Runs: []string{"runs/first", "runs/second"},
			Metrics: []history.Metric{{Metric: "puts.put.response.p50", Better: "lower", Relative: true, Value: 2}},
		}
		if _, err := history.Add(file, r.At, r); err != nil {
			t.Fatal(err)
		}
	}
}

// The page lies beside the history, and links the reports that are there, as seen from where it lies.
func TestHistoryPage(t *testing.T) {
	root := t.TempDir()
	file := filepath.Join(root, "ci", "history.ndjson")
	remembered(t, file, "runs/whole", "runs/part", "runs/gone", "../other?/run")
	for _, report := range []string{"ci/runs/whole/comparison.html", "ci/runs/whole/report.html", "ci/runs/part/runs/second/report.html", "other?/run/report.html"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(root, report)), 0o755); err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(root, report), "<p>")
	}
	for _, test := range []struct {
		out, lies string
		links     []string
	}{
		{"", "ci/history.html", []string{"./runs/whole/comparison.html", "./runs/part/runs/second/report.html", "./../other%3F/run/report.html"}},
		{filepath.Join(root, "public.html"), "public.html", []string{"./ci/runs/whole/comparison.html", "./ci/runs/part/runs/second/report.html", "./other%3F/run/report.html"}},
	} {
		var told bytes.Buffer
		if err := writeHistoryPage(standard{err: &told}, file, test.out); err != nil {
			t.Fatal(err)
		}
		lies := filepath.Join(root, test.lies)
		if want := "report: " + lies + "\n"; told.String() != want {
			t.Errorf("it tells %q, want %q", told.String(), want)
		}
		page, err := os.ReadFile(lies)
		if err != nil {
			t.Fatal(err)
		}
		for _, link := range test.links {
			if !strings.Contains(string(page), `href="`+link+`"`) {
				t.Errorf("%s does not link %s", test.lies, link)
			}
		}
		if strings.Contains(string(page), "gone/") {
			t.Error("it links a report that is gone")
		}
	}
}

// What is not ours is not written over, and a history that is not there has no page.
func TestHistoryPageRefuses(t *testing.T) {
	folder := t.TempDir()
	file, others := filepath.Join(folder, "history.ndjson"), filepath.Join(folder, "index.html")
	remembered(t, file, "runs/a")
	put(t, others, "<h1>mine</h1>")
	for _, test := range []struct{ name, file, out, want string }{
		{"another's page", file, others, "index.html is there, and etcd-dyno did not write it; move it away, or name another file"},
		{"the history itself", file, file, "history.ndjson is there, and etcd-dyno did not write it"},
		{"no history", filepath.Join(folder, "none.ndjson"), "", "there is no history"},
	} {
		t.Run(test.name, func(t *testing.T) {
			before, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			err = writeHistoryPage(standard{err: &bytes.Buffer{}}, test.file, test.out)
			var code exitError
			if !errors.As(err, &code) || code.code != exitUsage || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want exit %d and %q", err, exitUsage, test.want)
			}
			if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
				t.Errorf("the history is another: %v", err)
			}
			if page, err := os.ReadFile(others); err != nil || string(page) != "<h1>mine</h1>" {
				t.Errorf("the page of another is %q: %v", page, err)
			}
		})
	}
	if err := writeHistoryPage(standard{err: &bytes.Buffer{}}, file, ""); err != nil {
		t.Fatal(err)
	}
	if err := writeHistoryPage(standard{err: &bytes.Buffer{}}, file, ""); err != nil {
		t.Errorf("our own page is not written anew: %v", err)
	}
}
