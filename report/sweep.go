package report

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// sweepOutcome is a comparison of sweeps in a word, and a fact of each.
func sweepOutcome(c results.Comparison) (word string, tone tone, facts []string) {
	some := func(is func(results.Sweep) bool) bool { return slices.ContainsFunc(c.Sweeps, is) }
	switch {
	case some(incomparable):
		word, tone = "NOT COMPARABLE", bad
	case some(findsBetter):
		word, tone = "BETTER FOUND", good
	case !some(sweptAnything):
		word, tone = "NO DATA", bad
	case !some(func(s results.Sweep) bool { return s.Advises }):
		word, tone = "MEASURED", ""
	case some(func(s results.Sweep) bool { return s.Advises && s.Best != nil && objective(s).Noise == nil }):
		word, tone = "INDICATIVE", warning
	case some(func(s results.Sweep) bool { return openText(s) != "" }):
		word, tone = "OPEN", warning
	default:
		word, tone = "NOTHING BETTER", good
	}
	for _, s := range c.Sweeps {
		facts = append(facts, s.Scenario+": "+sweepFact(c, s))
	}
	return word, tone, facts
}

// incomparable reports whether the runs of a sweep may not be compared, and are not.
func incomparable(s results.Sweep) bool { return !s.Comparable && !s.Forced }

// sweptAnything reports whether any run knows the objective, and runs may be compared.
func sweptAnything(s results.Sweep) bool {
	return known(objective(s).Centres) && (!incomparable(s) || s.Best != nil)
}

// findsBetter reports whether a sweep advises something else than the baseline.
func findsBetter(s results.Sweep) bool { return s.Advised != nil && *s.Advised != s.Baseline }

// openText says why a sweep that advises nothing else than the baseline leaves it open whether anything is better; nothing
// where no point looks better by what matters, or where all that do were measured again and are not.
func openText(s results.Sweep) string {
	m := objective(s)
	switch {
	case !s.Advises || findsBetter(s):
		return ""
	case s.Advised == nil:
		return s.Why
	}
	var missing []string
	if n := unmeasuredPoints(s); n > 0 {
		missing = append(missing, fmt.Sprintf("%d of %s not measured", n, plural(len(s.Points), "point")))
	}
	looks := 0
	for i := range s.Points {
		if e := effectAt(m, i); i != s.Baseline && e.Effect != nil && looksBetter(m, *e.Effect) && len(s.Points[i].Failed) == 0 && !refuted(s, i) {
			looks++
		}
	}
	if looks > 0 {
		missing = append(missing, fmt.Sprintf("%d of %s looking better by what matters, which so few runs cannot tell from chance", looks, plural(len(s.Points), "point")))
	}
	return strings.Join(missing, "; ")
}

// refuted reports whether fresh runs of a point told that it is not better.
func refuted(s results.Sweep, i int) bool {
	m := confirmed(s)
	return s.Best != nil && i == *s.Best && m != nil && (m.Verdict == results.Equivalent || m.Verdict == results.Regression)
}

// looksBetter reports whether an effect is for the better, and matters.
func looksBetter(m results.SweptMetric, effect float64) bool {
	return (m.Better == "higher") == (effect > 0) && m.Better != "neutral" && effect != 0 && strength(m, effect) >= strength(m, m.Delta)
}

// unmeasuredPoints is how many have no run that knows the objective.
func unmeasuredPoints(s results.Sweep) (n int) {
	m := objective(s)
	for i := range s.Points {
		if i >= len(m.Centres) || m.Centres[i] == nil {
			n++
		}
	}
	return n
}

// sweepFact is what a sweep says in a sentence.
func sweepFact(c results.Comparison, s results.Sweep) string {
	switch {
	case incomparable(s):
		return "the runs may not be compared"
	case !sweptAnything(s):
		return "nothing was measured of " + s.Objective
	case !s.Advises:
		return s.Why
	case s.Advised == nil:
		return "nothing is advised: " + s.Why
	case !findsBetter(s) && objective(s).Noise == nil:
		return "too few runs to tell whether anything is better than the baseline, " + pointTitle(s, s.Baseline)
	case !findsBetter(s) && openText(s) != "":
		return "nothing was found that is better than the baseline, " + pointTitle(s, s.Baseline) + ", but it is open: " + openText(s)
	case !findsBetter(s):
		return "nothing is better than the baseline, " + pointTitle(s, s.Baseline) + ", by what matters"
	}
	text := "take " + strings.Join(settings(s, *s.Advised, keyOf, unlike), ", ") + ": "
	if m := confirmed(s); m != nil {
		return text + s.Objective + " " + effectText(*m) + intervalOf(c, intervalText(*m)) + " in fresh runs"
	}
	return text + sweptEffect(c, objective(s), *s.Advised)
}

