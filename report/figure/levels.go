package figure

import (
	"math"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Levels are the effects of what one factor was set to.
type Levels struct {
	// Message is what the figure says, and Factor what varies.
	Message, Factor string
	// Unit is that of effects that are differences. Where Ratio is set effects are
	// ratios to the baseline, above 0, on a logarithmic axis.
	Unit  Unit
	Ratio bool
	// Least is the ratio above 1, or the difference above 0, from which an effect matters; 0 where that is not known.
	Least float64
	// Of are the levels in their order.
	Of []Level
}

// Level is one level of a factor.
type Level struct {
	Name string
	// Effect, Low and High are not numbers where they are not known.
	Effect, Low, High float64
	// Mark is how the effect is told.
	Mark Mark
	// Baseline tells that the others are compared with it.
	Baseline bool
}

// LevelPanels draws a panel for each factor, all of them with one axis of effects.
func LevelPanels(all []Levels) (figures []Figure) {
	y := span{math.Inf(1), math.Inf(-1)}
	for _, l := range all {
		s := l.span()
		y = span{min(y.min, s.min), max(y.max, s.max)}
	}
	for _, l := range all {
		figures = append(figures, l.panel(y).figure(l.Message))
	}
	return figures
}

func (l Levels) panel(y span) panel {
	p := panel{
		x: span{-0.5, float64(max(len(l.Of), 1)) - 0.5}, y: y, xTicks: l.none, yTicks: amountTicks(l.Unit, true), xLabel: l.Factor,
		xUnit: Number, yUnit: l.Unit, yLog: l.Ratio,
	}
	if l.Ratio {
		p.yTicks = someRatios
	}
	p.beneath, p.above, p.signs = []plot.Plotter{negligible{l}, zero(true)}, []plot.Plotter{levelPoints{l}, levelNames{l}}, l.signs()
	if len(l.Of) == 0 {
		p.empty = "nothing was measured"
	}
	return p
}

// someRatios are few round ratios, but not too few.
func someRatios(lo, hi float64) []plot.Tick {
	const least = 4
	if ticks := ratioTicks(true)(lo, hi); len(ticks) >= least {
		return ticks
	}
	return ratioTicks(false)(lo, hi)
}

// none are ticks whose names levelNames writes: an axis of its own would put long ones above one another.
func (l Levels) none(float64, float64) (ticks []plot.Tick) {
	for i := range l.Of {
		ticks = append(ticks, plot.Tick{Value: float64(i), Label: " "})
	}
	return ticks
}

// at is where an effect stands on its axis, at the baseline's if it is none.
func (l Levels) at(effect float64) float64 {
	switch {
	case math.IsNaN(effect), math.IsInf(effect, 0):
		return 0
	case l.Ratio:
		return math.Log(max(effect, 1e-3))
	default:
		return effect
	}
}

// span is a range that holds all effects, and of intervals what lies within three times of that.
func (l Levels) span() span {
	s := span{min(0, -l.at(l.least())), max(0, l.at(l.least()))}
	if !l.Ratio && s.max == 0 {
		s = span{-1e-9, 1e-9}
	}
	for _, one := range l.Of {
		s = span{min(s.min, l.at(one.Effect)), max(s.max, l.at(one.Effect))}
	}
	room := 2 * (s.max - s.min)
	within := span{s.min - room, s.max + room}
	for _, one := range l.Of {
		s = span{min(s.min, max(l.at(one.Low), within.min)), max(s.max, min(l.at(one.High), within.max))}
	}
	pad := (s.max - s.min) * 0.08
	return span{s.min - pad, s.max + pad}
}

// least is Least, or an effect of nothing where that is not known.
func (l Levels) least() float64 {
	if l.Least == 0 && l.Ratio {
		return 1
	}
	return l.Least
}

// negligible shades the range in which an effect does not matter.
type negligible struct{ Levels }

// Plot implements plot.Plotter.
func (n negligible) Plot(c draw.Canvas, p *plot.Plot) {
	_, y := p.Transforms(&c)
	least := n.at(n.least())
	low, high := max(y(-least), c.Min.Y), min(y(least), c.Max.Y)
	if least > 0 && high > low {
		c.FillPolygon(inkBand.colour(), []vg.Point{{X: c.Min.X, Y: low}, {X: c.Max.X, Y: low}, {X: c.Max.X, Y: high}, {X: c.Min.X, Y: high}})
	}
}

// levelPoints are a point with its interval for each level; the baseline is a ring.
type levelPoints struct{ Levels }

// Plot implements plot.Plotter.
func (l levelPoints) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	within := func(v float64) vg.Length { return min(max(y(l.at(v)), c.Min.Y), c.Max.Y) }
	for i, one := range l.Of {
		at := x(float64(i))
		if math.IsNaN(one.Effect) {
			c.FillText(words(inkMuted, draw.XCenter, draw.YCenter), vg.Point{X: at, Y: y(0)}, "–")
			continue
		}
		if one.Baseline {
			c.DrawGlyphNoClip(baselineGlyph(), vg.Point{X: at, Y: within(one.Effect)})
			continue
		}
		if !math.IsNaN(one.Low) && !math.IsNaN(one.High) {
			c.StrokeLine2(line(one.Mark.ink(), 2), at, within(one.Low), at, within(one.High))
		}
		c.DrawGlyphNoClip(dot(one.Mark.ink().colour(), 4), vg.Point{X: at, Y: within(one.Effect)})
	}
}

