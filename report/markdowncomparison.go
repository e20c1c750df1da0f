package report

import (
	"io"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// MarkdownComparison writes a comparison as GitHub's Markdown, as Markdown does a run.
func MarkdownComparison(w io.Writer, c results.Comparison) error {
	var s sheet
	word, _, facts := outcomeOf(c)
	s.paragraph("## %s", word)
	s.paragraph("%s", markdownText(strings.Join(facts, " · ")))
	s.gates(c.Gates)
	for _, x := range c.Contrasts {
		s.contrast(c, x)
	}
	for _, each := range c.Sweeps {
		s.sweep(c, each)
	}
	return s.write(w, "the comparison as Markdown")
}

// gates writes what decides.
func (s *sheet) gates(all []results.Gate) {
	var rows [][]string
	for _, g := range all {
		status := markdownText(string(g.Status))
		if gateTone(g.Status) == bad {
			status = "**" + status + "**"
		}
		rows = append(rows, []string{status, markdownCode(g.Metric), markdownText(g.Scenario + ": " + g.Candidate + " against " + g.Baseline), markdownText(gateDetail(g))})
	}
	s.table([]string{"gate", "metric", "", "why"}, 4, rows)
}

// contrast writes one contrast, with the metrics that a terminal shows.
func (s *sheet) contrast(c results.Comparison, x results.Contrast) {
	s.paragraph("### %s", markdownText(contrastTitle(x)))
	for _, each := range contrastSays(c, x) {
		s.paragraph("%s", markdownText(each.Text))
	}
	var rows [][]string
	for _, d := range x.Differences {
		rows = append(rows, []string{markdownCode(d.Key), markdownText(orNothing(d.Baseline)), markdownText(orNothing(d.Candidate))})
	}
	baseline, candidate := markdownText(x.Baseline.Name), markdownText(x.Candidate.Name)
	s.table([]string{"what differs", baseline, candidate}, 3, rows)
	rows = nil
	metrics := told(x.Metrics)
	for _, m := range metrics {
		word := verdictText(m)
		if verdictTone(m.Verdict) == bad {
			word = "**" + markdownText(word) + "**"
		} else {
			word = markdownText(word)
		}
		rows = append(rows, []string{
			markdownCode(m.Metric), medianText(m, m.Baseline, m.BaselineMedian), medianText(m, m.Candidate, m.CandidateMedian), effectText(m), intervalText(m), noiseText(m), word,
		})
	}
	s.table([]string{"metric", baseline, candidate, "effect", intervalHead(c, x), "noise", "verdict"}, 1, rows)
	if slices.ContainsFunc(metrics, func(m results.MetricContrast) bool { return m.Gates }) {
		s.paragraph("\\* gates; inconclusive (n): about n pairs would tell")
	}
}
