// Package figure draws the plots of a run.
//
// What a figure shows is computed by pure functions (Percentiles, LatencyOf,
// RateOf…) and tested as data; drawing is gonum.org/v1/plot. A figure is drawn
// in named inks: as presentation attributes and classes in an SVG, so that a
// strict Content-Security-Policy holds and a style sheet can recolour it, and
// as plain colours in a PNG.
package figure

import (
	"fmt"
	"image/color"
	"io"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// Figure is a plot, ready to be drawn. The zero value is an empty picture.
type Figure struct {
	// Message is what the figure says, for those who cannot see it.
	Message string
	// Width and Height are in CSS pixels.
	Width, Height float64

	draw func(draw.Canvas)
	data *Data
}

// Data are the numbers that the figure shows; nil where it has none but what its message says.
func (f Figure) Data() *Data { return f.data }

// Wide is the figure of a panel drawn anew to fill a page.
func (f Figure) Wide() Figure {
	f.Width, f.Height = Wide, f.Height*stripHeight/panelHeight
	return f
}

// SVG returns the figure as one <svg> element that can stand in an HTML page.
func (f Figure) SVG() (string, error) {
	canvas := newSpotCanvas(f)
	if f.draw != nil {
		f.draw(draw.New(canvas))
	}
	return present(canvas, f)
}

// WriteSVG writes the figure on white, as a file of its own.
func (f Figure) WriteSVG(w io.Writer) error {
	s, err := f.SVG()
	if err != nil {
		return err
	}
	head, body, _ := strings.Cut(s, "</title>\n")
	if _, err := fmt.Fprintf(w, "%s</title>\n<rect width=\"%g\" height=\"%g\" fill=\"#FFFFFF\"/>\n%s", head, f.Width, f.Height, body); err != nil {
		return fmt.Errorf("writing a figure as SVG: %w", err)
	}
	return nil
}

// WritePNG writes the figure on white, with scale device pixels to a CSS pixel.
func (f Figure) WritePNG(w io.Writer, scale float64) error {
	// One vg point stands for one CSS pixel, and vgimg has dpi/72 pixels to a point.
	canvas := vgimg.NewWith(
		vgimg.UseWH(vg.Length(f.Width), vg.Length(f.Height)),
		vgimg.UseDPI(int(72*scale+0.5)),
		vgimg.UseBackgroundColor(color.White),
	)
	if f.draw != nil {
		f.draw(draw.New(canvas))
	}
	if _, err := (vgimg.PngCanvas{Canvas: canvas}).WriteTo(w); err != nil {
		return fmt.Errorf("writing a figure as PNG: %w", err)
	}
	return nil
}
