package figure

import (
	"fmt"
	"html"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// spot is a sign that says what it is when a pointer rests on it, and may lead somewhere.
type spot struct {
	at   vg.Point
	sign sign
	ink  ink
	// radius is of dots and rings.
	radius vg.Length
	title  string
	link   string
}

// sign is the form of a spot.
type sign int

const (
	signDot    sign = iota // a measure
	signRing               // one that was made again
	signAbove              // one that lies above what the axis shows
	signBelow              // one that lies below
	signTick               // at the axis: something else changed as well
	signCross              // at the axis: a measure that does not count
	signUnseen             // over what is drawn otherwise
)

// spotCanvas draws as SVG, and keeps spots for the end, so that they lie above all else.
type spotCanvas struct {
	*vgsvg.Canvas

	spots  []spot
	height vg.Length
}

func newSpotCanvas(f Figure) *spotCanvas {
	return &spotCanvas{Canvas: vgsvg.New(vg.Length(f.Width), vg.Length(f.Height)), height: vg.Length(f.Height)}
}

// put draws a spot: in an SVG as an element of its own, else as a glyph.
func (s spot) put(c draw.Canvas) {
	of := c.Canvas
	for {
		part, ok := of.(draw.Canvas) // of a larger one
		if !ok {
			break
		}
		of = part.Canvas
	}
	if svg, ok := of.(*spotCanvas); ok {
		svg.spots = append(svg.spots, s)
		return
	}
	style := draw.GlyphStyle{Color: s.ink.colour(), Radius: max(s.radius, 2)}
	switch s.sign {
	case signRing:
		style.Shape = draw.RingGlyph{}
	case signAbove, signBelow, signTick:
		style.Shape = draw.PyramidGlyph{}
	case signCross:
		style.Shape = draw.CrossGlyph{}
	case signDot:
		style.Shape = draw.CircleGlyph{}
	case signUnseen:
		return
	}
	c.DrawGlyphNoClip(style, s.at)
}

// elements are the spots as SVG. Each is found by a pointer some pixels around it. Keys
// do not stop at them: there may be hundreds, and what they lead to stands in the page as well.
func (c *spotCanvas) elements() string {
	if len(c.spots) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(`<g stroke="#000" stroke-opacity="0" stroke-width="6">`)
	for _, s := range c.spots {
		form := s.form(c.height)
		switch {
		case s.link != "":
			fmt.Fprintf(&b, `<a href="%s" tabindex="-1"><title>%s</title>%s</a>`, html.EscapeString(s.link), html.EscapeString(s.title), form)
		case s.title != "":
			fmt.Fprintf(&b, `<g><title>%s</title>%s</g>`, html.EscapeString(s.title), form)
		default:
			b.WriteString(form)
		}
		b.WriteByte('\n')
	}
	b.WriteString("</g>\n")
	return b.String()
}

// form is the spot's sign on a canvas of that height.
func (s spot) form(height vg.Length) string {
	x, y := s.at.X.Points(), (height - s.at.Y).Points()
	class, colour := inkNames[s.ink], hex(s.ink)
	path := func(d string) string {
		return fmt.Sprintf(`<path class="f-%s" fill="%s" d="M%.4g,%.4g%s"/>`, class, colour, x, y, d)
	}
	switch s.sign {
	case signRing:
		return fmt.Sprintf(`<circle class="s-%s f-page" fill="%s" stroke="%s" stroke-opacity="1" stroke-width="1.5" cx="%.4g" cy="%.4g" r="%.3g"/>`, class, hex(inkPage), colour, x, y, s.radius.Points())
	case signAbove:
		return path("m0,-4l4,7h-8z")
	case signBelow:
		return path("m0,4l4,-7h-8z")
	case signTick:
		return path("l3,6h-6z")
	case signCross:
		return fmt.Sprintf(`<path class="s-%s" fill="none" stroke="%s" stroke-opacity="1" stroke-width="1.5" d="M%.4g,%.4gm-3,-3l6,6m0,-6l-6,6"/>`, class, colour, x, y)
	case signUnseen:
		return fmt.Sprintf(`<circle class="f-%s" fill-opacity="0" cx="%.4g" cy="%.4g" r="5"/>`, class, x, y)
	default:
		return fmt.Sprintf(`<circle class="f-%s" fill="%s" cx="%.4g" cy="%.4g" r="%.3g"/>`, class, colour, x, y, s.radius.Points())
	}
}

// hex is the ink's colour on a light page, as SVG writes it.
func hex(i ink) string {
	c := light[i]
	return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B)
}
