package arrival

import (
	"math"
	"math/rand/v2"
	"time"
)

// Never is when arrivals are due that do not come: some 146 years from the start.
const Never = time.Duration(1 << 62)

// Piece is a stretch of time over which a rate goes evenly from one value to another.
type Piece struct {
	// From and To are arrivals a second, at least 0.
	From, To float64
	// Length is above 0.
	Length time.Duration
}

// area is how many arrivals the piece has.
func (p Piece) area() float64 { return (p.From + p.To) / 2 * p.Length.Seconds() }

// Profile is a rate that changes over time. A profile whose rate is 0 throughout has no arrivals.
type Profile struct {
	// Pieces follow one another; at least one.
	Pieces []Piece
	// Repeat tells that the first follows the last; otherwise the rate stays as it is at the end.
	Repeat bool
	// Lead is how long the rate is that of the beginning before the first piece; at least 0.
	Lead time.Duration
}

// Along has its arrivals where the profile's integral is 0, 1, 2 and so on:
// Constant for a rate that changes.
func Along(p Profile) Sequence {
	c, i := newCursor(p), 0
	return func() Arrival {
		a := Arrival{Due: c.due(float64(i)), Index: i}
		i++
		return a
	}
}

// PoissonAlong is Poisson for a rate that changes: the arrivals of a process of
// rate 1, each where the profile's integral reaches it (Çinlar 1975, inversion
// of the cumulative rate).
func PoissonAlong(p Profile, seed uint64) Sequence {
	rng := rand.New(rand.NewPCG(seed, 0x9e3779b97f4a7c15))
	c, i, count := newCursor(p), 0, 0.0
	return func() Arrival {
		count += rng.ExpFloat64()
		a := Arrival{Due: c.due(count), Index: i}
		i++
		return a
	}
}

// Times has arrivals at these offsets, which are in order, and no more.
func Times(at []time.Duration) Sequence {
	i := 0
	return func() Arrival {
		a := Arrival{Due: Never, Index: i}
		if i < len(at) {
			a.Due = at[i]
		}
		i++
		return a
	}
}

// Window is a sequence that begins at from instead of 0 and ends before
// from+length; it does not end where length is 0.
func Window(s Sequence, from, length time.Duration) Sequence {
	return func() Arrival {
		a := s()
		switch {
		case a.Due >= Never-from, length > 0 && a.Due >= length:
			a.Due = Never
		default:
			a.Due += from
		}
		return a
	}
}

// cursor finds where a profile's integral reaches a count. It only goes forward.
type cursor struct {
	profile Profile
	// at is the piece it is in, -1 in the lead, their number in what follows the last.
	at     int
	began  time.Duration // when the piece began
	before float64       // the integral up to there
	empty  bool          // no piece has an arrival
}

func newCursor(p Profile) *cursor {
	c := &cursor{profile: p, at: -1, empty: true}
	for _, each := range p.Pieces {
		c.empty = c.empty && each.area() == 0
	}
	return c
}

// due is when the integral reaches count, which is never below the one before.
func (c *cursor) due(count float64) time.Duration {
	for {
		p, endless := c.piece()
		switch area := p.area(); {
		case endless && p.To == 0, c.empty && c.profile.Repeat:
			return Never
		case endless || area > 0 && count <= c.before+area:
			return c.began + p.reach(count-c.before)
		default:
			c.next(p, area)
		}
	}
}

// piece is the present piece; endless tells that it does not end.
func (c *cursor) piece() (p Piece, endless bool) {
	all := c.profile.Pieces
	switch {
	case c.at < 0:
		return Piece{From: all[0].From, To: all[0].From, Length: c.profile.Lead}, false
	case c.at == len(all):
		last := all[len(all)-1].To
		return Piece{From: last, To: last, Length: Never}, true
	default:
		return all[c.at], false
	}
}

func (c *cursor) next(p Piece, area float64) {
	c.began += p.Length
	c.before += area
	if c.at++; c.at == len(c.profile.Pieces) && c.profile.Repeat {
		c.at = 0
	}
}

// reach is how long after the piece's begin its integral is n: the root of
// From·x + (To−From)·x²/2·Length = n, in the form that cancels nothing.
func (p Piece) reach(n float64) time.Duration {
	if n <= 0 {
		return 0
	}
	slope := (p.To - p.From) / p.Length.Seconds()
	return seconds(2 * n / (p.From + math.Sqrt(max(p.From*p.From+2*n*slope, 0))))
}
