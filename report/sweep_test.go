package report

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
)

func TestVerdictsOfSweeps(t *testing.T) {
	for name, c := range sweeps() {
		var out bytes.Buffer
		if err := Verdicts(&out, c, Style{}); err != nil {
			t.Fatal(err)
		}
		golden(t, "verdicts.txt", name, out.Bytes())
		for line := range strings.Lines(out.String()) {
			if n := width(strings.TrimRight(line, "\n")); n > tableWidth {
				t.Errorf("%s: a line takes %d columns, want %d at most: %s", name, n, tableWidth, line)
			}
		}
	}
}

func TestFormatsOfSweeps(t *testing.T) {
	for format, write := range comparisonWriters() {
		for name, c := range sweeps() {
			var got bytes.Buffer
			if err := write(&got, c); err != nil {
				t.Fatal(err)
			}
			golden(t, format, "comparison-"+name, got.Bytes())
		}
	}
}

// sweptPage is the page of a sweep, with all that is folded shown.
func sweptPage(t *testing.T, name string) string {
	t.Helper()
	c := sweeps()[name]
	page := ComparisonPage{Title: "tuning", Comparison: c, Folders: map[string]string{}, Reproduce: "etcd-dyno experiment tuning.toml"}
	for _, s := range c.Sweeps {
		for _, p := range s.Points {
			for _, r := range p.Runs {
				if r.Folder != "" {
					page.Folders[r.Folder] = "runs/" + r.ID
				}
			}
		}
	}
	var b strings.Builder
	if err := HTMLComparison(&b, page); err != nil {
		t.Fatal(err)
	}
	return strings.ReplaceAll(b.String(), "<details>", "<details open>")
}

// A name of the user's steers neither the terminal nor the page nor XML.
func TestSweepsAreHarmless(t *testing.T) {
	const evil = "\x1b[2J<script>alert(1)</script>"
	for name, c := range sweeps() {
		for i := range c.Sweeps {
			s := &c.Sweeps[i]
			s.Scenario, s.Why, s.Ended, s.Reasons, s.Notes = evil, evil, evil, []string{evil}, []string{evil}
			s.Factors = slices.Clone(s.Factors)
			s.Factors[0].Name, s.Factors[0].Key, s.Factors[0].Levels = evil, evil, []string{evil, evil, evil, evil, evil}
			s.Objective, s.Metrics[0].Metric, s.Points[0].Name = evil, evil, evil
		}
		var out, page, xml bytes.Buffer
		if err := Verdicts(&out, c, Style{}); err != nil || strings.Contains(out.String(), "\x1b") {
			t.Errorf("%s: %v: %q", name, err, out.String())
		}
		if err := HTMLComparison(&page, ComparisonPage{Title: evil, Comparison: c}); err != nil || strings.Contains(page.String(), "<script>alert") {
			t.Errorf("%s: %v: there is a script in the page", name, err)
		}
		if err := JUnitComparison(&xml, c, false); err != nil || strings.Contains(xml.String(), "\x1b") {
			t.Errorf("%s: %v: %q", name, err, xml.String())
		}
	}
}

