package figure

import (
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// ForestRow is one metric's effect. A row without a Name is the heading of those below it.
type ForestRow struct {
	Group, Name string
	// Effect, Low and High are ratios of the candidate to the baseline, above 0; Low and
	// High are 0 and +Inf where there is no interval.
	Effect, Low, High float64
	// Least is the ratio above 1 from which a change matters.
	Least float64
	// Mark is how the effect is told: worse, better, or neither.
	Mark Mark
}

// Mark is what an effect means.
type Mark int

// The marks.
const (
	MarkNone Mark = iota
	MarkWorse
	MarkBetter
	MarkOpen
)

func (m Mark) ink() ink {
	switch m {
	case MarkWorse:
		return inkRed
	case MarkBetter:
		return inkGreen
	case MarkOpen:
		return inkOrange
	default:
		return inkBlue
	}
}

// forestNames is the room for names beside the axis.
const forestNames = 190

// Forest draws effects with their intervals on one logarithmic axis of ratios, and behind
// each the range in which a change does not matter.
func Forest(message string, width float64, rows []ForestRow) Figure {
	height := float64(len(rows)*rowHeight) + 62
	return Figure{Message: message, Width: width, Height: height, draw: func(c draw.Canvas) { drawForest(c, rows, width) }}
}

func drawForest(c draw.Canvas, rows []ForestRow, width float64) {
	names := vg.Length(forestNames)
	if width <= Narrow {
		names = 128
	}
	forestKey(c)
	c = draw.Crop(c, names+24, -20, 1, -24)
	none := func(float64, float64) []plot.Tick { return nil }
	chart := newChart(ratioSpan(rows), span{-0.5, float64(len(rows)) - 0.5}, ratioTicks(width <= Narrow), none, "candidate to baseline")
	chart.Add(grid{}, forestRows{rows, names})
	chart.Draw(c)
}

// ratioSpan is the range of logarithms that holds all effects and what matters, and of
// intervals what lies within four times of that.
func ratioSpan(rows []ForestRow) span {
	s := span{math.Log(0.9), math.Log(1.1)}
	put := func(v float64) {
		if v > 0 && !math.IsInf(v, 0) && !math.IsNaN(v) {
			s.min, s.max = min(s.min, math.Log(v)), max(s.max, math.Log(v))
		}
	}
	for _, r := range rows {
		if r.Name != "" {
			put(r.Effect)
		}
	}
	room := span{s.min - math.Log(4), s.max + math.Log(4)}
	for _, r := range rows {
		if r.Name == "" {
			continue
		}
		put(max(r.Low, math.Exp(room.min)))
		put(min(r.High, math.Exp(room.max)))
	}
	pad := (s.max - s.min) * 0.04
	return span{s.min - pad, s.max + pad}
}

// ratioTicks are round ratios.
func ratioTicks(narrow bool) plot.TickerFunc {
	return func(lo, hi float64) (ticks []plot.Tick) {
		for _, r := range roundRatios(hi-lo, narrow) {
			if at := math.Log(r); at >= lo && at <= hi {
				ticks = append(ticks, plot.Tick{Value: at, Label: ratioLabel(r)})
			}
		}
		return ticks
	}
}

// roundRatios are those to mark on an axis so many natural logarithms long.
func roundRatios(length float64, narrow bool) []float64 {
	if narrow {
		length *= 2
	}
	switch {
	case length < 0.7:
		return []float64{0.7, 0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.2, 1.3, 1.4}
	case length < 1.5:
		return []float64{0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.5, 2, 3}
	case length < 4:
		return []float64{0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20}
	case length < 10:
		return []float64{0.001, 0.01, 0.1, 0.3, 1, 3, 10, 100, 1000}
	default:
		return []float64{1e-6, 1e-4, 0.01, 1, 100, 1e4, 1e6}
	}
}

// ratioLabel prints a ratio below two as a change in percent.
func ratioLabel(r float64) string {
	switch {
	case r == 1:
		return "same"
	case r < 0.1 || r >= 2:
		return "×" + strconv.FormatFloat(r, 'g', -1, 64)
	case r < 1:
		return "−" + strconv.FormatFloat(math.Round(100*(1-r)), 'f', 0, 64) + " %"
	default:
		return "+" + strconv.FormatFloat(math.Round(100*(r-1)), 'f', 0, 64) + " %"
	}
}

// forestRows is drawn from the top down.
type forestRows struct {
	rows  []ForestRow
	names vg.Length
}

// Plot implements plot.Plotter.
func (f forestRows) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	within := func(v float64) vg.Length { return min(max(x(v), c.Min.X), c.Max.X) }
	for i, r := range f.rows { // behind all else
		if at := y(float64(len(f.rows) - 1 - i)); r.Name != "" && r.Least > 1 {
			from, to := within(-math.Log(r.Least)), within(math.Log(r.Least))
			c.FillPolygon(inkBand.colour(), []vg.Point{{X: from, Y: at - 9}, {X: to, Y: at - 9}, {X: to, Y: at + 9}, {X: from, Y: at + 9}})
		}
	}
	for i, r := range f.rows {
		at := y(float64(len(f.rows) - 1 - i))
		if r.Name == "" {
			heading := words(inkText, draw.XLeft, draw.YCenter)
			heading.Font = bold(fontSize + 1)
			c.FillText(heading, vg.Point{X: c.Min.X - f.names - 24, Y: at}, r.Group)
			c.StrokeLine2(line(inkGrid, 0.75), c.Min.X-f.names-12, at+rowHeight/2, c.Max.X, at+rowHeight/2)
			continue
		}
		c.FillText(words(inkText, draw.XRight, draw.YCenter), vg.Point{X: c.Min.X - 22, Y: at + 1}, shortenTo(r.Name, f.names))
		if r.Low > 0 && !math.IsInf(r.High, 0) {
			c.StrokeLine2(line(r.Mark.ink(), 2), within(math.Log(r.Low)), at, within(math.Log(r.High)), at)
		}
		c.DrawGlyphNoClip(dot(r.Mark.ink().colour(), 4), vg.Point{X: within(math.Log(r.Effect)), Y: at})
	}
	c.StrokeLine2(line(inkAxis, 1), x(0), c.Min.Y, x(0), c.Max.Y)
}

