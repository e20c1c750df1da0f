package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// subjectView is what was measured of a configuration under a scenario.
type subjectView struct {
	Name string
	// Charts are drawn in full, Rest in little, by workload.
	Charts []chartView
	Rest   []restView
	// Says tells what is not drawn, or not in full.
	Says string
}

// chartView is a series that is drawn in full.
type chartView struct {
	Anchor, Name, Note string
	Says               []string
	Chart, Sides       picture
	// Apart says what parts its measures.
	Apart []parting
}

// parting is from when on measures are not compared with those before, and why.
type parting struct{ Day, Why string }

// restView are the series of a workload that are drawn in little.
type restView struct {
	Name, Count string
	Panels      []picture
}

// The most that is drawn, so that the page stays below some megabytes: measures in full
// charts, which are links each and are drawn for wide and for narrow screens, and small panels.
const (
	mostInFull   = 5000
	mostInLittle = 100_000
)

// draw draws the series by what was measured; those that are watched in full, as far as
// there is room, first those that changed.
func (of looked) draw() ([]subjectView, error) {
	var d drawings
	var all []subjectView
	for from := 0; from < len(of.series); {
		to := from
		for to < len(of.series) && of.series[to].Of() == of.series[from].Of() {
			to++
		}
		all = append(all, of.subject(&d, of.series[from:to]))
		from = to
	}
	return all, d.err
}

// room chooses which series are drawn, and gives those in full an anchor.
func (of *looked) room() {
	order := slices.Clone(of.series)
	urgency := func(j *judgedSeries) int {
		switch now := j.now(); {
		case len(now.New) > 0 || now.Suspected != nil:
			return 0
		case len(now.Changes) > 0:
			return 1
		default:
			return 2
		}
	}
	slices.SortStableFunc(order, func(a, b *judgedSeries) int { return urgency(a) - urgency(b) })
	of.full, of.little = map[*judgedSeries]bool{}, map[*judgedSeries]bool{}
	inFull, inLittle := 0, 0
	for _, j := range order {
		n := 0
		for _, s := range j.Segments {
			n += len(s.Points)
		}
		switch {
		case j.watched && (inFull == 0 || inFull+n <= mostInFull):
			of.full[j], inFull = true, inFull+n
			j.anchor = fmt.Sprintf("series-%d", len(of.full))
		case inLittle+n <= mostInLittle:
			of.little[j], inLittle = true, inLittle+n
		}
	}
}

func (of looked) subject(d *drawings, all []*judgedSeries) subjectView {
	v := subjectView{Name: all[0].Of()}
	small, missing := 0, 0
	for _, j := range all {
		workload, _ := metricName(j.Metric)
		switch {
		case of.full[j]:
			v.Charts = append(v.Charts, of.chart(d, j))
			continue
		case !of.little[j]:
			missing++
			continue
		case j.watched:
			small++
		}
		at := slices.IndexFunc(v.Rest, func(r restView) bool { return r.Name == workload })
		if at < 0 {
			at = len(v.Rest)
			v.Rest = append(v.Rest, restView{Name: workload})
		}
		v.Rest[at].Panels = append(v.Rest[at].Panels, of.littleChart(d, j))
	}
	for i := range v.Rest {
		v.Rest[i].Count = plural(len(v.Rest[i].Panels), "more metric")
	}
	var says []string
	if small > 0 {
		says = append(says, fmt.Sprintf("%d watched series are drawn in little: full charts of all would make the page too large.", small))
	}
	if missing > 0 {
		says = append(says, fmt.Sprintf("%d series are not drawn: the page would be too large.", missing))
	}
	v.Says = strings.Join(says, " ")
	return v
}

func (of looked) chart(d *drawings, j *judgedSeries) chartView {
	t := of.trend(j)
	name := metricWords(j.Metric)
	v := chartView{Name: name, Note: better(j.Series), Says: j.says(), Apart: apart(j)}
	message := name + " over time: " + strings.Join(v.Says, " ")
	v.Chart = d.both("trend "+j.Metric, "", figure.TrendChart(message, figure.Wide, t), figure.TrendChart(message, figure.Narrow, t))
	v.Anchor = j.anchor
	if c, control := j.sides(); len(control.Points) > 0 {
		scaled := scaleOf(j.Metric, highest(c.Points, control.Points))
		for _, points := range [][]figure.TrendPoint{c.Points, control.Points} {
			for i := range points {
				points[i].Value *= scaled.times
			}
		}
		message = fmt.Sprintf("%s of both sides by themselves: last %s on %s.", name, metricValue(results.MetricContrast{Metric: j.Metric}, j.last().Metric.Value), j.Candidate)
		nights := j.axis.nights()
		v.Sides = d.both("sides "+j.Metric, "Both sides by themselves: what moves both is the machine's drift", figure.TrendSides(message, figure.Wide, nights, scaled.unit, c, control), figure.TrendSides(message, figure.Narrow, nights, scaled.unit, c, control))
	}
	return v
}

func (of looked) littleChart(d *drawings, j *judgedSeries) picture {
	_, name := metricName(j.Metric)
	n := newReading(j.Series)
	return d.small("trend "+j.Metric, name+", last "+n.text(j.last().Value), figure.TrendPanel(metricWords(j.Metric)+" over time: "+strings.Join(j.says(), " "), of.trend(j)))
}

// better says which way is better.
func better(s history.Series) string {
	of := s.Better + " is better"
	if s.Control != "" {
		return of + "; " + s.Candidate + " against " + s.Control
	}
	return of
}

// says is what there is to say of a series as it is now.
func (j *judgedSeries) says() []string {
	n, last := newReading(j.Series), j.last()
	all := []string{fmt.Sprintf("Last %s%s on %s.", n.text(last.Value), n.pairs(last.Metric), dayOf(last.Record.At))}
	l := j.now().Level
	if l.Count < history.Settled {
		return append(all, fmt.Sprintf("The level before it is young: %d of the %d measures by which a single one is judged.", l.Count, history.Settled))
	}
	return append(all, fmt.Sprintf("It was expected between %s and %s, by a level of %s since %s.", n.text(l.Low), n.text(l.High), n.text(l.Mean), dayOf(j.points()[l.From].Record.At)))
}

// apart says what parts the measures of a series.
func apart(j *judgedSeries) (all []parting) {
	for _, s := range j.Segments {
		if len(s.Why) > 0 {
			all = append(all, parting{dayOf(s.Points[0].Record.At), strings.Join(s.Why, "; ")})
		}
	}
	return all
}

// sides are what the two sides measured by themselves.
func (j *judgedSeries) sides() (candidate, control figure.Side) {
	candidate, control = figure.Side{Name: j.Candidate}, figure.Side{Name: j.Control}
	for _, s := range j.Segments {
		for _, p := range s.Points {
			step := j.axis.step[p.Record.ID]
			candidate.Points = append(candidate.Points, figure.TrendPoint{Step: step, Value: p.Metric.Value})
			if p.Metric.Control != nil {
				control.Points = append(control.Points, figure.TrendPoint{Step: step, Value: *p.Metric.Control})
			}
		}
	}
	for _, side := range []figure.Side{candidate, control} {
		slices.SortFunc(side.Points, func(a, b figure.TrendPoint) int { return a.Step - b.Step })
	}
	return candidate, control
}

func highest(sides ...[]figure.TrendPoint) (most float64) {
	for _, side := range sides {
		for _, p := range side {
			most = max(most, p.Value)
		}
	}
	return most
}
