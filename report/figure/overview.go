package figure

import (
	"fmt"
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// OverviewRow is one operation's latency in the overview. A row without a
// Name is the heading of those below it.
type OverviewRow struct {
	Workload, Name string
	// P50, Tail and Max are of the response in milliseconds, 0 where not known.
	P50, Tail, Max float64
	// TailName is which percentile Tail is: the highest up to p99 that the samples suffice for.
	TailName string
	// Service is the median without the wait before sending, 0 where not known.
	Service float64
}

// NewOverviewRow takes an operation's figures from its distributions.
func NewOverviewRow(workload, name string, response, service results.Distribution) OverviewRow {
	r := OverviewRow{Workload: workload, Name: name, P50: value(response.P50), Max: value(response.Max), Service: value(service.P50)}
	for _, p := range []struct {
		name  string
		value *float64
	}{{"p99", response.P99}, {"p95", response.P95}, {"p90", response.P90}} {
		if p.value != nil {
			r.Tail, r.TailName = *p.value, p.name
			break
		}
	}
	return r
}

func value(v *float64) float64 {
	if v == nil {
		return 0
	}
	return *v
}

// The widths of an overview: for a page and for a telephone.
const (
	Wide   = 1180
	Narrow = panelWidth
)

const (
	rowHeight = 21
	nameWidth = 100
)

// Overview draws all operations on one latency axis: a dot at the median, a
// thick bar from there to the 99th percentile (or the highest that the samples
// suffice for), a thin line on to the maximum, and a ring at the service median.
func Overview(message string, width float64, rows []OverviewRow) Figure {
	height := float64(len(rows)*rowHeight) + 58
	return Figure{Message: message, Width: width, Height: height, draw: func(c draw.Canvas) { drawOverview(c, rows, width) }}
}

func drawOverview(c draw.Canvas, rows []OverviewRow, width float64) {
	overviewKey(c)
	c = draw.Crop(c, nameWidth+12, -16, 1, -24)
	var all []float64
	for _, r := range rows {
		all = append(all, r.P50, r.Max, r.Service)
	}
	none := func(float64, float64) []plot.Tick { return nil }
	ticks := latencyTicks
	if width > 2*Narrow {
		ticks = fineLatencyTicks
	}
	chart := newChart(latencySpan(all...), span{-0.5, float64(len(rows)) - 0.5}, ticks, none, "")
	chart.Add(grid{}, overviewRows(rows))
	chart.Draw(c)
}

// overviewRows is drawn from the top down.
type overviewRows []OverviewRow

// Plot implements plot.Plotter.
func (rows overviewRows) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for i, r := range rows {
		at := y(float64(len(rows) - 1 - i))
		if r.Name == "" {
			heading := words(inkText, draw.XLeft, draw.YCenter)
			heading.Font = bold(fontSize + 1)
			c.FillText(heading, vg.Point{X: c.Min.X - nameWidth - 12, Y: at}, r.Workload)
			c.StrokeLine2(line(inkGrid, 0.75), c.Min.X-nameWidth-12, at+rowHeight/2, c.Max.X, at+rowHeight/2)
			continue
		}
		c.FillText(words(inkText, draw.XRight, draw.YCenter), vg.Point{X: c.Min.X - 10, Y: at + 1}, shorten(r.Name))
		r.draw(c, at, func(millis float64) vg.Length { return x(logMillis(millis)) })
	}
}

// shorten cuts a name to the room beside the axis.
func shorten(name string) string { return shortenTo(name, nameWidth) }

// shortenTo cuts a name to a width.
func shortenTo(name string, width vg.Length) string {
	label := words(inkText, draw.XRight, draw.YCenter)
	runes := []rune(name)
	for len(runes) > 1 && label.Width(name) > width {
		runes = runes[:len(runes)-1]
		name = string(runes) + "…"
	}
	return name
}

// draw draws a row's marks; what is not known is left out.
func (r OverviewRow) draw(c draw.Canvas, y vg.Length, x func(millis float64) vg.Length) {
	from := r.P50
	if r.Tail > 0 {
		from = r.Tail
	}
	if r.Max > 0 {
		if from > 0 {
			c.StrokeLine2(line(inkSky, 1.5), x(from), y, x(r.Max), y)
		}
		c.StrokeLine2(line(inkSky, 1.5), x(r.Max), y-4, x(r.Max), y+4)
	}
	if r.P50 > 0 && r.Tail > 0 {
		c.StrokeLine2(line(inkBlue, 6), x(r.P50), y, x(r.Tail), y)
		if r.TailName != "p99" {
			label := words(inkMuted, draw.XLeft, draw.YBottom)
			label.Font.Size = fontSize - 2
			c.FillText(label, vg.Point{X: x(r.Tail) + 3, Y: y + 1}, r.TailName)
		}
	}
	if r.Service > 0 {
		drawRing(c, vg.Point{X: x(r.Service), Y: y})
	}
	if r.P50 > 0 {
		c.DrawGlyphNoClip(dot(inkGreen.colour(), 4), vg.Point{X: x(r.P50), Y: y})
	}
}

func drawRing(c draw.Canvas, at vg.Point) {
	const radius = 5.5
	c.SetLineStyle(line(inkOrange, 1.5))
	var p vg.Path
	p.Move(vg.Point{X: at.X + radius, Y: at.Y})
	p.Arc(at, radius, 0, 2*math.Pi)
	p.Close()
	c.Stroke(p)
}

// overviewKey explains the marks in a row at the top of c.
func overviewKey(c draw.Canvas) {
	at := vg.Point{X: c.Min.X + 4, Y: c.Max.Y - 9}
	label := words(inkText, draw.XLeft, draw.YCenter)
	say := func(text string) {
		c.FillText(label, at, text)
		at.X += label.Width(text) + 16
	}
	c.DrawGlyphNoClip(dot(inkGreen.colour(), 4), vg.Point{X: at.X + 4, Y: at.Y})
	at.X += 13
	say("response p50")
	c.StrokeLine2(line(inkBlue, 6), at.X, at.Y, at.X+18, at.Y)
	at.X += 23
	say("to p99")
	c.StrokeLine2(line(inkSky, 1.5), at.X, at.Y, at.X+18, at.Y)
	c.StrokeLine2(line(inkSky, 1.5), at.X+18, at.Y-4, at.X+18, at.Y+4)
	at.X += 24
	say("to max")
	drawRing(c, vg.Point{X: at.X + 6, Y: at.Y})
	at.X += 16
	say("service p50")
}

// String says the row in words, for example "create p50 1.84 ms, p99 9.7 ms, max 14.2 ms".
func (r OverviewRow) String() string {
	s := r.Name
	if r.P50 > 0 {
		s += " p50 " + Duration(r.P50, " ") + ","
	}
	if r.Tail > 0 {
		s += fmt.Sprintf(" %s %s,", r.TailName, Duration(r.Tail, " "))
	}
	return s + " max " + Duration(r.Max, " ")
}
