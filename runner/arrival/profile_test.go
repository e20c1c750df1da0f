package arrival

import (
	"math"
	"slices"
	"testing"
	"time"
)

// until takes a sequence's arrivals that are due before an instant.
func until(s Sequence, end time.Duration) (due []time.Duration) {
	for {
		a := s()
		if a.Due >= end {
			return due
		}
		due = append(due, a.Due)
	}
}

// within counts the instants from one, inclusive, to another, exclusive.
func within(due []time.Duration, from, to time.Duration) (n int) {
	for _, d := range due {
		if d >= from && d < to {
			n++
		}
	}
	return n
}

func TestAlong(t *testing.T) {
	const s = time.Second
	for _, tc := range []struct {
		name    string
		profile Profile
		// counts are how many arrivals each second has.
		counts []int
	}{
		{"steady", Profile{Pieces: []Piece{{10, 10, s}}}, []int{10, 10, 10}},
		{"steps", Profile{Pieces: []Piece{{10, 10, 2 * s}, {40, 40, s}, {5, 5, s}}}, []int{10, 10, 40, 5, 5, 5}},
		{"a step of nothing", Profile{Pieces: []Piece{{10, 10, s}, {0, 0, s}, {20, 20, s}}}, []int{10, 0, 20, 20}},
		{"nothing at first", Profile{Pieces: []Piece{{0, 0, 2 * s}, {10, 10, s}}}, []int{0, 0, 10, 10}},
		{"nothing in the end", Profile{Pieces: []Piece{{10, 10, s}, {0, 0, s}}}, []int{10, 0, 0}},
		{"nothing at all", Profile{Pieces: []Piece{{0, 0, s}}, Repeat: true}, []int{0, 0}},
		{"bursts", Profile{Pieces: []Piece{{30, 30, s}, {0, 0, 2 * s}}, Repeat: true}, []int{30, 0, 0, 30, 0, 0, 30}},
		{"a ramp", Profile{Pieces: []Piece{{0, 40, 4 * s}}}, []int{5, 15, 25, 35, 40, 40}},
		{"a ramp down", Profile{Pieces: []Piece{{40, 0, 4 * s}}}, []int{35, 25, 15, 5, 0}},
		{"a lead", Profile{Pieces: []Piece{{10, 10, s}, {20, 20, s}}, Lead: 2 * s}, []int{10, 10, 10, 20, 20}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			due := until(Along(tc.profile), time.Duration(len(tc.counts))*s)
			for i, want := range tc.counts {
				from := time.Duration(i) * s
				// An arrival at a border belongs to either side.
				if got := within(due, from, from+s); got < want-1 || got > want+1 {
					t.Errorf("%d arrivals in second %d, want %d", got, i, want)
				}
			}
			if !slices.IsSorted(due) {
				t.Error("arrivals are not in order")
			}
		})
	}
}

// A steady profile is what Constant is, to the nanosecond, and after many repeats nothing has drifted.
func TestAlongIsExact(t *testing.T) {
	if along, constant := take(Along(Profile{Pieces: []Piece{{7, 7, time.Second}}, Repeat: false}), 1000), take(Constant(7), 1000); !slices.EqualFunc(along, constant, func(a, b Arrival) bool {
		return (a.Due-b.Due).Abs() <= 1 && a.Index == b.Index
	}) {
		t.Error("a steady profile is not the constant sequence")
	}
	due := until(Along(Profile{Pieces: []Piece{{100, 100, time.Second}, {300, 300, time.Second}}, Repeat: true}), 20_000*time.Second)
	if n := len(due); n < 4_000_000-1 || n > 4_000_000+1 {
		t.Errorf("%d arrivals in 20,000 s of 100/s and 300/s in turn", n)
	}
}

// The time-changed gaps of a Poisson process along a ramp are exponential.
func TestPoissonAlong(t *testing.T) {
	const n, seconds = 20_000, 100.0
	p := Profile{Pieces: []Piece{{0, 400, time.Duration(seconds * float64(time.Second))}}}
	due := until(PoissonAlong(p, 3), time.Duration(seconds*float64(time.Second)))
	if float64(len(due)) < n-5*math.Sqrt(n) || float64(len(due)) > n+5*math.Sqrt(n) {
		t.Fatalf("%d arrivals, want about %d", len(due), n)
	}
	gaps := make([]float64, len(due))
	last := 0.0
	for i, d := range due {
		x := d.Seconds()
		count := 400 * x * x / (2 * seconds) // the integral up to it
		gaps[i], last = count-last, count
	}
	slices.Sort(gaps)
	worst := 0.0
	for i, g := range gaps {
		cdf := 1 - math.Exp(-g)
		worst = max(worst, cdf-float64(i)/float64(len(gaps)), float64(i+1)/float64(len(gaps))-cdf)
	}
	if limit := 1.95 / math.Sqrt(float64(len(gaps))); worst > limit {
		t.Errorf("Kolmogorov–Smirnov D = %.4f, above %.4f", worst, limit)
	}
}

func TestTimes(t *testing.T) {
	at := []time.Duration{0, time.Second, time.Second, 3 * time.Second}
	if got := until(Times(at), time.Hour); !slices.Equal(got, at) {
		t.Errorf("arrivals at %v, want %v", got, at)
	}
	s := Times(nil)
	if a := s(); a.Due != Never {
		t.Errorf("no times, and an arrival at %v", a.Due)
	}
}

func TestWindow(t *testing.T) {
	for _, tc := range []struct {
		name         string
		from, length time.Duration
		first        time.Duration
		n            int
	}{
		{"from the start", 0, 2 * time.Second, 0, 20},
		{"later", 5 * time.Second, 2 * time.Second, 5 * time.Second, 20},
		{"to the end", 90 * time.Second, 0, 90 * time.Second, 100},
	} {
		t.Run(tc.name, func(t *testing.T) {
			due := until(Window(Constant(10), tc.from, tc.length), 100*time.Second)
			if len(due) != tc.n || due[0] != tc.first {
				t.Errorf("%d arrivals, the first at %v; want %d, the first at %v", len(due), due[0], tc.n, tc.first)
			}
		})
	}
	if s := Window(Times(nil), time.Hour, 0); s().Due != Never {
		t.Error("a window makes an arrival of none")
	}
}
