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

// Confirm tells a sweep what a fresh block of pairs says of its best point: a paired comparison of the
// baseline with it, by the same objective. That block alone decides what is advised, since
// the best of many looks better than it is, and a block that took no part in choosing it does not know that it was chosen.
func Confirm(s *results.Sweep, fresh results.Contrast) {
	s.Confirmation = &fresh
	if s.Best == nil || *s.Best == s.Baseline {
		return
	}
	advised := s.Baseline
	m, known := objectiveOf(*s, fresh)
	if known && m.Verdict == results.Improvement {
		advised = *s.Best
	}
	s.Advised = &advised
	s.Why = whyConfirmed(*s, fresh, m, known)
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
func whyConfirmed(s results.Sweep, fresh results.Contrast, m results.MetricContrast, known bool) string {
	best, c := s.Points[*s.Best].Name, changed(s)
	first := "looked best in the sweep"
	if e := s.Metrics[0].Effects[*s.Best].Effect; e != nil {
		first = fmt.Sprintf("had %s %s than the baseline in the sweep", s.Objective, c.by(*e))
	}
	switch {
	case !fresh.Comparable && !fresh.Forced:
		return fmt.Sprintf("%s %s, but the fresh runs of the two are not comparable: %s", best, first, strings.Join(fresh.Reasons, "; "))
	case !known:
		return fmt.Sprintf("%s %s, but no fresh pair of runs knows it", best, first)
	}
	c.relative = m.Relative
	again := fmt.Sprintf("%s%s in %s that took no part in choosing it", c.by(m.Effect), c.between(m.Low, m.High), number(fresh.Pairs, "fresh pair of runs", "fresh pairs of runs"))
	if m.Verdict == results.Improvement {
		return fmt.Sprintf("%s %s, and %s, which is what to expect of it%s", best, first, again, tied(s))
	}
	return fmt.Sprintf("%s %s, but %s: %s", best, first, again, shortOf(m.Verdict, m.Low, m.High, c.by(m.Delta), c.worse))
}

// why says why a point is advised, or none.
func why(s results.Sweep) string {
	m, err := threshold.ParseMetric(s.Objective)
	switch {
	case !slices.ContainsFunc(s.Points, func(p results.SweepPoint) bool {
		return slices.ContainsFunc(p.Runs, func(r results.ComparedRun) bool { return r.ID != "" && (r.Valid || s.Forced) })
	}):
		return "no run counts"
	case !s.Comparable && !s.Forced:
		return "the runs are not comparable: " + strings.Join(s.Reasons, "; ")
	case err == nil && m.Better() == threshold.Neutral:
		return s.Objective + " is better neither higher nor lower"
	case s.Best == nil:
		return "no run knows " + s.Objective
	}
	f, best, c := s.Metrics[0], s.Points[*s.Best].Name, changed(s)
	centre := c.value(*f.Centres[*s.Best])
	base := f.Centres[s.Baseline]
	switch e := f.Effects[*s.Best]; {
	case base == nil || e.Effect == nil:
		return fmt.Sprintf("%s has the best %s, %s, but no run of the baseline is there to compare it with", best, s.Objective, centre)
	case *s.Best == s.Baseline:
		return fmt.Sprintf("no point has a better %s than the baseline's %s%s", s.Objective, centre, tied(s))
	case e.Low == nil:
		return fmt.Sprintf("%s has the best %s, %s, %s than the baseline, but so few runs cannot tell that from chance: each point takes at least two", best, s.Objective, centre, c.by(*e.Effect))
	case *s.Advised == *s.Best:
		return fmt.Sprintf("%s has the best %s, %s, %s than the baseline%s%s", best, s.Objective, centre, c.by(*e.Effect), c.between(e.Low, e.High), tied(s))
	default:
		return fmt.Sprintf("%s has the best %s, %s, %s than the baseline%s: %s", best, s.Objective, centre, c.by(*e.Effect), c.between(e.Low, e.High), shortOf(e.Verdict, e.Low, e.High, c.by(f.Delta), c.worse))
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

// tied says which points would do as well as the best, of all but the baseline.
func tied(s results.Sweep) string {
	others := slices.DeleteFunc(slices.Clone(s.Tied), func(i int) bool { return i == s.Baseline })
	switch {
	case len(s.Points) < 2:
		return ""
	case len(others) == 0:
		return "; all other points are worse"
	}
	text := fmt.Sprintf("; %s cannot be told from it", number(len(others), "other point", "other points"))
	fewest := slices.MinFunc(others, func(a, b int) int { return cmp.Compare(changes(s, a), changes(s, b)) })
	if changes(s, fewest) >= changes(s, *s.Best) {
		return text
	}
	return fmt.Sprintf("%s, of which %s changes only %s", text, s.Points[fewest].Name, number(changes(s, fewest), "factor", "factors"))
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
	if c.relative {
		return fmt.Sprintf("%.1f %%", 100*math.Abs(v))
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
