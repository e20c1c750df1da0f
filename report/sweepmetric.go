package report

import (
	"strconv"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// objective is the metric by which the best is chosen.
func objective(s results.Sweep) results.SweptMetric {
	for _, m := range s.Metrics {
		if m.Metric == s.Objective {
			return m
		}
	}
	return results.SweptMetric{Metric: s.Objective}
}

// beside are the metrics that were asked for beside the objective, and rest all others.
func beside(s results.Sweep) (asked, rest []results.SweptMetric) {
	for _, m := range s.Metrics {
		switch {
		case m.Metric == s.Objective:
		case m.Asked:
			asked = append(asked, m)
		default:
			rest = append(rest, m)
		}
	}
	return asked, rest
}

// plainOf is one effect as a contrast has it, with one run on each side.
func plainOf(m results.SweptMetric, e results.SweepEffect) results.MetricContrast {
	x := results.MetricContrast{Metric: m.Metric, Better: m.Better, Relative: m.Relative, Low: e.Low, High: e.High, Delta: m.Delta, Noise: m.Noise, Verdict: e.Verdict}
	if e.Effect != nil {
		x.Effect, x.Baseline, x.Candidate = *e.Effect, []*float64{e.Effect}, []*float64{e.Effect}
	}
	return x
}

// freshMetric is a metric in the fresh block of runs, of the point that Beside is told of; nil where that was not measured again.
func freshMetric(s results.Sweep, metric string, at int) *results.MetricContrast {
	if s.Confirmation == nil || s.Best == nil || *s.Best != at {
		return nil
	}
	for _, m := range s.Confirmation.Metrics {
		if m.Metric == metric && known(m.Baseline) && known(m.Candidate) {
			return &m
		}
	}
	return nil
}

func effectAt(m results.SweptMetric, i int) results.SweepEffect {
	if i < 0 || i >= len(m.Effects) {
		return results.SweepEffect{}
	}
	return m.Effects[i]
}

// levelEffect is the effect of a factor's level: of a grid of several in the mean over the others' levels, else of the point that has it.
func levelEffect(s results.Sweep, m results.SweptMetric, f, level int) results.SweepEffect {
	if s.Design == results.Grid && len(s.Factors) > 1 {
		if f < len(m.Main) && level < len(m.Main[f]) {
			return m.Main[f][level]
		}
		return results.SweepEffect{}
	}
	return effectAt(m, levelPoint(s, f, level))
}

// levelPoint is the place of the point with one level and else the baseline's.
func levelPoint(s results.Sweep, f, level int) int {
	levels := levelsAt(s, nil)
	levels[f] = level
	return placeOf(s, levels)
}

// sweptCentre is a metric at a point.
func sweptCentre(m results.SweptMetric, i int) string {
	if i < 0 || i >= len(m.Centres) || m.Centres[i] == nil {
		return "not measured"
	}
	return metricValue(plainOf(m, results.SweepEffect{}), *m.Centres[i])
}

// sweptEffect is a metric's name and effect at a point, with its interval where there is one.
func sweptEffect(c results.Comparison, m results.SweptMetric, i int) string {
	x := plainOf(m, effectAt(m, i))
	return m.Metric + " " + effectText(x) + intervalOf(c, intervalText(x))
}

// intervalOf is an interval behind an effect.
func intervalOf(c results.Comparison, interval string) string {
	if interval == "–" {
		return ""
	}
	return " (" + confidenceText(c) + " interval " + interval + ")"
}

func confidenceText(c results.Comparison) string {
	return strconv.FormatFloat(100*c.Confidence, 'g', 3, 64) + " %"
}

// sweptVerdict says a verdict plainly.
func sweptVerdict(m results.SweptMetric, e results.SweepEffect) string {
	if e.Verdict == results.Inconclusive {
		return "too few runs to tell"
	}
	return verdictWords(plainOf(m, e))
}

// sweptUnit is the unit of a metric's differences, and by what its values are multiplied to be in it.
func sweptUnit(m results.SweptMetric) (unit figure.Unit, times float64) {
	switch unit = metricUnit(m.Metric); unit {
	case figure.Percent:
		return figure.Points, 100
	case figure.Memory:
		return unit, 1.0 / (1 << 20)
	default:
		return unit, 1
	}
}

// betterText says which way a metric is better.
func betterText(m results.SweptMetric) string {
	switch m.Better {
	case "lower", "higher":
		return m.Better + " is better"
	default:
		return "neither way is better"
	}
}
