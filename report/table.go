package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// Table writes the summary for a terminal, 100 columns wide, with the figures of the HTML report.
func Table(w io.Writer, res results.Result, style Style) error {
	t := terminal{style: style}
	t.verdict(judge(res))
	for _, part := range Wrap(t.text(subject(res)), tableWidth) {
		t.line(part)
	}
	t.list("Not valid, because", bad, res.InvalidReasons)
	t.findings(res.Findings)
	t.operations(groups(res.Operations))
	t.extras(extras(res))
	t.actions(actionsOf(res))
	t.watches(res.Watches)
	t.server(res.Server)
	t.generator(res.Generator)
	t.links(res.Links)
	t.resources(res.Configuration.Resources)
	t.judged("Thresholds", thresholdLines(res.Thresholds))
	t.judged("Checks", checkLines(res.Checks))
	t.list("Warnings", warning, res.Warnings)
	if _, err := w.Write(t.out.Bytes()); err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	return nil
}

// verdict writes the word and, behind it, the facts.
func (t *terminal) verdict(v verdict) {
	indent := width(v.Word) + 2
	for i, part := range Wrap(t.text(strings.Join(v.Facts, " · ")), tableWidth-indent) {
		if i == 0 {
			t.line(t.paint(v.Tone, v.Word) + "  " + part)
			continue
		}
		t.line(strings.Repeat(" ", indent) + part)
	}
}

// subject says what was measured, and for how long.
func subject(res results.Result) string {
	s := res.Scenario.Name + " on " + res.Configuration.Name + " (etcd " + target(res.Configuration) + ")"
	for _, p := range res.Phases {
		if p.Name == results.PhaseMeasure {
			return s + ", measured for " + figure.Duration(p.EndMS-p.StartMS, " ")
		}
	}
	return s + ", not measured"
}

// operations writes a row for each operation, grouped by workload.
func (t *terminal) operations(all []group) {
	g := grid{
		over: map[int]string{2: "achieved", 6: "response", 11: "service"},
		head: []string{"OPERATION", "intended", "per s", "share", "errors", "confl", "p50", "p95", "p99", "p99.9", "max", "p50", "p99"},
	}
	short := false
	for _, workload := range all {
		g.rows = append(g.rows, gridRow{group: t.text(workload.Workload)})
		for _, o := range workload.Operations {
			name := t.text(o.Operation)
			if o.Chain {
				name += " *"
			}
			texts := []string{"  " + name, figure.Count(o.Intended), figure.Rate(o.AchievedRate), achievedShare(o), figure.Count(o.ErrorCount()), figure.Count(o.Conflicts)}
			for _, d := range []struct {
				of          results.Distribution
				percentiles []float64
			}{{o.Response, []float64{50, 95, 99, 99.9, 100}}, {o.Service, []float64{50, 99}}} {
				for _, p := range d.percentiles {
					texts = append(texts, t.millis(at(d.of, p)))
					short = short || at(d.of, p) == nil
				}
			}
			row := gridRow{texts: texts, notes: operationNotes(t, o)}
			if o.ErrorCount() > 0 {
				row.tones = map[int]tone{4: bad}
			}
			g.rows = append(g.rows, row)
		}
	}
	if len(g.rows) == 0 {
		t.line("\nNothing was measured: no operation was intended in the measure phase.")
		return
	}
	t.line("")
	t.grid(g)
	legend := "* whole chain, think times included"
	if short {
		legend += "; n/a: too few samples (p95 needs 200, p99 1,000, p99.9 10,000)"
	}
	t.line(t.paint(faint, legend))
}

// operationNotes are lines below an operation that had trouble.
func operationNotes(t *terminal, o results.Operation) []string {
	var notes []string
	if codes := errorDetail(o); codes != "" {
		notes = append(notes, t.text("errors: "+codes))
	}
	if r := remarks(o); r != "" {
		notes = append(notes, r)
	}
	return notes
}

