package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// hour is an hour's run of 12 operations.
//
// Note: its journal would take a minute to encode, so a shorter run is repeated.
func hour(t testing.TB) Page {
	t.Helper()
	const seconds, copies = 3600, 90
	f := podChurn(seconds / copies)
	f.loads = f.loads[:12]
	p := page(t, f.journal(t))
	var measured []results.Moment
	span, _ := p.Run.Span(results.PhaseMeasure)
	for _, m := range p.Run.Timeline {
		if m.StartMS >= span.StartMS && m.EndMS <= span.EndMS {
			measured = append(measured, m)
		}
	}
	for i := range seconds - len(measured) {
		m := measured[i%len(measured)]
		m.StartMS = span.EndMS + float64(i)*1000
		m.EndMS = m.StartMS + 1000
		p.Run.Timeline = append(p.Run.Timeline, m)
	}
	for i := range p.Run.Phases {
		if p.Run.Phases[i].Name == results.PhaseMeasure {
			p.Run.Phases[i].EndMS = span.StartMS + seconds*1000
		}
	}
	p.Run.Phases = p.Run.Phases[:3]
	for _, o := range p.Run.Operations {
		for _, h := range o.Quantities {
			once := results.NewHistogram(results.Figures)
			once.Merge(h)
			for range copies - 1 {
				h.Merge(once)
			}
		}
	}
	p.Result = results.Summarize(p.Run)
	return p
}

// variants are runs that a report must cope with.
func variants(t *testing.T) map[string]Page {
	t.Helper()
	killed := podChurn(6)
	killed.unended = true
	empty := podChurn(0)
	empty.unended = true
	few := podChurn(20)
	few.loads = []load{{workload: "slow", operation: "compact", rate: 0.15, p50: 40, spread: 0.1}}
	header, _, _ := bytes.Cut(podChurn(1).journal(t), []byte("\n"))
	_, headless, _ := bytes.Cut(podChurn(6).journal(t), []byte("\n"))
	return map[string]Page{
		"pod-churn":     page(t, podChurn(6).journal(t)),
		"killed":        page(t, killed.journal(t)),
		"empty measure": page(t, empty.journal(t)),
		"three samples": page(t, few.journal(t)),
		"trouble":       troubled(t),
		"header alone":  page(t, append(header, '\n')),
		"headless":      page(t, headless),
	}
}

func TestHTMLIsWellFormedAndQuiet(t *testing.T) {
	external := regexp.MustCompile(`(?i)(src|href|srcset|action|data|poster)\s*=|url\(|@import`)
	for name, p := range variants(t) {
		t.Run(name, func(t *testing.T) {
			content := render(t, p)
			root, err := html.Parse(strings.NewReader(content))
			if err != nil {
				t.Fatal(err)
			}
			styles, scripts := 0, 0
			for n := range root.Descendants() {
				if n.Type != html.ElementNode {
					continue
				}
				switch n.Data {
				case "script":
					if len(n.Attr) > 0 && n.Attr[0].Val == "application/json" { // not run
						break
					}
					if scripts++; n.FirstChild.Data != plotScript+exploreScript {
						t.Errorf("the page has a script of another: %.100s", n.FirstChild.Data)
					}
				case "iframe", "object", "embed", "link", "img", "i":
					t.Errorf("the page has a <%s>", n.Data)
				case "style":
					styles++
				}
				for _, a := range n.Attr {
					if a.Key == "style" || strings.HasPrefix(a.Key, "on") {
						t.Errorf("<%s> has an attribute %s=%q", n.Data, a.Key, a.Val)
					}
					if external.MatchString(a.Key + "=") {
						t.Errorf("<%s> loads %s=%q", n.Data, a.Key, a.Val)
					}
				}
			}
			if styles != 1 || scripts > 1 {
				t.Errorf("the page has %d <style> and %d <script> elements, want 1 and 1 at most", styles, scripts)
			}
			wellFormed(t, content)
		})
	}
}

// wellFormed parses each figure as XML; each has a size, a role and a message.
func wellFormed(t *testing.T, content string) {
	t.Helper()
	for _, svg := range regexp.MustCompile(`(?s)<svg .*?</svg>`).FindAllString(content, -1) {
		var f struct {
			Width   float64 `xml:"width,attr"`
			Height  float64 `xml:"height,attr"`
			ViewBox string  `xml:"viewBox,attr"`
			Role    string  `xml:"role,attr"`
			Title   string  `xml:"title"`
		}
		if err := xml.Unmarshal([]byte(svg), &f); err != nil {
			t.Fatalf("a figure is not well-formed: %v\n%.300s", err, svg)
		}
		if f.Width < 200 || f.Height < 60 || f.ViewBox == "" || f.Role != "img" || len(f.Title) < 10 {
			t.Errorf("a figure lacks something: %+v", f)
		}
	}
}