// What was read from a file may lack anything; it is told as far as it goes.
func TestSweepsThatLackThings(t *testing.T) {
	far := 99
	for name, spoil := range map[string]func(s *results.Sweep){
		"no metrics":      func(s *results.Sweep) { s.Metrics = nil },
		"no effects":      func(s *results.Sweep) { s.Metrics[0].Effects, s.Metrics[0].Main, s.Metrics[0].Values = nil, nil, nil },
		"no centres":      func(s *results.Sweep) { s.Metrics[0].Centres = nil },
		"no points":       func(s *results.Sweep) { s.Points = nil },
		"no factors":      func(s *results.Sweep) { s.Factors = nil },
		"no levels":       func(s *results.Sweep) { s.Factors[0].Levels = nil },
		"levels unknown":  func(s *results.Sweep) { s.Points[0].Levels = []int{far, -far, 1, 2, 3} },
		"places unknown":  func(s *results.Sweep) { s.Best, s.Advised, s.Baseline, s.Tied = &far, &far, far, []int{far} },
		"parts unknown":   func(s *results.Sweep) { s.Metrics[0].Parts = []results.SweepPart{{Factors: []int{far, -1}}} },
		"baseline beyond": func(s *results.Sweep) { s.Factors[0].Baseline = far },
		"nothing":         func(s *results.Sweep) { *s = results.Sweep{} },
	} {
		for kind, c := range sweeps() {
			for i := range c.Sweeps {
				spoil(&c.Sweeps[i])
			}
			var page bytes.Buffer
			err := errors.Join(Verdicts(&page, c, Style{}), HTMLComparison(&page, ComparisonPage{Comparison: c}))
			for _, write := range comparisonWriters() {
				err = errors.Join(err, write(&page, c))
			}
			if err != nil || strings.Contains(page.String(), "NaN") {
				t.Errorf("%s of %s: %v", name, kind, err)
			}
		}
	}
}

// A sweep fails only where its runs may not be compared, and gates nothing.
func TestJUnitOfSweeps(t *testing.T) {
	for name, c := range sweeps() {
		failures, skipped := 0, 0
		for _, s := range comparisonSuites(c, func(results.GateStatus) bool { return false }) {
			failures, skipped = failures+s.Failures, skipped+s.Skipped
		}
		if want := map[string][2]int{"sweep-unlike": {1, 0}, "sweep-nothing": {0, 1}}[name]; [2]int{failures, skipped} != want {
			t.Errorf("%s: %d fail and %d are skipped, want %v", name, failures, skipped, want)
		}
	}
}

// A sweep in a word: what it says must be as sure as it sounds.
func TestSweepOutcome(t *testing.T) {
	no := results.SweepEffect{}
	fresh := func(v results.Verdict) *results.Contrast {
		return &results.Contrast{Metrics: []results.MetricContrast{metric("churn.create.response.p99", 8, 7.9, -0.01, -0.03, 0.01, v)}}
	}
	for _, tc := range []struct {
		name, from string
		change     func(s *results.Sweep)
		word       string
		tone       tone
		says       string
	}{
		{"a better one", "sweep-grid", func(*results.Sweep) {}, "BETTER FOUND", good, "take configuration.etcd.flags.snapshot-count = 100000"},
		{"all are worse", "sweep-one", func(*results.Sweep) {}, "NOTHING BETTER", good, "nothing is better than the baseline, workloads.churn.rate = 50/s, by what matters"},
		{"one looks better", "sweep-open", func(s *results.Sweep) {
			s.Metrics[0].Centres[4], s.Metrics[0].Effects[4] = s.Metrics[0].Centres[3], s.Metrics[0].Effects[3]
		}, "OPEN", warning, "but it is open: 1 of 5 points looking better by what matters, which so few runs cannot tell from chance"},
		{"one looks better, and fresh runs say it is not", "sweep-open", func(s *results.Sweep) {
			s.Metrics[0].Centres[4], s.Metrics[0].Effects[4], s.Confirmation = s.Metrics[0].Centres[3], s.Metrics[0].Effects[3], fresh(results.Equivalent)
		}, "NOTHING BETTER", good, "nothing is better"},
		{"fresh runs cannot tell either", "sweep-open", func(s *results.Sweep) { s.Confirmation = fresh(results.Inconclusive) }, "OPEN", warning, "looking better"},
		{"some were not measured", "sweep-one", func(s *results.Sweep) { s.Metrics[0].Centres[3], s.Metrics[0].Effects[3] = nil, no }, "OPEN", warning, "but it is open: 1 of 5 points not measured"},
		{"the baseline was not measured", "sweep-one", func(s *results.Sweep) { s.Advised, s.Why = nil, "no run of the baseline is there" }, "OPEN", warning, "nothing is advised: no run of the baseline is there"},
		{"each point failed something", "sweep-one", func(s *results.Sweep) { s.Best, s.Advised, s.Why = nil, nil, "each point failed a check" }, "OPEN", warning, "nothing is advised: each point failed a check"},
		{"only one that failed looks better", "sweep-open", func(s *results.Sweep) {
			s.Metrics[0].Centres[4], s.Metrics[0].Effects[4], s.Points[2].Failed = s.Metrics[0].Centres[3], s.Metrics[0].Effects[3], []string{"run-1 failed the check a"}
		}, "NOTHING BETTER", good, "nothing is better"},
		{"few runs", "sweep-once", func(*results.Sweep) {}, "INDICATIVE", warning, "too few runs to tell"},
		{"only effects", "sweep-measured", func(*results.Sweep) {}, "MEASURED", "", "is lowest at one point"},
		{"not comparable", "sweep-unlike", func(*results.Sweep) {}, "NOT COMPARABLE", bad, "the runs may not be compared"},
		{"forced", "sweep-forced", func(*results.Sweep) {}, "BETTER FOUND", good, "take "},
		{"nothing", "sweep-nothing", func(*results.Sweep) {}, "NO DATA", bad, "nothing was measured"},
		{"no effects", "sweep-measured", func(s *results.Sweep) { s.Metrics[0].Centres = nil }, "NO DATA", bad, "nothing was measured"},
	} {
		c := sweeps()[tc.from]
		tc.change(&c.Sweeps[0])
		word, tone, facts := sweepOutcome(c)
		if word != tc.word || tone != tc.tone || !strings.Contains(facts[0], tc.says) {
			t.Errorf("%s: %s (%q): %s", tc.name, word, tone, facts)
		}
		if (word == "OPEN") != slices.ContainsFunc(sweepAnswer(c, c.Sweeps[0]), func(f fact) bool {
			return f.Name == "Open" || strings.HasPrefix(f.Value, "nothing: ") || f.Value == "nothing"
		}) && word != "NO DATA" && word != "NOT COMPARABLE" {
			t.Errorf("%s: the answer is %q", tc.name, sweepAnswer(c, c.Sweeps[0]))
		}
	}
}

