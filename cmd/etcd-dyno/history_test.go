package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results/history"
)

const nightExperiment = `
name      = "night"
scenarios = ["./puts.toml"]
pairs     = 1
baseline  = "control"
gate      = ["puts.put.response.p50"]

[configuration.control]
from = "single"
set  = ["disk.fsync_delay=10ms"]

[configuration.candidate]
from = "single"
set  = ["disk.fsync_delay=%dms"]
`

// A candidate that has become slower is told by the night in which it did, once that night was
// measured again: on real labs, after nights that are made of a real one.
func TestNight(t *testing.T) {
	dir := t.TempDir()
	store, file := filepath.Join(dir, "history.ndjson"), filepath.Join(dir, "night.toml")
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("puts.toml", strings.NewReplacer(`"1s"`, `"3s"`, "40/s", "10/s").Replace(putsScenario))
	write("night.toml", fmt.Sprintf(nightExperiment, 10))
	night := func(more ...string) (code int, out, talk string) {
		t.Helper()
		before, _ := os.ReadFile(store)
		for range 3 { // a busy machine may spoil a night
			code, out, talk = tool(t, append([]string{"experiment", file, "--force", "--history", store, "--runs-dir", filepath.Join(dir, "runs")}, more...)...)
			if code != exitInvalid {
				break
			}
			write(filepath.Base(store), string(before))
		}
		return code, out, talk
	}
	code, out, talk := night()
	if code != exitDone || !strings.Contains(out, "\nHistory: TOO YOUNG  a change can be told from 11 measures on, 1 series watched\n") {
		t.Fatalf("exit %d\n%s\n%s", code, out, talk)
	}
	h, err := history.Read(store)
	if err != nil || len(h.Records) != 1 || len(h.Series()) < 5 {
		t.Fatalf("%+v, %v", h, err)
	}
	first := h.Records[0]
	earlier(t, store, first)

	write("night.toml", fmt.Sprintf(nightExperiment, 80))
	junit, markdown := filepath.Join(dir, "junit.xml"), filepath.Join(dir, "summary.md")
	code, out, talk = night("-o", "junit="+junit, "-o", "markdown="+markdown)
	if code != exitRegression || !strings.Contains(out, "History: REGRESSION  1 change for the worse, 1 series watched\n") || strings.Count(talk, "measured again, before anything is told") != history.Reruns {
		t.Errorf("exit %d\n%s\n%s", code, out, talk)
	}
	for path, want := range map[string]string{junit: `<failure type="regression" message="REGRESSION `, markdown: "**REGRESSION** | `puts.put.response.p50`"} {
		if text, err := os.ReadFile(path); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%v, want %s in\n%s", err, want, text)
		}
	}
	h, err = history.Read(store)
	if err != nil || len(h.Records) != 12+1+history.Reruns || len(h.Told) != 1 {
		t.Fatalf("%d records, told %+v, %v", len(h.Records), h.Told, err)
	}
	told, last := h.Told[0], h.Records[len(h.Records)-1]
	if told.From != h.Records[12].ID || told.Effect < 1 || last.Again != h.Records[12].Source || last.Pairs != 1 || !there(filepath.Join(dir, filepath.FromSlash(last.Folder)), comparisonPage) {
		t.Errorf("told %+v, the last record is %+v", told, last)
	}
	afterwards(t, store, dir, h)
}

// earlier are eleven nights before a real one, which vary by one percent; they come first.
func earlier(t *testing.T, store string, first history.Record) {
	t.Helper()
	if err := os.Remove(store); err != nil {
		t.Fatal(err)
	}
	for n := 11; n >= 0; n-- {
		r := first
		r.At, r.Source = first.At.AddDate(0, 0, -n), fmt.Sprint("night ", n)
		effect := 0.01 * float64(n%3-1)
		r.Metrics = []history.Metric{first.Metrics[0]}
		r.Metrics[0].Effect = &effect
		if _, err := history.Add(store, r.At.Add(time.Second), r); err != nil {
			t.Fatal(err)
		}
	}
}

// afterwards nothing is told again; the change is shown and acked, and a folder is added only once.
func afterwards(t *testing.T, store, dir string, h *history.History) {
	t.Helper()
	id := h.Told[0].ID
	last := filepath.Join(dir, filepath.FromSlash(h.Records[len(h.Records)-1].Folder))
	for _, step := range []struct {
		args      []string
		code      int
		out, talk string
	}{
		{[]string{"check"}, exitDone, "history ack " + id, ""},
		{[]string{"check", "--metric", "puts.put.service.*"}, exitDone, "puts.put.service.p50", ""},
		{[]string{"show", "night", "-o", "csv"}, exitDone, "at,name,scenario", ""},
		{[]string{"show", "other"}, exitUsage, "", `no experiment "other"; it has night`},
		{[]string{"ack", "12345678"}, exitUsage, "", "nothing was acked: open are " + id + " (puts.put.response.p50)"},
		{[]string{"ack", id, "--reason", "a slower disk"}, exitDone, "acked " + id, ""},
		{[]string{"show"}, exitDone, ": a slower disk", ""},
		{[]string{"add", last}, exitDone, "", "there already since"},
		{[]string{"add", filepath.Join(last, "runs")}, exitUsage, "", "nothing was added: " + filepath.Join(last, "runs") + ": it is the folder of no experiment, comparison or run"},
	} {
		args := append([]string{"history"}, append(step.args, "--history", store)...)
		if code, out, talk := tool(t, args...); code != step.code || !strings.Contains(flat(out), step.out) || !strings.Contains(talk, step.talk) {
			t.Errorf("%q: exit %d\n%s\n%s", args, code, out, talk)
		}
	}
	run := filepath.Join(last, filepath.FromSlash(h.Records[len(h.Records)-1].Runs[0]))
	if code, _, talk := tool(t, "history", "add", run, "--history", store); code != exitDone || !strings.Contains(talk, "puts on candidate, ") {
		t.Errorf("a run alone: exit %d, %s", code, talk)
	}
}

// flat is a text without its lines' ends, at which a table may break it.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }
