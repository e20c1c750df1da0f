package figure

import (
	"encoding/json"
	"math"
	"strconv"
)

// Data is what a figure shows, as numbers.
type Data struct {
	X Axis `json:"x"`
	Y Axis `json:"y"`
	// Series are in the order in which they are drawn.
	Series []Series `json:"series"`
	// Bands, Spans and Marks are of the time axis; empty on others.
	Bands []Band    `json:"bands,omitempty"`
	Spans []Span    `json:"spans,omitempty"`
	Marks []float64 `json:"marks,omitempty"`
	// Heat is what is drawn as colours; it is not written as JSON, only that there is some.
	Heat    Heat `json:"-"`
	HasHeat bool `json:"heat,omitempty"`
}

// Axis is what an axis is of.
type Axis struct {
	Label string `json:"label,omitempty"`
	Unit  Unit   `json:"unit"`
	// Log tells that the axis is logarithmic. Values are never logarithms, but for percentiles, which are in nines.
	Log bool `json:"log,omitempty"`
}

// Series is one line. A value that is not a number is a gap.
type Series struct {
	Name string `json:"name"`
	// Ink names its colour, see Inks.
	Ink    string  `json:"ink"`
	Dashed bool    `json:"dashed,omitempty"`
	X      []Value `json:"at"`
	Y      []Value `json:"values"`
	// Enough is up to where there are samples enough; nil where there are everywhere.
	Enough *Value `json:"enough,omitempty"`
}

// Value is a number that is written with five significant figures, and null where it is not a number.
type Value float64

// MarshalJSON implements json.Marshaler.
func (f Value) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		return []byte("null"), nil
	}
	return json.Marshal(json.Number(strconv.FormatFloat(float64(f)+0, 'g', 5, 64))) // + 0 makes a zero of what is below zero
}

// data are the numbers of a panel.
func (p panel) data() *Data {
	d := &Data{X: Axis{p.xLabel, p.xUnit, false}, Y: Axis{"", p.yUnit, p.yLog}, Bands: p.bands, Spans: p.spans, Marks: p.marks, Heat: p.heat, HasHeat: p.heat.most() > 0}
	for _, s := range p.series {
		if s.name == "" {
			continue
		}
		stretches := s.stretches
		var enough *Value
		if s.whole != nil {
			stretches = [][]xy{s.whole}
			enough = new(Value(s.whole[0].x))
			if len(s.stretches[0]) > 0 {
				*enough = Value(s.stretches[0][len(s.stretches[0])-1].x)
			}
		}
		line := Series{Name: s.name, Ink: s.inkName(), Dashed: len(s.style.Dashes) > 0, Enough: enough}
		for i, stretch := range stretches {
			if i > 0 { // a gap
				before := stretches[i-1][len(stretches[i-1])-1]
				line.X, line.Y = append(line.X, Value((before.x+stretch[0].x)/2)), append(line.Y, Value(math.NaN()))
			}
			for _, at := range stretch {
				y := at.y
				if p.yLog {
					y = math.Pow(10, y)
				}
				line.X, line.Y = append(line.X, Value(at.x)), append(line.Y, Value(y))
			}
		}
		d.Series = append(d.Series, line)
	}
	return d
}
