package report

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// Verdicts writes a comparison for a terminal, 100 columns wide: the outcome, what
// differs, and a table of each contrast with the metrics that gate, that changed, or that say how fast and how well requests were served.
// Of a sweep it is what is advised, the points by the objective, what else changes, and which factor matters.
func Verdicts(w io.Writer, c results.Comparison, style Style) error {
	t := terminal{style: style}
	word, tone, facts := outcomeOf(c)
	t.verdict(verdict{Word: word, Tone: tone, Facts: facts})
	for _, each := range c.Contrasts {
		t.contrast(c, each)
	}
	for _, each := range c.Sweeps {
		t.sweep(c, each)
	}
	t.gates(c.Gates)
	if _, err := w.Write(t.out.Bytes()); err != nil {
		return fmt.Errorf("writing the comparison: %w", err)
	}
	return nil
}

// outcomeOf is a comparison in a word, and the facts that it rests on.
func outcomeOf(c results.Comparison) (word string, tone tone, facts []string) {
	if len(c.Sweeps) > 0 {
		return sweepOutcome(c)
	}
	word, tone = outcomeWord(c)
	counts := map[results.GateStatus]int{}
	for _, g := range c.Gates {
		counts[g.Status]++
	}
	for _, s := range []results.GateStatus{results.GateFail, results.GateInconclusive, results.GateNoData, results.GateNotComparable, results.GatePass} {
		if n := counts[s]; n > 0 {
			facts = append(facts, fmt.Sprintf("%d of %s %s", n, plural(len(c.Gates), "gate"), gateWords(s)))
		}
	}
	if len(c.Gates) == 0 {
		facts = append(facts, "nothing gates")
	}
	return word, tone, facts
}

func outcomeWord(c results.Comparison) (string, tone) {
	indicative := !slices.ContainsFunc(c.Contrasts, func(c results.Contrast) bool { return c.Method != results.Indicative })
	switch {
	case slices.ContainsFunc(c.Contrasts, func(c results.Contrast) bool { return !c.Comparable && !c.Forced }):
		return "NOT COMPARABLE", bad
	case indicative:
		return "INDICATIVE", warning
	case c.Outcome == results.GateFail && c.AA:
		return "NOISE FLOOR TOO HIGH", bad
	case c.Outcome == results.GateFail:
		return "REGRESSION", bad
	case c.Outcome == results.GatePass && c.AA:
		return "NOISE FLOOR", good
	case c.Outcome == results.GatePass && slices.ContainsFunc(c.Contrasts, improved):
		return "IMPROVEMENT", good
	case c.Outcome == results.GatePass:
		return "NO REGRESSION", good
	case c.Outcome == results.GateOpen:
		return "COMPARED", good
	default:
		return "INCONCLUSIVE", warning
	}
}

// improved reports whether a gate's metric became better.
func improved(c results.Contrast) bool {
	return slices.ContainsFunc(c.Metrics, func(m results.MetricContrast) bool { return m.Gates && m.Verdict == results.Improvement })
}

func gateWords(s results.GateStatus) string {
	switch s {
	case results.GateFail:
		return "failed"
	case results.GatePass:
		return "passed"
	case results.GateNoData:
		return "without data"
	case results.GateNotComparable:
		return "not comparable"
	default:
		return "inconclusive"
	}
}

// contrast writes one contrast.
func (t *terminal) contrast(c results.Comparison, x results.Contrast) {
	t.line("")
	t.line(t.paint(strong, t.text(contrastTitle(x))))
	for _, s := range contrastSays(c, x) {
		t.wrapped(s.Tone, t.text(s.Text))
	}
	if len(x.Differences) > 0 {
		t.line(t.paint(faint, "what differs between the configurations"))
		for _, d := range x.Differences {
			t.line("  " + t.text(differenceText(d)))
		}
	}
	g := grid{head: []string{"metric", t.text(x.Baseline.Name), t.text(x.Candidate.Name), "effect", intervalHead(c, x), "verdict"}}
	workload := ""
	for _, m := range told(x.Metrics) {
		of, name := metricName(m.Metric)
		if of != workload {
			workload = of
			g.rows = append(g.rows, gridRow{group: t.text(of)})
		}
		g.rows = append(g.rows, gridRow{
			texts: []string{"  " + t.text(name), medianText(m, m.Baseline, m.BaselineMedian), medianText(m, m.Candidate, m.CandidateMedian), effectText(m), intervalText(m), verdictText(m)},
			tones: map[int]tone{5: verdictTone(m.Verdict)},
		})
	}
	t.grid(g)
	if slices.ContainsFunc(x.Metrics, func(m results.MetricContrast) bool { return m.Verdict == results.Inconclusive }) {
		t.line(t.paint(faint, "inconclusive (n): about n pairs would tell"))
	}
}