// sweepAnswer is what a sweep says, in parts.
func sweepAnswer(c results.Comparison, s results.Sweep) (all []fact) {
	add := func(name, value string) {
		if value != "" {
			all = append(all, fact{name, value})
		}
	}
	again := func(of string) {
		if m := confirmed(s); m != nil {
			add("Measured again", of+" "+effectText(*m)+intervalOf(c, intervalText(*m))+" in fresh runs, which took no part in the choice: this is the figure to quote")
		}
	}
	m, name := objective(s), "Advised"
	if !s.Advises {
		name = "Measured"
	}
	switch at := s.Best; {
	case incomparable(s):
		return []fact{{name, "nothing: the runs may not be compared"}}
	case !sweptAnything(s):
		return []fact{{name, "nothing: " + s.Objective + " was not measured"}}
	case !s.Advises:
		return []fact{{name, s.Why}}
	case at == nil:
		return []fact{{name, "nothing: " + s.Why}}
	case findsBetter(s):
		at = s.Advised
		add(name, pointTitle(s, *at))
		again(s.Objective)
		add("Effect", sweptEffect(c, m, *at)+inSweep(s, *at))
	default:
		value := "nothing"
		if s.Advised != nil {
			value = "the baseline, " + pointTitle(s, s.Baseline)
			switch open := openText(s); {
			case m.Noise == nil:
				value += ": there are too few runs to tell whether anything is better"
			case open != "":
				value += ": nothing was found that is better, but it is open"
			default:
				value += ": nothing is better by what matters"
			}
		}
		add(name, value)
		if s.Advised != nil && m.Noise != nil {
			add("Open", openText(s))
		}
		if *at != s.Baseline {
			add("Best in the sweep", pointTitle(s, *at)+": "+sweptEffect(c, m, *at))
			again(s.Objective)
		}
	}
	var tied []string
	for _, i := range s.Tied {
		tied = append(tied, shortTitle(s, i))
	}
	add("Cannot be told from it", strings.Join(tied, "; "))
	add("Why", s.Why)
	return all
}

// inSweep says from what an effect follows, and how far it is to be trusted.
func inSweep(s results.Sweep, at int) string {
	m := objective(s)
	text := " in the sweep: " + sweptCentre(m, at) + " against " + sweptCentre(m, s.Baseline)
	if s.Confirmation == nil {
		text += "; what is chosen by a figure is flattered by it"
	}
	return text
}

// confirmed is the objective in the fresh block of runs; nil where there is none.
func confirmed(s results.Sweep) *results.MetricContrast {
	if s.Confirmation == nil {
		return nil
	}
	for _, m := range s.Confirmation.Metrics {
		if m.Metric == s.Objective {
			return &m
		}
	}
	return nil
}

// sweepSays says how a sweep was made, and what to beware of.
func sweepSays(s results.Sweep) (all []says) {
	m := objective(s)
	text := designText(s) + ", in " + plural(s.Rounds, "round") + "; what matters is " + sizeText(plainOf(m, results.SweepEffect{}), m.Delta)
	if m.Noise != nil {
		text += "; runs of one point vary by " + noiseText(plainOf(m, results.SweepEffect{})) + " (standard deviation)"
	}
	all = append(all, says{text, faint})
	if m.Noise == nil && sweptAnything(s) {
		all = append(all, says{"indicative: there are too few runs to know how much those of one point vary. There are no intervals, and no verdict follows.", warning})
	}
	for _, reason := range s.Reasons {
		word := "with care: "
		switch {
		case s.Forced:
			word = "compared all the same (forced): "
		case !s.Comparable:
			word = "not comparable: "
		}
		all = append(all, says{word + reason, bad})
	}
	if s.Ended != "" {
		all = append(all, says{"not all rounds were made: " + s.Ended, warning})
	}
	for _, n := range s.Notes {
		all = append(all, says{n, warning})
	}
	if s.Confirmation != nil {
		for _, n := range s.Confirmation.Notes {
			all = append(all, says{"fresh runs: " + n, warning})
		}
	}
	return all
}

