package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// The tuning guide is made of what its experiments came to, which lies beside it.
const (
	guideFile   = "../../report/docs/tuning.md"
	guideFolder = "../../report/docs/tuning"
)

var writeGuide = flag.Bool("write-guide", false, "write the tuning guide anew")

// chapter is what an experiment of the guide came to.
type chapter struct {
	Experiment string `json:"experiment"`
	// SHA256 is of the experiment as it was when it ran: see measured.
	SHA256 string `json:"sha256"`
	// Day is when it was measured, Machine and Etcd where and of what.
	Day     string  `json:"day"`
	Machine string  `json:"machine"`
	Etcd    string  `json:"etcd"`
	TookS   float64 `json:"took_s"`
	// Runs is how many were made, those included that were not valid and made again.
	Runs       int                `json:"runs"`
	Comparison results.Comparison `json:"comparison"`
}

// chapters are those of the guide, in the order of its experiments.
func chapters(t *testing.T) (all []chapter) {
	t.Helper()
	for _, name := range guideExperiments() {
		text, err := os.ReadFile(filepath.Join(guideFolder, name+".json"))
		if errors.Is(err, fs.ErrNotExist) {
			continue // not measured yet; the guide says so
		}
		if err != nil {
			t.Fatal(err)
		}
		var c chapter
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if wrong := c.wrong(name); wrong != "" {
			t.Errorf("%s: %s; measure it again: make tuning ONLY=%s", name, wrong, name)
		}
		for i := range c.Comparison.Sweeps {
			c.Comparison.Sweeps[i].Why = verdict.Why(c.Comparison.Sweeps[i]) // in today's words
		}
		all = append(all, c)
	}
	return all
}

// wrong says why a chapter cannot stand for the experiment of that name; empty where it can.
func (c chapter) wrong(name string) string {
	e, err := scenarios.LoadExperiment(name, nil)
	switch {
	case err != nil:
		return err.Error()
	case c.Experiment != name:
		return fmt.Sprintf("the figures are those of %q", c.Experiment)
	case c.SHA256 != measured(e):
		return "the experiment was changed since it was measured"
	case len(c.Comparison.Sweeps) == 0:
		return "there are no figures"
	}
	return ""
}

// measured is the SHA-256 of all of an experiment that its figures depend on: its words may be corrected without measuring anew.
func measured(e scenarios.Experiment) string {
	e.Description, e.Claim, e.SaidBy, e.LookAt = "", "", "", ""
	return experiment.SHA256(e)
}

// guideExperiments are the built-in experiments that look at a piece of advice.
func guideExperiments() (names []string) {
	for _, name := range scenarios.ExperimentNames() {
		if e, err := scenarios.LoadExperiment(name, nil); err == nil && e.Claim != "" {
			names = append(names, name)
		}
	}
	return names
}

