package report

import (
	"fmt"
	"math"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// scale is how values stand on an axis: in a unit, so many times as large.
type scale struct {
	unit  figure.Unit
	times float64
}

// scaleOf is the scale of a metric whose values are about so large.
func scaleOf(metric string, about float64) scale {
	const mebi = 1 << 20
	switch unit := metricUnit(metric); {
	case unit == figure.Percent:
		return scale{unit, 100}
	case unit == figure.Memory && about >= 1024*mebi:
		return scale{figure.Gibi, 1.0 / (1024 * mebi)}
	case unit == figure.Memory:
		return scale{unit, 1.0 / mebi}
	case unit == figure.Millis && about >= 1000:
		return scale{figure.Seconds, 0.001}
	case unit == figure.Millis && about < 1:
		return scale{figure.Micros, 1000}
	default:
		return scale{unit, 1}
	}
}

// reading turns what is judged of a series into what a reader knows: with a control by
// how much the candidate is higher, without one the metric itself.
type reading struct {
	scale

	signed bool
	series history.Series
}

func newReading(s history.Series) reading {
	n := reading{signed: s.Control != "", series: s}
	if n.signed && s.Relative {
		n.scale = scale{figure.Percent, 100}
		return n
	}
	most := 0.0
	for _, segment := range s.Segments {
		for _, v := range segment.Values() {
			most = max(most, math.Abs(n.series.Plain(v)))
		}
	}
	n.scale = scaleOf(s.Metric, most)
	if n.signed && n.unit == figure.Percent {
		n.unit = figure.Points
	}
	return n
}

// on is where a judged value stands on the axis.
func (n reading) on(v float64) float64 { return n.series.Plain(v) * n.times }

// interval is where the interval of a measure's pairs stands on the axis; not numbers where it has none.
func (n reading) interval(m history.Metric) (low, high float64) {
	if !n.signed || m.Low == nil || m.High == nil {
		return math.NaN(), math.NaN()
	}
	return *m.Low * n.times, *m.High * n.times
}

// text is a judged value as a reader is told it.
func (n reading) text(v float64) string { return natural(history.Watched{Series: n.series}, v) }

// pairs is the interval of a measure's pairs as a reader is told it; empty where it has none.
func (n reading) pairs(m history.Metric) string {
	if !n.signed || m.Low == nil || m.High == nil {
		return ""
	}
	return fmt.Sprintf(" [%s … %s]", differenceOf(m.Metric, m.Relative, *m.Low), differenceOf(m.Metric, m.Relative, *m.High))
}
