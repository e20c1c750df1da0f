package verdict

import (
	"fmt"
	"slices"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/stats"
)

// Conclude makes a comparison of contrasts: the gates of all of them are judged
// together. confirmations are contrasts of a fresh block of runs, which a regression must
// show again before its gate fails; nil where there are none yet.
func Conclude(contrasts, confirmations []results.Contrast, rules Rules) results.Comparison {
	c := results.Comparison{
		Schema: results.ComparisonSchema, MinEffect: rules.MinEffect, FloorMS: rules.FloorMS, Confidence: rules.Confidence(),
		Contrasts: contrasts, Gates: gatesOf(contrasts, rules.Looks), Reasons: []string{},
	}
	if confirmations != nil {
		confirm(c.Gates, confirmations)
	}
	c.Outcome = outcome(c.Gates)
	for _, each := range contrasts {
		for _, reason := range each.Reasons {
			if !slices.Contains(c.Reasons, reason) {
				c.Reasons = append(c.Reasons, reason)
			}
		}
	}
	return c
}

// gatesOf judges all gates.
func gatesOf(contrasts []results.Contrast, looks int) []results.Gate {
	gates := []results.Gate{}
	var of []results.MetricContrast
	var tested []int // indexes of gates
	var p []float64
	for _, c := range contrasts {
		for _, m := range c.Metrics {
			if !m.Gates {
				continue
			}
			g := results.Gate{Scenario: c.Scenario, Baseline: c.Baseline.Name, Candidate: c.Candidate.Name, Metric: m.Metric}
			g.Status, g.Why = untested(c, m)
			if g.Status == results.GateOpen {
				g.P = m.P
				tested, p = append(tested, len(gates)), append(p, *m.P*float64(max(looks, 1)))
			}
			gates, of = append(gates, g), append(of, m)
		}
	}
	for i, adjusted := range stats.Holm(p) {
		g := &gates[tested[i]]
		g.AdjustedP = &adjusted
		g.Status, g.Why = judgeGate(of[tested[i]], adjusted)
	}
	return gates
}

// untested says why a gate cannot be judged, or that it is open.
func untested(c results.Contrast, m results.MetricContrast) (results.GateStatus, string) {
	runs := len(c.Baseline.Runs) + len(c.Candidate.Runs)
	known := 0
	for _, v := range slices.Concat(m.Baseline, m.Candidate) {
		if v != nil {
			known++
		}
	}
	switch {
	case !c.Comparable && !c.Forced:
		return results.GateNotComparable, "the two sides are not comparable"
	case c.Method == results.Indicative:
		return results.GateInconclusive, "one run against one run is only indicative"
	case c.TimeConfounded && !c.Forced:
		return results.GateInconclusive, "all runs of one side were made before those of the other: interleave them, or --force"
	case known < runs:
		return results.GateNoData, fmt.Sprintf("%d of %d runs do not have it, or too few samples of it", runs-known, runs)
	case m.P == nil:
		return results.GateInconclusive, "it is better neither higher nor lower"
	}
	return results.GateOpen, ""
}

// judgeGate judges a gate on one side only: that the candidate is not worse.
func judgeGate(m results.MetricContrast, adjusted float64) (results.GateStatus, string) {
	worst := m.High
	if m.Better == "higher" {
		worst = negative(m.Low)
	}
	switch {
	case m.Verdict == results.Regression && adjusted <= gateLevel:
		return results.GateFail, "worse, by more than what matters"
	case m.Verdict == results.Regression:
		return results.GateInconclusive, "worse, but among so many gates chance may do that: more pairs, or fewer gates"
	case worst != nil && *worst < worseDelta(m):
		return results.GatePass, "not worse by as much as matters"
	default:
		return results.GateInconclusive, "it may be worse by as much as matters, or not"
	}
}

// worseDelta is the least change for the worse that matters, as Low and High are
// written: a relative one for a metric that is better higher is a share less.
func worseDelta(m results.MetricContrast) float64 {
	if m.Relative && m.Better == "higher" {
		return m.Delta / (1 + m.Delta)
	}
	return m.Delta
}

func negative(v *float64) *float64 {
	if v == nil {
		return nil
	}
	n := -*v
	return &n
}

// Failing are the metrics, by scenario, whose gates have failed.
func Failing(gates []results.Gate) (all []results.Gate) {
	for _, g := range gates {
		if g.Status == results.GateFail {
			all = append(all, g)
		}
	}
	return all
}

// confirm lets a gate fail only where the fresh block's gate fails, too.
func confirm(gates []results.Gate, fresh []results.Contrast) {
	var again []results.Contrast
	for _, c := range fresh { // only what is to be confirmed is tested again
		c.Metrics = slices.DeleteFunc(slices.Clone(c.Metrics), func(m results.MetricContrast) bool {
			return !slices.ContainsFunc(gates, func(g results.Gate) bool { return g.Status == results.GateFail && sameGate(g, c, m) })
		})
		for i := range c.Metrics {
			c.Metrics[i].Gates = true
		}
		again = append(again, c)
	}
	judged := gatesOf(again, 1)
	for i := range gates {
		g := &gates[i]
		at := slices.IndexFunc(judged, func(j results.Gate) bool {
			return j.Scenario == g.Scenario && j.Baseline == g.Baseline && j.Candidate == g.Candidate && j.Metric == g.Metric
		})
		if g.Status != results.GateFail {
			continue
		}
		if at < 0 {
			g.Status, g.Why = results.GateInconclusive, g.Why+", but no fresh block of runs was made to show it again"
			continue
		}
		for _, c := range again {
			for _, m := range c.Metrics {
				if sameGate(*g, c, m) {
					g.Confirmation = &m
				}
			}
		}
		switch judged[at].Status {
		case results.GateFail:
			g.Why = "worse, by more than what matters, and so again in a fresh block of runs"
		case results.GateNotComparable:
			g.Status, g.Why = results.GateNotComparable, "worse at first, but the runs of the fresh block are not comparable"
		case results.GatePass:
			g.Status, g.Why = results.GatePass, "worse at first, but not in a fresh block of runs"
		default:
			g.Status, g.Why = results.GateInconclusive, "worse at first, but a fresh block of runs left it open"
		}
	}
}

// Undecided leaves all gates open that could be judged: of an experiment that is not finished.
func Undecided(c *results.Comparison) {
	for i := range c.Gates {
		if g := &c.Gates[i]; g.Status == results.GateFail || g.Status == results.GatePass {
			g.Status, g.Why = results.GateInconclusive, g.Why+", so far: the experiment is not finished"
		}
	}
	c.Outcome = outcome(c.Gates)
}

func sameGate(g results.Gate, c results.Contrast, m results.MetricContrast) bool {
	return g.Scenario == c.Scenario && g.Baseline == c.Baseline.Name && g.Candidate == c.Candidate.Name && g.Metric == m.Metric
}

// outcome is the gravest of all gates.
func outcome(gates []results.Gate) results.GateStatus {
	for _, s := range []results.GateStatus{results.GateNotComparable, results.GateFail, results.GateNoData, results.GateInconclusive, results.GatePass} {
		if slices.ContainsFunc(gates, func(g results.Gate) bool { return g.Status == s }) {
			return s
		}
	}
	return results.GateOpen
}
