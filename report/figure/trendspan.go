package figure

import (
	"math"
	"slices"
)

// wholeSpan is the range of all values of both sides, with some room.
func wholeSpan(sides ...Side) span {
	s := span{math.Inf(1), math.Inf(-1)}
	for _, side := range sides {
		for _, p := range side.Points {
			s.min, s.max = min(s.min, p.Value), max(s.max, p.Value)
		}
	}
	if s.min > s.max {
		return span{0, 1}
	}
	return s.roomy(0.04 * max(math.Abs(s.min), math.Abs(s.max)))
}

// roomy is the span at least so wide, and with some room.
func (s span) roomy(least float64) span {
	if least == 0 {
		least = 1
	}
	if missing := least - (s.max - s.min); missing > 0 {
		s.min, s.max = s.min-missing/2, s.max+missing/2
	}
	room := edgeRoom * (s.max - s.min)
	return span{s.min - room, s.max + room}
}

// edgeRoom is how much room there is beyond the values, as a share of their range.
const edgeRoom = 0.06

// newest is how many measures are shown wherever they are: they may be a new level.
const newest = 3

// span is the range of values that is shown: what lies far outside of all others is not,
// and stands at the edge.
func (t Trend) span() span {
	s := span{math.Inf(1), math.Inf(-1)}
	put := func(values ...float64) {
		for _, v := range values {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				s.min, s.max = min(s.min, v), max(s.max, v)
			}
		}
	}
	lowest, highest := t.usual()
	for i, p := range t.Points {
		if p.Value >= lowest && p.Value <= highest || i >= len(t.Points)-newest {
			put(p.Value, max(p.Low, lowest), min(p.High, highest))
		}
	}
	for _, l := range t.Levels {
		put(l.Value)
	}
	if t.Expected != nil {
		put(max(t.Expected.Low, lowest), min(t.Expected.High, highest))
	}
	if t.Signed {
		put(0)
	}
	if s.min > s.max {
		return span{0, 1}
	}
	least := 0.04 * max(math.Abs(s.min), math.Abs(s.max)) // of values that hardly differ, not every trifle is shown
	if t.Unit == Percent && t.Signed {
		least = 4
	}
	if s = s.roomy(least); len(t.Changes)+len(t.Borders) > 0 {
		s.max += 2.5 * edgeRoom * (s.max - s.min) // for their labels
	}
	return s
}

// usual is beyond which values a measure lies far outside of the others.
func (t Trend) usual() (lowest, highest float64) {
	var values []float64
	for _, p := range t.Points {
		values = append(values, p.Value)
	}
	const few = 8
	if len(values) < few {
		return math.Inf(-1), math.Inf(1)
	}
	slices.Sort(values)
	low, high := values[len(values)/10], values[len(values)-1-len(values)/10]
	const times = 1.5
	return low - times*(high-low), high + times*(high-low)
}
