package figure

import (
	"fmt"
	"image/color"
)

// ink names a colour by what it is for. The style sheet of the report has the
// class of each, for light and for dark.
type ink int

const (
	inkText   ink = iota // labels
	inkMuted             // secondary labels
	inkAxis              // axis lines, what was intended
	inkGrid              // grid lines
	inkBand              // phases that do not count
	inkBlue              // response, achieved
	inkOrange            // service
	inkGreen             // median
	inkRed               // errors
	inkSky               // a fainter blue: from a percentile to the maximum
	inkPurple            // a further series
	inkFault             // while something is done to the cluster, until it has recovered
	inkPage              // the page itself, around lines over colours
	inkHeat1             // few values
	inkHeat2
	inkHeat3
	inkHeat4
	inkHeat5
	inkHeat6 // many values
)

// heatInks are from few values to many: one hue, so that darker is more to every eye.
var heatInks = [...]ink{inkHeat1, inkHeat2, inkHeat3, inkHeat4, inkHeat5, inkHeat6}

// lineInks tell several lines of a figure apart, in this order.
var lineInks = [...]ink{inkBlue, inkOrange, inkGreen, inkPurple, inkSky, inkText}

// light are the colours on a light page; the hues are Okabe and Ito's, which
// colour-blind readers tell apart, darkened to 3:1 against white or better.
// None is pure black, which vgsvg leaves out.
var light = [...]color.RGBA{
	inkText:   {0x1f, 0x29, 0x33, 0xff},
	inkMuted:  {0x52, 0x5f, 0x6d, 0xff},
	inkAxis:   {0x8a, 0x94, 0xa0, 0xff},
	inkGrid:   {0xe4, 0xe8, 0xec, 0xff},
	inkBand:   {0xf1, 0xf3, 0xf6, 0xff},
	inkBlue:   {0x00, 0x5f, 0x9e, 0xff},
	inkOrange: {0xd5, 0x5e, 0x00, 0xff},
	inkGreen:  {0x00, 0x8a, 0x65, 0xff},
	inkRed:    {0xc0, 0x1f, 0x2e, 0xff},
	inkSky:    {0x4f, 0xa3, 0xd6, 0xff},
	inkPurple: {0xa8, 0x4f, 0x86, 0xff},
	inkFault:  {0xfb, 0xe6, 0xdc, 0xff},
	inkPage:   {0xff, 0xff, 0xff, 0xff},
	inkHeat1:  {0xc3, 0xdc, 0xf1, 0xff},
	inkHeat2:  {0x9c, 0xc6, 0xe8, 0xff},
	inkHeat3:  {0x73, 0xae, 0xdb, 0xff},
	inkHeat4:  {0x4a, 0x93, 0xcb, 0xff},
	inkHeat5:  {0x27, 0x78, 0xb5, 0xff},
	inkHeat6:  {0x10, 0x5c, 0x98, 0xff},
}

var inkNames = [...]string{
	inkText: "text", inkMuted: "muted", inkAxis: "axis", inkGrid: "grid", inkBand: "band", inkBlue: "blue", inkOrange: "orange",
	inkGreen: "green", inkRed: "red", inkSky: "sky", inkPurple: "purple", inkFault: "fault",
	inkPage: "page", inkHeat1: "heat1", inkHeat2: "heat2", inkHeat3: "heat3", inkHeat4: "heat4", inkHeat5: "heat5", inkHeat6: "heat6",
}

// colour is the ink's colour on a light page.
func (i ink) colour() color.Color { return light[i] }

// Inks returns the names of all inks. An element that is stroked with one has
// the class "s-NAME", one that is filled "f-NAME".
func Inks() []string { return append([]string{}, inkNames[:]...) }

// inkOf returns the name of the ink with a colour as vgsvg writes it, such as "#1F2933".
func inkOf(hex string) (name string, ok bool) {
	for i, c := range light {
		if fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) == hex {
			return inkNames[i], true
		}
	}
	return "", false
}