// What only measures names nothing the best, on no page and in no format.
func TestSweepThatMeasures(t *testing.T) {
	c := sweeps()["sweep-measured"]
	var out bytes.Buffer
	if err := Verdicts(&out, c, Style{}); err != nil {
		t.Fatal(err)
	}
	for _, write := range comparisonWriters() {
		if err := write(&out, c); err != nil {
			t.Fatal(err)
		}
	}
	page := sweptPage(t, "sweep-measured")
	_, page, _ = strings.Cut(page, "<body>")
	text := strings.Replace(out.String(), "baseline,best,tied,advised", "", 1) + page
	for _, word := range []string{"best", "tied", "What else changes", "take ", "Advised"} {
		if at := strings.Index(text, word); at >= 0 {
			t.Errorf("it says %q: …%s", word, text[max(0, at-80):min(len(text), at+80)])
		}
	}
	if n := strings.Count(out.String(), "server.rss_bytes by snapshot-count"); n != 2 {
		t.Errorf("%d maps of what was asked for, want one in the terminal and one in Markdown", n)
	}
}

// What was measured again is told with the fresh runs' figures, and so in CSV.
func TestSweepFreshFigures(t *testing.T) {
	c := sweeps()["sweep-confirmed"]
	s := c.Sweeps[0]
	var memory sweepLine
	table := besideTable(c, s)
	for _, r := range table.Rows {
		if r.Texts[0] == "server.rss_bytes" {
			memory = r
		}
	}
	if !strings.HasSuffix(table.Title, ", in fresh runs") || memory.Texts[3] != "+26 %" || memory.Texts[4] != "+22 % … +30 %" {
		t.Errorf("%q: %q", table.Title, memory.Texts)
	}
	fresh := 0
	for _, r := range sweepRows(c.Sweeps) {
		if len(r) != len(sweepColumns) {
			t.Fatalf("%d cells in %q", len(r), r)
		}
		if r[len(r)-1] == "confirmation" {
			fresh++
		}
	}
	if fresh != 4 { // two metrics of two points
		t.Errorf("%d rows of fresh runs", fresh)
	}
}

