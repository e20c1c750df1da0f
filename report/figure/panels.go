package figure

import (
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curve is a named percentile curve.
type Curve struct {
	Name   string
	Points []PercentilePoint
}

// LatencySpan is a range of latency that several panels share. The zero value
// is none: each panel takes its own.
type LatencySpan struct{ span }

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

// PercentilePanel draws percentile curves, the first solid and the others
// dashed, over a logarithmic axis of nines. Where fewer than ten samples lie
// beyond a percentile the line is faint; it ends at the maximum.
func PercentilePanel(message string, y LatencySpan, curves ...Curve) Figure {
	dashes := [...][]vg.Length{{5, 3}, {2, 2}, {8, 3, 2, 3}}
	inks := [...]ink{inkBlue, inkOrange, inkGreen, inkPurple, inkRed}
	p := panel{y: y.span, xTicks: nineTicks, yTicks: latencyTicks, xLabel: "percentile", x: span{0, 2}}
	for i, c := range curves {
		if len(c.Points) == 0 {
			continue
		}
		colour := inks[i%len(inks)]
		style, faint := line(colour, 2), line(colour, 0.75)
		if i > 0 {
			style.Dashes = dashes[(i-1)%len(dashes)]
			faint.Dashes = style.Dashes
		}
		p.x.max = max(p.x.max, nines(c.Points[len(c.Points)-1].Percentile))
		enough, few := split(c.Points)
		mark := dot(colour.colour(), 2)
		last := few[len(few)-1]
		p.series = append(p.series,
			series{style: faint, stretches: [][]xy{few}},
			series{glyph: &mark, stretches: [][]xy{{last}}},
			series{name: c.Name, style: style, stretches: [][]xy{enough}})
	}
	if len(p.series) == 0 {
		p.empty = "no samples"
	}
	return p.figure(message)
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
	p := panel{x: span{t.From, t.To}, y: y.span, xTicks: timeTicks, yTicks: latencyTicks, xLabel: "time since measuring began", bands: t.Bands, spans: t.Spans, marks: t.Marks}
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
	top, failed := 0.0, false
	for _, p := range points {
		top = max(top, p.Intended, p.Achieved, p.Failed)
		failed = failed || p.Failed > 0
	}
	p := panel{x: span{t.From, t.To}, y: fromZero(top), xTicks: timeTicks, yTicks: linearTicks(PerSecond), xLabel: "time since measuring began", bands: t.Bands, spans: t.Spans, marks: t.Marks}
	all := func(RatePoint) bool { return true }
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

// PerSecond prints a tick of a rate.
func PerSecond(v float64) string {
	if v >= 1000 {
		return plain(v/1000) + "k/s"
	}
	return plain(v) + "/s"
}

// Cores prints a tick of CPU seconds per second.
func Cores(v float64) string { return plain(v) + " cores" }

// Memory prints a tick of MiB.
func Memory(v float64) string { return plain(v) + " MiB" }

// ValuePanel draws one value over time, from zero; unit prints the ticks of its axis.
func ValuePanel(message, name string, t Timeline, unit func(float64) string, points []Point) Figure {
	top := 0.0
	for _, p := range points {
		top = max(top, p.Value)
	}
	p := panel{x: span{t.From, t.To}, y: fromZero(top), xTicks: timeTicks, yTicks: linearTicks(unit), xLabel: "time since measuring began", bands: t.Bands, spans: t.Spans, marks: t.Marks}
	p.series = []series{{name: name, style: line(inkBlue, 1.75), stretches: stretches(points, func(Point) bool { return true }, func(p Point) xy { return xy{p.Second, p.Value} })}}
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
