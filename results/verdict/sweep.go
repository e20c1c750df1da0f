package verdict

import (
	"fmt"
	"slices"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// Swept is what was measured of a sweep under one scenario.
type Swept struct {
	Scenario string
	// Design, Factors, Rounds and Ended are as in a results.Sweep.
	Design  string
	Factors []results.SweepFactor
	Rounds  int
	Ended   string
	// Points are all that were to be measured, and Baseline is the place of the one that the others are compared with.
	Points   []Point
	Baseline int
	// Advises tells that a best point is looked for; else only effects are of interest.
	Advises bool
	// Objective is the metric by which the best is chosen, and Asked are those to be shown beside it.
	Objective threshold.Metric
	Asked     []threshold.Metric
}

// Point is one combination of levels.
type Point struct {
	// Name, Levels and Differences are as in a results.SweepPoint.
	Name        string
	Levels      []int
	Differences []results.Difference
	// Runs are by round; nil where there is none, also at the end.
	Runs []*Sample
}

// Sweep says by how much each point of a sweep differs from the baseline, which one is the
// best, and whether it is to be advised. A run that is not valid or did not come to its end
// does not count, unless the rules force it; those of its round do. Gates and Looks are of no matter but for the confidence.
func Sweep(in Swept, rules Rules) results.Sweep {
	s := newSweep(in)
	counted := count(in, &s, rules)
	var objective surface
	for i, m := range sweptMetrics(in, counted) {
		f := newSurface(in, m, counted, rules)
		f.judged = s.Comparable || s.Forced
		s.Metrics = append(s.Metrics, f.metric(in, rules.Confidence()))
		if i == 0 {
			objective = f
		}
	}
	s.Notes = append(s.Notes, objective.noiseNotes(s)...)
	if objective.judged && s.Advises {
		objective.choose(&s, rules.Confidence())
	}
	s.Why = Why(s)
	return s
}

// newSweep is what was asked, and all runs.
func newSweep(in Swept) results.Sweep {
	s := results.Sweep{
		Scenario: in.Scenario, Design: in.Design, Factors: in.Factors, Points: []results.SweepPoint{}, Baseline: in.Baseline, Rounds: in.Rounds, Ended: in.Ended,
		Reasons: []string{}, Notes: []string{}, Advises: in.Advises, Objective: in.Objective.String(), Metrics: []results.SweptMetric{}, Tied: []int{},
	}
	for _, p := range in.Points {
		point := results.SweepPoint{Name: p.Name, Levels: p.Levels, Runs: make([]results.ComparedRun, roundsMade(in)), Differences: p.Differences}
		if point.Differences == nil {
			point.Differences = []results.Difference{}
		}
		for round, run := range p.Runs {
			if run != nil {
				point.Runs[round] = run.run()
			}
		}
		s.Points = append(s.Points, point)
	}
	return s
}

// roundsMade is how many rounds any point has.
func roundsMade(in Swept) (n int) {
	for _, p := range in.Points {
		n = max(n, len(p.Runs))
	}
	return n
}

// count says whether the runs may be compared. It returns, by point and round, those that count;
// nil for others.
func count(in Swept, s *results.Sweep, rules Rules) [][]*Sample {
	counted := make([][]*Sample, len(in.Points))
	var all []Sample
	var missing, unlikes []string
	for i, p := range in.Points {
		counted[i] = make([]*Sample, roundsMade(in))
		var here []Sample
		for round, run := range p.Runs {
			if run == nil {
				continue
			}
			why := run.Fit()
			switch {
			case why == "":
			case rules.Force:
				unlikes = append(unlikes, run.Header.ID+" "+why)
			default:
				s.Notes = append(s.Notes, run.Header.ID+" does not count: it "+why)
				continue
			}
			counted[i][round] = run
			here = append(here, *run)
		}
		s.Points[i].Failed = failedOf(here)
		if len(here) == 0 {
			missing = append(missing, fmt.Sprintf("%s has no run that counts", p.Name))
		}
		unlikes = append(unlikes, notOne(here, "the runs of "+p.Name+" are of several scenarios", scenario)...)
		unlikes = append(unlikes, notOne(here, "the runs of "+p.Name+" are of several configurations", configuration)...)
		all = append(all, here...)
	}
	if len(all) > 0 {
		unlikes = append(unlikes, unlike(all)...)
		s.Notes = slices.Concat(s.Notes, notes(all), failedNotes(*s), limitNotes(in, counted))
	}
	s.Comparable = len(unlikes) == 0 && len(all) > 0
	s.Forced = !s.Comparable && rules.Force && len(all) > 0
	s.Reasons = append(append(s.Reasons, unlikes...), missing...)
	return counted
}

// sweptMetrics are the objective, those asked for, and all others that any run has.
func sweptMetrics(in Swept, counted [][]*Sample) (all []threshold.Metric) {
	var samples []Sample
	for _, runs := range counted {
		for _, run := range runs {
			if run != nil {
				samples = append(samples, *run)
			}
		}
	}
	known := func(m threshold.Metric) bool {
		return slices.ContainsFunc(samples, func(s Sample) bool {
			_, ok := s.Values[m]
			return ok
		})
	}
	for _, m := range append([]threshold.Metric{in.Objective}, in.Asked...) {
		if !slices.Contains(all, m) {
			all = append(all, m)
		}
	}
	for _, m := range metricsOf(samples, nil) {
		if !slices.Contains(all, m) && known(m) {
			all = append(all, m)
		}
	}
	return all
}
