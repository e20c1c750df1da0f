package report

import (
	_ "embed"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// ComparisonPage is what a comparison's report shows.
type ComparisonPage struct {
	Title      string
	Comparison results.Comparison
	// Curves are, by contrast, the latencies of all runs of each side together, for the eye only.
	Curves [][]SideCurves
	// Folders are, by run folder, where that is as seen from the page's, with slashes. Runs in it are linked.
	Folders map[string]string
	// Reproduce is the command line that compares again; empty where it is not known.
	Reproduce string
}

// SideCurves are one operation's latencies on both sides; a side is nil where it has none.
type SideCurves struct {
	Name                string
	Baseline, Candidate *hdr.Histogram
}

//go:embed comparison.html.tmpl
var comparisonTemplate string

// comparisonView is the page as the template writes it.
type comparisonView struct {
	frame
	Page      ComparisonPage
	Verdict   verdict
	Contrasts []contrastView
	Sweeps    []sweepView
	Gates     []gateView
	Figures   map[string]*figure.Data
}

type contrastView struct {
	Title, Baseline, Candidate, Interval string
	Says                                 []says
	Differences                          []results.Difference
	Table                                metricTable
	Rest                                 *metricTable
	Forest                               picture
	Pairs, Curves                        []picture
	Runs                                 []runRow
}

// metricTable is a table of metrics.
type metricTable struct {
	Label, Baseline, Candidate, Interval string
	Rows                                 []metricRow
}

// metricRow is a metric, or where Group is set a heading of those below it.
type metricRow struct {
	Group, Name, Baseline, Candidate, Effect, Interval, Noise, Verdict, Words string
	Tone                                                                      tone
	Gates                                                                     bool
}

type gateView struct {
	Subject, Metric, Status, Detail string
	Tone                            tone
}

type runRow struct {
	Pair                string
	Baseline, Candidate runCell
	Bad                 bool
}

// runCell is a run, with a link to its report where the page knows its folder.
type runCell struct{ Name, Link string }

// HTMLComparison writes a comparison as one self-contained page, as HTML does a run.
func HTMLComparison(w io.Writer, page ComparisonPage) error {
	v := comparisonView{frame: figureFrame(), Page: page}
	word, tone, facts := outcomeOf(page.Comparison)
	v.Verdict = verdict{Word: word, Tone: tone, Facts: facts}
	drawn := v.draw(page)
	for _, g := range page.Comparison.Gates {
		v.Gates = append(v.Gates, gateView{g.Scenario + ": " + g.Candidate + " against " + g.Baseline, g.Metric, string(g.Status), gateDetail(g), gateTone(g.Status)})
	}
	err := drawn.err
	if err == nil {
		err = execute(w, comparisonTemplate+sweepTemplate, v)
	}
	if err != nil {
		return fmt.Errorf("writing the comparison's page: %w", err)
	}
	return nil
}

// ComparisonFigures draws all figures of a comparison's report, in their order.
func ComparisonFigures(page ComparisonPage) []Drawing {
	var v comparisonView
	return v.draw(page).all
}

// draw adds the contrasts with their figures.
func (v *comparisonView) draw(page ComparisonPage) drawings {
	var d drawings
	for i, x := range page.Comparison.Contrasts {
		var curves []SideCurves
		if i < len(page.Curves) {
			curves = page.Curves[i]
		}
		v.Contrasts = append(v.Contrasts, d.contrast(page, x, curves))
	}
	for _, s := range page.Comparison.Sweeps {
		v.Sweeps = append(v.Sweeps, d.sweep(page, s))
	}
	v.Figures = d.data()
	return d
}

// contrast is one contrast with its figures.
func (d *drawings) contrast(page ComparisonPage, x results.Contrast, curves []SideCurves) contrastView {
	c := page.Comparison
	v := contrastView{
		Title: contrastTitle(x), Baseline: x.Baseline.Name, Candidate: x.Candidate.Name, Interval: intervalHead(c, x),
		Says: contrastSays(c, x), Runs: runRowsOf(x, page.Folders),
	}
	for _, each := range x.Differences {
		v.Differences = append(v.Differences, results.Difference{Key: each.Key, Baseline: orNothing(each.Baseline), Candidate: orNothing(each.Candidate)})
	}
	v.Table = metricTable{"Metrics", v.Baseline, v.Candidate, v.Interval, metricRows(told(x.Metrics))}
	if all := metricRows(x.Metrics); len(all) > len(v.Table.Rows) {
		v.Rest = &metricTable{"All metrics", v.Baseline, v.Candidate, v.Interval, all}
	}
	if rows, message := forestOf(x); len(rows) > 1 {
		v.Forest = d.both(v.Title+" effects", "Effects", figure.Forest(message, figure.Wide, rows), figure.Forest(message, figure.Narrow, rows))
	}
	for _, m := range x.Metrics {
		if m.Gates && metricUnit(m.Metric) == figure.Millis {
			v.Pairs = append(v.Pairs, d.pairs(x, m))
		}
	}
	for _, each := range curves {
		both := []figure.Curve{{Name: x.Baseline.Name, Points: figure.Percentiles(each.Baseline)}, {Name: x.Candidate.Name, Points: figure.Percentiles(each.Candidate)}}
		message := fmt.Sprintf("%s by percentile: %s %s; %s %s.", each.Name, x.Baseline.Name, inWords(results.Distribute(each.Baseline)), x.Candidate.Name, inWords(results.Distribute(each.Candidate)))
		v.Curves = append(v.Curves, d.small(v.Title+" "+each.Name, each.Name, figure.PercentilePanel(message, figure.SpanOf(both, nil), both...)))
	}
	return v
}

// metricRows are metrics below headings of their workloads.
func metricRows(all []results.MetricContrast) (rows []metricRow) {
	workload := ""
	for _, m := range all {
		of, name := metricName(m.Metric)
		if of != workload {
			workload = of
			rows = append(rows, metricRow{Group: of})
		}
		rows = append(rows, metricRow{
			Name: name, Baseline: medianText(m, m.Baseline, m.BaselineMedian), Candidate: medianText(m, m.Candidate, m.CandidateMedian), Effect: effectText(m),
			Interval: intervalText(m), Noise: noiseText(m), Verdict: verdictWord(m), Words: verdictWords(m), Tone: verdictTone(m.Verdict), Gates: m.Gates,
		})
	}
	return rows
}

// pairs is a dot a run.
func (d *drawings) pairs(x results.Contrast, m results.MetricContrast) picture {
	var points []figure.PairPoint
	for i := range max(len(m.Baseline), len(m.Candidate)) {
		points = append(points, figure.PairPoint{Baseline: valueAt(m.Baseline, i), Candidate: valueAt(m.Candidate, i)})
	}
	message := fmt.Sprintf("%s of each run: median %s on %s, %s on %s.", m.Metric, metricValue(m, m.BaselineMedian), x.Baseline.Name, metricValue(m, m.CandidateMedian), x.Candidate.Name)
	return d.small(contrastTitle(x)+" "+m.Metric+" by run", m.Metric, figure.PairsPanel(message, x.Baseline.Name, x.Candidate.Name, points))
}

func valueAt(values []*float64, i int) float64 {
	if i >= len(values) || values[i] == nil {
		return 0
	}
	return *values[i]
}

// forestOf are the rows of the forest plot, and what it says.
func forestOf(x results.Contrast) (rows []figure.ForestRow, message string) {
	var parts []string
	workload := ""
	for _, m := range told(x.Metrics) {
		of, name := metricName(m.Metric)
		if !m.Relative {
			continue
		}
		if of != workload {
			workload = of
			rows = append(rows, figure.ForestRow{Group: of})
		}
		r := figure.ForestRow{Name: name, Effect: 1 + m.Effect, High: math.Inf(1), Least: 1 + m.Delta, Mark: markOf(m)}
		if m.Low != nil && m.High != nil {
			r.Low, r.High = 1+*m.Low, 1+*m.High
		}
		rows = append(rows, r)
		parts = append(parts, m.Metric+" "+effectText(m))
	}
	return rows, "Effects with their intervals: " + strings.Join(parts, "; ") + "."
}

func markOf(m results.MetricContrast) figure.Mark {
	switch m.Verdict {
	case results.Regression:
		return figure.MarkWorse
	case results.Improvement:
		return figure.MarkBetter
	case results.Equivalent:
		return figure.MarkNone
	default:
		return figure.MarkOpen
	}
}

func gateTone(s results.GateStatus) tone {
	switch s {
	case results.GatePass:
		return good
	case results.GateInconclusive, results.GateOpen:
		return warning
	default:
		return bad
	}
}

// verdictWord is a verdict for a table.
func verdictWord(m results.MetricContrast) string {
	if m.Verdict == results.NoVerdict {
		return "–"
	}
	return string(m.Verdict)
}

// verdictWords say a verdict plainly.
func verdictWords(m results.MetricContrast) string {
	least := sizeText(m, m.Delta)
	switch m.Verdict {
	case results.Regression:
		return "worse, and by more than " + least
	case results.Improvement:
		return "better, and by more than " + least
	case results.Equivalent:
		return "the same to within " + least
	case results.Inconclusive:
		return fmt.Sprintf("too few pairs to tell; about %d would", m.PairsNeeded)
	default:
		return ""
	}
}

// noiseText is how much the difference varies from pair to pair.
func noiseText(m results.MetricContrast) string {
	switch {
	case m.Noise == nil:
		return "–"
	case m.Relative:
		return strconv.FormatFloat(100**m.Noise, 'f', 1, 64) + " %"
	default:
		return metricValue(m, *m.Noise)
	}
}

// runRowsOf are the runs of both sides.
func runRowsOf(x results.Contrast, folders map[string]string) (rows []runRow) {
	name := func(runs []results.ComparedRun, i int) (c runCell, bad bool) {
		if i >= len(runs) {
			return c, false
		}
		c.Name = runs[i].ID
		if !runs[i].Valid {
			c.Name, bad = c.Name+" (not valid)", true
		}
		if folder, ok := folders[runs[i].Folder]; ok {
			c.Link = link(folder, results.ReportFile)
		}
		return c, bad
	}
	for i := range max(len(x.Baseline.Runs), len(x.Candidate.Runs)) {
		r := runRow{Pair: strconv.Itoa(i + 1)}
		var a, b bool
		r.Baseline, a = name(x.Baseline.Runs, i)
		r.Candidate, b = name(x.Candidate.Runs, i)
		r.Bad = a || b
		rows = append(rows, r)
	}
	return rows
}
