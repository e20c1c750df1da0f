package report

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	"github.com/google/go-cmp/cmp"
)

// list is what a reader has before him of an index.
type list struct {
	// Started are the runs that are shown, in order, by the minute in which they began.
	Started     []string
	Comparisons []string
	Told, Hash  string
	Controls    bool
	Sorted      string
	Within      int // the runs of experiments that are laid open and shown
}

// readIndex reads what is shown.
const readIndex = `(() => {
	const shown = (e) => e.checkVisibility();
	const table = (name) => document.querySelector('table[data-list=' + name + ']');
	const runs = table('runs');
	return {
		Started: [...runs.tBodies[0].rows].filter(shown).map((r) => (r.querySelector('time')?.dateTime ?? '').slice(11, 16)),
		Comparisons: [...table('comparisons').tBodies].filter(shown).map((b) => b.querySelector('.pill').textContent),
		Told: document.querySelector('[role=status]').textContent, Hash: decodeURIComponent(location.hash),
		Controls: shown(document.querySelector('.controls')),
		Sorted: [...runs.querySelectorAll('[aria-sort]')].map((h) => h.textContent + ' ' + h.getAttribute('aria-sort')).join(),
		Within: [...document.querySelectorAll('details[open] tbody tr')].filter(shown).length,
	};
})()`

// newestFirst are the runs of the full index as the file has them.
func newestFirst() []string {
	return []string{"23:59", "10:31", "10:30", "10:09", "10:08", "10:07", "10:06", "10:05", "10:04", "10:03", "10:02", "10:01", "10:00", ""}
}

func TestIndexInBrowser(t *testing.T) {
	browser := start(t)
	folder := t.TempDir()
	file := filepath.Join(folder, "index.html")
	write(t, file, renderIndex(t, full()))
	for name, v := range map[string]visit{
		"light-1280":     {width: 1280, scheme: "light"},
		"unscripted-390": {width: 390, scheme: "dark", unscripted: true},
	} {
		t.Run(name, func(t *testing.T) {
			v.url = "file://" + file
			ctx, _ := v.tab(browser, t)
			got := evaluate[list](ctx, t, readIndex)
			if diff := cmp.Diff(newestFirst(), got.Started); diff != "" {
				t.Errorf("the runs that are shown (-want +got):\n%s", diff)
			}
			if len(got.Comparisons) != 6 {
				t.Errorf("%d comparisons are shown", len(got.Comparisons))
			}
			if got.Controls == v.unscripted {
				t.Errorf("the controls are shown: %v", got.Controls)
			}
		})
	}
}

// step does something to an index and reads it.
func step(ctx context.Context, t *testing.T, actions ...chromedp.Action[chromedp.Void]) list {
	t.Helper()
	if err := chromedp.Do(ctx, actions...); err != nil {
		t.Fatal(err)
	}
	return evaluate[list](ctx, t, readIndex)
}

