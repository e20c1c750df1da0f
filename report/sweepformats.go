package report

import (
	"slices"
	"strconv"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// sweepColumns are those of CSVComparison where there are sweeps.
var sweepColumns = []string{
	"scenario", "design", "point", "levels", "baseline", "best", "tied", "advised", "comparable", "metric", "objective", "asked", "better", "relative",
	"centre", "effect", "low", "high", "delta", "noise", "verdict", "runs", "values",
	"advises", "block",
}

// sweepRows are a row for each metric of each point of each sweep, and of the baseline and the best once more for each that was measured again.
func sweepRows(all []results.Sweep) [][]string {
	rows := [][]string{sweepColumns}
	for _, s := range all {
		advises := strconv.FormatBool(s.Advises)
		for i, p := range s.Points {
			is := func(at *int) string { return strconv.FormatBool(at != nil && *at == i) }
			tied := false
			for _, at := range s.Tied {
				tied = tied || at == i
			}
			point := []string{
				harmless(s.Scenario), s.Design, harmless(p.Name), harmless(pointTitle(s, i)), is(&s.Baseline), is(s.Best), strconv.FormatBool(tied), is(s.Advised), strconv.FormatBool(s.Comparable),
			}
			for _, m := range s.Metrics {
				rows = append(rows, flat(point, sweptCells(s, m, i), []string{advises, "sweep"}))
			}
			for _, cells := range freshCells(s, i) {
				rows = append(rows, flat(point, cells, []string{advises, "confirmation"}))
			}
		}
	}
	return rows
}

// sweptCells are a metric at a point. Its values are in the order of the rounds, empty where a round has none.
func sweptCells(s results.Sweep, m results.SweptMetric, i int) []string {
	e := effectAt(m, i)
	runs, values := valuesText(valuesAt(m, i))
	centre := ""
	if i < len(m.Centres) {
		centre = exactOrNone(m.Centres[i])
	}
	return []string{
		harmless(m.Metric), strconv.FormatBool(m.Metric == s.Objective), strconv.FormatBool(m.Asked), m.Better, strconv.FormatBool(m.Relative),
		centre, exactOrNone(e.Effect), exactOrNone(e.Low), exactOrNone(e.High), exact(m.Delta), exactOrNone(m.Noise), string(e.Verdict), runs, values,
	}
}

// freshCells are the metrics of a point in the fresh block of runs, as those of the sweep; none where it is neither the baseline nor the best.
func freshCells(s results.Sweep, i int) (rows [][]string) {
	if s.Confirmation == nil || s.Best == nil || i != *s.Best && i != s.Baseline {
		return nil
	}
	for _, m := range s.Confirmation.Metrics {
		of, centre := m.Candidate, m.CandidateMedian
		cells := []string{exact(m.Effect), exactOrNone(m.Low), exactOrNone(m.High), exact(m.Delta), exactOrNone(m.Noise), string(m.Verdict)}
		if i == s.Baseline {
			of, centre = m.Baseline, m.BaselineMedian
			cells = []string{exact(0), "", "", exact(m.Delta), exactOrNone(m.Noise), ""}
		}
		if !known(of) {
			continue
		}
		runs, values := valuesText(of)
		asked := slices.ContainsFunc(s.Metrics, func(x results.SweptMetric) bool { return x.Metric == m.Metric && x.Asked })
		rows = append(rows, flat([]string{
			harmless(m.Metric), strconv.FormatBool(m.Metric == s.Objective), strconv.FormatBool(asked), m.Better, strconv.FormatBool(m.Relative), exact(centre),
		}, cells, []string{runs, values}))
	}
	return rows
}

// valuesText are how many values are known, and all of them.
func valuesText(of []*float64) (runs, values string) {
	n, all := 0, []string{}
	for _, v := range of {
		if v != nil {
			n++
		}
		all = append(all, exactOrNone(v))
	}
	return strconv.Itoa(n), strings.Join(all, ";")
}

// valuesAt are the runs of a point.
func valuesAt(m results.SweptMetric, i int) []*float64 {
	if i >= len(m.Values) {
		return nil
	}
	return m.Values[i]
}

// sweepSuite is a sweep as a test suite of one case. It fails only where runs may not be compared: a sweep explores, and nothing gates.
func sweepSuite(c results.Comparison, s results.Sweep) junitSuite {
	name := s.Scenario + ": sweep of " + factorNames(s, " × ")
	word, _, _ := sweepOutcome(results.Comparison{Sweeps: []results.Sweep{s}, Confidence: c.Confidence})
	suite := junitSuite{Name: name, Properties: []junitProperty{{"outcome", word}, {"design", s.Design}, {"objective", s.Objective}}}
	var lines []string
	for _, f := range sweepAnswer(c, s) {
		lines = append(lines, f.Name+": "+f.Value)
		suite.Properties = append(suite.Properties, junitProperty{strings.ToLower(f.Name), f.Value})
	}
	each := junitCase{Class: name, Name: s.Objective}
	switch {
	case incomparable(s):
		each.Failure = &junitFailure{"not-comparable", "not comparable", strings.Join(s.Reasons, "\n")}
	case !sweptAnything(s):
		each.Skipped = &junitSkipped{strings.Join(lines, "\n")}
	default:
		each.Out = strings.Join(lines, "\n")
	}
	suite.add(each)
	return suite
}
