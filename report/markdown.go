package report

import (
	"io"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// Markdown writes a run as GitHub's Markdown, as for the summary of a CI job, with
// the figures of the HTML report. Texts of the user's are shown as they are.
func Markdown(w io.Writer, page Page) error {
	var s sheet
	r := page.Result
	v := judge(r)
	s.paragraph("## %s: %s", v.Word, markdownText(r.Scenario.Name+" on "+r.Configuration.Name))
	s.paragraph("%s", markdownText(strings.Join(v.Facts, " · ")))
	s.paragraph("%s", markdownText(subject(r)+"; run "+r.ID))
	s.list("Not valid, because", r.InvalidReasons)
	s.findings(r.Findings)
	s.operations(groups(r.Operations))
	s.extras(extras(r))
	s.actions(actionsOf(r))
	s.watches(r.Watches)
	s.judged("Thresholds", []string{"", "threshold", "measured"}, thresholdLines(r.Thresholds))
	s.judged("Checks", []string{"", "check", ""}, checkLines(r.Checks))
	s.list("Warnings", r.Warnings)
	if page.Reproduce != "" {
		s.paragraph("### The same again, in the run's folder")
		s.block(page.Reproduce)
	}
	s.paragraph("%s", markdownText(machineLine(r.Environment)))
	return s.write(w, "the Markdown report")
}

// machineLine is what measured, on one line.
func machineLine(e results.Environment) string {
	var parts []string
	for _, f := range machineFacts(e) {
		switch {
		case f.Value == "":
		case f.Name == "Data directory on":
			parts = append(parts, "data on "+f.Value)
		default:
			parts = append(parts, f.Value)
		}
	}
	return strings.Join(parts, " · ")
}

// findings writes what limits.
func (s *sheet) findings(all []results.Finding) {
	if len(all) == 0 {
		return
	}
	s.paragraph("### What limits\n")
	for _, f := range all {
		s.out.WriteString("- **" + markdownText(f.Name) + "**, " + markdownText(string(f.Confidence)) + " confidence\n")
		for _, text := range append(slices.Clone(f.Evidence), "→ "+f.Advice) {
			s.out.WriteString("  - " + markdownText(text) + "\n")
		}
	}
}

// operations writes a row for each operation.
func (s *sheet) operations(all []group) {
	var rows [][]string
	chains := false
	for _, g := range all {
		for _, o := range g.Operations {
			name := markdownCode(o.Workload + "." + o.Operation)
			if o.Chain {
				name, chains = name+" \\*", true
			}
			achieved := figure.Rate(o.AchievedRate)
			if short(o) {
				achieved += " (" + achievedShare(o) + ")"
			}
			row := append([]string{name, figure.Count(o.Intended), achieved, errorsCell(o)}, cellTexts(cells(o.Response, 50, 95, 99, 100))...)
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		s.paragraph("Nothing was measured: no operation was intended in the measure phase.")
		return
	}
	s.paragraph("### Response, from the instant at which each was due")
	s.table([]string{"operation", "intended", "achieved/s", "errors", "p50", "p95", "p99", "max"}, 1, rows)
	if chains {
		s.paragraph("\\* whole chain, think times included; n/a: too few samples")
	}
}

// errorsCell counts an operation's errors, and names what else went wrong.
func errorsCell(o results.Operation) string {
	text := figure.Count(o.ErrorCount())
	if codes := errorDetail(o); codes != "" {
		text += " (" + markdownText(codes) + ")"
	}
	if r := remarks(o); r != "" {
		text += "; " + r
	}
	return text
}

func cellTexts(all []cell) (texts []string) {
	for _, c := range all {
		texts = append(texts, c.Text)
	}
	return texts
}

// extras writes the quantities that only some operations have.
func (s *sheet) extras(all []extra) {
	var rows [][]string
	for _, x := range all {
		rows = append(rows, append([]string{markdownCode(x.Name), markdownText(x.Quantity), figure.Count(x.Of.Count)}, cellTexts(cells(x.Of, 50, 95, 99, 100))...))
	}
	s.table([]string{"also", "", "count", "p50", "p95", "p99", "max"}, 2, rows)
}

// actions writes what happened to the cluster, and what it cost.
func (s *sheet) actions(all []actionView) {
	var rows [][]string
	for _, a := range all {
		what := a.What
		if a.Failed != "" {
			what += "; failed: " + a.Failed
		}
		rows = append(rows, []string{markdownCode(a.Name), markdownText(what), a.At, a.Lasted, a.Outage, a.Recovered})
	}
	if len(rows) > 0 {
		s.paragraph("### What happened to the cluster")
	}
	s.table([]string{"action", "", "at", "lasted", "nobody could write for", "as before after"}, 2, rows)
}

func (s *sheet) watches(all []results.Watch) {
	var rows [][]string
	for _, w := range all {
		row := newWatchRow(w)
		rows = append(rows, append([]string{markdownCode(row.Workload), row.Watchers, row.Expected, row.Delivered, row.Late, row.Missing, row.Duplicated, row.OutOfOrder}, cellTexts(row.Delivery)...))
	}
	if len(rows) > 0 {
		s.paragraph("### Watches, from the sending of a write")
	}
	s.table([]string{"watch", "watchers", "expected", "delivered", "late", "missing", "duplicated", "out of order", "p50", "p99", "max"}, 1, rows)
}

// judged writes thresholds or checks.
func (s *sheet) judged(title string, head []string, all []judged) {
	var rows [][]string
	for _, j := range all {
		status := j.Status
		if j.Tone == bad {
			status = "**" + status + "**"
		}
		rows = append(rows, []string{status, markdownCode(j.Name), markdownText(j.Value)})
	}
	if len(rows) > 0 {
		s.paragraph("### %s", title)
	}
	s.table(head, 3, rows)
}
