package verdict

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// Fresh is a block of pairs of the baseline and the best point of a sweep, which took no part in choosing it.
type Fresh struct {
	Contrast results.Contrast
	// Planned is how many pairs were to be made, and Missing says why some do not count; the contrast has its Pairs.
	Planned int
	Missing []string
	// Failed are the checks that the best point's runs failed and the thresholds that they breached.
	Failed []string
}

// Duel compares the baseline of a sweep with its best point in a fresh block: of so many pairs as were planned those whose
// runs are there, in order. A pair of which one run does not count is left out, unless the rules force it.
func Duel(baseline, best Side, planned int, rules Rules) Fresh {
	f := Fresh{Planned: planned}
	a, b := Side{Name: baseline.Name}, Side{Name: best.Name}
	made := min(len(baseline.Samples), len(best.Samples))
	for i := range made {
		one, other := baseline.Samples[i], best.Samples[i]
		if lacks := unfit([]Sample{one, other}); len(lacks) > 0 && !rules.Force {
			f.Missing = append(f.Missing, strings.Join(lacks, ", and "))
			continue
		}
		a.Samples, b.Samples = append(a.Samples, one), append(b.Samples, other)
	}
	if n := planned - made; n > 0 {
		f.Missing = append(f.Missing, number(n, "pair was not made", "pairs were not made"))
	}
	f.Failed = failedOf(b.Samples)
	f.Contrast = Compare(a, b, true, rules)
	for _, why := range f.Missing {
		f.Contrast.Notes = append(f.Contrast.Notes, "a pair does not count: "+why)
	}
	return f
}

// Confirm tells a sweep what a fresh block says of its best point, by the same objective. That block alone decides what is
// advised, since the best of many looks better than it is, and a block that took no part in choosing it does not know that it
// was chosen.
func Confirm(s *results.Sweep, fresh Fresh) {
	if !s.Advises {
		return
	}
	s.Confirmation = &fresh.Contrast
	if s.Best == nil || *s.Best == s.Baseline {
		return
	}
	s.Advised = nil
	m, known := objectiveOf(*s, fresh.Contrast)
	switch advised := s.Baseline; {
	case known && m.Verdict == results.Improvement && len(fresh.Failed) == 0:
		s.Advised = s.Best
	case len(s.Points[s.Baseline].Failed) == 0:
		s.Advised = &advised
	}
	s.Why = whyConfirmed(*s, fresh, m, known)
}

// Undecide takes back what a sweep advises while so many runs are still to be made, the fresh block's included.
func Undecide(s *results.Sweep, runs int) {
	s.Advised = nil
	s.Why = number(runs, "run is still to be made", "runs are still to be made") + "; so far " + s.Why
}

// objectiveOf is the objective in a fresh block; it reports false where that has no effect on it.
func objectiveOf(s results.Sweep, fresh results.Contrast) (results.MetricContrast, bool) {
	at := slices.IndexFunc(fresh.Metrics, func(m results.MetricContrast) bool { return m.Metric == s.Objective })
	if at < 0 {
		return results.MetricContrast{}, false
	}
	m := fresh.Metrics[at]
	a, _ := pairsOf(m.Baseline, m.Candidate)
	return m, len(a) > 0
}

// whyConfirmed says what a fresh block made of the best point.
func whyConfirmed(s results.Sweep, fresh Fresh, m results.MetricContrast, known bool) string {
	best, c, x := s.Points[*s.Best].Name, changed(s), fresh.Contrast
	first := "looked best in the sweep"
	if e := s.Metrics[0].Effects[*s.Best].Effect; e != nil {
		first = fmt.Sprintf("had %s %s than the baseline in the sweep", s.Objective, c.by(*e))
	}
	switch {
	case len(x.Baseline.Runs) == 0:
		return fmt.Sprintf("%s %s, but none of the %d fresh pairs of runs counts: %s", best, first, fresh.Planned, strings.Join(fresh.Missing, "; "))
	case !x.Comparable && !x.Forced:
		return fmt.Sprintf("%s %s, but the fresh runs of the two are not comparable: %s", best, first, strings.Join(x.Reasons, "; "))
	case !known:
		return fmt.Sprintf("%s %s, but no fresh pair of runs knows it", best, first)
	}
	c.relative = m.Relative
	pairs := number(x.Pairs, "fresh pair of runs", "fresh pairs of runs")
	if x.Pairs < fresh.Planned {
		pairs = fmt.Sprintf("%d of %d fresh pairs of runs", x.Pairs, fresh.Planned)
	}
	again := fmt.Sprintf("%s%s in %s that took no part in choosing it", c.by(m.Effect), c.between(m.Low, m.High), pairs)
	switch {
	case len(fresh.Failed) > 0:
		return fmt.Sprintf("%s %s, and %s, but there %s", best, first, again, fresh.Failed[0])
	case m.Verdict == results.Improvement:
		return fmt.Sprintf("%s %s, and %s, which is what to expect of it%s", best, first, again, tied(s))
	}
	text := fmt.Sprintf("%s %s, but %s: %s", best, first, again, shortOf(m.Verdict, m.Low, m.High, c.by(m.Delta), c.worse))
	if x.Pairs < fresh.Planned {
		text += fmt.Sprintf("; there were only %d of %d pairs: %s", x.Pairs, fresh.Planned, strings.Join(fresh.Missing, "; "))
	}
	return text
}

