package scenarios

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// Shape is how a rate changes over time.
type Shape string

// The shapes of a profile. Time begins with the measure phase, or with the
// workload's window; before that, in the warm-up, the rate is that of the beginning.
const (
	// Steady is the rate that is given.
	Steady Shape = ""
	// Steps are rates that follow one another; the last one goes on.
	Steps Shape = "steps"
	// Ramp goes evenly from the rate to To in For, and stays there.
	Ramp Shape = "ramp"
	// Spike jumps from the rate to To At an instant, For a time, and back.
	Spike Shape = "spike"
	// Sine swings between the rate, where it begins, and To, once a Period.
	Sine Shape = "sine"
	// Burst has the rate for On and nothing for Off, in turn.
	Burst Shape = "burst"
	// Times has no rate: arrivals come at the offsets that are listed.
	Times Shape = "times"
)

// Profile is how a workload's rate changes; the zero value is a steady rate.
type Profile struct {
	Shape Shape
	// To is the other rate of a ramp, a spike or a sine.
	To Rate
	// At, For, Period, On and Off are between 1 ms and 7 days where the shape has them, but At may be 0.
	At, For, Period, On, Off time.Duration
	// Steps are between 1 and 1,000, one of which has arrivals.
	Steps []Step
	// Times are in order, between 1 and 10,000, each less than 7 days.
	Times []time.Duration
}

// Step is a rate, which may be 0, for a time.
type Step struct {
	Rate Rate
	For  time.Duration
}

// String writes the step as a file does: "50/s for 5s".
func (s Step) String() string { return s.Rate.String() + " for " + unit.FormatDuration(s.For) }

// Piece is a stretch of time over which a rate goes evenly from one value, in arrivals a second, to another.
type Piece struct {
	From, To float64
	Length   time.Duration
}

// sinePieces is how many straight pieces stand for one period of a sine: enough
// that the rate is nowhere off by more than 0.02 % of its swing.
const sinePieces = 180

// Pieces are the rate of an open loop over time; repeat tells that the first
// follows the last, otherwise the rate stays as it is at the end. None for
// Closed and for Times.
func (a Arrival) Pieces() (pieces []Piece, repeat bool) {
	rate, p := float64(a.Rate), a.Profile
	to := float64(p.To)
	switch {
	case a.Process == Closed, p.Shape == Times:
		return nil, false
	case p.Shape == Steps:
		for _, s := range p.Steps {
			pieces = append(pieces, Piece{float64(s.Rate), float64(s.Rate), s.For})
		}
		return pieces, false
	case p.Shape == Ramp:
		return []Piece{{rate, to, p.For}}, false
	case p.Shape == Spike:
		after := []Piece{{to, to, p.For}, {rate, rate, time.Second}}
		if p.At == 0 {
			return after, false
		}
		return append([]Piece{{rate, rate, p.At}}, after...), false
	case p.Shape == Sine:
		return sine(rate, to, p.Period), true
	case p.Shape == Burst:
		return []Piece{{rate, rate, p.On}, {0, 0, p.Off}}, true
	default:
		return []Piece{{rate, rate, time.Second}}, false
	}
}

// sine is one period between two rates, from the first to the other and back.
func sine(low, high float64, period time.Duration) []Piece {
	at := func(i int) float64 { return low + (high-low)*(1-math.Cos(2*math.Pi*float64(i)/sinePieces))/2 }
	when := func(i int) time.Duration { return time.Duration(float64(period) * float64(i) / sinePieces) }
	pieces := make([]Piece, sinePieces)
	for i := range pieces {
		pieces[i] = Piece{at(i), at(i + 1), when(i+1) - when(i)}
	}
	return pieces
}

// The bounds of a profile.
const (
	minSpan  = time.Millisecond
	maxSpan  = 7 * 24 * time.Hour
	maxSteps = 1000
	maxTimes = 10_000
)

// shapes are how profiles are read, in order of their keys in an arrival.
func shapes() []struct {
	key  Shape
	read func(*table) Profile
} {
	return []struct {
		key  Shape
		read func(*table) Profile
	}{
		{Steps, readSteps},
		{Ramp, func(t *table) Profile {
			return Profile{To: t.rateTo(), For: t.span("for", "30s", minSpan)}
		}},
		{Spike, func(t *table) Profile {
			return Profile{To: t.rateTo(), At: t.span("at", "5s", 0), For: t.span("for", "2s", minSpan)}
		}},
		{Sine, func(t *table) Profile {
			return Profile{To: t.rateTo(), Period: t.span("period", "60s", sinePieces*time.Microsecond)}
		}},
		{Burst, func(t *table) Profile {
			return Profile{On: t.span("on", "1s", minSpan), Off: t.span("off", "4s", minSpan)}
		}},
		{Times, readTimes},
	}
}

