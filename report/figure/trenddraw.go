package figure

import (
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

func dashes() []vg.Length { return []vg.Length{4, 3} }

// expected shades where the next measure is expected.
type expected struct{ *TrendRange }

// Plot implements plot.Plotter.
func (e expected) Plot(c draw.Canvas, p *plot.Plot) {
	if e.TrendRange == nil {
		return
	}
	x, y := p.Transforms(&c)
	from, to := max(x(float64(e.From)-0.5), c.Min.X), min(x(float64(e.To)+0.5), c.Max.X)
	low, high := max(y(e.Low), c.Min.Y), min(y(e.High), c.Max.Y)
	if to <= from || high <= low {
		return
	}
	c.FillPolygon(inkBand.colour(), []vg.Point{{X: from, Y: low}, {X: to, Y: low}, {X: to, Y: high}, {X: from, Y: high}})
	edge := line(inkGreen, 0.75)
	edge.Dashes = []vg.Length{2, 2}
	for _, at := range [...]vg.Length{low, high} {
		if at > c.Min.Y && at < c.Max.Y {
			c.StrokeLine2(edge, from, at, to, at)
		}
	}
}

// zero is where both sides are alike, of differences.
type zero bool

// Plot implements plot.Plotter.
func (z zero) Plot(c draw.Canvas, p *plot.Plot) {
	if z && p.Y.Min < 0 && p.Y.Max > 0 {
		_, y := p.Transforms(&c)
		c.StrokeLine2(line(inkAxis, 0.75), c.Min.X, y(0), c.Max.X, y(0))
	}
}

// borders are dashed lines over the whole height.
type borders []TrendBorder

// Plot implements plot.Plotter.
func (all borders) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	style := line(inkMuted, 1)
	style.Dashes = []vg.Length{6, 3}
	for _, b := range all {
		at := x(float64(b.Step) - 0.5)
		c.StrokeLine2(style, at, c.Min.Y, at, c.Max.Y)
	}
}

// changes are lines over the whole height: solid where somebody should look.
type changes []TrendChange

// style is how a change is drawn.
func (t TrendChange) style() draw.LineStyle {
	style := line(t.Mark.ink(), 1.75)
	switch {
	case t.Quiet:
		style = line(inkMuted, 1)
		style.Dashes = []vg.Length{2, 2}
	case t.Mark == MarkOpen:
		style.Dashes = dashes()
	}
	return style
}

// Plot implements plot.Plotter.
func (all changes) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	for _, t := range all {
		at := x(float64(t.Step) - 0.5)
		c.StrokeLine2(t.style(), at, c.Min.Y, at, c.Max.Y)
	}
}

// points are the measures: their intervals as one faint path, and a spot for each.
type points []TrendPoint

// Plot implements plot.Plotter.
func (all points) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	within := func(v float64) vg.Length { return min(max(y(v), c.Min.Y), c.Max.Y) }
	var bars vg.Path
	for _, t := range all {
		if math.IsNaN(t.Low) || math.IsNaN(t.High) {
			continue
		}
		at := x(float64(t.Step))
		bars.Move(vg.Point{X: at, Y: within(t.Low)})
		bars.Line(vg.Point{X: at, Y: within(t.High)})
	}
	if len(bars) > 0 {
		c.SetLineStyle(line(inkHeat1, min(3, max(1, 0.6*(x(1)-x(0))))))
		c.Stroke(bars)
	}
	radius := min(3, max(1.75, 0.5*(x(1)-x(0)))) // where there are many, they are small
	for _, t := range all {
		s := spot{at: vg.Point{X: x(float64(t.Step)), Y: y(t.Value)}, ink: inkBlue, radius: radius, title: t.Title, link: t.Link}
		if t.Again {
			s.sign = signRing
		}
		if t.Past {
			s.ink = inkAxis
		}
		s.atEdge(c)
		s.put(c)
	}
}

// atEdge moves what lies beyond the axis to its edge, and reports whether it did.
func (s *spot) atEdge(c draw.Canvas) bool {
	switch {
	case s.at.Y > c.Max.Y:
		s.at.Y, s.sign = c.Max.Y-5, signAbove
	case s.at.Y < c.Min.Y:
		s.at.Y, s.sign = c.Min.Y+5, signBelow
	default:
		return false
	}
	return true
}

