package stats

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
)

// Bucket is how often a value was seen.
type Bucket struct {
	Value float64
	Count int64
}

// Stretch is what was seen in a stretch of time, in any order.
type Stretch []Bucket

// LeastStretches is how many stretches a run needs for an interval.
const LeastStretches = 10

// resamples is how often the stretches are drawn: the bounds then move by about a
// fiftieth of their distance from draw to draw.
const resamples = 2000

// PercentileRatio is the natural logarithm of b's percentile, above 0 and below
// 100, over a's, with bounds from a block bootstrap: whole stretches of time are drawn again,
// so that what hangs together stays together (Künsch 1989). Values are above zero. It reports false,
// and the bounds are not a number, where a run has less than LeastStretches. The
// bounds know nothing of how much two runs of the same differ. The same seed draws the same.
func PercentileRatio(a, b []Stretch, percentile, confidence float64, seed uint64) (Interval, bool) {
	of, than := newDrawn(b), newDrawn(a)
	i := Interval{Low: math.NaN(), Estimate: math.Log(of.whole(percentile) / than.whole(percentile)), High: math.NaN()}
	if len(a) < LeastStretches || len(b) < LeastStretches {
		return i, false
	}
	random := rand.New(rand.NewPCG(seed, 1))
	ratios := make([]float64, 0, resamples)
	for range resamples {
		if r := math.Log(of.again(percentile, random) / than.again(percentile, random)); !math.IsNaN(r) {
			ratios = append(ratios, r)
		}
	}
	if len(ratios) == 0 {
		return i, false
	}
	slices.Sort(ratios)
	tail := (1 - confidence) / 2
	last := float64(len(ratios) - 1)
	i.Low, i.High = ratios[int(math.Round(tail*last))], ratios[int(math.Round((1-tail)*last))]
	return i, true
}

// drawn is a run's stretches in a form in which they are summed fast.
type drawn struct {
	values []float64 // in order
	counts [][]entry // by stretch
	sums   []int64   // by value
}

// entry is how often the value of that index was seen.
type entry struct {
	index int
	count int64
}

func newDrawn(stretches []Stretch) *drawn {
	d := &drawn{}
	for _, s := range stretches {
		for _, b := range s {
			d.values = append(d.values, b.Value)
		}
	}
	slices.Sort(d.values)
	d.values = slices.Compact(d.values)
	for _, s := range stretches {
		entries := make([]entry, len(s))
		for i, b := range s {
			at, _ := slices.BinarySearchFunc(d.values, b.Value, cmp.Compare[float64])
			entries[i] = entry{at, b.Count}
		}
		d.counts = append(d.counts, entries)
	}
	d.sums = make([]int64, len(d.values))
	return d
}

// whole is a percentile of all stretches.
func (d *drawn) whole(percentile float64) float64 {
	clear(d.sums)
	for i := range d.counts {
		d.add(i)
	}
	return d.percentile(percentile)
}

// again is a percentile of as many stretches, drawn with replacement.
func (d *drawn) again(percentile float64, random *rand.Rand) float64 {
	clear(d.sums)
	for range d.counts {
		d.add(random.IntN(len(d.counts)))
	}
	return d.percentile(percentile)
}

func (d *drawn) add(stretch int) {
	for _, e := range d.counts[stretch] {
		d.sums[e.index] += e.count
	}
}

// percentile is of what was added; not a number where nothing was.
func (d *drawn) percentile(percentile float64) float64 {
	var n int64
	for _, c := range d.sums {
		n += c
	}
	wanted := int64(math.Ceil(float64(n) * percentile / 100))
	var seen int64
	for i, c := range d.sums {
		if seen += c; c > 0 && seen >= wanted {
			return d.values[i]
		}
	}
	return math.NaN()
}
