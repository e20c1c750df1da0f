package history

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Key names a series.
type Key struct {
	// Name is the experiment's.
	Name      string `json:"name"`
	Scenario  string `json:"scenario"`
	Candidate string `json:"candidate"`
	// Control is empty where there is none.
	Control string `json:"control,omitempty"`
	Metric  string `json:"metric"`
}

// String is for example "nightly: pod-churn on candidate against control: churn.bind.response.p50".
func (k Key) String() string { return k.Of() + ": " + k.Metric }

// Of is the key without its metric.
func (k Key) Of() string {
	var parts []string
	if k.Name != k.Scenario {
		parts = append(parts, k.Name+":")
	}
	parts = append(parts, k.Scenario, "on", k.Candidate)
	if k.Control != "" {
		parts = append(parts, "against", k.Control)
	}
	return strings.Join(parts, " ")
}

// Of says what a record is of.
func (r Record) Of() string { return r.series().Of() }

// series is the key of all of a record's series, without a metric.
func (r Record) series() Key {
	k := Key{Name: r.Name, Scenario: r.Scenario.Name, Candidate: r.Candidate.Name}
	if r.Control != nil {
		k.Control = r.Control.Name
	}
	return k
}

// Series is one metric over time.
type Series struct {
	Key
	// Better is "lower" or "higher".
	Better string
	// Gates tells that the experiment decided by it when it was last measured.
	Gates bool
	// Relative is that of the current segment.
	Relative bool
	// Segments are of measures that can be compared, in order of their first; the one that is going on is Current.
	Segments []Segment
	Current  int
}

// Segment are measures of one scenario against one control on one machine.
type Segment struct {
	// Why says what is another than in the segment that was measured before it began; empty for the first.
	Why []string
	// Machine is where it was measured.
	Machine Machine
	// Relative tells that values are logarithms: of ratios to the control, or of the
	// metric where there is none. Else they are the metric's differences, or itself.
	Relative bool
	Points   []Point
}

// Point is one measure.
type Point struct {
	Record Record
	Metric Metric
	// Value is what is judged: see Segment.Relative.
	Value float64
	// Noted says what was another than in the measure before it: the candidate, or this program.
	Noted []string
}

// Plain is a judged value of the current segment without its logarithm: the share by
// which the candidate is higher than the control (0.1 is a tenth), their difference, or the metric itself.
func (s Series) Plain(value float64) float64 {
	switch {
	case s.Relative && s.Control != "":
		return math.Expm1(value)
	case s.Relative:
		return math.Exp(value)
	default:
		return value
	}
}

// Values are those of the points.
func (s Segment) Values() []float64 {
	all := make([]float64, len(s.Points))
	for i, p := range s.Points {
		all[i] = p.Value
	}
	return all
}

// Series are all of a history: what gates first, then by name. What is not valid is in none of them.
func (h *History) Series() []Series {
	all := map[Key]*building{}
	var keys []Key
	for _, r := range h.Records {
		for _, m := range r.Metrics {
			k := r.series()
			k.Metric = m.Metric
			value, ok := valueOf(r, m)
			if !ok || !r.Valid {
				continue
			}
			b := all[k]
			if b == nil {
				b = &building{series: Series{Key: k}, at: map[kind]int{}}
				all[k], keys = b, append(keys, k)
			}
			b.add(Point{Record: r, Metric: m, Value: value})
		}
	}
	made := make([]Series, 0, len(keys))
	for _, k := range keys {
		made = append(made, all[k].series)
	}
	slices.SortStableFunc(made, func(a, b Series) int {
		if a.Gates != b.Gates && a.Of() == b.Of() {
			return map[bool]int{true: -1, false: 1}[a.Gates]
		}
		return cmp.Compare(a.Of(), b.Of()) // metrics stay in the order of the records
	})
	return made
}

// kind is what the points of a segment have in common.
type kind struct {
	environment
	relative bool
}

// building is a series that grows.
type building struct {
	series Series
	at     map[kind]int
	last   *Point
}

func (b *building) add(p Point) {
	s := &b.series
	s.Better, s.Gates, s.Relative = p.Metric.Better, p.Metric.Gates, p.Metric.Relative
	of := kind{p.Record.environment(), p.Metric.Relative}
	at, known := b.at[of]
	if !known {
		at = len(s.Segments)
		b.at[of] = at
		s.Segments = append(s.Segments, Segment{Machine: p.Record.Machine, Relative: p.Metric.Relative})
		if b.last != nil {
			s.Segments[at].Why = b.last.unlike(p)
		}
	}
	if b.last != nil {
		p.Noted = noted(b.last.Record, p.Record)
	}
	s.Current = at
	s.Segments[at].Points = append(s.Segments[at].Points, p)
	b.last = &p
}

// unlike says why another point is of another segment.
func (p Point) unlike(other Point) []string {
	why := unlike(p.Record, other.Record)
	if p.Metric.Relative != other.Metric.Relative {
		why = append(why, "the metric is 0 in some runs of the one and not of the other, so that ratios stand beside differences")
	}
	return why
}

// valueOf is what is judged of a metric; false where there is nothing to judge.
func valueOf(r Record, m Metric) (float64, bool) {
	v := m.Value
	switch {
	case r.Control != nil && m.Effect == nil:
		return 0, false
	case r.Control != nil && m.Relative:
		v = math.Log1p(*m.Effect)
	case r.Control != nil:
		v = *m.Effect
	case m.Relative:
		v = math.Log(m.Value)
	}
	return v, !math.IsNaN(v) && !math.IsInf(v, 0)
}