// designText is how the points were chosen.
func designText(s results.Sweep) string {
	if s.Design != results.Grid || len(s.Factors) < 2 {
		var counts []string
		for _, f := range s.Factors {
			counts = append(counts, plural(len(f.Levels), "level")+" of "+f.Name)
		}
		text := strings.Join(counts, ", ")
		if len(s.Factors) > 1 {
			text = "one at a time: " + text
		}
		return text
	}
	var counts []string
	for _, f := range s.Factors {
		counts = append(counts, strconv.Itoa(len(f.Levels)))
	}
	return "a grid of " + strings.Join(counts, " × ") + ": " + factorNames(s, " × ")
}

func factorNames(s results.Sweep, between string) string {
	var names []string
	for _, f := range s.Factors {
		names = append(names, f.Name)
	}
	return strings.Join(names, between)
}

// pointTitle is all that a point is set to, "key = value, key = value".
func pointTitle(s results.Sweep, i int) string {
	return strings.Join(settings(s, i, keyOf, func(results.SweepFactor, int) bool { return true }), ", ")
}

// shortTitle is what of a point is not the baseline's, by the factors' names.
func shortTitle(s results.Sweep, i int) string {
	all := settings(s, i, func(f results.SweepFactor) string { return f.Name }, unlike)
	if len(all) == 0 {
		return "the baseline"
	}
	return strings.Join(all, ", ")
}

// settings are a point's levels of the factors that are to be told, by name.
func settings(s results.Sweep, i int, name func(results.SweepFactor) string, told func(f results.SweepFactor, level int) bool) (all []string) {
	if i < 0 || i >= len(s.Points) {
		return nil
	}
	for f, level := range s.Points[i].Levels {
		if f < len(s.Factors) && told(s.Factors[f], level) {
			all = append(all, name(s.Factors[f])+" = "+levelName(s.Factors[f], level))
		}
	}
	return all
}

// keyOf is what --set calls a factor, or its name where a level changes several keys.
func keyOf(f results.SweepFactor) string { return cmp.Or(f.Key, f.Name) }

// unlike reports whether a level is not the baseline's.
func unlike(f results.SweepFactor, level int) bool { return level != f.Baseline }

func levelName(f results.SweepFactor, level int) string {
	if level < 0 || level >= len(f.Levels) {
		return "?"
	}
	return f.Levels[level]
}

// placeOf is the place of the point with the given levels; below 0 where there is none.
func placeOf(s results.Sweep, levels []int) int {
	return slices.IndexFunc(s.Points, func(p results.SweepPoint) bool { return slices.Equal(p.Levels, levels) })
}

// levelsAt are those of a point, or the baseline's where there is no such point.
func levelsAt(s results.Sweep, at *int) []int {
	levels := make([]int, len(s.Factors))
	for f := range s.Factors {
		levels[f] = s.Factors[f].Baseline
	}
	if at != nil && *at >= 0 && *at < len(s.Points) {
		copy(levels, s.Points[*at].Levels)
	}
	return levels
}

// marksOf are what is to be known of a point, in words.
func marksOf(s results.Sweep, i int) (all []string) {
	is := func(at *int) bool { return at != nil && *at == i }
	if i == s.Baseline {
		all = append(all, "baseline")
	}
	switch {
	case is(s.Best) && is(s.Advised) && i != s.Baseline:
		all = append(all, "best, advised")
	case is(s.Best):
		all = append(all, "best")
	case slices.Contains(s.Tied, i):
		all = append(all, "tied with the best")
	}
	if i >= 0 && i < len(s.Points) && len(s.Points[i].Failed) > 0 {
		all = append(all, "failed a check or threshold")
	}
	return all
}

// marksIn are the marks of a point where a metric is told: which is the best is of the objective only.
func marksIn(s results.Sweep, m results.SweptMetric, i int) (all []string) {
	if m.Metric == s.Objective {
		return marksOf(s, i)
	}
	if i == s.Baseline {
		all = append(all, "baseline")
	}
	if at := shownPoint(s); at != nil && *at == i {
		word := "best of the objective"
		if findsBetter(s) {
			word = "advised"
		}
		all = append(all, word)
	}
	return all
}

// partName is what a part of the differences is of.
func partName(s results.Sweep, p results.SweepPart) string {
	var names []string
	for _, f := range p.Factors {
		if f >= 0 && f < len(s.Factors) {
			names = append(names, s.Factors[f].Name)
		}
	}
	switch len(names) {
	case 0:
		return "all that is left"
	case 1:
		return names[0]
	default:
		return strings.Join(names, " with ") + ", together"
	}
}

// chanceText is a probability.
func chanceText(p *float64) string {
	switch {
	case p == nil:
		return "–"
	case *p < 0.001:
		return "< 0.001"
	default:
		return fmt.Sprintf("%.2g", *p)
	}
}
