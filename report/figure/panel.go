package figure

import (
	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A panel is a figure of one thing. As it is made it is small: three stand side
// by side at 1280 px, and one fills 390 px. Figure.Wide makes it fill a page.
const (
	panelWidth   = 372
	panelHeight  = 214
	curvesHeight = 300 // of the curves of several operations
	stripHeight  = 178 // of a panel that fills a page
	leftMargin   = 54  // of every panel, so that columns of panels line up
	rightMargin  = 14  // room for half a tick label
	legendRow    = 20
	mostName     = 260 // of a name in the key
	fontSize     = 11
)

// panel is what all panels have in common.
type panel struct {
	x, y           span
	xTicks, yTicks plot.TickerFunc
	xLabel         string
	xUnit, yUnit   Unit
	// yLog tells that y is the logarithm of what it shows.
	yLog   bool
	bands  []Band
	spans  []Span
	marks  []float64
	heat   Heat
	series []series
	// beneath and above are drawn before and after the series, and signs are further entries of the key.
	beneath, above []plot.Plotter
	signs          []key
	// bare tells that there is no room for a key.
	bare bool
	// empty is said instead of data where there is none.
	empty string
}

// latencyOverTime is a panel of latency over the time axis of all plots.
func latencyOverTime(t Timeline, y span) panel {
	p := overTime(t)
	p.y, p.yTicks, p.yUnit, p.yLog = y, latencyTicks, Millis, true
	return p
}

// amountOverTime is a panel of what is counted or used, from zero to somewhat above top.
func amountOverTime(t Timeline, top float64, unit Unit) panel {
	p := overTime(t)
	p.y, p.yTicks, p.yUnit = fromZero(top), linearTicks(unit), unit
	return p
}

func overTime(t Timeline) panel {
	return panel{
		x: span{t.From, t.To}, xTicks: timeTicks, xUnit: Seconds, xLabel: "time since measuring began",
		bands: t.Bands, spans: t.Spans, marks: t.Marks,
	}
}

// figure makes a figure of the panel.
func (p panel) figure(message string) Figure {
	return Figure{Message: message, Width: panelWidth, Height: panelHeight, draw: p.draw, data: p.data()}
}

func (p panel) draw(c draw.Canvas) {
	rows := 0
	if !p.bare {
		rows = drawKey(c, append(p.keys(), p.signs...))
	}
	c = draw.Crop(c, 0, -rightMargin, 1, vg.Length(-legendRow*rows))
	xTicks := p.xTicks
	if c.Size().X > 2*panelWidth {
		xTicks = finer(p.xTicks)
	}
	chart := newChart(p.x, p.y, xTicks, p.yTicks, p.xLabel)
	inset := chart.DataCanvas(c).Min.X - c.Min.X
	c = draw.Crop(c, leftMargin-inset, 0, 0, 0)
	for _, b := range p.bands {
		chart.Add(band{b})
	}
	chart.Add(p.beneath...)
	chart.Add(actions(p.spans), grid{}, p.heat, marks(p.marks), actionNames(p.spans))
	for _, s := range p.series {
		chart.Add(s)
	}
	chart.Add(p.above...)
	if p.empty != "" {
		chart.Add(note(p.empty))
	}
	chart.Draw(c)
}

// finer are the ticks of an axis that has room for twice as many.
func finer(ticks plot.TickerFunc) plot.TickerFunc {
	return func(lo, hi float64) []plot.Tick {
		middle, seen := (lo+hi)/2, map[float64]bool{}
		var all []plot.Tick
		for _, half := range [...]span{{lo, middle}, {middle, hi}} {
			for _, t := range ticks(half.min, half.max) {
				if !seen[t.Value] {
					all, seen[t.Value] = append(all, t), true
				}
			}
		}
		return all
	}
}

// newChart returns an empty plot in the common style.
func newChart(x, y span, xTicks, yTicks plot.TickerFunc, xLabel string) *plot.Plot {
	chart := plot.New()
	chart.BackgroundColor = nil
	chart.X.Min, chart.X.Max, chart.Y.Min, chart.Y.Max = x.min, x.max, y.min, y.max
	for _, axis := range []*plot.Axis{&chart.X, &chart.Y} {
		axis.Padding = 0
		axis.LineStyle = line(inkAxis, 0.75)
		axis.Tick.Label.Font = face(fontSize)
		axis.Tick.Label.Color = inkMuted.colour()
		axis.Tick.LineStyle = line(inkAxis, 0.75)
		axis.Tick.Length = 4
		axis.Label.TextStyle.Font = face(fontSize)
		axis.Label.TextStyle.Color = inkMuted.colour()
		axis.Label.Padding = 2
	}
	chart.Y.LineStyle.Width, chart.Y.Tick.LineStyle.Width = 0, 0
	chart.X.Tick.Marker, chart.Y.Tick.Marker = xTicks, yTicks
	chart.X.Label.Text = xLabel
	return chart
}

// key is an entry of a panel's key: a name and what draws its sign, so wide, at a point.
type key struct {
	name  string
	width vg.Length
	draw  func(c draw.Canvas, at vg.Point)
}

// keys are the entries of a panel's key.
func (p panel) keys() (all []key) {
	if most := p.heat.most(); most > 0 {
		all = append(all, heatKey(most))
	}
	for _, s := range p.series {
		if s.name == "" || s.unseen || s.unnamed {
			continue
		}
		all = append(all, key{s.name, 18, func(c draw.Canvas, at vg.Point) {
			c.StrokeLine2(s.style, at.X, at.Y, at.X+18, at.Y)
			if s.glyph != nil {
				c.DrawGlyphNoClip(*s.glyph, vg.Point{X: at.X + 9, Y: at.Y})
			}
		}})
	}
	return all
}

// drawKey names what is drawn, in rows at the top of c, and tells how many rows that took.
func drawKey(c draw.Canvas, all []key) (rows int) {
	start := vg.Point{X: c.Min.X + leftMargin, Y: c.Max.Y - 9}
	at := start
	rows = 1
	for _, k := range all {
		label := words(inkText, draw.XLeft, draw.YCenter)
		k.name = shortenTo(k.name, mostName)
		needs := k.width + 5 + label.Width(k.name)
		if at.X > start.X && at.X+needs > c.Max.X {
			rows++
			at = vg.Point{X: start.X, Y: at.Y - legendRow*0.8}
		}
		k.draw(c, at)
		c.FillText(label, vg.Point{X: at.X + k.width + 5, Y: at.Y}, k.name)
		at.X += needs + 16
	}
	return rows
}

// face is the one font of all figures.
func face(size font.Length) font.Font {
	return font.Font{Typeface: "Liberation", Variant: "Sans", Size: size}
}

func bold(size font.Length) font.Font {
	f := face(size)
	f.Weight = xfont.WeightBold
	return f
}

func words(i ink, x text.XAlignment, y text.YAlignment) text.Style {
	return text.Style{Color: i.colour(), Font: face(fontSize), XAlign: x, YAlign: y, Handler: plot.DefaultTextHandler}
}

func line(i ink, width vg.Length) draw.LineStyle {
	return draw.LineStyle{Color: i.colour(), Width: width}
}
