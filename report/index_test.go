package report

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// hostile are folders' names that must neither break the page nor its links.
func hostile() []string {
	return []string{`a b#c?%`, `"><script>alert(1)</script>`, `javascript:alert(1)`, `x:y`, `&amp;'"`, `a\b`, "käse\u202e", `100%25`, `{{.}}`, `--`}
}

// indexedRun is a run in a folder, minutes after the first.
func indexedRun(folder string, minutes int) IndexRun {
	p50, p99 := 1.2+float64(minutes), 12.5
	return IndexRun{Path: folder, Report: true, Result: results.Result{
		ID: path.Base(folder), Valid: true, Complete: true, Started: time.Date(2026, 3, 1, 10, minutes, 0, 0, time.UTC),
		Scenario: results.ScenarioRef{Name: "pod-churn"}, Configuration: results.ConfigurationRef{Name: "single", Lab: true, Members: 1, EtcdVersion: "3.7.3"},
		Phases: []results.PhaseSpan{{Name: results.PhaseMeasure, StartMS: 1000, EndMS: 21_000}},
		Operations: []results.Operation{
			{Workload: "churn", Operation: "pod-start", Chain: true, AchievedRate: 5, Errors: map[string]int64{"Unavailable": 1}, Response: results.Distribution{Count: 9999}},
			{Workload: "churn", Operation: "get", AchievedRate: 20, Response: results.Distribution{Count: 5000}},
			{Workload: "churn", Operation: "create-event", AchievedRate: 10.5, Errors: map[string]int64{"Unavailable": 1, "DeadlineExceeded": 2}, Response: results.Distribution{Count: 2000, P50: &p50, P99: &p99}},
			{Workload: "churn", Operation: "create-event", Endpoint: "http://127.0.0.1:1", AchievedRate: 10.5},
			{Workload: "churn", Operation: "create", AchievedRate: 1, Response: results.Distribution{Count: 200}},
		},
		Findings: []results.Finding{{Name: "disk-fsync", Confidence: results.High}, {Name: "cpu-host"}},
	}}
}

// full is an index with all that there can be.
func full() Index {
	page := Index{Folder: `runs of <b>"all"</b>`, Made: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}
	for i, name := range hostile() {
		page.Runs = append(page.Runs, indexedRun(name, i))
	}
	three := indexedRun("20260301T110000Z-mixed-10-three", 30)
	three.Result.Scenario.Name, three.Result.Configuration = "mixed-10", results.ConfigurationRef{Name: "three", Lab: true, Members: 3, EtcdVersion: "3.6.16"}
	three.Result.Operations[2].Errors, three.Result.Operations[2].Response.P99, three.Result.Findings = nil, nil, nil
	three.Result.Thresholds = []results.ThresholdResult{{Status: results.Fail}}
	killed := indexedRun("20260301T111500Z-pod-churn-single", 31)
	killed.Unfinished, killed.Report, killed.Result.Complete, killed.Result.Valid, killed.Result.Operations = true, false, false, false, nil
	corrupt := IndexRun{Path: `corrupt<i>`, Problem: "reading result.json: unexpected end of <JSON> input"}
	dated := IndexRun{Path: "20260301T235959Z-late-single", Started: time.Date(2026, 3, 1, 23, 59, 59, 0, time.UTC), Problem: "loading run.jsonl: no header in it"}
	page.Runs = append(page.Runs, corrupt, three, killed, dated)

	decided, aa := decided(), decided()
	aa.AA, aa.Outcome = true, results.GatePass
	of := IndexComparison{Path: "20260301T120000Z-disk-experiment", Name: "disk", Started: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC), Page: "comparison.html", Comparison: &decided}
	for i := range 4 {
		of.Runs = append(of.Runs, indexedRun(fmt.Sprintf("20260301T120000Z-disk-experiment/runs/20260301T1200%02dZ-pod-churn-slower", i), 40+i))
	}
	of.Runs[1].Result.Valid, of.Runs[1].Result.Configuration.Name = false, "slower"
	single, swept := comparisons()["indicative"], sweeps()["sweep-two"]
	single.Contrasts[0].Candidate.Runs[0].ID = hostile()[0]
	page.Comparisons = []IndexComparison{
		{Path: "broken:experiment", Name: "broken", Problem: "reading experiment.jsonl: no header in it"},
		of,
		{Path: "20260301T130000Z-pod-churn-comparison", Started: time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC), Page: "comparison.html", Comparison: &single},
		{Path: "20260301T140000Z-noise-experiment", Name: "noise", Started: time.Date(2026, 3, 1, 14, 0, 0, 0, time.UTC), Comparison: &aa},
		{Path: "20260301T160000Z-tuning-experiment", Name: "tuning", Started: time.Date(2026, 3, 1, 16, 0, 0, 0, time.UTC), Page: "comparison.html", Comparison: &swept},
		{Path: "20260301T150000Z-half-experiment", Name: "half", Started: time.Date(2026, 3, 1, 15, 0, 0, 0, time.UTC), Asked: []string{"pod-churn: slow-disk against single"}},
	}
	return page
}

