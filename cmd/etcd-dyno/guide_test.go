package main

import (
	"cmp"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
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
		if err != nil {
			continue // not measured yet; the guide says so
		}
		var c chapter
		if err := json.Unmarshal(text, &c); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, c)
	}
	return all
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
	want := guide(t, chapters(t))
	if *writeGuide {
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

The figures below are what the short forms gave on one small machine: two cores, which etcd's members, the load and the API servers' watches share. **They are no advice for yours**: what a disk or a network costs is much the same everywhere, what a processor costs is not. Effects are against the level marked *baseline*, with intervals that hold for all levels of a metric together at 90 %; where an interval reaches over zero, chance alone could have made the difference. A change matters here from 5 % and 0.2 ms on. How sweeps are run and judged: [comparing.md](comparing.md). All of this file is written by ` + "`make tuning`" + `.

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
		if hidden := notVisible(asked); len(hidden) > 0 {
			fmt.Fprintf(b, "\nNot visible here: no level of %s differs from the baseline by more than chance.\n", strings.Join(hidden, ", "))
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
	show := func(v float64) string {
		if m.Relative {
			return fmt.Sprintf("%+.3g %%", 100*v)
		}
		return fmt.Sprintf("%+.3g", v)
	}
	if e.Low == nil || e.High == nil {
		return show(*e.Effect)
	}
	return fmt.Sprintf("%s (%s to %s)", show(*e.Effect), show(*e.Low), show(*e.High))
}

// notVisible are the metrics of which no point differs from the baseline beyond chance.
func notVisible(asked []results.SweptMetric) (names []string) {
	for _, m := range asked {
		differs := func(e results.SweepEffect) bool {
			return e.Low != nil && e.High != nil && (*e.Low > 0 || *e.High < 0)
		}
		known := func(e results.SweepEffect) bool { return e.Low != nil }
		if slices.ContainsFunc(m.Effects, known) && !slices.ContainsFunc(m.Effects, differs) {
			names = append(names, "`"+m.Metric+"`")
		}
	}
	return names
}