// beyond marks the points that lie beyond the axis, and no other.
type beyond []TrendPoint

// Plot implements plot.Plotter.
func (all beyond) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, t := range all {
		s := spot{at: vg.Point{X: x(float64(t.Step)), Y: y(t.Value)}, ink: inkBlue, title: t.Title}
		if s.atEdge(c) {
			s.put(c)
		}
	}
}

// asides stand on the axis.
type asides []TrendAside

// Plot implements plot.Plotter.
func (all asides) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	for _, a := range all {
		s := spot{at: vg.Point{X: x(float64(a.Step)), Y: c.Min.Y + 6}, sign: signTick, ink: inkMuted, title: a.Title}
		if a.Cross {
			s.sign, s.ink = signCross, inkRed
		}
		s.put(c)
	}
}

// changeLabels name changes and borders, each where there is room.
type changeLabels struct {
	changes []TrendChange
	borders []TrendBorder
}

// Plot implements plot.Plotter.
func (l changeLabels) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	var taken rooms
	for _, t := range l.changes {
		at := x(float64(t.Step) - 0.5)
		taken.write(c, at, t.Label, bold(fontSize), inkText)
		spot{at: vg.Point{X: at, Y: c.Max.Y - 4}, sign: signUnseen, ink: inkMuted, title: t.Title, link: t.Link}.put(c)
	}
	for _, b := range l.borders {
		at := x(float64(b.Step) - 0.5)
		taken.write(c, at, b.Label, face(fontSize-1), inkMuted)
		spot{at: vg.Point{X: at, Y: c.Min.Y + 6}, sign: signUnseen, ink: inkMuted, title: b.Title}.put(c)
	}
}

// rooms are where labels stand already, in two rows.
type rooms [2][]struct{ from, to vg.Length }

// write puts a label beside a line, on its right or its left, in the first row that has
// room; where none has, it is left out.
func (r *rooms) write(c draw.Canvas, at vg.Length, text string, of font.Font, colour ink) {
	label := words(colour, draw.XLeft, draw.YTop)
	label.Font = of
	width := label.Width(text)
	for row := range r {
		for _, from := range [...]vg.Length{at + 4, at - 4 - width} {
			if from >= c.Min.X && from+width <= c.Max.X && r.free(row, from, from+width) {
				r[row] = append(r[row], struct{ from, to vg.Length }{from, from + width})
				c.FillText(label, vg.Point{X: from, Y: c.Max.Y - 2 - vg.Length(13*row)}, text)
				return
			}
		}
	}
}

func (r *rooms) free(row int, from, to vg.Length) bool {
	for _, t := range r[row] {
		if from < t.to+6 && to > t.from-6 {
			return false
		}
	}
	return true
}

// signs are the entries of the key, of what the trend has.
func (t Trend) signs() (all []key) {
	has := func(of func(TrendPoint) bool) bool { return slices.ContainsFunc(t.Points, of) }
	glyph := func(name string, style draw.GlyphStyle) {
		all = append(all, key{name, 8, func(c draw.Canvas, at vg.Point) { c.DrawGlyphNoClip(style, vg.Point{X: at.X + 4, Y: at.Y}) }})
	}
	bar := func(name string, style draw.LineStyle) {
		all = append(all, key{name, 18, func(c draw.Canvas, at vg.Point) { c.StrokeLine2(style, at.X, at.Y, at.X+18, at.Y) }})
	}
	if has(func(p TrendPoint) bool { return !p.Past && !p.Again }) {
		glyph(measured, dot(inkBlue.colour(), 3))
	}
	if has(func(p TrendPoint) bool { return p.Again }) {
		ring := dot(inkBlue.colour(), 3)
		ring.Shape = draw.RingGlyph{}
		glyph(again, ring)
	}
	if has(func(p TrendPoint) bool { return p.Past }) {
		glyph(earlier, dot(inkAxis.colour(), 3))
	}
	if has(func(p TrendPoint) bool { return !math.IsNaN(p.Low) && !math.IsNaN(p.High) }) {
		bar("interval of its pairs", line(inkHeat1, 6))
	}
	if len(t.Levels) > 0 {
		bar(level, line(inkGreen, 2))
	}
	if t.Expected != nil {
		bar(next, line(inkBand, 10))
	}
	return all
}
