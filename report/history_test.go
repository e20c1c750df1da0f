package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/net/html"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// tableRows are the texts of the rows of the table with that label.
func tableRows(root *html.Node, label string) (rows []string) {
	for _, table := range elements(root, "table") {
		if attribute(table, "aria-labelledby") != label && attribute(table, "aria-label") != label {
			continue
		}
		for _, row := range elements(table, "tr")[1:] {
			rows = append(rows, textOf(row))
		}
	}
	return rows
}

// classed are the texts of the elements with that class.
func classed(root *html.Node, class string) (all []string) {
	for n := range root.Descendants() {
		if n.Type == html.ElementNode && slices.Contains(strings.Fields(attribute(n, "class")), class) {
			all = append(all, textOf(n))
		}
	}
	return all
}

// What was told, accepted and seen is told in the order in which somebody should look at it.
func TestHistoryTells(t *testing.T) {
	p := eventful(t)
	p.History.Faults = []history.Fault{{Line: 17, Why: "is no JSON of a history"}}
	p.History.Warnings = []string{"the clock ran backwards"}
	root := parsed(t, renderHistory(t, p))
	if diff := cmp.Diff([]string{"CHANGED 1 change for the worse is open · 1 change for the better is open"}, classed(root, "verdict")); diff != "" {
		t.Errorf("state (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"Lines that cannot be read line 17 is no JSON of a history", "Warnings the clock ran backwards"}, classed(root, "notes")); diff != "" {
		t.Errorf("notes (-want +got):\n%s", diff)
	}
	facts := "Records 72 From 2026-01-05 To 2026-03-05 Not valid 1 Series 8 Machine linux 6.18, 4 CPUs (AMD EPYC 7B13), 16 GiB, ext4 As of 2026-03-06 02:00:00 UTC"
	if got := textOf(elements(root, "dl")[0]); got != facts {
		t.Errorf("got  %s\nwant %s", got, facts)
	}
	told := p.History.Told
	if len(told) != 3 {
		t.Fatalf("the fixture tells %d changes, want 3", len(told))
	}
	ack := "etcd-dyno history ack --history ci/history.jsonl "
	const of = "nightly: pod-churn on main against release-3.6"
	want := []string{
		"churn create response p95 " + of + " open told 2026-02-19 +12 %, worse +7.7 % … +15 % 37 before, 3 since < 0.0001 2026-02-18 02:00 and 2026-02-19 02:00 " + told[1].ID + " " + ack + told[1].ID,
		"churn bind service p50 " + of + " open told 2026-02-24 −15 %, better −18 % … −12 % 29 before, 3 since < 0.0001 2026-02-23 02:00 and 2026-02-24 02:00 " + told[2].ID + " " + ack + told[2].ID,
		"churn bind service p50 " + of + " acked told 2026-02-05 acked 2026-02-05 etcd #19999: the check of bindings is wanted +9.9 %, worse +5.9 % … +14 % 15 before, 8 since < 0.0001 2026-02-01 02:00 and 2026-02-02 02:00 " + told[0].ID,
	}
	if diff := cmp.Diff(want, tableRows(root, "changes")); diff != "" {
		t.Errorf("changes (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"relist list response p50 " + of + " +21 %, worse +19 % … +22 % 27 before, 32 since < 0.0001 2026-02-08 02:00 and 2026-02-09 02:00"}, tableRows(root, "Seen in hindsight")); diff != "" {
		t.Errorf("hindsight (-want +got):\n%s", diff)
	}
	if got := tableRows(root, "records"); len(got) != len(p.History.Records) || !strings.HasPrefix(got[0], "2026-03-05 02:00") {
		t.Errorf("%d records are listed, the first is %s", len(got), got[0])
	}
	if diff := cmp.Diff([]string{
		"2026-01-17 the machine changed: its number of processors was 2, and is 4; the machine changed: its memory was 8 GiB, and is 16 GiB",
		"2026-01-17 the machine changed: its number of processors was 2, and is 4; the machine changed: its memory was 8 GiB, and is 16 GiB",
	}, classed(root, "apart")); diff != "" {
		t.Errorf("apart (-want +got):\n%s", diff)
	}
}

// Links lead to reports that are there, and to what the page has; every measure of a full chart has its own.
func TestHistoryLinks(t *testing.T) {
	p := eventful(t)
	root := parsed(t, renderHistory(t, p))
	ids := map[string]bool{}
	for n := range root.Descendants() {
		if id := attribute(n, "id"); id != "" {
			if ids[id] {
				t.Errorf("two elements are called %s", id)
			}
			ids[id] = true
		}
	}
	to := map[string]int{}
	for _, a := range elements(root, "a") {
		href := attribute(a, "href")
		if within, ok := strings.CutPrefix(href, "#"); ok && !ids[within] {
			t.Errorf("a link leads to %s, which is not there", href)
		}
		to[href]++
	}
	for i, r := range p.History.Records {
		switch n := to["./"+r.Folder+"/comparison.html"]; {
		case p.Reports[r.ID] == "" && n > 0:
			t.Errorf("record %d has no report, and is linked", i)
		case p.Reports[r.ID] != "" && r.Valid && n < 1+2*2: // in the list, and in two charts, each for two widths
			t.Errorf("the report of record %d is linked %d times", i, n)
		}
	}
}

// stated is a history whose state is told.
type stated struct {
	name   string
	nights int
	make   func(n *nightly)
	want   string
}

func TestHistoryStates(t *testing.T) {
	from := func(night int, by float64) func(*nightly) {
		return func(n *nightly) {
			n.effects = func(metric string, at, _ int) float64 {
				if metric == n.metrics[0] && at >= night {
					return math.Log(by)
				}
				return 0
			}
		}
	}
	for _, test := range []stated{
		{"nothing", 0, func(*nightly) {}, "EMPTY nothing was remembered yet"},
		{"one night", 1, func(*nightly) {}, "TOO YOUNG 2 of 2 watched series are young: 0 of 10 measures until the immediate gate works"},
		{"four nights", 4, func(*nightly) {}, "TOO YOUNG 2 of 2 watched series are young: 3 of 10 measures until the immediate gate works"},
		{"nothing valid", 2, func(n *nightly) { n.alter = func(_ int, r *history.Record) { r.Valid = false } }, "NOTHING COUNTS no record is valid and has a metric"},
		{"steady", 14, func(*nightly) {}, "STEADY nothing has changed that is not accepted"},
		{"worse", 16, from(15, 1.3), "CHANGED 1 change for the worse is open"},
		{"better", 16, from(15, 0.7), "IMPROVED 1 change for the better is open"},
		{"not again", 16, func(n *nightly) { from(15, 1.3)(n); n.reruns = 0 }, "SUSPECTED 1 is suspected"},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := aNightly(t)
			n.metrics = n.metrics[:3]
			test.make(&n)
			h := &history.History{}
			if test.nights > 0 {
				h = n.run(t, test.nights)
			}
			root := parsed(t, renderHistory(t, pageOf(h)))
			if got := classed(root, "verdict")[0]; got != test.want && !strings.HasPrefix(got, test.want+" · 1 of 2 watched series are young") {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// What others wrote is text, wherever it stands.
func TestHistoryOfHostileNames(t *testing.T) {
	names := hostile()
	n := aNightly(t)
	n.metrics = []string{"churn."}
	for _, name := range names {
		n.metrics = append(n.metrics, name+".create.response.p50", "churn."+name, name)
	}
	n.gating = len(n.metrics)
	n.effects = func(_ string, night, _ int) float64 { return map[bool]float64{true: 0.3}[night >= 13] }
	n.alter = func(night int, r *history.Record) {
		name := names[night%len(names)]
		r.Name, r.Scenario.Name, r.Candidate.Name, r.Control.Name = names[1], names[2], names[1], names[4]
		r.Folder, r.Machine.CPUModel, r.Tool, r.Candidate.Build = name, names[1], name, name
		if r.Valid = night != 5; !r.Valid {
			r.Reasons = names
		}
	}
	n.ack = map[int]string{13: names[1], 14: names[2]}
	h := n.run(t, 15)
	if len(h.Told) == 0 || len(h.Acks) == 0 {
		t.Fatal("nothing is told or acked, so that nothing hostile is in it")
	}
	h.Told[0].ID = `"><script>alert(2)</script>`
	for _, name := range names {
		h.Faults, h.Warnings = append(h.Faults, history.Fault{Line: 1, Why: name}), append(h.Warnings, name)
	}
	p := pageOf(h)
	p.File, p.Ack = names[1], names[1]
	for _, r := range h.Records {
		p.Reports[r.ID] = r.Folder + "/report.html"
	}
	root := parsed(t, renderHistory(t, p))
	base := &url.URL{Scheme: "file", Path: "/srv/history.html"}
	for n := range root.Descendants() {
		if n.Type != html.ElementNode {
			continue
		}
		if slices.Contains([]string{"script", "i", "img"}, n.Data) {
			t.Errorf("there is an element %s: %s", n.Data, textOf(n))
		}
		for _, a := range n.Attr {
			if strings.HasPrefix(a.Key, "on") || a.Key == "style" {
				t.Errorf("%s has %s=%q", n.Data, a.Key, a.Val)
			}
			if to, err := base.Parse(a.Val); a.Key == "href" && (err != nil || to.Scheme != "file" || !strings.HasPrefix(to.Path, "/srv/") || to.RawQuery != "") {
				t.Errorf("a link leads to %q (%v)", a.Val, err)
			}
		}
	}
	text := textOf(root)
	for _, name := range names {
		if !strings.Contains(text, strings.Join(strings.Fields(name), " ")) {
			t.Errorf("%q is not told", name)
		}
	}
}

// Only what is an ID stands in a command that readers copy.
func TestHistoryAcksOnlyIDs(t *testing.T) {
	of := look(HistoryPage{History: &history.History{}, Ack: "etcd-dyno history ack"})
	for id, want := range map[string]string{"1a2b3c4d": "etcd-dyno history ack 1a2b3c4d", "": "", "1a; reboot": "", "$(reboot)": "", "--help": ""} {
		if got := of.toldRow(history.Told{Change: history.Change{ID: id}}).Ack; got != want {
			t.Errorf("%q is accepted by %q, want %q", id, got, want)
		}
	}
}

// What the charts of a history show, as numbers and as words, is held; how they are drawn is not.
func TestHistoryFiguresShow(t *testing.T) {
	var b bytes.Buffer
	of := look(eventful(t))
	for _, j := range of.series {
		trend := of.trend(j)
		f := figure.TrendPanel("", trend)
		if of.full[j] {
			f = figure.TrendChart("", figure.Wide, trend)
		}
		fmt.Fprintf(&b, "%s: %s\n", j.Metric, strings.Join(j.says(), " "))
		data := f.Data()
		line, err := json.Marshal([]any{data.X, data.Y, data.Marks})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "  axes and marks %s\n", line)
		for _, s := range data.Series {
			if line, err = json.Marshal(s); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "  %s\n", line)
		}
		for _, c := range trend.Changes {
			fmt.Fprintf(&b, "  change at %d: %s; %s\n", c.Step, c.Label, c.Title)
		}
		for _, c := range trend.Borders {
			fmt.Fprintf(&b, "  border at %d: %s; %s\n", c.Step, c.Label, c.Title)
		}
		for _, a := range trend.Asides {
			fmt.Fprintf(&b, "  aside at %d: %s\n", a.Step, a.Title)
		}
	}
	golden(t, "figures.txt", "history", b.Bytes())
}

// A year of a hundred metrics, all of which gate, is a page that can be mailed, and is made in seconds.
func TestHistoryOfYearIsSmall(t *testing.T) {
	n := aNightly(t)
	n.metrics = nil
	for i := range 100 {
		n.metrics = append(n.metrics, fmt.Sprintf("workload-%d.create.response.p%d", i/10, 50+i%10))
	}
	n.gating = len(n.metrics)
	var records []history.Record
	for night := range 365 {
		records = append(records, n.record(night, 0, 0))
	}
	if _, err := history.Add(n.path, time.Now(), records...); err != nil {
		t.Fatal(err)
	}
	p := pageOf(n.read(t))
	began := time.Now()
	var size counter
	if err := HTMLHistory(&size, p); err != nil {
		t.Fatal(err)
	}
	t.Logf("365 records of 100 metrics: %s in %s", figure.Bytes(float64(size)), time.Since(began).Round(time.Millisecond))
	if size > 5_000_000 {
		t.Errorf("the page has %d bytes, want 5 MB at most", size)
	}
}

func TestHistoryTellsWhyItCouldNotBeWritten(t *testing.T) {
	disk := errors.New("disk full")
	if err := HTMLHistory(failing{disk}, pageOf(&history.History{})); !errors.Is(err, disk) {
		t.Errorf("got %v, want it to wrap %v", err, disk)
	}
}
