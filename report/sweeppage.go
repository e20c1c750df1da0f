package report

import (
	_ "embed"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

//go:embed sweep.html.tmpl
var sweepTemplate string

// sweepView is a sweep as the template writes it.
type sweepView struct {
	Title, Interval string
	Says            []says
	Answer          []fact
	// Objective and Asked are what was asked for.
	Objective sweptView
	Asked     []sweptView
	// There is the point that Beside is of.
	There  string
	Beside []metricRow
	// Main are the main effects, a picture for each factor.
	Main   []picture
	Parts  []partRow
	Points pointsView
	Rest   []restTable
}

// sweptView is one metric at all points: by level, or as maps of two factors.
type sweptView struct {
	Metric, Better string
	// Small tells that it is not the objective.
	Small  bool
	Charts []picture
	Levels []levelRow
	Maps   []heatMap
	// Legend says what the colours of Maps mean; empty where none is used.
	Legend []string
}

// levelRow is a level, or where Group is set the heading of a factor's.
type levelRow struct {
	Group, Name, Value, Effect, Interval, Verdict, Words string
	Tone                                                 tone
	Baseline                                             bool
	Marks                                                []string
}

type partRow struct{ Name, Share, Chance string }

// pointsView is the table of all points.
type pointsView struct {
	Factors []string
	Rows    []sweepPointRow
}

type sweepPointRow struct {
	Levels                           []string
	Value, Effect, Interval, Verdict string
	Tone                             tone
	Marks                            []string
	Runs                             []sweepRun
}

// sweepRun is the objective of a run, with a link to its report where the page knows its folder.
type sweepRun struct {
	runCell
	ID  string
	Bad bool
}

// restTable are the metrics of a workload at all points.
type restTable struct {
	Workload, Count string
	Points          []string
	Rows            []restRow
}

type restRow struct {
	Name  string
	Cells []restCell
}

type restCell struct {
	Value, Effect string
	Tone          tone
}

// sweep is one sweep with its figures.
func (d *drawings) sweep(page ComparisonPage, s results.Sweep) sweepView {
	c := page.Comparison
	v := sweepView{Title: s.Scenario, Interval: confidenceText(c) + " interval", Says: sweepSays(s), Answer: sweepAnswer(c, s)}
	asked, rest := beside(s)
	v.Objective = d.swept(s, objective(s))
	for _, m := range asked {
		each := d.swept(s, m)
		each.Small = true
		v.Asked = append(v.Asked, each)
	}
	if at := shownPoint(s); at != nil {
		v.There = besideTitle(s, *at)
		for _, m := range asked {
			v.Beside = append(v.Beside, besideRow(s, m, *at))
		}
	}
	if s.Design == results.Grid && len(s.Factors) > 1 && sweptAnything(s) {
		v.Main = d.levels(s, objective(s))
		for _, p := range objective(s).Parts {
			v.Parts = append(v.Parts, partRow{partName(s, p), strconv.FormatFloat(100*p.Share, 'f', 0, 64) + " %", chanceText(p.P)})
		}
	}
	v.Points, v.Rest = pointsOf(s, page.Folders), restOf(s, rest)
	return v
}

// swept is one metric: a grid of several factors as maps, else by level.
func (d *drawings) swept(s results.Sweep, m results.SweptMetric) sweptView {
	v := sweptView{Metric: m.Metric, Better: betterText(m)}
	if s.Design == results.Grid && len(s.Factors) > 1 {
		v.Maps = heatMaps(s, m)
		switch {
		case !known(m.Centres):
		case m.Better == "lower", m.Better == "higher":
			v.Legend = []string{"better", "worse"}
		default:
			v.Legend = []string{"less", "more"}
		}
		return v
	}
	if known(m.Centres) {
		v.Charts = d.levels(s, m)
	}
	v.Levels = levelRows(s, m)
	return v
}

// levels draws the effects of each factor's levels.
func (d *drawings) levels(s results.Sweep, m results.SweptMetric) (all []picture) {
	unit, times := sweptUnit(m)
	var panels []figure.Levels
	for f, factor := range s.Factors {
		p := figure.Levels{Factor: factor.Name, Unit: unit, Ratio: m.Relative, Least: times * m.Delta}
		if m.Relative {
			p.Least = 1 + m.Delta
		}
		var told []string
		for l := range factor.Levels {
			e := levelEffect(s, m, f, l)
			one := figure.Level{Name: levelName(factor, l), Baseline: l == factor.Baseline, Mark: markOf(plainOf(m, e))}
			if e.Verdict == results.NoVerdict && m.Noise != nil {
				one.Mark = figure.MarkNone // there is no better and no worse of it
			}
			one.Effect, one.Low, one.High = onAxis(e.Effect, m, times), onAxis(e.Low, m, times), onAxis(e.High, m, times)
			if one.Baseline {
				one.Effect = onAxis(new(float64), m, times)
			}
			p.Of = append(p.Of, one)
			told = append(told, one.Name+" "+effectText(plainOf(m, e)))
		}
		p.Message = fmt.Sprintf("Effect on %s by %s: %s.", m.Metric, factor.Name, strings.Join(told, "; "))
		panels = append(panels, p)
	}
	for i, f := range figure.LevelPanels(panels) {
		name, caption := s.Scenario+" "+m.Metric+" by "+s.Factors[i].Name, "Effect on "+m.Metric+" by "+s.Factors[i].Name
		if len(panels) > 1 || m.Metric != s.Objective {
			all = append(all, d.small(name, "Effect by "+s.Factors[i].Name, f))
			continue
		}
		wide := f.Wide()
		wide.Height = f.Height
		all = append(all, d.both(name, caption, wide, f))
	}
	return all
}

// onAxis is an effect as a figure takes it: a ratio, or a difference in its unit.
func onAxis(v *float64, m results.SweptMetric, times float64) float64 {
	switch {
	case v == nil:
		return math.NaN()
	case m.Relative:
		return 1 + *v
	default:
		return *v * times
	}
}

// levelRows are all levels of all factors.
func levelRows(s results.Sweep, m results.SweptMetric) (rows []levelRow) {
	for f, factor := range s.Factors {
		if len(s.Factors) > 1 {
			rows = append(rows, levelRow{Group: factor.Name})
		}
		for l := range factor.Levels {
			at := levelPoint(s, f, l)
			r := levelRow{Name: levelName(factor, l), Value: sweptCentre(m, at), Effect: "–", Interval: "–", Verdict: "–", Baseline: at == s.Baseline, Marks: marksOf(s, at)}
			if e := effectAt(m, at); !r.Baseline && e.Effect != nil {
				x := plainOf(m, e)
				r.Effect, r.Interval, r.Verdict, r.Words, r.Tone = effectText(x), intervalText(x), verdictWord(x), sweptVerdict(m, e), verdictTone(e.Verdict)
			}
			rows = append(rows, r)
		}
	}
	return rows
}

// besideRow is a metric at a point against the baseline: in fresh runs where there are some, since those of the sweep flatter what was chosen by them.
func besideRow(s results.Sweep, m results.SweptMetric, at int) metricRow {
	if x := freshMetric(s, m.Metric, at); x != nil {
		return metricRow{
			Name: m.Metric, Baseline: medianText(*x, x.Baseline, x.BaselineMedian), Candidate: medianText(*x, x.Candidate, x.CandidateMedian), Effect: effectText(*x), Interval: intervalText(*x), Noise: noiseText(*x),
			Verdict: verdictWord(*x), Words: verdictWords(*x), Tone: verdictTone(x.Verdict),
		}
	}
	name := m.Metric
	if s.Confirmation != nil {
		name += " (in the sweep)"
	}
	e := effectAt(m, at)
	x := plainOf(m, e)
	return metricRow{
		Name: name, Baseline: sweptCentre(m, s.Baseline), Candidate: sweptCentre(m, at), Effect: effectText(x), Interval: intervalText(x), Noise: noiseText(x),
		Verdict: verdictWord(x), Words: sweptVerdict(m, e), Tone: verdictTone(e.Verdict),
	}
}

// pointsOf are all points in their order, with the objective of each run.
func pointsOf(s results.Sweep, folders map[string]string) (v pointsView) {
	m := objective(s)
	for _, f := range s.Factors {
		v.Factors = append(v.Factors, f.Name)
	}
	for i, p := range s.Points {
		r := sweepPointRow{Value: sweptCentre(m, i), Effect: "–", Interval: "–", Verdict: "–", Marks: marksOf(s, i)}
		for f := range s.Factors {
			name := "?"
			if f < len(p.Levels) {
				name = levelName(s.Factors[f], p.Levels[f])
			}
			r.Levels = append(r.Levels, name)
		}
		if e := effectAt(m, i); i != s.Baseline && e.Effect != nil {
			x := plainOf(m, e)
			r.Effect, r.Interval, r.Verdict, r.Tone = effectText(x), intervalText(x), verdictWord(x), verdictTone(e.Verdict)
		}
		for round, run := range p.Runs {
			r.Runs = append(r.Runs, sweepRunOf(m, valuesAt(m, i), round, run, folders))
		}
		v.Rows = append(v.Rows, r)
	}
	return v
}

func sweepRunOf(m results.SweptMetric, values []*float64, round int, run results.ComparedRun, folders map[string]string) sweepRun {
	r := sweepRun{runCell: runCell{Name: "–"}, ID: run.ID}
	if run.ID == "" {
		return r
	}
	r.Name = "n/a"
	if round < len(values) && values[round] != nil {
		r.Name = metricValue(plainOf(m, results.SweepEffect{}), *values[round])
	}
	if r.Bad = !run.Valid; r.Bad {
		r.Name += " (not valid)"
	}
	if folder, ok := folders[run.Folder]; ok {
		r.Link = link(folder, results.ReportFile)
	}
	return r
}

// restOf are the metrics that nobody asked for, by workload.
func restOf(s results.Sweep, rest []results.SweptMetric) (all []restTable) {
	for _, m := range rest {
		workload, name := metricName(m.Metric)
		if len(all) == 0 || all[len(all)-1].Workload != workload {
			all = append(all, restTable{Workload: workload})
			for i := range s.Points {
				all[len(all)-1].Points = append(all[len(all)-1].Points, pointName(s, i))
			}
		}
		t := &all[len(all)-1]
		r := restRow{Name: name}
		for i := range s.Points {
			e := effectAt(m, i)
			one := restCell{Value: sweptCentre(m, i), Tone: verdictTone(e.Verdict)}
			if i != s.Baseline && e.Effect != nil {
				one.Effect = effectText(plainOf(m, e))
			}
			r.Cells = append(r.Cells, one)
		}
		t.Rows = append(t.Rows, r)
		t.Count = plural(len(t.Rows), "metric")
	}
	return all
}
