package figure

import (
	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// A panel is a small figure of one thing. One drawing serves both wide and
// narrow screens: three stand side by side at 1280 px, and one fills 390 px.
const (
	panelWidth  = 372
	panelHeight = 214
	leftMargin  = 54 // of every panel, so that columns of panels line up
	rightMargin = 14 // room for half a tick label
	legendRow   = 20
	fontSize    = 11
)

// panel is what all panels have in common.
type panel struct {
	x, y           span
	xTicks, yTicks plot.TickerFunc
	xLabel         string
	bands          []Band
	spans          []Span
	marks          []float64
	series         []series
	// empty is said instead of data where there is none.
	empty string
}

// figure makes a figure of the panel.
func (p panel) figure(message string) Figure {
	return Figure{Message: message, Width: panelWidth, Height: panelHeight, draw: p.draw}
}

func (p panel) draw(c draw.Canvas) {
	drawKey(c, p.series)
	c = draw.Crop(c, 0, -rightMargin, 1, -legendRow)
	chart := newChart(p.x, p.y, p.xTicks, p.yTicks, p.xLabel)
	inset := chart.DataCanvas(c).Min.X - c.Min.X
	c = draw.Crop(c, leftMargin-inset, 0, 0, 0)
	for _, b := range p.bands {
		chart.Add(band{b})
	}
	chart.Add(actions(p.spans), grid{}, marks(p.marks))
	for _, s := range p.series {
		chart.Add(s)
	}
	if p.empty != "" {
		chart.Add(note(p.empty))
	}
	chart.Draw(c)
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

// drawKey names the series in a row at the top of c.
func drawKey(c draw.Canvas, all []series) {
	at := vg.Point{X: c.Min.X + leftMargin, Y: c.Max.Y - 9}
	for _, s := range all {
		if s.name == "" {
			continue
		}
		c.StrokeLine2(s.style, at.X, at.Y, at.X+18, at.Y)
		if s.glyph != nil {
			c.DrawGlyphNoClip(*s.glyph, vg.Point{X: at.X + 9, Y: at.Y})
		}
		at.X += 23
		label := words(inkText, draw.XLeft, draw.YCenter)
		c.FillText(label, at, s.name)
		at.X += label.Width(s.name) + 16
	}
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
