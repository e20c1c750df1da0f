package figure

import (
	"math"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Line is a named series of values over time. A value that is not a number is a gap.
type Line struct {
	Name   string
	Points []Point
}

// MemberPoints are a member's values, one for each look; with more looks than
// columns the highest of several.
func MemberPoints(t Timeline, m results.MemberRecord, value func(results.MemberMoment) float64) []Point {
	var points []Point
	for _, look := range m.Timeline {
		v := math.NaN()
		if !look.Failed && look.EndMS > look.StartMS {
			v = value(look)
		}
		points = append(points, Point{Second: t.seconds((look.StartMS + look.EndMS) / 2), Value: v})
	}
	return t.thinned(points)
}

// HostPoints are the machine's values, as MemberPoints.
func HostPoints(t Timeline, h results.HostRecord, value func(results.HostTelemetry) float64) []Point {
	var points []Point
	for _, look := range h.Timeline {
		points = append(points, Point{Second: t.seconds((look.StartMS + look.EndMS) / 2), Value: value(look)})
	}
	return t.thinned(points)
}

// thinned are the points on the time axis, of several in a row the highest where there are more than columns.
func (t Timeline) thinned(points []Point) (kept []Point) {
	var shown []Point
	for _, p := range points {
		if p.Second >= t.From && p.Second <= t.To {
			shown = append(shown, p)
		}
	}
	per := max(1, int(math.Ceil(float64(len(shown))/columns)))
	for i, p := range shown {
		if i%per == 0 {
			kept = append(kept, p)
		} else if last := &kept[len(kept)-1]; math.IsNaN(last.Value) || p.Value > last.Value {
			*last = p
		}
	}
	return kept
}

// LinesPanel draws several series over time, from zero.
func LinesPanel(message string, t Timeline, unit Unit, lines ...Line) Figure {
	top := 0.0
	p := amountOverTime(t, 0, unit)
	for i, l := range lines {
		for _, point := range l.Points {
			if point.Value > top {
				top = point.Value
			}
		}
		p.series = append(p.series, series{name: l.Name, style: line(lineInks[i%len(lineInks)], 1.5), stretches: stretches(l.Points, known, func(p Point) xy { return xy{p.Second, p.Value} })})
	}
	p.y = fromZero(top)
	p.dropEmpty()
	if p.empty != "" {
		p.empty = "nothing was told"
	}
	return p.figure(message)
}
