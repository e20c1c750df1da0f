package figure

import (
	"math"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
	"gonum.org/v1/plot/vg"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// PercentilePoint is a point of a percentile curve.
type PercentilePoint struct {
	// Percentile is from 0 to below 100.
	Percentile float64
	Millis     float64
	// Enough tells that the samples suffice to tell this percentile.
	Enough bool
}

// mostNines is where a curve ends at the latest: beyond it 1 − p has no digits left.
const mostNines = 12

// pointsPerNine is how many points a curve has from 90 to 99 %, from 99 to 99.9 %…
const pointsPerNine = 40

// Percentiles is the percentile curve of a histogram of microseconds. It
// reaches to the percentile beyond which only the maximum lies, 100·(1−1/n),
// and ends with the maximum. It is nil where there are no samples.
func Percentiles(h *hdr.Histogram) []PercentilePoint {
	if h == nil || h.TotalCount() == 0 {
		return nil
	}
	n := h.TotalCount()
	last := min(math.Log10(float64(n)), mostNines)
	var asked []float64
	for i := 0; float64(i) < last*pointsPerNine; i++ {
		asked = append(asked, 100*(1-math.Pow(10, -float64(i)/pointsPerNine)))
	}
	values := h.ValueAtPercentiles(asked)
	var curve []PercentilePoint
	for _, p := range asked {
		curve = append(curve, PercentilePoint{Percentile: p, Millis: float64(min(values[p], h.Max())) / 1000, Enough: results.Enough(n, p)})
	}
	curve = append(curve, PercentilePoint{Percentile: 100 * (1 - math.Pow(10, -last)), Millis: float64(h.Max()) / 1000})
	return thin(curve)
}

// thin leaves out the inner points of a level stretch.
func thin(curve []PercentilePoint) []PercentilePoint {
	var kept []PercentilePoint
	for i, p := range curve {
		inner := i > 0 && i+1 < len(curve) && curve[i-1].Millis == p.Millis && curve[i+1].Millis == p.Millis && curve[i+1].Enough == p.Enough
		if !inner {
			kept = append(kept, p)
		}
	}
	return kept
}

// OperationCurves are an operation's latencies by percentile.
type OperationCurves struct {
	Name              string
	Response, Service []PercentilePoint
}

// MostCurves is how many operations a figure of their curves tells apart.
const MostCurves = len(lineInks)

// CurvesPanel draws the response of several operations, at most MostCurves, by
// percentile: a colour for each, and its service dashed where it is another.
func CurvesPanel(message string, operations []OperationCurves) Figure {
	var all []Curve
	for _, o := range operations {
		all = append(all, Curve{Points: o.Response}, Curve{Points: o.Service})
	}
	p := percentilePanel(SpanOf(all, nil))
	for i, o := range operations {
		colour := lineInks[i%len(lineInks)]
		dashed := line(colour, 1)
		dashed.Dashes = []vg.Length{4, 3}
		p.addCurve(o.Name, o.Response, line(colour, 2), colour)
		if len(o.Response) > 0 && len(o.Service) > 0 {
			p.addCurve(o.Name+", service", o.Service, dashed, colour)
			p.series[len(p.series)-1].unnamed = true
		}
	}
	if len(p.series) == 0 {
		p.empty = "no samples"
	}
	p.x.max *= 1.01 // room for the last dot
	f := p.figure(message)
	f.Height = curvesHeight
	return f
}
