package history

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"
)

// world makes the measures of a series: ratios of a candidate to a control on a machine that drifts.
type world struct {
	// noise is the standard deviation of the logarithm of the ratio from measure to measure.
	noise float64
	// drift is that of the machine, which both sides have in common, and memory how much
	// of it the next night has still.
	drift, memory float64
	// night is which share of the variance is a night's own, and so in all its measures,
	// and lasting which share a slow wave's, which the next night has 0.4 of.
	night, lasting float64
	// outliers is the share of measures that are 25 % slower for reasons of their own.
	outliers float64
	// change is by which share the candidate is slower from the night settled on.
	change float64
}

const (
	simulated = 200 // series
	nights    = 90
	settled   = 30 // nights before anything is planted
)

// story is what became of one series.
type story struct {
	told   []Told
	reruns int
}

// live lets a job look at a series night by night, as `experiment --history` does, with
// so many reruns a night at most.
func (w world) live(rng *rand.Rand, reruns int) story {
	s := Series{Key: Key{Name: "nightly", Metric: "m"}, Better: "lower", Gates: true, Relative: true, Segments: []Segment{{Relative: true}}}
	var out story
	machine, wave := 0.0, 0.0
	normal := func(share float64) float64 { return rng.NormFloat64() * w.noise * math.Sqrt(share) }
	for night := range nights {
		wave = 0.4*wave + normal(w.lasting*(1-0.4*0.4))
		own := wave + normal(w.night)
		machine = w.memory*machine + rng.NormFloat64()*w.drift*math.Sqrt(1-w.memory*w.memory)
		for again := 0; ; again++ {
			control := machine + normal((1-w.night-w.lasting)/2)
			candidate := machine + own + normal((1-w.night-w.lasting)/2)
			if rng.Float64() < w.outliers {
				candidate += math.Log(1.25)
			}
			if night >= settled {
				candidate += math.Log1p(w.change)
			}
			points := &s.Segments[0].Points
			*points = append(*points, Point{Record: Record{ID: fmt.Sprint(len(*points)), Source: fmt.Sprint("night ", night)}, Metric: Metric{Relative: true}, Value: candidate - control})
			j := s.Judge(out.told)
			for _, c := range j.New {
				out.told = append(out.told, Told{Change: c, At: time.Unix(int64(night), 0)})
			}
			if j.Suspected == nil || again == reruns {
				break
			}
			out.reruns++
		}
	}
	return out
}

// stories are of all series.
func (w world) stories(reruns int) []story {
	all := make([]story, simulated)
	var wait sync.WaitGroup
	const at = 4
	for from := range at {
		wait.Go(func() {
			for i := from; i < simulated; i += at {
				all[i] = w.live(rand.New(rand.NewPCG(2026, uint64(i))), reruns)
			}
		})
	}
	wait.Wait()
	return all
}

// quiet is a world in which nothing changes.
type quiet struct {
	name   string
	world  world
	reruns int
	// most is in how many of the series a change may be told.
	most int
}

// A history that nothing happens in: false alarms are told in 5 % of the series of 90 nights at most.
func TestFalseAlarms(t *testing.T) {
	falseAlarms(t, []quiet{
		{"noise", world{noise: 0.05}, Reruns, 10},
		{"outliers and drift", world{noise: 0.05, drift: 0.05, memory: 0.4, outliers: 0.02}, Reruns, 10},
	})
}

func falseAlarms(t *testing.T, tests []quiet) {
	t.Helper()
	for _, test := range tests {
		alarms, reruns := 0, 0
		for _, s := range test.world.stories(test.reruns) {
			reruns += s.reruns
			if len(s.told) > 0 {
				alarms++
			}
		}
		t.Logf("%s: %d of %d series tell a change; %.1f of %d nights are measured again", test.name, alarms, simulated, float64(reruns)/simulated, nights)
		if alarms > test.most {
			t.Errorf("%s: %d false alarms, want %d at most", test.name, alarms, test.most)
		}
	}
}

// changing is a world in which something changes.
type changing struct {
	name   string
	world  world
	reruns int
	// most is after how many nights it is told, in the median; the first with it is night 0.
	most int
	// firstNight is in how many of the series it is told in the first night, at least.
	firstNight int
}

// A change is told soon, once, and for what it is.
func TestDelay(t *testing.T) {
	delays(t, []changing{
		{"20 %", world{noise: 0.05, change: 0.20}, Reruns, 1, 130},
		{"10 %", world{noise: 0.05, change: 0.10}, Reruns, 3, 0},
		{"10 % at 2 %", world{noise: 0.02, change: 0.10}, Reruns, 0, 190},
	})
}

func delays(t *testing.T, tests []changing) {
	t.Helper()
	for _, test := range tests {
		var delays []int
		first, never, twice, misplaced := 0, 0, 0, 0
		for _, s := range test.world.stories(test.reruns) {
			at := slices.IndexFunc(s.told, func(told Told) bool { return told.At.Unix() >= settled && told.Worse == (test.world.change > 0) })
			if at < 0 {
				never++
				delays = append(delays, nights)
				continue
			}
			if told := s.told[at]; math.Abs(told.Effect-test.world.change) > 3*test.world.noise {
				misplaced++
			}
			delay := int(s.told[at].At.Unix()) - settled
			delays = append(delays, delay)
			if delay == 0 {
				first++
			}
			if len(s.told) > at+1 {
				twice++
			}
		}
		slices.Sort(delays)
		median := delays[len(delays)/2]
		t.Logf("%s: told after %d nights in the median, %d nights in 90 %%; in the first in %d of %d; never in %d; told more than once in %d; far off in %d",
			test.name, median, delays[len(delays)*9/10], first, simulated, never, twice, misplaced)
		if median > test.most || first < test.firstNight || never > simulated/20 || twice > simulated/10 || misplaced > simulated/10 {
			t.Errorf("%s: want %d nights at most, %d in the first, %d never, %d twice", test.name, test.most, test.firstNight, simulated/20, simulated/10)
		}
	}
}
