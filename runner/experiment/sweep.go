package experiment

import (
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// swept is state for a sweep: all rounds, as far as its time goes, and then the best
// against the baseline once more.
func (x *Experiment) swept() (block []Slot, c results.Comparison, err error) {
	block = Plan(x.Experiment, false, 0, x.Pairs)
	if c, err = x.sweep(nil); err != nil || x.toMake(block) {
		return block, c, err
	}
	if !x.Confirm || !promising(c.Sweeps[0]) {
		return nil, c, nil
	}
	if block = duel(x.Experiment, *c.Sweeps[0].Best); x.toMake(block) {
		return block, c, nil
	}
	c, err = x.sweep(block)
	return nil, c, err
}

// promising reports whether the best of a sweep may be better than the baseline by what matters, so that it is
// worth a fresh block: that may tell it from chance where the sweep itself, with its few rounds, cannot.
func promising(s results.Sweep) bool {
	if s.Best == nil || *s.Best == s.Baseline {
		return false
	}
	m := s.Metrics[0]
	e := m.Effects[*s.Best]
	if e.Effect == nil {
		return false
	}
	gain, least := math.Abs(*e.Effect), m.Delta
	if m.Relative { // a third less is as much as a half more
		gain, least = math.Abs(math.Log1p(*e.Effect)), math.Log1p(m.Delta)
	}
	return gain >= least || e.Verdict == results.Improvement
}

// toMake reports whether any run of a block is to be made yet, and may be.
func (x *Experiment) toMake(block []Slot) bool {
	return slices.ContainsFunc(block, func(s Slot) bool { return !x.done(s) && !x.overTime(s) })
}

// overTime reports whether the time of a sweep is used up, so that a run of such a slot is
// not begun: it would end after it, or leave none to confirm the best. A run takes what its phases
// say, times what the finished ones took more or less than that.
func (x *Experiment) overTime(s Slot) bool {
	if x.Sweep == nil || x.Sweep.MaxTime == 0 {
		return false
	}
	var spent, rounds, asked float64
	longest := 0.0
	for slot, all := range x.finished {
		for _, r := range all {
			spent += r.TookS
			if !slot.Confirms {
				rounds, asked = rounds+r.TookS, asked+secondsOf(x.Experiment, slot)
			}
		}
	}
	if asked == 0 {
		return false
	}
	for c := range x.Configurations {
		longest = max(longest, secondsOf(x.Experiment, Slot{Configuration: c}))
	}
	one, limit := secondsOf(x.Experiment, s)*rounds/asked, x.Sweep.MaxTime.Seconds()
	if s.Confirms {
		return spent+one > limit
	}
	if x.Confirm {
		limit -= 2 * verdict.LeastPairs * longest * rounds / asked
	}
	return rounds+one > limit
}

// sweep is what came of the runs so far, with the fresh block that confirms the best, if there is one.
func (x *Experiment) sweep(confirms []Slot) (results.Comparison, error) {
	points := make([]verdict.Point, len(x.Configurations))
	missing := 0
	for i, p := range x.Sweep.Points {
		differences, err := x.differences(i)
		if err != nil {
			return results.Comparison{}, err
		}
		points[i] = verdict.Point{Name: x.Configurations[i].Name, Levels: p.Levels, Differences: differences}
		for round := range x.Pairs {
			var sample *verdict.Sample
			if slot := (Slot{false, round, 0, i}); len(x.finished[slot]) > 0 && x.done(slot) {
				made, err := x.sample(slot)
				if err != nil {
					return results.Comparison{}, err
				}
				sample = &made
			} else {
				missing++
			}
			points[i].Runs = append(points[i].Runs, sample)
		}
	}
	under := rules(x.Experiment, x.Force)
	s := verdict.Sweep(verdict.Swept{
		Scenario: x.Scenarios[0].Name, Design: string(x.Sweep.Design), Factors: factorsOf(*x.Sweep), Points: points, Baseline: x.Baseline,
		Rounds: x.Pairs, Ended: x.endedText(missing), Objective: x.Sweep.Objective, Asked: x.Sweep.Metrics, Advises: x.Sweep.Advise,
	}, under)
	if confirms != nil {
		fresh, err := x.confirmed(s, under)
		if err != nil {
			return results.Comparison{}, err
		}
		verdict.Confirm(&s, fresh)
	}
	c := verdict.Conclude(nil, nil, under)
	c.Sweeps, c.Reasons = []results.Sweep{s}, slices.Concat(c.Reasons, s.Reasons)
	return c, nil
}

// confirmed is the best against the baseline in the fresh block.
func (x *Experiment) confirmed(s results.Sweep, under verdict.Rules) (verdict.Fresh, error) {
	baseline, candidate, err := x.sides(true, verdict.LeastPairs, 0, *s.Best)
	if err != nil {
		return verdict.Fresh{}, err
	}
	under.ScenariosDiffer, under.Gates = true, append(slices.Clone(x.Sweep.Metrics), x.Sweep.Objective)
	f := verdict.Duel(baseline, candidate, verdict.LeastPairs, under)
	f.Contrast.Differences, err = x.differences(*s.Best)
	return f, err
}

// endedText says why runs are missing that are not to be made any more.
func (x *Experiment) endedText(missing int) string {
	if missing == 0 {
		return ""
	}
	if x.toMake(Plan(x.Experiment, false, 0, x.Pairs)) {
		return fmt.Sprintf("it is not finished: %d of %d runs are to be made yet", missing, len(x.Configurations)*x.Pairs)
	}
	return fmt.Sprintf("its time, %s, was used up: %d of %d runs are missing", unit.FormatDuration(x.Sweep.MaxTime.Round(time.Second)), missing, len(x.Configurations)*x.Pairs)
}

// differences are the keys in which a point differs from the baseline.
func (x *Experiment) differences(point int) ([]results.Difference, error) {
	all := []results.Difference{}
	for _, of := range []struct {
		prefix        string
		before, after []byte
	}{
		{"configuration.", scenarios.EncodeConfiguration(x.Configurations[x.Baseline]), scenarios.EncodeConfiguration(x.Configurations[point])},
		{"", scenarios.EncodeScenario(x.Scenario(0, x.Baseline)), scenarios.EncodeScenario(x.Scenario(0, point))},
	} {
		found, err := scenarios.Differences(of.before, of.after)
		if err != nil {
			return nil, err
		}
		for _, d := range found {
			all = append(all, results.Difference{Key: of.prefix + d.Key, Baseline: d.Before, Candidate: d.After})
		}
	}
	return all, nil
}

// factorsOf are a sweep's factors as results have them.
func factorsOf(s scenarios.Sweep) (all []results.SweepFactor) {
	for _, f := range s.Factors {
		factor := results.SweepFactor{Name: f.Name, Key: f.Key, Baseline: f.Baseline}
		for _, l := range f.Levels {
			factor.Levels = append(factor.Levels, l.Name)
		}
		all = append(all, factor)
	}
	return all
}