func renderIndex(t testing.TB, page Index) string {
	t.Helper()
	var b strings.Builder
	if err := HTMLIndex(&b, page); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// parsed is a page's tree.
func parsed(t *testing.T, content string) *html.Node {
	t.Helper()
	root, err := html.Parse(strings.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// textOf is all text below a node, with single spaces.
func textOf(n *html.Node) string {
	var b strings.Builder
	for d := range n.Descendants() {
		if d.Type == html.TextNode {
			b.WriteString(d.Data + " ")
		}
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// elements are those of a name.
func elements(root *html.Node, name string) (all []*html.Node) {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && n.Data == name {
			all = append(all, n)
		}
	}
	return all
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// rowsOf are the texts of the rows of the page's own tables, those within others left out.
func rowsOf(root *html.Node, list string) (rows []string) {
	for _, table := range elements(root, "table") {
		if attribute(table, "data-list") != list {
			continue
		}
		for body := range table.ChildNodes() {
			if body.Data != "tbody" {
				continue
			}
			for row := range body.ChildNodes() {
				if row.Type == html.ElementNode && attribute(row, "class") != "within" {
					rows = append(rows, textOf(row))
				}
			}
		}
	}
	return rows
}

func TestIndexIsQuiet(t *testing.T) {
	for name, page := range map[string]Index{"full": full(), "empty": {Folder: "runs"}} {
		root, scripts, styles := parsed(t, renderIndex(t, page)), 0, 0
		for n := range root.Descendants() {
			if n.Type != html.ElementNode {
				continue
			}
			switch n.Data {
			case "script":
				scripts++
			case "style":
				styles++
			case "iframe", "object", "embed", "link", "img", "i", "form", "base":
				t.Errorf("%s: the page has a <%s>", name, n.Data)
			}
			for _, a := range n.Attr {
				if a.Key == "style" || a.Key == "src" || strings.HasPrefix(a.Key, "on") || a.Key == "href" && n.Data != "a" {
					t.Errorf("%s: <%s> has %s=%q", name, n.Data, a.Key, a.Val)
				}
			}
		}
		if scripts != 1 || styles != 1 {
			t.Errorf("%s: %d scripts and %d styles, want one of each", name, scripts, styles)
		}
	}
}

// Every folder is reached by its link, whatever its name is.
func TestIndexLinks(t *testing.T) {
	page := full()
	var want []string
	for _, r := range page.Runs {
		if r.Report {
			want = append(want, r.Path+"/report.html")
		}
	}
	for _, c := range page.Comparisons {
		if c.Page != "" {
			want = append(want, c.Path+"/comparison.html")
		}
		for _, r := range c.Runs {
			want = append(want, r.Path+"/report.html")
		}
	}
	want = append(want, hostile()[0]+"/report.html") // as one that was compared, too
	base := &url.URL{Scheme: "file", Path: "/srv/runs/index.html"}
	var got []string
	for _, a := range elements(parsed(t, renderIndex(t, page)), "a") {
		to, err := base.Parse(attribute(a, "href"))
		if err != nil {
			t.Fatal(err)
		}
		if to.Scheme != "file" || to.RawQuery != "" || to.Fragment != "" {
			t.Errorf("a link leads to %s", to)
		}
		got = append(got, strings.TrimPrefix(to.Path, "/srv/runs/"))
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("links (-want +got):\n%s", diff)
	}
}

func TestIndexTells(t *testing.T) {
	root := parsed(t, renderIndex(t, full()))
	runs := rowsOf(root, "runs")
	for i, want := range []string{
		"2026-03-01 23:59:59 UNREADABLE 20260301T235959Z-late-single loading run.jsonl: no header in it",
		"2026-03-01 10:31:00 INCOMPLETE pod-churn killed, or still running single 3.7.3, 1 member 20.0 s – – – – – disk-fsync high",
		"2026-03-01 10:30:00 FAILED mixed-10 three 3.6.16, 3 members 20.0 s 31.5 31.2 ms n/a churn.create-event 0 –",
		"2026-03-01 10:09:00 MEASURED pod-churn single 3.7.3, 1 member 20.0 s 31.5 10.2 ms 12.5 ms churn.create-event 3 disk-fsync high",
	} {
		if runs[i] != want {
			t.Errorf("row %d of the runs:\n got %s\nwant %s", i, runs[i], want)
		}
	}
	if got, want := runs[len(runs)-1], "not known UNREADABLE corrupt<i> reading result.json: unexpected end of <JSON> input"; got != want || len(runs) != len(hostile())+4 {
		t.Errorf("the last of %d rows is %q, want %q", len(runs), got, want)
	}
	want := []string{
		"2026-03-01 16:00:00 BETTER FOUND tuning pod-churn: a grid of 4 × 3: snapshot-count × batch interval " +
			"node-drain: one at a time: 4 levels of snapshot-count, 3 levels of batch interval, 3 levels of disk – " +
			"pod-churn: take configuration.etcd.flags.snapshot-count = 100000, configuration.etcd.flags.backend-batch-interval = 1s: churn.create.response.p99 −16 % (90 % interval −19 % … −12 %) in fresh runs " +
			"node-drain: take configuration.etcd.flags.snapshot-count = 100000: churn.create.response.p99 −17 % (90 % interval −20 % … −14 %)",
		"2026-03-01 15:00:00 UNFINISHED half pod-churn: slow-disk against single – experiment --resume goes on with it",
		"2026-03-01 14:00:00 NOISE FLOOR noise pod-churn: slower against as-it-is 4 1 of 2 gates failed 1 of 2 gates inconclusive",
		"2026-03-01 13:00:00 INDICATIVE pod-churn: slower against as-it-is – nothing gates 4 runs against 4, not in pairs",
		"2026-03-01 12:00:00 REGRESSION disk pod-churn: slower against as-it-is 4 1 of 2 gates failed 1 of 2 gates inconclusive",
		"not known UNREADABLE broken:experiment reading experiment.jsonl: no header in it",
	}
	if diff := cmp.Diff(want, rowsOf(root, "comparisons")); diff != "" {
		t.Errorf("comparisons (-want +got):\n%s", diff)
	}
	var words []string
	for _, o := range elements(root, "option") {
		words = append(words, textOf(o))
	}
	if diff := cmp.Diff([]string{"all", "BETTER FOUND", "FAILED", "INCOMPLETE", "INDICATIVE", "MEASURED", "NOISE FLOOR", "NOT VALID", "REGRESSION", "UNFINISHED", "UNREADABLE"}, words); diff != "" {
		t.Errorf("verdicts (-want +got):\n%s", diff)
	}
	if got, want := textOf(elements(root, "dl")[0]), "Runs 18 Experiments 5 Comparisons 1 Cannot be read 3 As of 2026-03-02 00:00:00 UTC"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestIndexOfNothing(t *testing.T) {
	content := renderIndex(t, Index{Folder: "runs", Made: time.Now()})
	if !strings.Contains(content, "etcd-dyno run pod-churn --runs-dir runs") || strings.Contains(content, "<table") {
		t.Error("the page of an empty folder does not say how to make a run")
	}
}

// What the policy allows is what stands in the elements, byte by byte.
func TestIndexPolicy(t *testing.T) {
	root := parsed(t, renderIndex(t, full()))
	style, script, got := elements(root, "style")[0].FirstChild.Data, elements(root, "script")[0].FirstChild.Data, ""
	for _, m := range elements(root, "meta") {
		if attribute(m, "http-equiv") == "Content-Security-Policy" {
			got = attribute(m, "content")
		}
	}
	if want := policy(style, script); got != want {
		t.Errorf("the policy is\n%s\nwant\n%s", got, want)
	}
	for _, end := range []string{"</script", "</style", "<!--", "\r"} {
		if strings.Contains(indexScript+pageStyle, end) {
			t.Errorf("script or style has %q in it, which would end or change it", end)
		}
	}
}

func TestPolicy(t *testing.T) {
	// The hash is the example of the specification, Content Security Policy Level 3.
	const hello, hash = "alert('Hello, world.');", "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
	for _, test := range []struct{ style, script, want string }{
		{hello, hello, "default-src 'none'; style-src " + hash + "; script-src " + hash + "; base-uri 'none'; form-action 'none'"},
		{hello, "", "default-src 'none'; style-src " + hash + "; script-src 'none'; base-uri 'none'; form-action 'none'"},
	} {
		if got := policy(test.style, test.script); got != test.want {
			t.Errorf("got %s\nwant %s", got, test.want)
		}
	}
}

func TestForemost(t *testing.T) {
	operation := func(name string, n int64) results.Operation {
		return results.Operation{Workload: "w", Operation: name, Response: results.Distribution{Count: n}}
	}
	chain := operation("pod-start", 99)
	chain.Chain = true
	for _, test := range []struct {
		want string
		of   []results.Operation
	}{
		{"create", []results.Operation{operation("get", 50), operation("create", 5), operation("delete", 3), chain}},
		{"page", []results.Operation{operation("get", 5), operation("page", 50), chain}},
		{"put", []results.Operation{operation("put", 0), operation("list", 9)}},
		{"", []results.Operation{chain}},
	} {
		if got := foremost(results.Result{Operations: test.of}); got.Operation != test.want {
			t.Errorf("got %q, want %q", got.Operation, test.want)
		}
	}
}

// thousand is an index of as many runs, all with as much to tell as there usually is.
func thousand() Index {
	page := Index{Folder: "runs"}
	for i := range 1000 {
		r := indexedRun(fmt.Sprintf("20260301T10%02d%02dZ-heartbeats-after-outage-five-zones-%d", i/60, i%60, i), i%60)
		r.Result.Scenario.Name, r.Result.Configuration.Name = "heartbeats-after-outage", "five-zones"
		page.Runs = append(page.Runs, r)
	}
	return page
}

func TestIndexOfThousandRunsIsSmall(t *testing.T) {
	var size counter
	if err := HTMLIndex(&size, thousand()); err != nil {
		t.Fatal(err)
	}
	if size > 1_500_000 {
		t.Errorf("the index of 1,000 runs has %d bytes, want 1.5 MB at most", size)
	}
	t.Logf("the index of 1,000 runs has %s", figure.Bytes(float64(size)))
}

func TestIndexTellsWhyItCouldNotBeWritten(t *testing.T) {
	disk := errors.New("disk full")
	if err := HTMLIndex(failing{disk}, full()); !errors.Is(err, disk) {
		t.Errorf("got %v, want it to wrap %v", err, disk)
	}
}

func BenchmarkHTMLIndex(b *testing.B) {
	page := thousand()
	b.ReportAllocs()
	for b.Loop() {
		if err := HTMLIndex(io.Discard, page); err != nil {
			b.Fatal(err)
		}
	}
}