// An effect has a colour by which way it is better; a half is as strong as the double, and what does not matter has none.
func TestHeatClass(t *testing.T) {
	lower, higher, neutral := results.SweptMetric{Better: "lower", Relative: true, Delta: 0.05}, results.SweptMetric{Better: "higher", Relative: true, Delta: 0.05}, results.SweptMetric{Better: "neutral", Delta: 2}
	two := 1.0
	lower.Effects = []results.SweepEffect{{Effect: &two}, {}}
	for _, c := range []struct {
		of     results.SweptMetric
		effect float64
		want   string
	}{
		{lower, 1, "warm3"},
		{lower, -0.5, "cool3"},
		{lower, 0.3, "warm1"},
		{lower, -0.04, "even"},
		{lower, 0, "even"},
		{lower, -1, "cool3"},
		{higher, 0.2, "cool3"},
		{higher, -0.2, "warm3"},
		{higher, 0.06, "cool1"},
		{neutral, 3, "warm1"},
		{neutral, -8, "cool3"},
		{neutral, 1, "even"},
	} {
		if got := heatClass(c.of, c.effect, greatest(c.of)); got != c.want {
			t.Errorf("%+.2f, where %s is better, is %s, want %s", c.effect, c.of.Better, got, c.want)
		}
	}
}

// Of three factors there is a map for each level of the third, of more one of the two that matter most, the others as advised.
func TestHeatMaps(t *testing.T) {
	three := sweeps()["sweep-three"].Sweeps[0]
	maps := heatMaps(three, objective(three))
	if len(maps) != 3 || maps[1].Title != "members = 3" || maps[0].Down != "snapshot-count" || len(maps[0].Heads) != 3 || len(maps[0].Rows) != 4 {
		t.Errorf("%d maps: %+v", len(maps), maps)
	}
	best := maps[0].Rows[3].Cells[2]
	if best.Frame != "best" || !slices.Equal(best.Marks, []string{"best, advised"}) || best.Effect != "−19 %" {
		t.Errorf("the best is %+v", best)
	}
	four := three
	four.Factors = append(slices.Clone(three.Factors), results.SweepFactor{Name: "disk", Levels: []string{"as it is"}})
	four.Points = slices.Clone(three.Points)
	for i := range four.Points {
		four.Points[i].Levels = append(slices.Clone(four.Points[i].Levels), 0)
	}
	four.Metrics = slices.Clone(three.Metrics)
	four.Metrics[0].Parts = []results.SweepPart{{Factors: []int{2}, Share: 0.5}, {Factors: []int{0}, Share: 0.2}, {Factors: []int{1}, Share: 0.1}}
	if maps = heatMaps(four, objective(four)); len(maps) != 1 || maps[0].Down != "snapshot-count" || maps[0].Across != "members" || maps[0].Title != "batch interval = 1s, disk = as it is" {
		t.Errorf("%d maps: %+v", len(maps), maps)
	}
}

// Each run leads to its report where the page knows its folder, and each figure has a name of its own.
func TestSweepPageLinksRuns(t *testing.T) {
	page := sweptPage(t, "sweep-once")
	if n := strings.Count(page, `<a href="./runs/20260301T12`); n != 10 {
		t.Errorf("%d runs are linked, want the 10 that were made", n)
	}
	var names []string
	for _, d := range ComparisonFigures(ComparisonPage{Comparison: sweeps()["sweep-two"]}) {
		names = append(names, d.Name)
	}
	want := []string{
		"pod-churn-churn-create-response-p99-by-snapshot-count", "pod-churn-churn-create-response-p99-by-batch-interval",
		"node-drain-churn-create-response-p99-by-snapshot-count", "node-drain-churn-create-response-p99-by-batch-interval", "node-drain-churn-create-response-p99-by-disk",
	}
	if len(names) < len(want) || !slices.Equal(names[:len(want)], want) {
		t.Errorf("the figures are %q", names)
	}
}
