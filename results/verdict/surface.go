package verdict

import (
	"math"
	"slices"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/stats"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// surface is one metric at all points of a sweep, in the unit of the comparison: of a relative one
// the natural logarithm.
type surface struct {
	of       threshold.Metric
	relative bool
	// asked tells that it is the objective, or shown beside it.
	asked bool
	// values are by point and round; not a number where one is not known.
	values [][]float64
	fit    *stats.Blocks
	// delta is the least effect that matters; 0 where no run has the metric.
	delta    float64
	baseline int
	// judged tells that effects have verdicts.
	judged bool
}

func newSurface(in Swept, m threshold.Metric, counted [][]*Sample, rules Rules) surface {
	f := surface{of: m, asked: m == in.Objective || slices.Contains(in.Asked, m), baseline: in.Baseline}
	var known []float64
	for _, runs := range counted {
		row := make([]float64, len(runs))
		for round, run := range runs {
			row[round] = math.NaN()
			if run == nil {
				continue
			}
			if v, ok := run.Values[m]; ok {
				row[round] = v
				known = append(known, v)
			}
		}
		f.values = append(f.values, row)
	}
	f.relative = len(known) > 0 && !m.Share() && !m.Count() && positive(known)
	if f.relative {
		for i := range f.values {
			f.values[i] = logs(f.values[i])
		}
	}
	f.fit = stats.FitBlocks(f.values)
	if len(known) > 0 {
		at := stats.Median(known) // where the baseline is not known
		if f.fit.Measured(in.Baseline) {
			at = f.own(f.fit.Centres[in.Baseline])
		}
		f.delta = Least(m, results.MetricContrast{Relative: f.relative, BaselineMedian: at}, rules)
	}
	return f
}

// own is a value in the metric's own unit.
func (f *surface) own(v float64) float64 {
	if f.relative {
		return math.Exp(v)
	}
	return v
}

// worse is 1 where more is worse, and −1 where less is.
func (f *surface) worse() float64 {
	if f.of.Better() == threshold.HigherIsBetter {
		return -1
	}
	return 1
}

// metric is all that is said of it.
func (f *surface) metric(in Swept, confidence float64) results.SweptMetric {
	m := results.SweptMetric{
		Metric: f.of.String(), Better: f.of.Better().String(), Asked: f.asked, Relative: f.relative, Delta: shown(f.delta, f.relative),
		Values: [][]*float64{}, Centres: []*float64{}, Noise: bound(math.Sqrt(f.fit.Variance)), Parts: f.parts(in),
	}
	var against [][]float64
	for i, row := range f.values {
		all := make([]*float64, len(row))
		for round, v := range row {
			all[round] = bound(f.own(v))
		}
		m.Values, m.Centres = append(m.Values, all), append(m.Centres, bound(f.own(f.fit.Centres[i])))
		against = append(against, f.difference([]int{i}, []int{f.baseline}))
	}
	m.Effects = f.effects(against, confidence)
	m.Main = f.main(in, m.Effects, confidence)
	return m
}

// difference are the weights of the mean of some points less that of others; nil where one of
// them was not measured.
func (f *surface) difference(of, from []int) []float64 {
	weights := make([]float64, len(f.values))
	for _, side := range []struct {
		points []int
		sign   float64
	}{{of, 1}, {from, -1}} {
		for _, i := range side.points {
			if !f.fit.Measured(i) {
				return nil
			}
			weights[i] += side.sign / float64(len(side.points))
		}
	}
	return weights
}

// effects are those of all weights, whose intervals hold together; the one of points from themselves is 0
// and has no interval. Where there are no weights, nothing is known.
func (f *surface) effects(all [][]float64, confidence float64) []results.SweepEffect {
	compared := 0
	for _, weights := range all {
		if _, known := f.contrast(weights); known && !zero(weights) {
			compared++
		}
	}
	effects := make([]results.SweepEffect, len(all))
	for i, weights := range all {
		estimate, known := f.contrast(weights)
		if !known {
			continue
		}
		e := &effects[i]
		e.Effect = bound(shown(estimate, f.relative))
		if zero(weights) {
			continue
		}
		in := f.fit.Interval(weights, (1-confidence)/2/float64(compared))
		e.Low, e.High = bound(shown(in.Low, f.relative)), bound(shown(in.High, f.relative))
		if f.judged && f.fit.Free > 0 && f.of.Better() != threshold.Neutral {
			e.Verdict = judgeEffect(in, f.worse(), f.delta)
		}
	}
	return effects
}

// contrast is the effect that those weights make; it reports false where it is not known.
func (f *surface) contrast(weights []float64) (estimate float64, known bool) {
	if weights == nil {
		return 0, false
	}
	estimate, _, known = f.fit.Contrast(weights)
	return estimate, known
}

func zero(weights []float64) bool {
	return !slices.ContainsFunc(weights, func(w float64) bool { return w != 0 })
}

// main are the main effects by factor and level. In a grid they are contrasts of the means of
// all points of a level, else the effect of the one point that has it.
func (f *surface) main(in Swept, effects []results.SweepEffect, confidence float64) [][]results.SweepEffect {
	all := make([][]results.SweepEffect, len(in.Factors))
	if in.Design == results.OneAtATime {
		for k, factor := range in.Factors {
			all[k] = make([]results.SweepEffect, len(factor.Levels))
			for level := range factor.Levels {
				if i := pointAt(in, moved(in.Points[in.Baseline].Levels, k, level)); i >= 0 {
					all[k][level] = effects[i]
				}
			}
		}
		return all
	}
	var weights [][]float64
	for k, factor := range in.Factors {
		for level := range factor.Levels {
			of, from, whole := levelsOf(in, k, level)
			if !whole {
				weights = append(weights, nil)
				continue
			}
			weights = append(weights, f.difference(of, from))
		}
	}
	each := f.effects(weights, confidence)
	for k, factor := range in.Factors {
		all[k], each = each[:len(factor.Levels):len(factor.Levels)], each[len(factor.Levels):]
	}
	return all
}

// levelsOf are the points that have a level of a factor, and those that have the baseline's
// instead. It reports false where they are not each combination of all other factors' levels.
func levelsOf(in Swept, factor, level int) (of, from []int, whole bool) {
	others := 1
	for k, each := range in.Factors {
		if k != factor {
			others *= len(each.Levels)
		}
	}
	for i, p := range in.Points {
		if p.Levels[factor] != level {
			continue
		}
		other := pointAt(in, moved(p.Levels, factor, in.Factors[factor].Baseline))
		if other < 0 {
			return nil, nil, false
		}
		of, from = append(of, i), append(from, other)
	}
	return of, from, len(of) == others
}

// moved are levels of which one is another.
func moved(levels []int, factor, level int) []int {
	all := slices.Clone(levels)
	all[factor] = level
	return all
}

// pointAt is the place of the point with those levels; −1 where there is none.
func pointAt(in Swept, levels []int) int {
	return slices.IndexFunc(in.Points, func(p Point) bool { return slices.Equal(p.Levels, levels) })
}

// parts divide what is different among the points of a whole grid, by the rounds in which
// each of them was measured; there are none where there is no such round.
func (f *surface) parts(in Swept) []results.SweepPart {
	values, rounds := f.wholeRounds(roundsMade(in))
	if rounds == 0 {
		return []results.SweepPart{}
	}
	means := make([]float64, len(values))
	for i, row := range values {
		means[i], _ = stats.MeanAndSD(row)
	}
	var sizes []int
	var levels [][]int
	for _, factor := range in.Factors {
		sizes = append(sizes, len(factor.Levels))
	}
	for _, p := range in.Points {
		levels = append(levels, p.Levels)
	}
	found, whole := stats.GridParts(sizes, levels, means)
	if !whole {
		return []results.SweepPart{}
	}
	all := 0.0
	for _, part := range found {
		all += part.Squares
	}
	noise := stats.FitBlocks(values)
	parts := []results.SweepPart{}
	for _, part := range found {
		p := results.SweepPart{Factors: part.Factors}
		if all > 0 {
			p.Share = part.Squares / all
		}
		p.P = bound(stats.VarianceRatioP(float64(rounds)*part.Squares/float64(part.Free), part.Free, noise.Variance, noise.Free))
		parts = append(parts, p)
	}
	return parts
}

// wholeRounds are the values of the rounds in which each point was measured, and how many these are.
func (f *surface) wholeRounds(made int) (values [][]float64, rounds int) {
	values = make([][]float64, len(f.values))
	for round := range made {
		if slices.ContainsFunc(f.values, func(row []float64) bool { return math.IsNaN(row[round]) }) {
			continue
		}
		rounds++
		for i, row := range f.values {
			values[i] = append(values[i], row[round])
		}
	}
	return values, rounds
}

// choose says which point has the best objective, and which cannot be told from it: those whose
// difference to it may be 0, by one-sided intervals that hold together. The best of all, as it
// truly is, is then one of them at the confidence (Gupta, "On Some Multiple Decision (Selection and Ranking) Rules", 1965).
// Points that failed something take no part in it.
func (f *surface) choose(s *results.Sweep, confidence float64) {
	may := func(i int) bool { return f.fit.Measured(i) && len(s.Points[i].Failed) == 0 }
	best := f.best(may)
	if best < 0 {
		return
	}
	s.Best = &best
	var others []int
	for i := range f.values {
		if i != best && may(i) {
			others = append(others, i)
		}
	}
	for _, i := range others {
		in := f.fit.Interval(scaled(f.difference([]int{i}, []int{best}), f.worse()), (1-confidence)/float64(len(others)))
		if !(in.Low > 0) { // also where nothing is known of it
			s.Tied = append(s.Tied, i)
		}
	}
	switch advised := s.Baseline; {
	case s.Metrics[0].Effects[best].Verdict == results.Improvement:
		s.Advised = &best
	case may(s.Baseline):
		s.Advised = &advised
	}
}

// best is the place of the point with the best estimate of those that may be, of all that can be compared with the
// baseline, or, where that may not be, with the first that may; the baseline where
// none is better. It is −1 where none may be, or nothing is better.
func (f *surface) best(may func(point int) bool) int {
	best := -1
	beside := func(i int) bool {
		_, known := f.contrast(f.difference([]int{i}, []int{f.baseline}))
		return known
	}
	if may(f.baseline) {
		best = f.baseline
	}
	for _, is := range []func(int) bool{beside, func(int) bool { return true }} {
		for i := range f.values {
			if best < 0 && may(i) && is(i) {
				best = i
			}
		}
	}
	if best < 0 || f.of.Better() == threshold.Neutral {
		return -1
	}
	from, least := best, 0.0
	for i := range f.values {
		if by, known := f.contrast(f.difference([]int{i}, []int{from})); known && may(i) && f.worse()*by < least {
			best, least = i, f.worse()*by
		}
	}
	return best
}
