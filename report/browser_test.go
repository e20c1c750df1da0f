package report

import (
	"context"
	"fmt"
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
	file   string
	width  int64
	scheme string // light or dark
	// unscripted disables JavaScript.
	unscripted bool
}

// seen is what the browser made of a page.
type seen struct {
	Shown, Flat, Overflow int
	complaints            []string
	picture               []byte
}

// open visits a page in a tab of its own.
func (v visit) open(browser context.Context, t *testing.T) seen {
	t.Helper()
	ctx, c := v.tab(browser, t)
	var picture []byte
	if os.Getenv(screenshotsEnv) != "" {
		var err error
		if picture, err = chromedp.Run(ctx, chromedp.FullScreenshot(100)); err != nil {
			t.Fatal(err)
		}
	}
	// The page's own scripts had their chance; the measuring needs one.
	call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{})
	s := evaluate[seen](ctx, t, measureFigures)
	s.picture, s.complaints = picture, c.told()
	return s
}

// tab shows a page in a tab that stays open until the test ends.
func (v visit) tab(browser context.Context, t *testing.T) (context.Context, *complaints) {
	t.Helper()
	ctx, cancel := chromedp.NewContext(browser)
	t.Cleanup(cancel)
	c := &complaints{}
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
	if err := chromedp.Do(ctx, chromedp.Navigate("file://"+v.file)); err != nil {
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
	mu  sync.Mutex // guards all
	all []string
}

func (c *complaints) take(event any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, "file://") {
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

// measureFigures counts the figures of a page that are shown, and those without size.
const measureFigures = `(() => {
	const shown = [...document.querySelectorAll('svg.figure')].filter(s => getComputedStyle(s.parentElement).display !== 'none');
	const flat = shown.filter(s => { const r = s.getBoundingClientRect(); return r.width < 200 || r.height < 60 });
	return {Shown: shown.length, Flat: flat.length, Overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth};
})()`

func TestInBrowser(t *testing.T) {
	ctx := start(t)
	folder := t.TempDir()
	file, trouble, blocked, lab := filepath.Join(folder, "report.html"), filepath.Join(folder, "trouble.html"), filepath.Join(folder, "blocked.html"), filepath.Join(folder, "lab.html")
	html := render(t, page(t, podChurn(20).journal(t)))
	write(t, file, html)
	write(t, trouble, render(t, troubled(t)))
	write(t, lab, strings.ReplaceAll(render(t, inLab(t)), "<details>", "<details open>"))
	write(t, blocked, strings.Replace(html, "<head>", jenkins, 1))

	for name, v := range map[string]visit{
		"light-1280":           {file: file, width: 1280, scheme: "light"},
		"dark-1280":            {file: file, width: 1280, scheme: "dark"},
		"light-390":            {file: file, width: 390, scheme: "light"},
		"dark-390":             {file: file, width: 390, scheme: "dark"},
		"unscripted-light-800": {file: file, width: 800, scheme: "light", unscripted: true},
		"trouble-light-1280":   {file: trouble, width: 1280, scheme: "light"},
		"trouble-dark-390":     {file: trouble, width: 390, scheme: "dark"},
		"lab-light-1280":       {file: lab, width: 1280, scheme: "light"},
		"lab-dark-390":         {file: lab, width: 390, scheme: "dark"},
	} {
		t.Run(name, func(t *testing.T) {
			s := v.open(ctx, t)
			if len(s.complaints) > 0 {
				t.Errorf("the page is not quiet: %q", s.complaints)
			}
			if s.Shown < 40 || s.Flat > 0 || s.Overflow > 0 {
				t.Errorf("%d figures are shown, %d without size; the page is %d px too wide", s.Shown, s.Flat, s.Overflow)
			}
			keep(t, name+".png", s.picture)
		})
	}
	t.Run("styles blocked", func(t *testing.T) {
		s := visit{file: blocked, width: 1280, scheme: "dark"}.open(ctx, t)
		if len(s.complaints) != 1 || !strings.Contains(s.complaints[0], "Content Security Policy") {
			t.Errorf("want the refusal of the one style sheet and nothing else: %q", s.complaints)
		}
		if s.Shown < 40 || s.Flat > 0 {
			t.Errorf("%d figures are shown, %d without size", s.Shown, s.Flat)
		}
		keep(t, "styles-blocked.png", s.picture)
	})
	t.Run("print", func(t *testing.T) {
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

// jenkins begins a page's head with the policy under which Jenkins shows attached
// pages. It blocks style elements too. (Its sandbox directive works only as a header.)
const jenkins = `<head><meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self'; style-src 'self'">`

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