// readProfile reads the profile of an arrival: at most one of steps, ramp, spike, sine, burst and times.
func readProfile(a *table) (p Profile) {
	for _, shape := range shapes() {
		key := string(shape.key)
		if _, written := a.take(key); !written {
			continue
		}
		if p.Shape != Steady {
			a.fault(key, "and %s exclude each other: a rate changes in one way", p.Shape)
			continue
		}
		if shape.key == Steps || shape.key == Times {
			p = shape.read(a)
		} else if below := a.sub(key); below.values != nil {
			p = shape.read(below)
			below.unknown()
		}
		p.Shape = shape.key
	}
	return p
}

// rateTo is the other rate of a profile, which must be written.
func (t *table) rateTo() Rate {
	if t.take("to"); !t.require("to", `to = "100/s"`) {
		return 0
	}
	return t.rate("to")
}

// span is a length of time of a profile, which must be written.
func (t *table) span(key, example string, least time.Duration) time.Duration {
	if t.take(key); !t.require(key, fmt.Sprintf("%s = %q", key, example)) {
		return least
	}
	return t.duration(key, least, least, maxSpan)
}

// readSteps reads steps = ["10/s for 5s", "50/s for 10s"].
func readSteps(a *table) (p Profile) {
	const example = `steps = ["10/s for 5s", "50/s for 10s"]`
	arrives := false
	texts := a.texts("steps")
	for _, e := range texts {
		rate, length, ok := strings.Cut(e.text, " for ")
		if !ok {
			a.faultElement("steps", e.at, "= %q is no step; write a rate and a time, as in %s", shorten(e.text), example)
			continue
		}
		r, err := unit.ParseRate(rate)
		d, wrong := unit.ParseDuration(length)
		switch err = cmp.Or(err, wrong); {
		case err != nil:
			a.faultElement("steps", e.at, "= %v", err)
		case r != 0 && r < minRate || r > maxRate:
			a.faultElement("steps", e.at, `= %q: the rate is out of range; it is "0/s", or at least "1/h" and at most "%d/s"`, e.text, int(maxRate))
		case d < minSpan || d > maxSpan:
			a.faultElement("steps", e.at, "= %q: the time is out of range; it is at least %q and at most %q", e.text, unit.FormatDuration(minSpan), unit.FormatDuration(maxSpan))
		}
		arrives = arrives || r > 0
		p.Steps = append(p.Steps, Step{Rate(r), d})
	}
	switch {
	case len(texts) > maxSteps:
		a.fault("steps", "has %d steps; at most %d are allowed", len(texts), maxSteps)
	case len(texts) == 0 && isArray(a.values["steps"]):
		a.fault("steps", "is empty; write %s", example)
	case len(p.Steps) == len(texts) && len(texts) > 0 && !arrives:
		a.fault("steps", "has no rate above 0: nothing would ever come")
	}
	return p
}

// readTimes reads times = ["0s", "1.5s"].
func readTimes(a *table) (p Profile) {
	const example = `times = ["0s", "1.5s"]`
	texts := a.texts("times")
	for _, e := range texts {
		d, err := unit.ParseDuration(e.text)
		switch {
		case err != nil:
			a.faultElement("times", e.at, "= %v", err)
		case d < 0 || d > maxSpan:
			a.faultElement("times", e.at, "= %q is out of range; it is at least %q and at most %q", e.text, "0s", unit.FormatDuration(maxSpan))
		}
		p.Times = append(p.Times, d)
	}
	switch {
	case len(texts) > maxTimes:
		a.fault("times", "has %d times; at most %d are allowed", len(texts), maxTimes)
	case len(texts) == 0 && isArray(a.values["times"]):
		a.fault("times", "is empty; write %s", example)
	}
	slices.Sort(p.Times)
	return p
}

func isArray(value any) bool {
	_, ok := value.([]any)
	return ok
}

// encode is the profile as a key of the arrival; none for a steady rate.
func (p Profile) encode() []pair {
	span := func(key string, d time.Duration) pair { return pair{key, quote(unit.FormatDuration(d))} }
	to := pair{"to", quote(p.To.String())}
	of := func(pairs ...pair) []pair { return []pair{{string(p.Shape), inlineTable(pairs)}} }
	switch p.Shape {
	case Steps:
		return []pair{{string(p.Shape), quotedArray(p.Steps, Step.String)}}
	case Ramp:
		return of(to, span("for", p.For))
	case Spike:
		return of(to, span("at", p.At), span("for", p.For))
	case Sine:
		return of(to, span("period", p.Period))
	case Burst:
		return of(span("on", p.On), span("off", p.Off))
	case Times:
		return []pair{{string(p.Shape), quotedArray(p.Times, unit.FormatDuration)}}
	default:
		return nil
	}
}
