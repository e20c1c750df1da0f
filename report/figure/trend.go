package figure

import (
	"slices"
	"time"
)

// Trend is a measure over time. Its axis has a step for each record, so that a week
// without one takes no room, and measures that were made again stand beside what they confirm.
type Trend struct {
	// Nights are when the records were made, in order: step 0, 1, 2…
	Nights []time.Time
	Unit   Unit
	// Signed tells that the values are differences, which are told with their sign.
	Signed bool
	// Points are in order.
	Points []TrendPoint
	Levels []TrendLevel
	// Expected is between which values the next measure is expected, from one step to another; nil where that is not known.
	Expected *TrendRange
	Changes  []TrendChange
	// Borders are steps before which something else was measured, Asides what else there is to know of a step.
	Borders []TrendBorder
	Asides  []TrendAside
}

// TrendPoint is one measure.
type TrendPoint struct {
	Step  int
	Value float64
	// Low and High are its interval; not numbers where it has none.
	Low, High float64
	// Again tells that it was measured again to confirm another, and Past that it cannot be compared with the last.
	Again, Past bool
	// Title says what it is, and Link is where it leads; empty where that is nowhere.
	Title, Link string
}

// TrendLevel is the mean of the measures of a stretch.
type TrendLevel struct {
	From, To int
	Value    float64
	Past     bool
}

// TrendRange is a range of values over a stretch.
type TrendRange struct {
	From, To  int
	Low, High float64
}

// TrendChange is where the level changed: before that step.
type TrendChange struct {
	Step int
	Mark Mark
	// Quiet tells that nobody need look at it.
	Quiet       bool
	Label       string
	Title, Link string
}

// TrendBorder is where measures begin that cannot be compared with those before.
type TrendBorder struct {
	Step         int
	Label, Title string
}

// TrendAside is a sign at the axis: a cross for what does not count, else a tick.
type TrendAside struct {
	Step  int
	Cross bool
	Title string
}

// The heights of trends.
const (
	trendHeight = 270
	driftHeight = 150
	smallHeight = 150
)

// TrendChart draws a trend in full, figure.Wide or figure.Narrow wide.
func TrendChart(message string, width float64, t Trend) Figure {
	p := t.panel()
	p.beneath = append(p.beneath, expected{t.Expected}, zero(t.Signed), borders(t.Borders), changes(t.Changes))
	p.above = append(p.above, asides(t.Asides), points(t.Points), changeLabels{t.Changes, t.Borders})
	p.signs = t.signs()
	f := p.figure(message)
	f.Width, f.Height = width, trendHeight
	f.data.Marks = t.steps()
	return f
}

// TrendPanel draws a trend in little: its measures as one line, that leads nowhere.
func TrendPanel(message string, t Trend) Figure {
	p := t.panel()
	p.beneath = append(p.beneath, zero(t.Signed), borders(t.Borders), changes(t.Changes))
	now := func(p TrendPoint) bool { return !p.Past }
	p.series = append([]series{
		{name: earlier, style: line(inkAxis, 1), clipped: true, stretches: oneStretch(only(t.Points, func(p TrendPoint) bool { return p.Past }))},
		{name: measured, style: line(inkSky, 1.25), clipped: true, stretches: oneStretch(only(t.Points, now))},
	}, t.levels()...)
	p.dropEmpty()
	p.above = append(p.above, beyond(t.Points), changeLabels{t.Changes, nil})
	p.bare, p.xLabel = true, ""
	f := p.figure(message)
	f.Height = smallHeight
	f.data.Marks = t.steps()
	return f
}

// Side is what one of two sides measured by itself.
type Side struct {
	Name   string
	Points []TrendPoint
}

// TrendSides draws both sides of a trend by themselves, on the steps of the trend.
func TrendSides(message string, width float64, nights []time.Time, unit Unit, candidate, control Side) Figure {
	t := Trend{Nights: nights, Unit: unit}
	p := t.panel()
	p.y, p.empty = wholeSpan(candidate, control), ""
	p.series = []series{
		{name: control.Name, style: line(inkOrange, 1.25), stretches: oneStretch(control.Points)},
		{name: candidate.Name, style: line(inkBlue, 1.75), stretches: oneStretch(candidate.Points)},
	}
	p.series[0].style.Dashes = dashes()
	if len(nights) < leastSteps { // a line of a point or two is hardly seen
		for i := range p.series {
			mark := dot(p.series[i].style.Color, 3)
			p.series[i].glyph = &mark
		}
	}
	p.dropEmpty()
	f := p.figure(message)
	f.Width, f.Height = width, driftHeight
	return f
}

// steps are where the trend changed.
func (t Trend) steps() (all []float64) {
	for _, c := range t.Changes {
		all = append(all, float64(c.Step))
	}
	return all
}

// The names of what a trend has.
const (
	measured = "measured"
	again    = "measured again"
	earlier  = "not comparable with now"
	level    = "mean of the level"
	next     = "where the next is expected"
)

// panel is what the forms of a trend have in common.
func (t Trend) panel() panel {
	last := float64(max(len(t.Nights), leastSteps)) - 0.5
	p := panel{
		x: span{-0.5, last}, y: t.span(), xTicks: t.dates, yTicks: amountTicks(t.Unit, t.Signed),
		xLabel: t.label(), xUnit: stepUnit, yUnit: t.Unit,
	}
	p.series = append(t.measures(), t.levels()...)
	if len(t.Points) == 0 {
		p.empty = "nothing was measured"
	}
	return p
}

// measures are the points as series, by their kinds. They are drawn as spots.
func (t Trend) measures() (all []series) {
	for _, k := range []struct {
		name string
		ink  ink
		of   func(TrendPoint) bool
	}{
		{earlier, inkAxis, func(p TrendPoint) bool { return p.Past }},
		{measured, inkBlue, func(p TrendPoint) bool { return !p.Past && !p.Again }},
		{again, inkBlue, func(p TrendPoint) bool { return !p.Past && p.Again }},
	} {
		if of := only(t.Points, k.of); len(of) > 0 {
			mark := dot(k.ink.colour(), 3)
			all = append(all, series{name: k.name, glyph: &mark, unseen: true, stretches: oneStretch(of)})
		}
	}
	if e := t.Expected; e != nil {
		from, to := float64(e.From), float64(e.To)
		all = append(all, series{name: next, style: line(inkGreen, 1), unseen: true, stretches: [][]xy{{{from, e.Low}, {to, e.Low}}, {{from, e.High}, {to, e.High}}}})
	}
	return all
}

// levels are the means, those of what is past first.
func (t Trend) levels() (all []series) {
	for i, past := range []bool{true, false} {
		s := series{name: level, style: line([...]ink{inkAxis, inkGreen}[i], 2), unnamed: true}
		for _, l := range t.Levels {
			if l.Past == past {
				s.stretches = append(s.stretches, []xy{{float64(l.From) - 0.4, l.Value}, {float64(l.To) + 0.4, l.Value}})
			}
		}
		if len(s.stretches) > 0 {
			all = append(all, s)
		}
	}
	return all
}

// only are the points of a kind.
func only(all []TrendPoint, keep func(TrendPoint) bool) []TrendPoint {
	return slices.DeleteFunc(slices.Clone(all), func(p TrendPoint) bool { return !keep(p) })
}

func anyPoint(TrendPoint) bool { return true }

// at is where a point stands.
func (p TrendPoint) at() xy { return xy{float64(p.Step), p.Value} }

// oneStretch are points that are joined.
func oneStretch(all []TrendPoint) [][]xy { return stretches(all, anyPoint, TrendPoint.at) }
