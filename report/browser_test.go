package report

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// screenshotsEnv names a directory that the browser test leaves its pictures in.
const screenshotsEnv = "ETCD_DYNO_SCREENSHOTS"

// browser returns a path of Chromium, or skips the test.
func browser(t *testing.T) string {
	t.Helper()
	for _, name := range []string{os.Getenv("CHROME"), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	if os.Getenv("ETCD_DYNO_REQUIRE_BROWSER") != "" {
		t.Fatal("no browser, though ETCD_DYNO_REQUIRE_BROWSER is set")
	}
	t.Skip("no browser: set CHROME, or install chromium or google-chrome")
	return ""
}

// start returns a context in which chromedp drives a browser of its own; it lives as long as the test.
func start(t *testing.T) context.Context {
	t.Helper()
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(browser(t)), chromedp.UserDataDir(t.TempDir()), chromedp.NoFirstRun}
	for _, name := range []string{"headless", "no-sandbox", "disable-gpu", "disable-quic", "disable-background-networking", "disable-component-update", "disable-sync", "hide-scrollbars"} {
		options = append(options, chromedp.Flag(name, true))
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("starting the browser: %v", err)
	}
	return ctx
}

// visit is a page as a reader sees it.
type visit struct {
	url    string
	width  int64
	scheme string // light or dark
	// unscripted disables JavaScript.
	unscripted bool
}

// seen is what the browser made of a page.
type seen struct {
	// Shown and Flat are how many figures are shown and how many of them have no size, Buttons how many lead to more of a figure.
	Shown, Flat, Overflow, Buttons int
	// Faint are texts with less contrast than the AA of WCAG 2.2 asks for, or too small.
	Faint      []string
	complaints []string
	picture    []byte
}

// whole holds that a page shows its figures and that its texts can be read.
func (s seen) whole(t *testing.T, figures int) {
	t.Helper()
	if s.Shown < figures || s.Flat > 0 || s.Overflow > 0 {
		t.Errorf("%d figures are shown, want %d or more, %d without size; the page is %d px too wide", s.Shown, figures, s.Flat, s.Overflow)
	}
	if len(s.Faint) > 0 {
		t.Errorf("%d texts are hard to read: %q", len(s.Faint), s.Faint[:min(len(s.Faint), 10)])
	}
}

// open visits a page in a tab of its own.
func (v visit) open(browser context.Context, t *testing.T) seen {
	t.Helper()
	ctx, c := v.tab(browser, t)
	var picture []byte
	if os.Getenv(screenshotsEnv) != "" {
		var err error
		if picture, err = chromedp.Run(ctx, chromedp.FullScreenshot(85)); err != nil {
			t.Fatal(err)
		}
	}
	// The page's own scripts had their chance; the measuring needs one.
	call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{})
	s := evaluate[seen](ctx, t, measurePage)
	s.picture, s.complaints = picture, c.told()
	return s
}

// tab shows a page in a tab that stays open until the test ends.
func (v visit) tab(browser context.Context, t *testing.T) (context.Context, *complaints) {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	c := &complaints{origin: v.url}
	if err := chromedp.Listen(ctx, c.take); err != nil {
		t.Fatal(err)
	}
	ctx, cancel = context.WithTimeout(ctx, time.Minute)
	t.Cleanup(cancel)
	call(ctx, t, network.Enable, network.EnableParams{})
	call(ctx, t, log.Enable, cdp.Empty{})
	call(ctx, t, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: v.width, Height: 900, DeviceScaleFactor: 1, Mobile: v.width < 600})
	call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: v.scheme}}})
	call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: v.unscripted})
	if err := chromedp.Do(ctx, chromedp.Navigate(v.url)); err != nil {
		t.Fatal(err)
	}
	return ctx, c
}

// call calls a command of the browser's.
func call[P any](ctx context.Context, t *testing.T, command cdp.Command[P, cdp.Empty], params P) {
	t.Helper()
	if _, err := chromedp.Call(ctx, command, params); err != nil {
		t.Fatal(err)
	}
}