// says is a sentence and its tone.
type says struct {
	Text string
	Tone tone
}

// contrastTitle says what is compared with what.
func contrastTitle(x results.Contrast) string {
	return x.Scenario + ": " + x.Candidate.Name + " against " + x.Baseline.Name
}

// contrastSays says how the two are compared, and what to beware of.
func contrastSays(c results.Comparison, x results.Contrast) (all []says) {
	matters := fmt.Sprintf("what matters is %s and %s", percentText(c.MinEffect), figure.Duration(c.FloorMS, " "))
	switch x.Method {
	case results.Paired:
		all = append(all, says{plural(x.Pairs, "pair") + " of runs side by side; " + matters, faint})
	case results.Unpaired:
		all = append(all, says{fmt.Sprintf("%s against %s, not in pairs; %s", plural(len(x.Candidate.Runs), "run"), plural(len(x.Baseline.Runs), "run"), matters), faint})
	default:
		all = append(all, says{"indicative: one run against one. Two runs of the same differ, too, and by how much is not known from them; no verdict follows. Intervals are of chance within the runs.", warning})
	}
	for _, reason := range x.Reasons {
		word := "not comparable: "
		if x.Forced {
			word = "compared all the same (forced): "
		}
		all = append(all, says{word + reason, bad})
	}
	if x.TimeConfounded {
		all = append(all, says{"time-confounded: all runs of one side were made before the other's, so that what else changed meanwhile is in the difference. Ask for A-B-A, or let an experiment interleave them.", bad})
	}
	for _, n := range x.Notes {
		all = append(all, says{n, warning})
	}
	return all
}

func differenceText(d results.Difference) string {
	return fmt.Sprintf("%s  %s → %s", d.Key, orNothing(d.Baseline), orNothing(d.Candidate))
}

func orNothing(s string) string {
	if s == "" {
		return "(not set)"
	}
	return s
}

func intervalHead(c results.Comparison, x results.Contrast) string {
	if x.Method == results.Indicative {
		return "within the runs"
	}
	return strconv.FormatFloat(100*c.Confidence, 'g', 3, 64) + " % interval"
}

// told are the metrics that a terminal shows.
func told(all []results.MetricContrast) []results.MetricContrast {
	return slices.DeleteFunc(slices.Clone(all), func(m results.MetricContrast) bool {
		_, name := metricName(m.Metric)
		changed := m.Verdict == results.Regression || m.Verdict == results.Improvement
		switch {
		case m.Gates:
			return false
		case strings.HasSuffix(name, "error_rate"), strings.HasSuffix(name, "missing"):
			return m.BaselineMedian == 0 && m.CandidateMedian == 0 && !changed
		case strings.Contains(name, "service"):
			return true // it is in the response
		case strings.HasSuffix(name, "achieved_rate"), strings.HasSuffix(name, "bytes"):
			return !changed
		case strings.HasSuffix(name, "response p99"):
			return !changed && m.P != nil // one run against one is told as far as it goes
		default:
			return false
		}
	})
}

// metricName is a metric's workload, and the rest in words.
func metricName(metric string) (workload, name string) {
	workload, rest, _ := strings.Cut(metric, ".")
	if i := strings.LastIndex(rest, ".p99.9"); i >= 0 {
		return workload, strings.ReplaceAll(rest[:i], ".", " ") + " " + rest[i+1:]
	}
	return workload, strings.ReplaceAll(rest, ".", " ")
}

