package report

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// newsDay is a night's time.
func newsDay(n int) time.Time { return time.Date(2026, 3, 1, 2, 17, 0, 0, time.UTC).AddDate(0, 0, n) }

// remembered is a record of that night: bind takes so much longer than the control's.
func remembered(night int, bind float64, again string) history.Record {
	control := 1.5
	vary := 0.01 * float64(night%3-1)
	r := history.Record{
		At: newsDay(night), Name: "nightly", Source: newsDay(night).Format("20060102") + "-nightly", Again: again,
		Scenario:  results.ScenarioRef{Name: "pod-churn", SHA256: strings.Repeat("a", 64)},
		Candidate: history.Party{Name: "candidate", SHA256: strings.Repeat("c", 64), Etcd: "3.7.3"},
		Control:   &history.Party{Name: "control", SHA256: strings.Repeat("0", 64), Etcd: "3.7.3"},
		Machine:   history.Machine{OS: "linux", Kernel: "6.18", CPUs: 2, MemoryGiB: 24}, Tool: "etcd-dyno v1", Pairs: 16, Valid: true,
		Folder: "runs/" + newsDay(night).Format("20060102") + "-nightly-experiment",
	}
	for i, m := range []struct {
		name   string
		effect float64
		gates  bool
	}{{"churn.bind.response.p50", bind + vary, true}, {"heartbeats.renew-lease.response.p50", vary, true}, {"churn.<b>|bind`.response.p99", 2 * vary, false}} {
		effect := m.effect + 0.002*float64(i)
		r.Metrics = append(r.Metrics, history.Metric{Metric: m.name, Better: "lower", Gates: m.gates, Relative: true, Value: control * (1 + effect), Control: &control, Effect: &effect})
	}
	return r
}

// rememberedNights are a history's file: twenty nights, then etcd 3.7.4, which binds 12 % slower, measured twice again.
func rememberedNights(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "history.ndjson")
	add := func(r history.Record) {
		t.Helper()
		if _, err := history.Add(path, r.At.Add(30*time.Minute), r); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 20 {
		add(remembered(n, 0, ""))
	}
	for i := range 3 {
		r := remembered(20, 0.12+0.005*float64(i), strings.Repeat(newsDay(20).Format("20060102")+"-nightly", min(i, 1)))
		r.Candidate.Etcd = "3.7.4"
		r.At = r.At.Add(time.Duration(i) * time.Hour)
		add(r)
	}
	return path
}

// lookAt is what a look at that history brings.
func lookAt(t *testing.T, path string) history.News {
	t.Helper()
	var told history.News
	all := func(*history.History) func(history.Series) bool { return func(history.Series) bool { return true } }
	if err := history.Check(path, newsDay(21), all, func(n history.News) error { told = n; return nil }); err != nil {
		t.Fatal(err)
	}
	return told
}

// What a look brings is told in all forms; the second look tells it no more.
func TestNews(t *testing.T) {
	path := rememberedNights(t)
	broken, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err == nil {
		_, err = fmt.Fprintln(broken, `{"schema"`)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := broken.Close(); err != nil {
		t.Fatal(err)
	}
	first := lookAt(t, path)
	for _, look := range []struct {
		name string
		news history.News
	}{{"told", first}, {"open", lookAt(t, path)}} {
		for format, write := range map[string]func(io.Writer, history.News) error{
			"txt":  func(w io.Writer, n history.News) error { return News(w, n, Style{}) },
			"md":   NewsMarkdown,
			"json": NewsJSON,
			"xml":  func(w io.Writer, n history.News) error { return NewsJUnit(w, n, false) },
			"csv":  CSVHistory,
		} {
			var out bytes.Buffer
			if err := write(&out, look.news); err != nil {
				t.Fatal(err)
			}
			golden(t, "news."+format, look.name, out.Bytes())
		}
	}
}

func TestNewsOfLittle(t *testing.T) {
	path := filepath.Join(t.TempDir(), "history.ndjson")
	for n := range 3 {
		if _, err := history.Add(path, newsDay(n), remembered(n, 0, "")); err != nil {
			t.Fatal(err)
		}
	}
	for want, n := range map[string]history.News{
		"History: TOO YOUNG  a change can be told from 11 measures on, 3 series watched": lookAt(t, path),
		"History: NO DATA  the history has no measure that counts":                       {},
	} {
		var out bytes.Buffer
		if err := News(&out, n, Style{}); err != nil || !strings.HasPrefix(out.String(), want+"\n") {
			t.Errorf("%v, want %q:\n%s", err, want, out.String())
		}
	}
}

// An acked change is listed with its reason.
func TestAccepted(t *testing.T) {
	path := rememberedNights(t)
	id := lookAt(t, path).Told[0].ID
	if _, err := history.Accept(path, newsDay(22), "it is *known*", id); err != nil {
		t.Fatal(err)
	}
	h, err := history.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	n := h.Look(h.Gating(), newsDay(23))
	for markdown, want := range map[bool]string{true: "acked 2026-03-23: it is \\*known\\*", false: "acked 2026-03-23: it is *known*"} {
		var out bytes.Buffer
		if err := Accepted(&out, h, n, markdown, Style{}); err != nil || !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
			t.Errorf("%v, want %s in\n%s", err, want, out.String())
		}
	}
	if len(n.Open) > 0 {
		t.Errorf("it is open: %+v", n.Open)
	}
}