func TestIndexSortsAndFilters(t *testing.T) {
	file := filepath.Join(t.TempDir(), "index.html")
	write(t, file, renderIndex(t, full()))
	ctx, complaints := visit{url: "file://" + file, width: 1280, scheme: "light"}.tab(start(t), t)
	head := func(key string) string { return `[data-list=runs] [data-sort=` + key + `] button` }
	focus := func(selector string) {
		evaluate[bool](ctx, t, `document.querySelector('`+selector+`').focus() ?? true`)
	}
	expect := func(what string, got list, sorted, hash string, started ...string) {
		t.Helper()
		if diff := cmp.Diff(started, got.Started[:len(started)]); diff != "" || got.Sorted != sorted || got.Hash != hash {
			t.Errorf("%s: sorted by %q, at %q (-want +got):\n%s", what, got.Sorted, got.Hash, diff)
		}
	}
	expect("at first", step(ctx, t), "Started descending", "", newestFirst()...)
	expect("p50 clicked", step(ctx, t, chromedp.Click(chromedp.CSS(head("p50")))), "p50 ascending", "#runs=p50.asc", "10:00", "10:01", "10:02")
	// What has no p50 is last either way.
	got := step(ctx, t, chromedp.Click(chromedp.CSS(head("p50"))))
	expect("p50 clicked again", got, "p50 descending", "#runs=p50.desc", "10:30", "10:09", "10:08")
	if last := got.Started[len(got.Started)-3:]; !cmp.Equal(last, []string{"23:59", "10:31", ""}) {
		t.Errorf("the last are %q", last)
	}
	focus(head("scenario"))
	expect("Enter on scenario", step(ctx, t, chromedp.KeyEvent("\r")), "Scenario ascending", "#runs=scenario.asc", "23:59", "", "10:30", "10:31")
	focus(head("started"))
	expect("space on started", step(ctx, t, chromedp.KeyEvent(" ")), "Started ascending", "#runs=started.asc", "10:00", "10:01")
	expect("space again", step(ctx, t, chromedp.KeyEvent(" ")), "Started descending", "", newestFirst()...)

	// All words must be in a row, whatever their case; of an experiment they may be in its runs.
	got = step(ctx, t, chromedp.SendKeys(chromedp.CSS("#words"), "MIXED-10 3.6"))
	if len(got.Started) != 1 || got.Started[0] != "10:30" || len(got.Comparisons) != 0 || got.Told != "1 of 18 runs, 0 of 6 experiments and comparisons shown" || got.Hash != "#q=MIXED-10+3.6" {
		t.Errorf("filtered: %+v", got)
	}
	// The keyboard goes on from there, by Tab to the choice of verdicts.
	got = step(ctx, t, chromedp.KeyEvent(strings.Repeat("\b", 12)+"slower"), chromedp.KeyEvent("\t"), chromedp.KeyEvent("NOT"))
	if len(got.Started) != 0 || !cmp.Equal(got.Comparisons, []string{"REGRESSION"}) || got.Within != 1 || got.Hash != "#q=slower&verdict=NOT+VALID" {
		t.Errorf("only the experiment with a run that is not valid, which is laid open: %+v", got)
	}
	// Chosen by its own verdict, an experiment has all its runs, which are folded again.
	got = step(ctx, t, chromedp.KeyEvent(kb.ArrowDown))
	if !cmp.Equal(got.Comparisons, []string{"REGRESSION"}) || got.Within != 0 || got.Told != "4 of 18 runs, 1 of 6 experiments and comparisons shown" {
		t.Errorf("by the experiment's verdict: %+v", got)
	}
	if told := complaints.told(); len(told) > 0 {
		t.Errorf("the page is not quiet: %q", told)
	}
}

// A view can be linked; what no longer fits is as if it were not there.
func TestIndexIsLinked(t *testing.T) {
	file := filepath.Join(t.TempDir(), "index.html")
	write(t, file, renderIndex(t, full()))
	browser := start(t)
	ctx, complaints := visit{url: "file://" + file + "#q=pod-churn&verdict=MEASURED&runs=p50.desc", width: 390, scheme: "dark"}.tab(browser, t)
	if got := step(ctx, t); len(got.Started) != 10 || got.Started[0] != "10:09" || got.Sorted != "p50 descending" || got.Within != 3 {
		t.Errorf("%+v", got)
	}
	evaluate[string](ctx, t, `location.hash = '#verdict=NO+SUCH&runs=%3Cscript%3E.up&comparisons=toString.desc&q='`)
	if got := step(ctx, t); !cmp.Equal(got.Started, newestFirst()) || got.Sorted != "Started descending" || got.Told != "18 of 18 runs, 6 of 6 experiments and comparisons shown" {
		t.Errorf("%+v", got)
	}
	if told := complaints.told(); len(told) > 0 {
		t.Errorf("the page is not quiet: %q", told)
	}
}