// metricValue prints a value of a metric.
func metricValue(m results.MetricContrast, v float64) string {
	if math.IsNaN(v) {
		return "n/a"
	}
	switch metricUnit(m.Metric) {
	case figure.PerSecond:
		return figure.Rate(v) + "/s"
	case figure.Percent:
		return strconv.FormatFloat(100*v, 'f', 2, 64) + " %"
	case figure.Memory:
		return figure.Bytes(v)
	case figure.Millis:
		return figure.Duration(v, " ")
	default:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
}

// metricUnit is what a metric is told in; its values are shares, bytes or in that unit.
func metricUnit(metric string) figure.Unit {
	last := metric[strings.LastIndex(metric, ".")+1:]
	switch {
	case strings.HasSuffix(last, "_rate") && last != "error_rate":
		return figure.PerSecond
	case last == "error_rate", strings.HasSuffix(last, "_share"):
		return figure.Percent
	case strings.Contains(last, "bytes"):
		return figure.Memory
	case isStatistic(last):
		return figure.Millis
	default:
		return figure.Number
	}
}

// isStatistic reports whether a metric's last part is a statistic of a latency.
func isStatistic(last string) bool {
	return last != "" && (last == "mean" || last == "max" || strings.HasPrefix(last, "p") && last[1:] != "" && last[1] >= '0' && last[1] <= '9' || last[0] >= '0' && last[0] <= '9')
}

// medianText is the median of a side's runs.
func medianText(m results.MetricContrast, of []*float64, v float64) string {
	if !known(of) {
		return "n/a"
	}
	return metricValue(m, v)
}

// known reports whether any run knows a metric.
func known(values []*float64) bool {
	return slices.ContainsFunc(values, func(v *float64) bool { return v != nil })
}

// effectText is by how much the candidate is higher.
func effectText(m results.MetricContrast) string {
	if !known(m.Baseline) || !known(m.Candidate) {
		return "n/a"
	}
	return changeText(m, m.Effect)
}

// changeText prints a change with its sign.
func changeText(m results.MetricContrast, v float64) string {
	sign, size := "+", sizeText(m, math.Abs(v))
	switch {
	case math.IsNaN(v):
		return "n/a"
	case m.Relative && v >= 9.995:
		return "×" + strconv.FormatFloat(1+v, 'f', 1, 64)
	case size == sizeText(m, 0):
		sign = "±"
	case v < 0:
		sign = "−"
	}
	return sign + size
}

// sizeText prints a change's size.
func sizeText(m results.MetricContrast, v float64) string {
	if m.Relative {
		return percentText(v)
	}
	// The difference of two shares is in percentage points.
	return strings.Replace(metricValue(m, v), " %", " pp", 1)
}

// percentText prints a share in percent with a digit behind the point below ten.
func percentText(v float64) string {
	digits := 0
	if v >= 0.0005 && v < 0.0995 && math.Abs(100*v-math.Round(100*v)) > 1e-9 {
		digits = 1
	}
	return strconv.FormatFloat(100*v, 'f', digits, 64) + " %"
}

func intervalText(m results.MetricContrast) string {
	if m.Low == nil || m.High == nil {
		return "–"
	}
	return changeText(m, *m.Low) + " … " + changeText(m, *m.High)
}

// verdictText is a verdict, with a star where it gates.
func verdictText(m results.MetricContrast) string {
	s := string(m.Verdict)
	switch m.Verdict {
	case results.NoVerdict:
		s = "–"
	case results.Regression, results.Improvement:
		s = strings.ToUpper(s)
	case results.Inconclusive:
		s = fmt.Sprintf("inconclusive (%d)", m.PairsNeeded)
	case results.Equivalent:
	}
	if m.Gates {
		return s + " *"
	}
	return s
}

func verdictTone(v results.Verdict) tone {
	switch v {
	case results.Regression:
		return bad
	case results.Improvement:
		return good
	case results.Inconclusive:
		return warning
	default:
		return ""
	}
}

// gates writes what decides.
func (t *terminal) gates(all []results.Gate) {
	if len(all) == 0 {
		return
	}
	t.line("")
	t.line(t.paint(strong, "Gates (*)"))
	for _, g := range all {
		t.line("  " + t.paint(gateTone(g.Status), left(string(g.Status), 14)) + " " + t.text(gateSubject(g)))
		for _, part := range Wrap(gateDetail(g), tableWidth-17) {
			t.line(strings.Repeat(" ", 17) + t.paint(faint, t.text(part)))
		}
	}
}

func gateSubject(g results.Gate) string {
	return g.Metric + "  " + g.Scenario + ": " + g.Candidate + " against " + g.Baseline
}

// gateDetail says why a gate came out as it did.
func gateDetail(g results.Gate) string {
	s := g.Why
	if g.AdjustedP != nil {
		s += fmt.Sprintf("; p = %.2g, over all gates", *g.AdjustedP)
	}
	if g.Confirmation != nil {
		s += "; the fresh block: " + effectText(*g.Confirmation) + " (" + intervalText(*g.Confirmation) + ")"
	}
	return s
}