// Why says why a point of a sweep is advised before any is measured again, or none; where that is not asked, what the
// objective did over the points. It follows from the sweep's figures alone.
func Why(s results.Sweep) string {
	m, err := threshold.ParseMetric(s.Objective)
	f, c := s.Metrics[0], changed(s)
	known := slices.ContainsFunc(f.Centres, func(v *float64) bool { return v != nil })
	switch {
	case !slices.ContainsFunc(s.Points, func(p results.SweepPoint) bool {
		return slices.ContainsFunc(p.Runs, func(r results.ComparedRun) bool { return r.ID != "" && (r.Valid || s.Forced) })
	}):
		return "no run counts"
	case !s.Comparable && !s.Forced:
		return "the runs are not comparable: " + strings.Join(s.Reasons, "; ")
	case !known:
		return "no run knows " + s.Objective
	case !s.Advises:
		return whatHappened(s)
	case err == nil && m.Better() == threshold.Neutral:
		return s.Objective + " is better neither higher nor lower"
	case s.Best == nil:
		return "each point that knows " + s.Objective + " failed a check or breached a threshold"
	}
	best, centre, base := s.Points[*s.Best].Name, c.value(*f.Centres[*s.Best]), f.Centres[s.Baseline]
	switch e := f.Effects[*s.Best]; {
	case base == nil || e.Effect == nil:
		return fmt.Sprintf("%s has the best %s, %s, but no run of the baseline is there to compare it with", best, s.Objective, centre)
	case *s.Best == s.Baseline:
		return fmt.Sprintf("no point has a better %s than the baseline's %s%s", s.Objective, centre, tied(s))
	case e.Low == nil:
		return fmt.Sprintf("%s has the best %s, %s, %s than the baseline, but so few runs cannot tell that from chance: each point takes at least two", best, s.Objective, centre, c.by(*e.Effect))
	case s.Advised != nil && *s.Advised == *s.Best:
		return fmt.Sprintf("%s has the best %s, %s, %s than the baseline%s%s", best, s.Objective, centre, c.by(*e.Effect), c.between(e.Low, e.High), tied(s))
	default:
		text := fmt.Sprintf("%s has the best %s, %s, %s than the baseline%s: %s", best, s.Objective, centre, c.by(*e.Effect), c.between(e.Low, e.High), shortOf(e.Verdict, e.Low, e.High, c.by(f.Delta), c.worse))
		if s.Advised == nil {
			text += "; the baseline is not advised either: " + s.Points[s.Baseline].Failed[0]
		}
		return text
	}
}

// whatHappened says what the objective did over the points: where it is lowest and where highest, and
// which points cannot be told from the baseline.
func whatHappened(s results.Sweep) string {
	f, c := s.Metrics[0], changed(s)
	var points []int
	var alike []string
	intervals := false
	for i, centre := range f.Centres {
		if centre == nil {
			continue
		}
		points = append(points, i)
		e := f.Effects[i]
		if e.Low == nil || e.High == nil {
			continue
		}
		intervals = true
		if *e.Low <= 0 && *e.High >= 0 {
			alike = append(alike, s.Points[i].Name)
		}
	}
	less := func(a, b int) int { return cmp.Compare(*f.Centres[a], *f.Centres[b]) }
	low, high := slices.MinFunc(points, less), slices.MaxFunc(points, less)
	at := func(i int) string {
		text := s.Points[i].Name + ", " + c.value(*f.Centres[i])
		switch e := f.Effects[i]; {
		case i == s.Baseline:
			text += ", which is the baseline"
		case e.Effect != nil:
			text += ", " + c.by(*e.Effect) + " than the baseline" + c.between(e.Low, e.High)
		}
		return text
	}
	text := fmt.Sprintf("%s is lowest at %s, and highest at %s", s.Objective, at(low), at(high))
	if n := len(s.Points) - len(points); n > 0 {
		text += "; " + number(n, "point was not measured", "points were not measured")
	}
	switch {
	case f.Centres[s.Baseline] == nil:
		return text + "; no run of the baseline is there to compare them with"
	case len(s.Points) < 2:
		return text
	case !intervals:
		return text + "; so few runs cannot tell that from chance: each point takes at least two"
	case len(alike) == 0:
		return text + "; each point that was measured can be told from the baseline"
	default:
		return text + "; what cannot be told from the baseline: " + some(alike)
	}
}

