package figure

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Curve is a named percentile curve.
type Curve struct {
	Name   string
	Points []PercentilePoint
}

// LatencySpan is a range of latency that several panels share. The zero value
// is none: each panel takes its own.
type LatencySpan struct{ span }

// with is the range with all bins of a heat map that hold something.
func (s LatencySpan) with(h Heat) LatencySpan {
	for _, c := range h {
		for _, b := range c.Spread {
			at := binMiddle(b.Number)
			s.min, s.max = min(s.min, at-0.6/results.BinsPerDecade), max(s.max, at+0.6/results.BinsPerDecade)
		}
	}
	return s
}

// SpanOf returns the range that holds curves and points.
func SpanOf(curves []Curve, points []LatencyPoint) LatencySpan {
	var all []float64
	for _, c := range curves {
		for _, p := range c.Points {
			all = append(all, p.Millis)
		}
	}
	for _, p := range points {
		if p.Count > 0 {
			all = append(all, p.P50, p.Max)
		}
	}
	return LatencySpan{latencySpan(all...)}
}

// percentilePanel is an empty panel of latency over a logarithmic axis of nines.
func percentilePanel(y LatencySpan) panel {
	return panel{y: y.span, xTicks: nineTicks, yTicks: latencyTicks, xLabel: "percentile", x: span{0, 2}, xUnit: nineUnit, yUnit: Millis, yLog: true}
}

// PercentilePanel draws percentile curves, the first solid and the others
// dashed, over a logarithmic axis of nines. Where fewer than ten samples lie
// beyond a percentile the line is faint; it ends at the maximum.
func PercentilePanel(message string, y LatencySpan, curves ...Curve) Figure {
	dashes := [...][]vg.Length{{5, 3}, {2, 2}, {8, 3, 2, 3}}
	inks := [...]ink{inkBlue, inkOrange, inkGreen, inkPurple, inkRed}
	p := percentilePanel(y)
	for i, c := range curves {
		if len(c.Points) == 0 {
			continue
		}
		colour := inks[i%len(inks)]
		style := line(colour, 2)
		if i > 0 {
			style.Dashes = dashes[(i-1)%len(dashes)]
		}
		p.addCurve(c.Name, c.Points, style, colour)
	}
	if len(p.series) == 0 {
		p.empty = "no samples"
	}
	return p.figure(message)
}

// addCurve adds a curve, faint where its samples are few, with a dot at the maximum.
func (p *panel) addCurve(name string, points []PercentilePoint, style draw.LineStyle, colour ink) {
	if len(points) == 0 {
		return
	}
	p.x.max = max(p.x.max, nines(points[len(points)-1].Percentile))
	enough, few := split(points)
	faint := line(colour, 0.75)
	faint.Dashes = style.Dashes
	mark := dot(colour.colour(), style.Width)
	p.series = append(p.series,
		series{style: faint, stretches: [][]xy{few}},
		series{glyph: &mark, stretches: [][]xy{{few[len(few)-1]}}},
		series{name: name, style: style, stretches: [][]xy{enough}, whole: slices.Concat(enough, few[min(len(enough), 1):])})
}

// split parts a curve where the samples become too few. The parts share the point at which they meet.
func split(curve []PercentilePoint) (enough, few []xy) {
	for _, p := range curve {
		at := xy{nines(p.Percentile), logMillis(p.Millis)}
		if p.Enough {
			enough = append(enough, at)
			few = []xy{at}
			continue
		}
		few = append(few, at)
	}
	return enough, few
}

// LatencyPanel draws the median, the 99th percentile and the maximum over time;
// the 99th percentile only where there are samples enough for it to be another than the maximum.
func LatencyPanel(message string, t Timeline, y LatencySpan, points []LatencyPoint) Figure {
	p := latencyOverTime(t, y.span)
	done := func(p LatencyPoint) bool { return p.Count > 0 }
	peak := dot(inkOrange.colour(), 1.6)
	withP99 := tellsP99(t, points)
	p99 := func(p LatencyPoint) bool { return withP99 && p.Count > 0 }
	p.series = []series{
		{name: "max", style: line(inkOrange, 1), glyph: sparse(&peak, len(points)), stretches: stretches(points, done, func(p LatencyPoint) xy { return xy{p.Second, logMillis(p.Max)} })},
		{name: "p99", style: line(inkBlue, 1.5), stretches: stretches(points, p99, func(p LatencyPoint) xy { return xy{p.Second, logMillis(p.P99)} })},
		{name: "p50", style: line(inkGreen, 2), stretches: stretches(points, done, func(p LatencyPoint) xy { return xy{p.Second, logMillis(p.P50)} })},
	}
	p.dropEmpty()
	return p.figure(message)
}

// RatePanel draws what was intended, what was achieved and, if anything, what failed, per second.
func RatePanel(message string, t Timeline, points []RatePoint) Figure {
	all := func(p RatePoint) bool { return !math.IsNaN(p.Intended) }
	top, failed := 0.0, false
	for _, p := range points {
		if all(p) {
			top = max(top, p.Intended, p.Achieved, p.Failed)
			failed = failed || p.Failed > 0
		}
	}
	p := amountOverTime(t, top, PerSecond)
	p.series = []series{
		{name: "intended", style: line(inkAxis, 4), stretches: stretches(points, all, func(p RatePoint) xy { return xy{p.Second, p.Intended} })},
		{name: "achieved", style: line(inkBlue, 1.75), stretches: stretches(points, all, func(p RatePoint) xy { return xy{p.Second, p.Achieved} })},
	}
	if failed {
		p.series = append(p.series, series{name: "errors and dropped", style: line(inkRed, 1.5), stretches: stretches(points, all, func(p RatePoint) xy { return xy{p.Second, p.Failed} })})
	}
	p.dropEmpty()
	return p.figure(message)
}

// known tells that a value is a number.
func known(p Point) bool { return !math.IsNaN(p.Value) }

// ValuePanel draws one value over time, from zero.
func ValuePanel(message, name string, t Timeline, unit Unit, points []Point) Figure {
	top := 0.0
	for _, p := range points {
		if known(p) {
			top = max(top, p.Value)
		}
	}
	p := amountOverTime(t, top, unit)
	p.series = []series{{name: name, style: line(inkBlue, 1.75), stretches: stretches(points, known, func(p Point) xy { return xy{p.Second, p.Value} })}}
	p.dropEmpty()
	return p.figure(message)
}

// dropEmpty leaves out series without data, so that the key names only what can be seen.
func (p *panel) dropEmpty() {
	var kept []series
	for _, s := range p.series {
		if len(s.stretches) > 0 {
			kept = append(kept, s)
		}
	}
	if p.series = kept; len(kept) == 0 {
		p.empty = "nothing was done"
	}
	if p.x.max <= p.x.min {
		p.x.max = p.x.min + 1
	}
}

// fromZero is a range from 0 to somewhat above top.
func fromZero(top float64) span {
	if top <= 0 || math.IsNaN(top) {
		return span{0, 1}
	}
	return span{0, top * 1.18}
}

// sparse returns the glyph where points are few enough to stand apart.
func sparse(g *draw.GlyphStyle, points int) *draw.GlyphStyle {
	if points > 80 {
		return nil
	}
	return g
}

func dot(c color.Color, radius vg.Length) draw.GlyphStyle {
	return draw.GlyphStyle{Color: c, Radius: max(radius, 1.5), Shape: draw.CircleGlyph{}}
}