// evaluate is the value of an expression in the page.
func evaluate[T any](ctx context.Context, t *testing.T, expression string) T {
	t.Helper()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// complaints gathers what a page asked the network for and told the console.
type complaints struct {
	origin string     // requests for it itself are none
	mu     sync.Mutex // guards all
	all    []string
}

func (c *complaints) take(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if page, _, _ := strings.Cut(c.origin, "#"); e.Request.URL != page {
			c.all = append(c.all, "request: "+e.Request.URL)
		}
	case *runtime.EventConsoleAPICalled:
		c.all = append(c.all, fmt.Sprintf("console: %v", e.Args))
	case *runtime.EventExceptionThrown:
		c.all = append(c.all, "exception: "+e.ExceptionDetails.Text)
	case *log.EventEntryAdded:
		c.all = append(c.all, "log: "+e.Entry.Text)
	}
}

func (c *complaints) told() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.all
}

// measurePage counts the figures of a page that are shown, those without size,
// and the texts that are hard to read.
const measurePage = `(() => {
	const shown = [...document.querySelectorAll('svg.figure')].filter(s => s.checkVisibility());
	const flat = shown.filter(s => { const r = s.getBoundingClientRect(); return r.width < 200 || r.height < 60 });
	const channels = text => { const m = text.match(/[\d.]+/g).map(Number); return {rgb: m.slice(0, 3), alpha: m.length > 3 ? m[3] : 1} };
	const luminance = rgb => { const [r, g, b] = rgb.map(v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
	const behind = element => {
		for (let e = element; e; e = e.parentElement) { const c = channels(getComputedStyle(e).backgroundColor); if (c.alpha > 0.99) return c.rgb }
		return [255, 255, 255];
	};
	const faint = [];
	for (const element of document.querySelectorAll('body *')) {
		if (!element.checkVisibility() || element.closest('title, script, style')) continue;
		const text = [...element.childNodes].filter(n => n.nodeType === 3).map(n => n.data.trim()).join(' ').trim();
		if (!text) continue;
		const style = getComputedStyle(element), drawn = element.namespaceURI.endsWith('svg');
		const ink = channels(drawn ? style.fill : style.color);
		const a = luminance(ink.rgb), b = luminance(behind(drawn ? element.ownerSVGElement.parentElement : element));
		const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (contrast < 4.5 || parseFloat(style.fontSize) < 9) faint.push(contrast.toFixed(2) + ' at ' + style.fontSize + ': ' + text.slice(0, 40));
	}
	return {Shown: shown.length, Flat: flat.length, Overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth, Buttons: document.querySelectorAll('.explore').length, Faint: faint};
})()`

// looks are how a page is visited: at both widths, in both schemes.
var looks = map[string]visit{
	"light-1280": {width: 1280, scheme: "light"},
	"dark-1280":  {width: 1280, scheme: "dark"},
	"light-390":  {width: 390, scheme: "light"},
	"dark-390":   {width: 390, scheme: "dark"},
}

// kind is a page that we make.
type kind struct {
	html string
	// figures is how many it shows at least.
	figures int
	// every tells that it is visited in all looks, and not only in the narrow dark one.
	every bool
}

// kinds are the pages that we make.
func kinds(t *testing.T) map[string]kind {
	t.Helper()
	return map[string]kind{
		"run":            {render(t, streaming(t, 20)), 30, true},
		"trouble":        {render(t, troubled(t)), 60, false},
		"lab":            {strings.ReplaceAll(render(t, inLab(t)), "<details>", "<details open>"), 60, false}, // also what is folded is whole
		"experiment":     {compared(t, comparisons()["decided"]), 4, true},
		"comparison":     {compared(t, comparisons()["indicative"]), 3, true},
		"not-comparable": {compared(t, comparisons()["unlike"]), 3, false},
		"sweep":          {sweptPage(t, "sweep-confirmed"), 2, true},
		"sweep-each":     {sweptPage(t, "sweep-each"), 3, false},
		"sweep-one":      {sweptPage(t, "sweep-one"), 2, false},
		"sweep-once":     {sweptPage(t, "sweep-once"), 2, false},
		"sweep-three":    {sweptPage(t, "sweep-three"), 3, false},
		"sweep-nothing":  {sweptPage(t, "sweep-nothing"), 0, false},
		"index":          {renderIndex(t, full()), 0, true},
		"history":        {renderHistory(t, eventful(t)), 4, true},
	}
}

