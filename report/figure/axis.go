package figure

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// Data are put on a logarithmic axis as their logarithms, so that the axis
// itself is linear and an empty second cannot make it fail.

// logMillis is where a latency stands on its axis; below a microsecond it stands at one.
func logMillis(millis float64) float64 { return math.Log10(max(millis, 0.001)) }

// nines is where a percentile (0 to below 100) stands on its axis: 90 at 1, 99 at 2.
func nines(percentile float64) float64 { return -math.Log10(1 - percentile/100) }

// span is a range of an axis.
type span struct{ min, max float64 }

// latencySpan returns a range of logMillis that holds all values with some
// room, at least half a decade wide. Zeros, which stand for no data, are left out.
func latencySpan(millis ...float64) span {
	s := span{math.Inf(1), math.Inf(-1)}
	for _, v := range millis {
		if v > 0 {
			s.min, s.max = min(s.min, logMillis(v)), max(s.max, logMillis(v))
		}
	}
	if s.min > s.max {
		return span{-1, 1}
	}
	s.min, s.max = s.min-0.08, s.max+0.08
	if missing := 0.5 - (s.max - s.min); missing > 0 {
		s.min, s.max = s.min-missing/2, s.max+missing/2
	}
	return s
}

// latencyTicks are at each decade, finer where that would be fewer than three.
func latencyTicks(lo, hi float64) []plot.Tick {
	var ticks []plot.Tick
	for _, steps := range [][]float64{{1}, {1, 2, 5}, {1, 1.5, 2, 3, 5, 7}} {
		if ticks = decadeTicks(lo, hi, steps); len(ticks) >= 3 {
			break
		}
	}
	return ticks
}

// fineLatencyTicks are at 1, 2 and 5 of each decade, for a wide axis.
func fineLatencyTicks(lo, hi float64) []plot.Tick {
	if hi-lo > 5 {
		return latencyTicks(lo, hi)
	}
	return decadeTicks(lo, hi, []float64{1, 2, 5})
}

func decadeTicks(lo, hi float64, steps []float64) []plot.Tick {
	var ticks []plot.Tick
	for decade := math.Floor(lo); decade <= math.Ceil(hi); decade++ {
		for _, step := range steps {
			at := decade + math.Log10(step)
			if at >= lo && at <= hi {
				ticks = append(ticks, plot.Tick{Value: at, Label: plainMillis(step * math.Pow(10, decade))})
			}
		}
	}
	return ticks
}

// plainMillis prints a round number of milliseconds with no more figures than it has.
func plainMillis(millis float64) string {
	number, unit := millis, " ms"
	switch {
	case millis < 0.9999:
		number, unit = millis*1000, " µs"
	case millis > 999.9:
		number, unit = millis/1000, " s"
	}
	return plain(number) + unit
}

// plain prints a number with up to three figures and no zeros at its end.
func plain(v float64) string { return strconv.FormatFloat(v, 'g', 3, 64) }

// nineTicks are at 50 %, 90 %, 99 %…
func nineTicks(_, hi float64) []plot.Tick {
	ticks := []plot.Tick{{Value: 0, Label: "0"}, {Value: nines(50), Label: "50%"}}
	if hi > 2.6 {
		ticks = ticks[1:]
	}
	for n := 1; float64(n) <= hi+1e-9; n++ {
		label := "90"
		if n > 1 {
			label = "99"
		}
		if n > 2 {
			label += "." + strings.Repeat("9", n-2)
		}
		ticks = append(ticks, plot.Tick{Value: float64(n), Label: label + "%"})
	}
	return ticks
}

// linearTicks are some five round values from 0 on, with their unit.
func linearTicks(unit Unit) plot.TickerFunc {
	return func(lo, hi float64) []plot.Tick {
		step := roundStep((hi - lo) / 5)
		var ticks []plot.Tick
		for at := math.Ceil(lo/step) * step; at <= hi+step*1e-9; at += step {
			ticks = append(ticks, plot.Tick{Value: at, Label: unit.Print(math.Round(at/step) * step)})
		}
		return ticks
	}
}

// roundStep is the least of 1, 2 and 5 times a power of ten that is not below v.
func roundStep(v float64) float64 {
	if v <= 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, step := range []float64{1, 2, 5} {
		if step*power >= v*(1-1e-9) {
			return step * power
		}
	}
	return 10 * power
}

// mostTicks is more than an axis of time has.
const mostTicks = 60

// timeTicks are some six round instants, in seconds.
func timeTicks(lo, hi float64) []plot.Tick {
	step := 21600.0
	for _, s := range []float64{1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200} {
		if (hi-lo)/s <= 6 {
			step = s
			break
		}
	}
	if (hi-lo)/step > 12 {
		step = roundStep((hi-lo)/6/3600) * 3600
	}
	var ticks []plot.Tick
	first := math.Ceil(lo/step) * step
	for i := range mostTicks { // a run of a corrupt journal may be of any length
		at := first + float64(i)*step
		if !(at <= hi) {
			break
		}
		ticks = append(ticks, plot.Tick{Value: at, Label: clock(at, step)})
	}
	return ticks
}

// clock prints seconds in the unit of the step between ticks.
func clock(seconds, step float64) string {
	sign := ""
	if seconds < 0 {
		sign = "−"
	}
	seconds = math.Abs(seconds) // also of the zero that is below zero
	switch {
	case step >= 3600:
		return sign + plain(seconds/3600) + " h"
	case step >= 60:
		return sign + plain(seconds/60) + " min"
	default:
		return sign + plain(seconds) + " s"
	}
}