// The guide says what its experiments came to, and nothing else: run with -write-guide where they are others.
func TestGuide(t *testing.T) {
	all := chapters(t)
	want := guide(t, all)
	if *writeGuide {
		for _, c := range all {
			c.writePage(t)
		}
		if err := os.WriteFile(guideFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(guideFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Error("the tuning guide is not what the experiments beside it came to: go test ./cmd/etcd-dyno -run TestGuide -write-guide")
	}
}

// writePage writes the report of a chapter.
func (c chapter) writePage(t *testing.T) {
	t.Helper()
	var html bytes.Buffer
	if err := report.HTMLComparison(&html, report.ComparisonPage{Title: c.Experiment, Comparison: c.Comparison, Reproduce: "etcd-dyno experiment " + c.Experiment}); err != nil {
		t.Fatal(err)
	}
	if err := results.WriteFile(filepath.Join(guideFolder, c.Experiment+".html"), html.Bytes()); err != nil {
		t.Fatal(err)
	}
}

// guide is the whole guide.
func guide(t *testing.T, all []chapter) string {
	t.Helper()
	var b strings.Builder
	b.WriteString(guideHead)
	measured := map[string]chapter{}
	for _, c := range all {
		measured[c.Experiment] = c
	}
	b.WriteString("| experiment | the question | what it came to here |\n|---|---|---|\n")
	for _, name := range guideExperiments() {
		e, err := scenarios.LoadExperiment(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		came := "not measured yet"
		if c, ok := measured[name]; ok {
			came = strings.Join(oneLine(c), "; ")
		}
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", name, anchor(name), e.Description, came)
	}
	for _, name := range guideExperiments() {
		e, err := scenarios.LoadExperiment(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "\n## %s\n\n**The claim.** %s *(%s)*\n\n**Look at** %s\n\n", name, e.Claim, e.SaidBy, lowerFirst(e.LookAt))
		c, ok := measured[name]
		if !ok {
			fmt.Fprintf(&b, "Not measured yet: `etcd-dyno experiment %s`.\n", name)
			continue
		}
		writeChapter(&b, c)
	}
	return b.String()
}

const guideHead = `# Tuning etcd, measured

Every guide to etcd under Kubernetes gives advice, and hardly one gives a figure. Each experiment here looks at one piece of it, in some minutes, on your machine:

` + "```sh" + `
bin/etcd-dyno experiment list                # all of them, with the time and the disk that each takes
bin/etcd-dyno experiment explain disk        # the claim, where it is made, what to look at; nothing is started
bin/etcd-dyno experiment disk                # the short form
bin/etcd-dyno experiment disk --full         # more and longer runs
` + "```" + `

The figures below are what the short forms gave on one small machine: two cores, which etcd's members, the load and the API servers' watches share. **They are no advice for yours**: what a disk or a network costs is much the same everywhere, what a processor costs is not. Effects are against the level marked *baseline*, with intervals that hold for all levels of a metric together at 90 %; where an interval reaches over zero, chance alone could have made the difference. Those of shares are in percentage points (pp). A change matters here from 5 % and 0.2 ms on. How sweeps are run and judged: [sweeps.md](sweeps.md). All of this file is written by ` + "`make tuning`" + `.

`

// anchor is a heading's, as browsers of Markdown make it.
func anchor(name string) string { return strings.ReplaceAll(name, ".", "") }

func lowerFirst(text string) string {
	if text == "" {
		return text
	}
	return strings.ToLower(text[:1]) + text[1:]
}

// oneLine says of the objective what its extremes came to.
func oneLine(c chapter) (parts []string) {
	for _, s := range c.Comparison.Sweeps {
		m := s.Metrics[0]
		known := []int{}
		for i, e := range m.Effects {
			if e.Effect != nil && i != s.Baseline {
				known = append(known, i)
			}
		}
		if len(known) == 0 {
			return []string{"no level has a run that counts"}
		}
		far := slices.MaxFunc(known, func(a, b int) int { return cmp.Compare(abs(*m.Effects[a].Effect), abs(*m.Effects[b].Effect)) })
		parts = append(parts, fmt.Sprintf("`%s` of %s: %s against %s", m.Metric, s.Points[far].Name, effectText(m, m.Effects[far]), s.Points[s.Baseline].Name))
	}
	return parts
}

func abs(v float64) float64 { return max(v, -v) }

// writeChapter writes what one experiment came to.
func writeChapter(b *strings.Builder, c chapter) {
	fmt.Fprintf(b, "Measured on %s: %s, etcd %s, %d runs in %s. [The whole report](tuning/%s.html).\n", c.Day, c.Machine, c.Etcd, c.Runs, roughly(c.TookS), c.Experiment)
	for _, s := range c.Comparison.Sweeps {
		asked := slices.DeleteFunc(slices.Clone(s.Metrics), func(m results.SweptMetric) bool { return !m.Asked })
		for _, m := range asked {
			fmt.Fprintf(b, "\n`%s`%s\n\n| %s | value | against the baseline | |\n|---|---:|---|---|\n", m.Metric, noiseText(m), strings.Join(factorNames(s), ", "))
			for i, p := range s.Points {
				fmt.Fprintf(b, "| %s | %s | %s | %s |\n", strings.Join(levelNames(s, p), ", "), centreText(m, i), pointEffect(s, m, i), m.Effects[i].Verdict)
			}
		}
		fmt.Fprintf(b, "\n%s\n", s.Why)
		if hidden := notVisible(s, asked); len(hidden) > 0 {
			fmt.Fprintf(b, "\nNot visible here: none can be told from the baseline by %s. Smaller effects may be there.\n", strings.Join(hidden, ", "))
		}
		for _, note := range s.Notes {
			fmt.Fprintf(b, "\nNote: %s\n", note)
		}
		if s.Ended != "" {
			fmt.Fprintf(b, "\nNot whole: %s\n", s.Ended)
		}
	}
}

func factorNames(s results.Sweep) (names []string) {
	for _, f := range s.Factors {
		names = append(names, f.Name)
	}
	return names
}

func levelNames(s results.Sweep, p results.SweepPoint) (names []string) {
	for i, f := range s.Factors {
		names = append(names, f.Levels[p.Levels[i]])
	}
	return names
}

// noiseText is the noise from run to run.
func noiseText(m results.SweptMetric) string {
	if m.Noise == nil || !m.Relative {
		return ""
	}
	return fmt.Sprintf(", noise from run to run %.2g %%", 100**m.Noise)
}

func centreText(m results.SweptMetric, point int) string {
	of, err := threshold.ParseMetric(m.Metric)
	if m.Centres[point] == nil || err != nil {
		return "not known"
	}
	return of.Format(*m.Centres[point])
}

func pointEffect(s results.Sweep, m results.SweptMetric, point int) string {
	if point == s.Baseline {
		return "*baseline*"
	}
	return effectText(m, m.Effects[point])
}

// effectText is an effect with its interval.
func effectText(m results.SweptMetric, e results.SweepEffect) string {
	if e.Effect == nil {
		return "not known"
	}
	if e.Low == nil || e.High == nil {
		return signed(m, *e.Effect)
	}
	return fmt.Sprintf("%s (%s to %s)", signed(m, *e.Effect), signed(m, *e.Low), signed(m, *e.High))
}

// signed is a difference with its sign and unit.
func signed(m results.SweptMetric, v float64) string {
	sign := "+"
	if v < 0 {
		sign = "−"
	}
	return sign + sizeOf(m, abs(v))
}

// sizeOf is the size of a difference with its unit: percent of the baseline, or the metric's own, which of a share are percentage points.
func sizeOf(m results.SweptMetric, v float64) string {
	of, err := threshold.ParseMetric(m.Metric)
	switch {
	case m.Relative && v >= 10:
		return fmt.Sprintf("%.0f %%", 100*v)
	case m.Relative:
		return fmt.Sprintf("%.3g %%", 100*v)
	case err != nil:
		return fmt.Sprintf("%.3g", v)
	case of.Share():
		return strings.TrimSuffix(of.Format(v), "%") + " pp"
	case of.Count():
		return fmt.Sprintf("%.3g", v) // a mean over runs is no whole number
	}
	return of.Format(v)
}

// notVisible are the metrics of which no point can be told from the baseline, each with the smallest effect that could have
// been: half of the widest interval, since an effect that is larger has an interval which does not reach over zero.
func notVisible(s results.Sweep, asked []results.SweptMetric) (names []string) {
	for _, m := range asked {
		half, visible := 0.0, false
		for i, e := range m.Effects {
			if i == s.Baseline || e.Low == nil || e.High == nil {
				continue
			}
			half, visible = max(half, (*e.High-*e.Low)/2), visible || *e.Low > 0 || *e.High < 0
		}
		if half > 0 && !visible {
			names = append(names, fmt.Sprintf("`%s` (from some ±%s on it would have been)", m.Metric, sizeOf(m, half)))
		}
	}
	return names
}

// A chapter counts only for the experiment as it is: words may change, what is measured may not.
func TestChapterIsOfTheExperiment(t *testing.T) {
	e, err := scenarios.LoadExperiment("disk", nil)
	if err != nil {
		t.Fatal(err)
	}
	said, changed := e, e
	said.Claim, said.LookAt = "Another claim.", "Something else."
	changed.Pairs++
	if measured(said) != measured(e) || measured(changed) == measured(e) {
		t.Errorf("%s; in other words %s, with another round %s", measured(e), measured(said), measured(changed))
	}
	full := results.Comparison{Sweeps: []results.Sweep{{}}}
	for _, tc := range []struct {
		of    chapter
		wrong string
	}{
		{chapter{Experiment: "disk", SHA256: measured(e), Comparison: full}, ""},
		{chapter{Experiment: "disk", SHA256: measured(changed), Comparison: full}, "was changed since"},
		{chapter{Experiment: "disk", Comparison: full}, "was changed since"},
		{chapter{Experiment: "tls", SHA256: measured(e), Comparison: full}, `those of "tls"`},
		{chapter{Experiment: "disk", SHA256: measured(e)}, "no figures"},
	} {
		if got := tc.of.wrong("disk"); (got == "") != (tc.wrong == "") || !strings.Contains(got, tc.wrong) {
			t.Errorf("%+v: %q, want %q", tc.of, got, tc.wrong)
		}
	}
}

// Differences have a unit, and what cannot be told from the baseline says how small an effect could have been.
func TestGuideSaysDifferences(t *testing.T) {
	effect := func(low, v, high float64) results.SweepEffect {
		return results.SweepEffect{Effect: &v, Low: &low, High: &high}
	}
	for _, tc := range []struct {
		metric   string
		relative bool
		of       results.SweepEffect
		want     string
		hidden   string
	}{
		{"churn.bind.response.p50", true, effect(0.01, 0.05, 0.09), "+5 % (+1 % to +9 %)", ""},
		{"churn.bind.response.p50", true, effect(-0.02, 0.01, 0.04), "+1 % (−2 % to +4 %)", "`churn.bind.response.p50` (from some ±3 % on it would have been)"},
		{"churn.bind.response.p50", false, effect(-0.5, 0.25, 1), "+250µs (−500µs to +1ms)", "`churn.bind.response.p50` (from some ±750µs on it would have been)"},
		{"server.throttled_share", false, effect(0.3, 0.35, 0.4), "+35 pp (+30 pp to +40 pp)", ""},
		{"server.leader_changes", false, effect(-1.5, 0.333333, 2.5), "+0.333 (−1.5 to +2.5)", "`server.leader_changes` (from some ±2 on it would have been)"},
		{"server.rss_bytes", false, effect(1<<20, 2<<20, 3<<20), "+2MiB (+1MiB to +3MiB)", ""},
	} {
		zero := 0.0
		m := results.SweptMetric{Metric: tc.metric, Relative: tc.relative, Effects: []results.SweepEffect{{Effect: &zero}, tc.of}}
		if got := effectText(m, tc.of); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.metric, got, tc.want)
		}
		if got := strings.Join(notVisible(results.Sweep{}, []results.SweptMetric{m}), ""); got != tc.hidden {
			t.Errorf("%s: %q, want %q", tc.metric, got, tc.hidden)
		}
	}
}