// compared is the page of a comparison.
func compared(t *testing.T, c results.Comparison) string {
	t.Helper()
	h := results.NewHistogram(results.Figures)
	for i := range 3000 {
		record(h, 1+float64(i%97)/10)
	}
	var b strings.Builder
	if err := HTMLComparison(&b, ComparisonPage{Title: "disk", Comparison: c, Curves: [][]SideCurves{{{Name: "churn create response", Baseline: h, Candidate: h}, {Name: "churn get response", Baseline: h}}}}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Every kind of page is quiet and whole: no complaint, no request, no figure
// without size, no text that is hard to read, nothing beyond the edge.
func TestInBrowser(t *testing.T) {
	ctx := start(t)
	for kind, each := range kinds(t) {
		file := filepath.Join(t.TempDir(), kind+".html")
		write(t, file, each.html)
		for name, v := range looks {
			if !each.every && name != "dark-390" {
				continue
			}
			t.Run(kind+"-"+name, func(t *testing.T) {
				v.url = "file://" + file
				s := v.open(ctx, t)
				if len(s.complaints) > 0 {
					t.Errorf("the page is not quiet: %q", s.complaints)
				}
				s.whole(t, each.figures)
				keep(t, kind+"-"+name+".jpg", s.picture)
			})
		}
		if !each.every {
			continue
		}
		t.Run(kind+" without scripts", func(t *testing.T) {
			s := visit{url: "file://" + file, width: 800, scheme: "light", unscripted: true}.open(ctx, t)
			if len(s.complaints) > 0 || s.Buttons > 0 {
				t.Errorf("the page is not quiet, or has %d buttons that do nothing: %q", s.Buttons, s.complaints)
			}
			s.whole(t, each.figures)
		})
	}
	t.Run("print", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "print.html")
		write(t, file, render(t, streaming(t, 20)))
		if err := chromedp.Do(ctx, chromedp.Navigate("file://"+file)); err != nil {
			t.Fatal(err)
		}
		pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF())
		if err != nil {
			t.Fatal(err)
		}
		keep(t, "print.pdf", pdf)
	})
}

// jenkins is the policy under which Jenkins shows pages that a build left.
const jenkins = "sandbox; default-src 'none'; img-src 'self'; style-src 'self'"

// Where a policy blocks styles and scripts, only that is complained of, and figures and texts are as they are.
func TestUnderJenkinsPolicy(t *testing.T) {
	ctx := start(t)
	for kind, each := range kinds(t) {
		if !each.every {
			continue
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Security-Policy", jenkins)
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, each.html) //nolint:gosec // it is a page of ours
		}))
		widths := []visit{{width: 1280, scheme: "dark"}, {width: 390, scheme: "light"}}
		if kind != "run" {
			widths = widths[:1]
		}
		for _, v := range widths {
			t.Run(fmt.Sprintf("%s-%d", kind, v.width), func(t *testing.T) {
				v.url = server.URL + "/report.html"
				s := v.open(ctx, t)
				for _, c := range s.complaints {
					if !strings.HasPrefix(c, "log: Applying inline style violates") && !strings.HasPrefix(c, "log: Executing inline script violates") && !strings.HasPrefix(c, "log: Blocked script execution in") {
						t.Errorf("beside what the policy refuses: %s", c)
					}
				}
				if len(s.complaints) == 0 {
					t.Error("the policy refused nothing: was it in force?")
				}
				s.Overflow = 0 // tables have no box of their own to scroll in without styles
				s.whole(t, each.figures)
				keep(t, fmt.Sprintf("jenkins-%s-%d.jpg", kind, v.width), s.picture)
			})
		}
		server.Close()
	}
}