// shortOf says what an effect lacks to be an improvement.
func shortOf(v results.Verdict, low, high *float64, delta string, worse float64) string {
	delta = strings.TrimSuffix(strings.TrimSuffix(delta, " higher"), " lower")
	wholly := low != nil && high != nil && max(worse**low, worse**high) < 0
	switch {
	case v == results.Regression:
		return "it is worse"
	case wholly:
		return fmt.Sprintf("that is more than chance, but less than the %s that matter", delta)
	case v == results.Equivalent:
		return fmt.Sprintf("the two do not differ by the %s that matter", delta)
	default:
		return "chance may do that"
	}
}

// tied says which points would do as well as the best, of all but the baseline, and of how many nothing is known.
func tied(s results.Sweep) string {
	others := slices.DeleteFunc(slices.Clone(s.Tied), func(i int) bool { return i == s.Baseline })
	var text string
	worse, missing, failed := 0, 0, 0
	for i, centre := range s.Metrics[0].Centres {
		switch {
		case centre == nil:
			missing++
		case len(s.Points[i].Failed) > 0:
			failed++
		case i != *s.Best && !slices.Contains(s.Tied, i):
			worse++
		}
	}
	switch {
	case len(s.Points) < 2:
		return ""
	case len(others) > 0:
		text = fmt.Sprintf("; %s cannot be told from it", number(len(others), "other point", "other points"))
		if fewest := slices.MinFunc(others, func(a, b int) int { return cmp.Compare(changes(s, a), changes(s, b)) }); changes(s, fewest) < changes(s, *s.Best) {
			text += fmt.Sprintf(", of which %s changes only %s", s.Points[fewest].Name, number(changes(s, fewest), "factor", "factors"))
		}
	case missing+failed == 0 && worse > 0:
		return "; all other points are worse"
	case worse > 0:
		text = fmt.Sprintf("; %s worse", number(worse, "other point is", "other points are"))
	}
	if missing > 0 {
		text += "; " + number(missing, "point was not measured", "points were not measured")
	}
	if failed > 0 {
		text += "; " + number(failed, "point failed a check or breached a threshold", "points failed a check or breached a threshold")
	}
	return text
}

// changes is in how many factors a point is not as the baseline.
func changes(s results.Sweep, point int) (n int) {
	for k, factor := range s.Factors {
		if s.Points[point].Levels[k] != factor.Baseline {
			n++
		}
	}
	return n
}

func number(n int, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}

// change writes effects on the objective.
type change struct {
	of       threshold.Metric
	relative bool
	worse    float64
}

func changed(s results.Sweep) change {
	of, _ := threshold.ParseMetric(s.Objective)
	c := change{of: of, relative: s.Metrics[0].Relative, worse: 1}
	if of.Better() == threshold.HigherIsBetter {
		c.worse = -1
	}
	return c
}

// by writes an effect.
func (c change) by(v float64) string {
	if v < 0 {
		return c.size(v) + " lower"
	}
	return c.size(v) + " higher"
}

func (c change) size(v float64) string {
	switch share := 100 * math.Abs(v); {
	case c.relative && share >= 100:
		return fmt.Sprintf("%.0f %%", share)
	case c.relative:
		return fmt.Sprintf("%.1f %%", share)
	}
	return strings.Replace(c.value(math.Abs(v)), "%", " percentage points", 1)
}

// value writes a value in the metric's own unit, to four figures.
func (c change) value(v float64) string {
	rounded, _ := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64)
	return c.of.Format(rounded)
}

// between writes an interval, in brackets after its effect; nothing where there is none.
func (c change) between(low, high *float64) string {
	switch {
	case low == nil || high == nil:
		return ""
	case *low < 0 && *high < 0:
		return fmt.Sprintf(" (between %s and %s lower)", c.size(*high), c.size(*low))
	case *low >= 0 && *high >= 0:
		return fmt.Sprintf(" (between %s and %s higher)", c.size(*low), c.size(*high))
	default:
		return fmt.Sprintf(" (between %s lower and %s higher)", c.size(*low), c.size(*high))
	}
}