func TestHTMLTells(t *testing.T) {
	pages := map[string]string{}
	for name, p := range variants(t) {
		pages[name] = render(t, p)
	}
	for _, test := range []struct{ page, want string }{
		{"pod-churn", "<strong>PASSED</strong>"},
		{"pod-churn", "3 of 3 thresholds met"},
		{"pod-churn", `title="needs 10,000 samples">n/a`},
		{"pod-churn", "etcd-dyno run pod-churn --configuration single"},
		{"killed", "not complete"},
		{"killed", "the figures go up to its last full second"},
		{"empty measure", "<strong>NO DATA</strong>"},
		{"three samples", `title="needs 20 samples">n/a`},
		{"three samples", "3 timed"},
		{"trouble", "<strong>CHECK FAILED</strong>"},
		{"trouble", "interrupted, not complete"},
		{"trouble", "1 of 4 thresholds met, 1 breached, 1 with too few samples, 1 skipped"},
		{"trouble", "failed: acknowledged-writes"},
		{"trouble", "2 lines of the journal could not be read"},
		{"trouble", "Unavailable "},
		{"trouble", "&lt;script&gt;alert"},
		{"header alone", "Nothing was measured"},
		{"headless", "<strong>NOT VALID</strong>"},
		{"headless", "the header of the journal is lost"},
		{"headless", "unknown"},
	} {
		if !strings.Contains(pages[test.page], test.want) {
			t.Errorf("the report of %q does not say %q", test.page, test.want)
		}
	}
}

func TestStyleSheetHasEveryInk(t *testing.T) {
	for _, ink := range figure.Inks() {
		for _, class := range []string{".s-" + ink, ".f-" + ink} {
			if !strings.Contains(pageStyle, class+" {") {
				t.Errorf("the style sheet has no %s", class)
			}
		}
	}
}

func TestHTMLOfAnHourIsSmall(t *testing.T) {
	var size counter
	if err := HTML(&size, hour(t)); err != nil {
		t.Fatal(err)
	}
	if size > 5<<20 {
		t.Errorf("the report of an hour has %d bytes, want 5 MiB at most", size)
	}
	t.Logf("the report of an hour has %s", figure.Bytes(float64(size)))
}

type counter int

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

func TestHTMLTellsWhyItCouldNotBeWritten(t *testing.T) {
	full := errors.New("disk full")
	err := HTML(failing{full}, page(t, podChurn(1).journal(t)))
	if !errors.Is(err, full) {
		t.Errorf("got %v, want it to wrap %v", err, full)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// BenchmarkHTML writes the report of an hour; the aim is 3 s at most.
func BenchmarkHTML(b *testing.B) {
	p := hour(b)
	b.ReportAllocs()
	for b.Loop() {
		if err := HTML(io.Discard, p); err != nil {
			b.Fatal(err)
		}
	}
}

func TestJudge(t *testing.T) {
	pass, fail := results.ThresholdResult{Status: results.Pass}, results.ThresholdResult{Status: results.Fail}
	some := []results.Operation{{Operation: "put"}}
	for _, test := range []struct {
		name   string
		result results.Result
		want   string
	}{
		{"good", results.Result{Valid: true, Complete: true, Operations: some, Thresholds: []results.ThresholdResult{pass}}, "PASSED: valid · complete · 1 of 1 thresholds met · no checks made"},
		{"no limits", results.Result{Valid: true, Complete: true, Operations: some}, "MEASURED: valid · complete · no thresholds set · no checks made"},
		{"breach", results.Result{Valid: true, Complete: true, Operations: some, Thresholds: []results.ThresholdResult{pass, fail}}, "FAILED: valid · complete · 1 of 2 thresholds met, 1 breached · no checks made"},
		{"invalid before breach", results.Result{Complete: true, Operations: some, Thresholds: []results.ThresholdResult{fail}}, "NOT VALID: not valid: the numbers cannot be taken for etcd's · complete · 0 of 1 thresholds met, 1 breached · no checks made"},
		{"check before all", results.Result{Operations: some, Checks: []results.Check{{Name: "lost", Status: results.Fail}}}, "CHECK FAILED: not valid: the numbers cannot be taken for etcd's · not complete · no thresholds set · 0 of 1 checks passed, failed: lost"},
		{"interrupted", results.Result{Valid: true, Operations: some, Warnings: []string{"interrupted: SIGINT"}}, "INTERRUPTED: valid · interrupted, not complete · no thresholds set · no checks made"},
		{"killed", results.Result{Valid: true, Operations: some}, "INCOMPLETE: valid · not complete · no thresholds set · no checks made"},
		{"nothing", results.Result{Valid: true, Complete: true}, "NO DATA: valid · complete · no thresholds set · no checks made"},
	} {
		if got := judge(test.result).String(); got != test.want {
			t.Errorf("%s:\n got %s\nwant %s", test.name, got, test.want)
		}
	}
}