// A figure can be looked at closely, with the pointer and with keys alone, and is as before when that is over.
func TestExplore(t *testing.T) {
	browser := start(t)
	file := filepath.Join(t.TempDir(), "run.html")
	write(t, file, render(t, streaming(t, 20)))
	for _, name := range []string{"light-1280", "dark-390"} {
		t.Run(name, func(t *testing.T) {
			v := looks[name]
			v.url = "file://" + file
			ctx, complaints := v.tab(browser, t)
			if err := chromedp.Do(ctx, chromedp.Focus("#figure-all-over-time .explore"), chromedp.KeyEvent("\r"), chromedp.WaitVisible(".explorer canvas")); err != nil {
				t.Fatal(err)
			}
			ask := func(script string) string {
				t.Helper()
				return evaluate[string](ctx, t, script)
			}
			if got := ask(`document.querySelector(".explorer h2").textContent`); !strings.HasPrefix(got, "Response of all operations") {
				t.Errorf("it shows %q", got)
			}
			// The values under the pointer, in the middle of the plot.
			ask(`(() => { const over = document.querySelector(".explorer .u-over"), box = over.getBoundingClientRect();
				over.dispatchEvent(new MouseEvent("mousemove", {clientX: box.x + box.width / 2, clientY: box.y + box.height / 2, bubbles: true})); return "" })()`)
			if err := chromedp.Do(ctx, chromedp.Sleep(100*time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			legend := ask(`[...document.querySelectorAll(".explorer .u-series")].map(s => s.textContent).join("|")`)
			for _, want := range []string{"time since measuring began", "p50", "max"} {
				if !strings.Contains(legend, want) {
					t.Errorf("the values %q lack %q", legend, want)
				}
			}
			if !strings.Contains(legend, "ms") || strings.Contains(legend, "NaN") {
				t.Errorf("the values are %q", legend)
			}
			// The arrow keys go from one value to the next.
			const values = `[...document.querySelectorAll(".explorer .u-value")].map(s => s.textContent).join("|")`
			if err := chromedp.Do(ctx, chromedp.Focus(".explorer .plot"), chromedp.KeyEvent(kb.ArrowRight), chromedp.Sleep(100*time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			if got := ask(values); strings.Contains(legend, strings.Split(got, "|")[0]) || strings.Contains(got, "–") {
				t.Errorf("after a key the values are %q, before %q", got, legend)
			}
			// A name hides its line, by a key too.
			if err := chromedp.Do(ctx, chromedp.Focus(".explorer .u-series:nth-child(3) th"), chromedp.KeyEvent("\r"), chromedp.Sleep(100*time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			if got := ask(`(() => { const s = document.querySelector(".explorer .u-series:nth-child(3)"); return s.className + s.querySelector("th").getAttribute("aria-pressed") })()`); !strings.Contains(got, "u-off") || !strings.HasSuffix(got, "false") {
				t.Errorf("the line is still there: %q", got)
			}
			if os.Getenv(screenshotsEnv) != "" {
				picture, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
				if err != nil {
					t.Fatal(err)
				}
				keep(t, "explore-"+name+".png", picture)
			}
			if got := ask(`String(document.documentElement.scrollWidth - document.documentElement.clientWidth)`); got != "0" {
				t.Errorf("the page is %s px too wide", got)
			}
			if err := chromedp.Do(ctx, chromedp.KeyEvent(kb.Escape), chromedp.WaitNotVisible(".explorer")); err != nil {
				t.Fatal(err)
			}
			if got := ask(`document.activeElement.getAttribute("aria-label") || ""`); !strings.HasPrefix(got, "Explore: Response of all") {
				t.Errorf("the focus went to %q", got)
			}
			// Where one line has ended, and samples are few, another's values are told as what they are.
			if err := chromedp.Do(ctx, chromedp.Focus("#figure-churn-operations-by-percentile .explore"), chromedp.KeyEvent("\r"), chromedp.WaitVisible(".explorer canvas")); err != nil {
				t.Fatal(err)
			}
			ask(`(() => { const over = document.querySelector(".explorer .u-over"), box = over.getBoundingClientRect();
				over.dispatchEvent(new MouseEvent("mousemove", {clientX: box.right - 2, clientY: box.y + box.height / 2, bubbles: true})); return "" })()`)
			if err := chromedp.Do(ctx, chromedp.Sleep(100*time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			if got := ask(values); !strings.Contains(got, "–") || !strings.Contains(got, "(few samples)") || !strings.HasPrefix(got, "p9") {
				t.Errorf("at the end of the curves the values are %q", got)
			}
			if told := complaints.told(); len(told) > 0 {
				t.Errorf("the page is not quiet: %q", told)
			}
		})
	}
}

func render(t testing.TB, p Page) string {
	t.Helper()
	var b strings.Builder
	if err := HTML(&b, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// keep leaves a picture where the environment asks for it.
func keep(t *testing.T, name string, content []byte) {
	t.Helper()
	folder := os.Getenv(screenshotsEnv)
	if folder == "" {
		return
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
		t.Fatal(err)
	}
}
