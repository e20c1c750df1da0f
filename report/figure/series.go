package figure

import (
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// xy is a point in the units of the axes.
type xy struct{ x, y float64 }

// series is a line with gaps, in stretches without one. Glyphs mark each point
// where glyph is set; a stretch of one point is always marked.
type series struct {
	name      string
	style     draw.LineStyle
	glyph     *draw.GlyphStyle
	stretches [][]xy
	// whole is what the series is as data, where it is drawn in several parts; nil where it is its stretches.
	whole []xy
	// halo tells that the line has an edge in the colour of the page, so that it stands out from colours.
	halo bool
	// clipped tells that what lies beyond the axis is drawn at its edge.
	clipped bool
	// unnamed tells that the series is not in the key.
	unnamed bool
	// unseen tells that the series is only in the data.
	unseen bool
}

// inkName is the name of the series' ink.
func (s series) inkName() string {
	c := s.style.Color
	if s.glyph != nil {
		c = s.glyph.Color
	}
	for i, of := range light {
		if c == of {
			return inkNames[i]
		}
	}
	return inkNames[inkAxis]
}

// Plot implements plot.Plotter.
func (s series) Plot(c draw.Canvas, p *plot.Plot) {
	if s.unseen {
		return
	}
	x, y := p.Transforms(&c)
	for _, stretch := range s.stretches {
		points := make([]vg.Point, len(stretch))
		for i, at := range stretch {
			points[i] = vg.Point{X: x(at.x), Y: y(at.y)}
			if s.clipped {
				points[i].Y = min(max(points[i].Y, c.Min.Y), c.Max.Y)
			}
		}
		switch {
		case s.glyph != nil:
			for _, at := range points {
				c.DrawGlyphNoClip(*s.glyph, at)
			}
		case len(points) == 1:
			c.DrawGlyphNoClip(dot(s.style.Color, s.style.Width), points[0])
		}
		if len(points) > 1 && s.halo {
			c.StrokeLines(line(inkPage, s.style.Width+2), points)
		}
		if len(points) > 1 && s.style.Width > 0 {
			c.StrokeLines(s.style, points)
		}
	}
}

// stretches cuts points where keep is false.
func stretches[T any](points []T, keep func(T) bool, at func(T) xy) [][]xy {
	var all [][]xy
	open := false
	for _, p := range points {
		if !keep(p) {
			open = false
			continue
		}
		if !open {
			all, open = append(all, nil), true
		}
		all[len(all)-1] = append(all[len(all)-1], at(p))
	}
	return all
}

// band shades a phase that does not count, and names every phase that is wide enough.
type band struct{ Band }

// Plot implements plot.Plotter.
func (b band) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	from, to := max(x(b.From), c.Min.X), min(x(b.To), c.Max.X)
	if to <= from {
		return
	}
	if b.Name != results.PhaseMeasure {
		c.FillPolygon(inkBand.colour(), []vg.Point{{X: from, Y: c.Min.Y}, {X: to, Y: c.Min.Y}, {X: to, Y: c.Max.Y}, {X: from, Y: c.Max.Y}})
	}
	label := words(inkMuted, draw.XLeft, draw.YTop)
	label.Font.Size = fontSize - 1
	if label.Width(string(b.Name))+6 <= to-from {
		c.FillText(label, vg.Point{X: from + 3, Y: c.Max.Y - 2}, string(b.Name))
	}
}

// leastWide is how wide an action is drawn at least, in points.
const leastWide = 3

// actions shade what was done to the cluster.
type actions []Span

// Plot implements plot.Plotter.
func (all actions) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	for _, s := range all {
		from := max(x(s.From), c.Min.X)
		to := min(max(x(s.To), from+leastWide), c.Max.X)
		c.FillPolygon(inkFault.colour(), []vg.Point{{X: from, Y: c.Min.Y}, {X: to, Y: c.Min.Y}, {X: to, Y: c.Max.Y}, {X: from, Y: c.Max.Y}})
	}
}

// actionNames name what there is room for, below the names of the phases.
type actionNames []Span

// Plot implements plot.Plotter.
func (all actionNames) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	label := words(inkMuted, draw.XLeft, draw.YTop)
	label.Font.Size = fontSize - 1
	free := c.Min.X
	for _, s := range all {
		from := max(x(s.From), c.Min.X)
		if from >= free && from+3+label.Width(s.Name) <= c.Max.X {
			c.FillText(label, vg.Point{X: from + 3, Y: c.Max.Y - 14}, s.Name)
			free = from + 6 + label.Width(s.Name)
		}
	}
}

// grid draws a line at each tick.
type grid struct{}

// Plot implements plot.Plotter.
func (grid) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	style := line(inkGrid, 0.75)
	for _, t := range p.Y.Tick.Marker.Ticks(p.Y.Min, p.Y.Max) {
		c.StrokeLine2(style, c.Min.X, y(t.Value), c.Max.X, y(t.Value))
	}
	for _, t := range p.X.Tick.Marker.Ticks(p.X.Min, p.X.Max) {
		c.StrokeLine2(style, x(t.Value), c.Min.Y, x(t.Value), c.Max.Y)
	}
}

// marks are instants at which something happened: dashed lines over the whole height.
type marks []float64

// Plot implements plot.Plotter.
func (m marks) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	style := line(inkRed, 1)
	style.Dashes = []vg.Length{3, 3}
	for _, at := range m {
		c.StrokeLine2(style, x(at), c.Min.Y, x(at), c.Max.Y)
	}
}

// note stands in the middle of an empty panel.
type note string

// Plot implements plot.Plotter.
func (n note) Plot(c draw.Canvas, _ *plot.Plot) {
	c.FillText(words(inkMuted, draw.XCenter, draw.YCenter), c.Center(), string(n))
}