// forestKey explains the marks in a row at the top of c.
func forestKey(c draw.Canvas) {
	at := vg.Point{X: c.Min.X + 4, Y: c.Max.Y - 9}
	label := words(inkText, draw.XLeft, draw.YCenter)
	for _, k := range []struct {
		mark Mark
		text string
	}{{MarkWorse, "worse"}, {MarkBetter, "better"}, {MarkNone, "the same"}, {MarkOpen, "open"}} {
		c.DrawGlyphNoClip(dot(k.mark.ink().colour(), 4), vg.Point{X: at.X + 4, Y: at.Y})
		c.FillText(label, vg.Point{X: at.X + 12, Y: at.Y}, k.text)
		at.X += label.Width(k.text) + 26
	}
	c.FillPolygon(inkBand.colour(), []vg.Point{{X: at.X, Y: at.Y - 6}, {X: at.X + 16, Y: at.Y - 6}, {X: at.X + 16, Y: at.Y + 6}, {X: at.X, Y: at.Y + 6}})
	c.FillText(label, vg.Point{X: at.X + 21, Y: at.Y}, "does not matter")
}

// PairPoint is a metric of the two runs of a pair, in milliseconds; 0 where it is not known.
type PairPoint struct{ Baseline, Candidate float64 }

// PairsPanel draws a dot for each run, the two of a pair above one another, with a line between them.
func PairsPanel(message, baseline, candidate string, pairs []PairPoint) Figure {
	var all []float64
	for _, p := range pairs {
		all = append(all, p.Baseline, p.Candidate)
	}
	p := panel{x: span{0.5, max(float64(len(pairs)), 1) + 0.5}, y: latencySpan(all...), xTicks: wholeTicks, yTicks: latencyTicks, xLabel: "pair", xUnit: Number, yUnit: Millis, yLog: true}
	first, second := dot(inkBlue.colour(), 3.5), dot(inkOrange.colour(), 3.5)
	var a, b, between [][]xy
	for i, each := range pairs {
		at := float64(i + 1)
		if each.Baseline > 0 {
			a = append(a, []xy{{at, logMillis(each.Baseline)}})
		}
		if each.Candidate > 0 {
			b = append(b, []xy{{at, logMillis(each.Candidate)}})
		}
		if each.Baseline > 0 && each.Candidate > 0 {
			between = append(between, []xy{{at, logMillis(each.Baseline)}, {at, logMillis(each.Candidate)}})
		}
	}
	p.series = []series{
		{style: line(inkAxis, 1), stretches: between},
		{name: baseline, style: line(inkBlue, 0), glyph: &first, stretches: a},
		{name: candidate, style: line(inkOrange, 0), glyph: &second, stretches: b},
	}
	p.dropEmpty()
	return p.figure(message)
}

// wholeTicks are some whole numbers.
func wholeTicks(lo, hi float64) (ticks []plot.Tick) {
	step := max(math.Ceil((hi-lo)/10), 1)
	for at := math.Ceil(lo); at <= hi; at += step {
		ticks = append(ticks, plot.Tick{Value: at, Label: plain(at)})
	}
	return ticks
}