// extras writes the quantities that only some operations have.
func (t *terminal) extras(all []extra) {
	if len(all) == 0 {
		return
	}
	g := grid{head: []string{"ALSO", "count", "p50", "p95", "p99", "max"}}
	for _, x := range all {
		row := gridRow{texts: []string{t.text(x.Name) + ", " + x.Quantity, figure.Count(x.Of.Count)}}
		for _, p := range []float64{50, 95, 99, 100} {
			row.texts = append(row.texts, t.millis(at(x.Of, p)))
		}
		if x.Note != "" {
			row.notes = []string{x.Note}
		}
		g.rows = append(g.rows, row)
	}
	t.grid(g)
}

func (t *terminal) watches(all []results.Watch) {
	if len(all) == 0 {
		return
	}
	g := grid{
		over: map[int]string{8: "delivery"},
		head: []string{"WATCH", "watchers", "expected", "delivered", "late", "missing", "duplicated", "out of order", "p50", "p99", "max"},
	}
	for _, w := range all {
		row := gridRow{texts: []string{
			t.text(w.Workload), figure.Count(int64(w.Watchers)), figure.Count(w.Expected), figure.Count(w.Delivered), figure.Count(w.Late),
			missing(w), figure.Count(w.Duplicated), figure.Count(w.OutOfOrder), t.millis(w.Delivery.P50), t.millis(w.Delivery.P99), t.millis(w.Delivery.Max),
		}}
		if missed(w) {
			row.tones = map[int]tone{5: bad, 6: bad, 7: bad}
		}
		g.rows = append(g.rows, row)
	}
	t.line("")
	t.grid(g)
}

func (t *terminal) generator(g results.Generator) {
	if g.Lag.Count == 0 && g.Wake.Count == 0 {
		return
	}
	t.line("")
	t.line(fmt.Sprintf("%s  lag p50 %s, p99 %s, max %s · wake-up p50 %s, p99 %s, max %s", t.paint(strong, "Generator"),
		t.millis(g.Lag.P50), t.millis(g.Lag.P99), t.millis(g.Lag.Max), t.millis(g.Wake.P50), t.millis(g.Wake.P99), t.millis(g.Wake.Max)))
	t.line(fmt.Sprintf("           %s cores · %s · %s connections · machine %.0f%% busy", figure.Rate(g.CPUCores), figure.Bytes(float64(g.RSSBytes)), figure.Count(g.Connections), 100*g.HostCPU))
}

func thresholdLines(all []results.ThresholdResult) []judged {
	var lines []judged
	for _, r := range all {
		lines = append(lines, judged{r.Check, r.Value, statusWord(r.Status), toneOf(r.Status)})
	}
	return lines
}

func checkLines(all []results.Check) []judged {
	var lines []judged
	for _, c := range all {
		lines = append(lines, judged{c.Name, c.Detail, statusWord(c.Status), toneOf(c.Status)})
	}
	return lines
}

// judged writes thresholds or checks, each with its outcome in front.
func (t *terminal) judged(title string, all []judged) {
	if len(all) == 0 {
		return
	}
	t.line("")
	t.line(t.paint(strong, title))
	status, name := 0, 0
	for _, j := range all {
		status, name = max(status, width(j.Status)), max(name, min(longName, width(t.text(j.Name))))
	}
	indent := 2 + status + 2 + name + 2
	for _, j := range all {
		line := "  " + t.paint(j.Tone, left(j.Status, status)) + "  "
		values := Wrap(t.text(j.Value), tableWidth-indent)
		if n := t.text(j.Name); width(n) > name || len(values) == 0 {
			t.line(line + n)
		} else {
			t.line(line + left(n, name) + "  " + values[0])
			values = values[1:]
		}
		for _, v := range values {
			t.line(strings.Repeat(" ", indent) + v)
		}
	}
}

// longName is how wide the names of thresholds and checks stand beside their values; a longer one has its line alone.
const longName = 48

// list writes texts, wrapped.
func (t *terminal) list(title string, tone tone, texts []string) {
	if len(texts) == 0 {
		return
	}
	t.line("")
	t.line(t.paint(tone, title))
	for _, s := range texts {
		for i, part := range Wrap(t.text(s), tableWidth-4) {
			t.line([]string{"  - ", "    "}[min(i, 1)] + part)
		}
	}
}

// millis prints a value of a distribution.
func (t *terminal) millis(v *float64) string {
	if v == nil {
		return "n/a"
	}
	return figure.Duration(*v, "")
}