// baselineGlyph is the sign of the baseline's level.
func baselineGlyph() draw.GlyphStyle {
	return draw.GlyphStyle{Color: inkText.colour(), Radius: 4, Shape: boldRing{}}
}

// boldRing is a ring that is seen beside dots.
type boldRing struct{}

// DrawGlyph implements draw.GlyphDrawer.
func (boldRing) DrawGlyph(c *draw.Canvas, style draw.GlyphStyle, at vg.Point) {
	c.SetLineStyle(draw.LineStyle{Color: style.Color, Width: 1.75})
	var p vg.Path
	p.Move(vg.Point{X: at.X + style.Radius, Y: at.Y})
	p.Arc(at, style.Radius, 0, 2*math.Pi)
	p.Close()
	c.Stroke(p)
}

// levelNames are written below the axis, each in the room that it has.
type levelNames struct{ Levels }

// Plot implements plot.Plotter.
func (l levelNames) Plot(c draw.Canvas, p *plot.Plot) {
	x, _ := p.Transforms(&c)
	room := x(1) - x(0) - 4
	every := max(1, int(math.Ceil(float64(leastName/room))))
	for i := 0; i < len(l.Of); i += every {
		label := words(inkMuted, draw.XCenter, draw.YTop)
		if l.Of[i].Baseline {
			label = words(inkText, draw.XCenter, draw.YTop)
			label.Font = bold(fontSize)
		}
		c.FillText(label, vg.Point{X: x(float64(i)), Y: c.Min.Y - 5}, shortenTo(l.Of[i].Name, room*vg.Length(every)))
	}
}

// leastName is the room that a level's name has at least: where there are too many, not all are written.
const leastName = 26

// signs are the entries of the key, of what the levels have.
func (l Levels) signs() (all []key) {
	glyph := func(name string, style draw.GlyphStyle) {
		all = append(all, key{name, 8, func(c draw.Canvas, at vg.Point) { c.DrawGlyphNoClip(style, vg.Point{X: at.X + 4, Y: at.Y}) }})
	}
	has := map[Mark]bool{}
	for _, one := range l.Of {
		if one.Baseline {
			continue
		}
		has[one.Mark] = has[one.Mark] || !math.IsNaN(one.Effect)
	}
	glyph("baseline", baselineGlyph())
	for _, k := range []struct {
		mark Mark
		name string
	}{{MarkBetter, "better"}, {MarkWorse, "worse"}, {MarkNone, "the same"}, {MarkOpen, "open"}} {
		if has[k.mark] {
			glyph(k.name, dot(k.mark.ink().colour(), 4))
		}
	}
	return all
}
