// Package experiment makes many runs to answer one question: which of several
// configurations is better.
//
// The one idea: the plan, and what is made of it, are pure functions of the
// experiment and of the runs that are finished, so that an experiment which was
// killed goes on where it was.
package experiment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// Slot is one run of the plan.
type Slot struct {
	// Confirms tells a run of the fresh block that a regression must show again.
	Confirms bool
	// Pair counts from 0 on: all configurations run each scenario once in it.
	Pair int
	// Scenario and Configuration are places in the experiment.
	Scenario, Configuration int
}

// Plan are the runs of some pairs in order. Within a pair the configurations follow one
// another by turns, so that what drifts with time falls on all alike: two as AB BA BA AB,
// more by balanced Latin squares (Williams 1949), in which each also follows each other equally often.
// The points of a sweep, which are many and run seldom, have a random order, and in the next round
// the same backwards: over the two of them each comes equally late in the mean.
func Plan(e scenarios.Experiment, confirms bool, from, to int) (slots []Slot) {
	rows := order(len(e.Configurations))
	for pair := from; pair < to; pair++ {
		row := rows[pair%len(rows)]
		if e.Sweep != nil {
			row = shuffled(len(e.Configurations), pair)
		}
		for s := range e.Scenarios {
			for _, c := range row {
				slots = append(slots, Slot{confirms, pair, s, c})
			}
		}
	}
	return slots
}

// shuffled is the order of so many points in a round. It is the same for all experiments of as many.
func shuffled(n, round int) []int {
	row := rand.New(rand.NewPCG(uint64(n), uint64(round/2))).Perm(n) //nolint:gosec // an order, no secret
	if round%2 == 1 {
		slices.Reverse(row)
	}
	return row
}

// duel are the runs of a fresh block in which one configuration runs against the baseline, by turns.
func duel(e scenarios.Experiment, with int) (slots []Slot) {
	rows := order(2)
	for pair := range verdict.LeastPairs {
		for _, c := range rows[pair%len(rows)] {
			slots = append(slots, Slot{true, pair, 0, []int{e.Baseline, with}[c]})
		}
	}
	return slots
}

// order are the orders of so many things that follow one another.
func order(n int) [][]int {
	if n == 2 {
		return [][]int{{0, 1}, {1, 0}, {1, 0}, {0, 1}}
	}
	// The first row goes 0, 1, n−1, 2, n−2…; each further one is the one before plus one.
	first := make([]int, n)
	for i := range first {
		if i%2 == 1 {
			first[i] = (i + 1) / 2
		} else {
			first[i] = (n - i/2) % n
		}
	}
	var rows [][]int
	for shift := range n {
		row := make([]int, n)
		for i := range row {
			row[i] = (first[i] + shift) % n
		}
		rows = append(rows, row)
	}
	if n%2 == 0 {
		return rows
	}
	for _, row := range rows[:n] { // of an odd number each must follow each in both directions
		back := make([]int, n)
		for i := range row {
			back[i] = row[n-1-i]
		}
		rows = append(rows, back)
	}
	return rows
}

// looks are the numbers of pairs after which the experiment is looked at: the last is the most.
func looks(e scenarios.Experiment) []int {
	all := []int{e.Pairs}
	for last := e.Pairs; last < e.MaxPairs; {
		last = min(last+e.Pairs, e.MaxPairs)
		all = append(all, last)
	}
	return all
}

// tests are how many gates are judged together.
func tests(e scenarios.Experiment) (n int) {
	for _, s := range e.Scenarios {
		for _, g := range e.Gates {
			if s.Has(g) {
				n += len(e.Configurations) - 1
			}
		}
	}
	return n
}

// Refused says why an experiment could tell nothing: it has too few pairs, or what it compares
// would not be comparable.
func Refused(e scenarios.Experiment) (all []scenarios.Refused) {
	if e.Sweep != nil {
		return append(refusedTime(e), refusedBuilds(e, "sweep")...)
	}
	n, times := tests(e), looks(e)
	if least := verdict.PairsFor(n, len(times)); e.Pairs < least {
		why := fmt.Sprintf("%d is too few: with %d gates that are judged together no regression could be told from chance; write at least %d, or fewer gates", e.Pairs, n, least)
		if len(times) > 1 {
			why += fmt.Sprintf(" (and since the runs are looked at %d times, each look counts as a test)", len(times))
		}
		all = append(all, scenarios.Refused{Key: []string{"pairs"}, Message: why})
	}
	return append(all, refusedBuilds(e, "configurations")...)
}

// refusedTime says that a sweep's time is too short for one round.
func refusedTime(e scenarios.Experiment) []scenarios.Refused {
	one := e
	one.Pairs = 1
	round, confirmation := Seconds(one)
	if limit := e.Sweep.MaxTime.Seconds(); limit == 0 || round+confirmation <= limit {
		return nil
	}
	why := fmt.Sprintf("%s is too short: one round of %d points takes about %.0f s", unit.FormatDuration(e.Sweep.MaxTime), len(e.Sweep.Points), round)
	if confirmation > 0 {
		why += fmt.Sprintf(", and what confirms the best %.0f s more (confirm = false leaves it out)", confirmation)
	}
	return []scenarios.Refused{{Key: []string{"max_time"}, Message: why}}
}

// refusedBuilds says that etcds which were built in another way are not comparable.
func refusedBuilds(e scenarios.Experiment, key string) (all []scenarios.Refused) {
	var builtIn, others []string
	for _, c := range e.Configurations {
		switch {
		case len(c.Endpoints) > 0:
		case c.BuiltIn():
			builtIn = append(builtIn, c.Name)
		default:
			others = append(others, c.Name)
		}
	}
	if len(builtIn) > 0 && len(others) > 0 {
		why := fmt.Sprintf("%s run the etcd that is built in, and %s another, which is built in another way; give each a version, as in version = \"v3.7.3\"", strings.Join(builtIn, " and "), strings.Join(others, " and "))
		all = append(all, scenarios.Refused{Key: []string{key}, Message: why})
	}
	return all
}

// rules are how the experiment's runs are compared.
func rules(e scenarios.Experiment, force bool) verdict.Rules {
	return verdict.Rules{
		MinEffect: float64(e.MinEffect) / 100, FloorMS: e.Floor.Seconds() * 1000, Looks: len(looks(e)), Gates: e.Gates, Force: force,
	}
}

// Seconds is about how long the plan takes, and how long the fresh block that a
// regression, or the best point of a sweep, would take beside it.
func Seconds(e scenarios.Experiment) (planned, confirmation float64) {
	longest := 0.0
	for c := range e.Configurations {
		one := 0.0
		for i := range e.Scenarios {
			one += secondsOf(e, Slot{Scenario: i, Configuration: c})
		}
		planned += one * float64(e.Pairs)
		longest = max(longest, one)
	}
	switch {
	case e.Confirm && e.Sweep != nil:
		confirmation = longest * 2 * verdict.LeastPairs
	case e.Confirm && len(e.Gates) > 0:
		confirmation = planned
	}
	return math.Round(planned), math.Round(confirmation)
}

// secondsOf is about how long one run takes.
func secondsOf(e scenarios.Experiment, slot Slot) float64 {
	s := e.Scenario(slot.Scenario, slot.Configuration)
	return s.Phases.Warmup.Seconds() + s.Phases.Measure.Seconds() + aroundSeconds
}

// aroundSeconds is about what a run takes besides its load: a lab's start, setup, drain, checks and cleaning.
const aroundSeconds = 5
