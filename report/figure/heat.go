package figure

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Heat is how latency lies over time: in each column of a Timeline, how many
// values were in each bin. Counts of several intervals in a column are added up.
type Heat []HeatColumn

// HeatColumn is one column, in seconds as From of a Timeline.
type HeatColumn struct {
	From, To float64
	Spread   results.Spread
}

// HeatOf is an operation's response over time.
func HeatOf(t Timeline, workload, operation string) Heat {
	return t.heat(func(m results.Moment) results.Spread {
		return operationAt(m, workload, operation).Spread
	})
}

// DeliveryHeat is a watch's delivery over time.
func DeliveryHeat(t Timeline, workload string) Heat {
	return t.heat(func(m results.Moment) results.Spread {
		return watchAt(m, workload).Spread
	})
}

// AllHeat is the response of all requests over time.
func AllHeat(t Timeline) Heat {
	return t.heat(func(m results.Moment) results.Spread { return m.All.Spread })
}

func (t Timeline) heat(of func(results.Moment) results.Spread) Heat {
	h := make(Heat, 0, len(t.columns))
	for _, column := range t.columns {
		c := HeatColumn{From: max(t.seconds(column.startMS), t.From), To: min(t.seconds(column.endMS), t.To)}
		for _, m := range column.moments {
			c.Spread = c.Spread.Plus(of(m))
		}
		h = append(h, c)
	}
	return h
}

// most is the highest count of all.
func (h Heat) most() (n uint32) {
	for _, c := range h {
		for _, b := range c.Spread {
			n = max(n, b.Count)
		}
	}
	return n
}

// heatLevel is how dark a count is drawn, from 0 to len(heatInks)−1, on a
// logarithmic scale up to the highest count. Few values are never dark.
func heatLevel(count, most uint32) int {
	last := len(heatInks) - 1
	return int(math.Round(float64(last) * math.Log(float64(count)) / math.Log(float64(max(most, 8)))))
}

// Plot implements plot.Plotter: one path for each level, a stroke for each
// stretch of columns that are alike in a bin.
func (h Heat) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	most := h.most()
	if most == 0 {
		return
	}
	var paths [len(heatInks)]vg.Path
	for number := range math.MaxUint8 + 1 {
		at := snap(y(binMiddle(uint8(number))))
		level, from := -1, vg.Length(0)
		for i := range len(h) + 1 {
			next := -1
			if i < len(h) {
				next = h[i].level(uint8(number), most)
			}
			if next == level && (i == 0 || i == len(h) || h[i].From <= h[i-1].To) {
				continue
			}
			if level >= 0 {
				paths[level].Move(vg.Point{X: from, Y: at})
				paths[level].Line(vg.Point{X: snap(x(h[i-1].To)), Y: at})
			}
			if level = next; level >= 0 {
				from = snap(x(h[i].From))
			}
		}
	}
	height := y(1.0/results.BinsPerDecade) - y(0) + 0.3 // so that no seam shows between bins
	for level, path := range paths {
		if len(path) > 0 {
			c.SetLineStyle(line(heatInks[level], height))
			c.Stroke(path)
		}
	}
}

// level is the level of a bin, -1 where it holds nothing.
func (c HeatColumn) level(number uint8, most uint32) int {
	for _, b := range c.Spread {
		if b.Number == number && b.Count > 0 {
			return heatLevel(b.Count, most)
		}
	}
	return -1
}

// binMiddle is where a bin stands on an axis of logMillis.
func binMiddle(number uint8) float64 { return (float64(number)-0.5)/results.BinsPerDecade - 3 }

// snap rounds to a tenth of a pixel: more would make the file larger and nothing finer.
func snap(v vg.Length) vg.Length { return vg.Length(math.Round(10*float64(v)) / 10) }

// heatKey shows the levels, from one value to the most that a bin has.
func heatKey(most uint32) key {
	const side = 9
	return key{"1 to " + Count(int64(most)), vg.Length(side * len(heatInks)), func(c draw.Canvas, at vg.Point) {
		for i, ink := range heatInks {
			from := at.X + vg.Length(side*i)
			c.FillPolygon(ink.colour(), []vg.Point{{X: from, Y: at.Y - side/2}, {X: from + side, Y: at.Y - side/2}, {X: from + side, Y: at.Y + side/2}, {X: from, Y: at.Y + side/2}})
		}
	}}
}

// HeatPanel draws how latency lies over time, with the median and the 99th
// percentile as lines; the latter only where it is another than the maximum.
func HeatPanel(message string, t Timeline, y LatencySpan, heat Heat, points []LatencyPoint) Figure {
	within := y.with(heat).span
	within.max += 0.15 * (within.max - within.min) // room for the names of phases
	if len(t.Spans) > 0 {
		within.max += 0.15 * (within.max - within.min)
	}
	p := latencyOverTime(t, within)
	p.heat = heat
	withP99 := tellsP99(t, points)
	told := func(p LatencyPoint) bool { return p.Count > 0 }
	p.series = []series{
		{name: "p99", style: line(inkOrange, 1.5), halo: true, stretches: stretches(points, func(p LatencyPoint) bool { return withP99 && told(p) }, func(p LatencyPoint) xy { return xy{p.Second, logMillis(p.P99)} })},
		{name: "p50", style: line(inkText, 1.5), halo: true, stretches: stretches(points, told, func(p LatencyPoint) xy { return xy{p.Second, logMillis(p.P50)} })},
		{name: "max", unseen: true, stretches: stretches(points, told, func(p LatencyPoint) xy { return xy{p.Second, logMillis(p.Max)} })},
	}
	p.dropEmpty()
	return p.figure(message)
}
