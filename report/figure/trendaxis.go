package figure

import (
	"math"

	"gonum.org/v1/plot"
)

// leastSteps is how many steps an axis of records has at least: few measures stand at its beginning.
const leastSteps = 10

// label says what the axis is, with its first and its last day.
func (t Trend) label() string {
	if len(t.Nights) == 0 {
		return "records"
	}
	const day = "2006-01-02"
	first, last := t.Nights[0].UTC().Format(day), t.Nights[len(t.Nights)-1].UTC().Format(day)
	if first == last {
		return "records of " + first
	}
	return "records, " + first + " to " + last
}

// dates are some five steps with their days.
func (t Trend) dates(lo, hi float64) (ticks []plot.Tick) {
	every := dateStep((hi - lo) / 5)
	before := ""
	for step := 0; step < len(t.Nights); step += every {
		label := t.Nights[step].UTC().Format("2 Jan")
		if at := float64(step); at >= lo && at <= hi {
			if label == before {
				label = ""
			}
			ticks = append(ticks, plot.Tick{Value: at, Label: label})
		}
		before = t.Nights[step].UTC().Format("2 Jan")
	}
	return ticks
}

// dateStep is a round number of nights that is not below v.
func dateStep(v float64) int {
	for _, step := range []int{1, 2, 7, 14, 28, 56} {
		if float64(step) >= v {
			return step
		}
	}
	const weeks = 56
	return weeks * int(math.Ceil(v/weeks))
}

// amountTicks are some five round values with their unit.
func amountTicks(unit Unit, signed bool) plot.TickerFunc {
	return func(lo, hi float64) (ticks []plot.Tick) {
		step := roundStep((hi - lo) / 5)
		for i := math.Ceil(lo / step); i*step <= hi+step*1e-9 && len(ticks) < mostTicks; i++ {
			ticks = append(ticks, plot.Tick{Value: i * step, Label: amount(i*step, unit, signed)})
		}
		return ticks
	}
}

// amount prints a round value with its unit, with a sign where it is a difference.
func amount(v float64, unit Unit, signed bool) string {
	sign := ""
	switch {
	case v < 0:
		sign = "−"
	case signed && v > 0:
		sign = "+"
	}
	v = math.Abs(v)
	number := plain(v)
	if v >= 1000 {
		number = Count(int64(math.Round(v)))
	}
	switch unit {
	case Number, PerSecond:
		return sign + number + string(unit)
	default:
		return sign + number + " " + string(unit)
	}
}
