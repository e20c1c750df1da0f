package experiment

import (
	"path/filepath"
	"slices"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// Compare compares the runs that are there, all pairs of which both are, and tells how many
// are to be made yet: nothing is decided before.
func (x *Experiment) Compare() (c results.Comparison, unfinished int, err error) {
	block, c, err := x.state()
	if err != nil || block == nil {
		return c, 0, err
	}
	for _, s := range block {
		if !x.done(s) && !x.overTime(s) {
			unfinished++
		}
	}
	if x.Sweep != nil {
		if unfinished > 0 {
			verdict.Undecide(&c.Sweeps[0], unfinished)
		}
		return c, unfinished, nil
	}
	verdict.Undecided(&c)
	return c, unfinished, nil
}

// state is the block of runs some of which are to be made next, and the comparison so far;
// no block where all is done. It is a function of the experiment and its finished runs alone.
func (x *Experiment) state() (block []Slot, c results.Comparison, err error) {
	if x.Sweep != nil {
		return x.swept()
	}
	from, last := 0, 0
	for _, last = range looks(x.Experiment) {
		block = Plan(x.Experiment, false, from, last)
		if c, err = x.compare(last, false); err != nil || x.lacks(block) {
			return block, c, err
		}
		if from = last; c.Outcome != results.GateInconclusive {
			break
		}
	}
	failing := verdict.Failing(c.Gates)
	if len(failing) == 0 || !x.Confirm {
		return nil, c, nil
	}
	if block = x.confirmation(failing, last); x.lacks(block) {
		return block, c, nil
	}
	c, err = x.compare(last, true)
	return nil, c, err
}

// lacks reports whether any run of a block is to be made yet.
func (x *Experiment) lacks(block []Slot) bool {
	return slices.ContainsFunc(block, func(s Slot) bool { return !x.done(s) })
}

// compare compares the runs of the first pairs, and of the fresh block, if there is one.
func (x *Experiment) compare(pairs int, confirmed bool) (results.Comparison, error) {
	all, err := x.contrasts(false, pairs)
	if err != nil {
		return results.Comparison{}, err
	}
	var fresh []results.Contrast
	if confirmed {
		if fresh, err = x.contrasts(true, pairs); err != nil {
			return results.Comparison{}, err
		}
	}
	c := verdict.Conclude(all, fresh, rules(x.Experiment, x.Force))
	c.AA = x.AA
	return c, nil
}

// contrasts compare each configuration with the baseline under each scenario.
func (x *Experiment) contrasts(confirms bool, pairs int) (all []results.Contrast, err error) {
	for s := range x.Scenarios {
		for c := range x.Configurations {
			if c == x.Baseline {
				continue
			}
			baseline, candidate, err := x.sides(confirms, pairs, s, c)
			if err != nil {
				return nil, err
			}
			if len(baseline.Samples) == 0 {
				continue
			}
			under := rules(x.Experiment, x.Force)
			under.Gates = slices.DeleteFunc(slices.Clone(under.Gates), func(g threshold.Metric) bool { return !x.Scenarios[s].Has(g) })
			contrast := verdict.Compare(baseline, candidate, true, under)
			differences, err := scenarios.Differences(scenarios.EncodeConfiguration(x.Configurations[x.Baseline]), scenarios.EncodeConfiguration(x.Configurations[c]))
			if err != nil {
				return nil, err
			}
			for _, d := range differences {
				contrast.Differences = append(contrast.Differences, results.Difference{Key: d.Key, Baseline: d.Before, Candidate: d.After})
			}
			all = append(all, contrast)
		}
	}
	return all, nil
}

// sides are the runs of both configurations of those pairs of which both are there.
func (x *Experiment) sides(confirms bool, pairs, scenario, candidate int) (a, b verdict.Side, err error) {
	a.Name, b.Name = x.Configurations[x.Baseline].Name, x.Configurations[candidate].Name
	for pair := range pairs {
		first, second := Slot{confirms, pair, scenario, x.Baseline}, Slot{confirms, pair, scenario, candidate}
		if !x.done(first) || !x.done(second) {
			continue
		}
		one, err := x.sample(first)
		if err != nil {
			return a, b, err
		}
		other, err := x.sample(second)
		if err != nil {
			return a, b, err
		}
		a.Samples, b.Samples = append(a.Samples, one), append(b.Samples, other)
	}
	return a, b, nil
}

// sample is of a slot's last run.
func (x *Experiment) sample(s Slot) (verdict.Sample, error) {
	r := x.finished[s][len(x.finished[s])-1]
	if known, ok := x.samples[r.Folder]; ok {
		return known, nil
	}
	run, result, err := load(filepath.Join(x.Folder, r.Folder))
	if err != nil {
		return verdict.Sample{}, err
	}
	others := x.Gates
	if x.Sweep != nil {
		others = append(slices.Clone(x.Sweep.Metrics), x.Sweep.Objective)
	}
	sample := verdict.SampleOf(run, result, others...)
	x.samples[r.Folder] = sample
	return sample, nil
}

// Finished are all runs that have ended, those included that were made again and those of
// the fresh block: their folders, and whether each was valid.
func (x *Experiment) Finished() map[string]bool {
	all := map[string]bool{}
	for _, of := range x.finished {
		for _, r := range of {
			all[filepath.Join(x.Folder, r.Folder)] = r.Valid
		}
	}
	return all
}

// RunsOf are the folders of all finished runs of one configuration that count, and the names of all configurations.
func (x *Experiment) RunsOf(configuration string) (folders, names []string) {
	for _, c := range x.Configurations {
		names = append(names, c.Name)
	}
	for _, s := range Plan(x.Experiment, false, 0, max(x.Pairs, x.MaxPairs)) {
		if all := x.finished[s]; x.done(s) && names[s.Configuration] == configuration {
			folders = append(folders, filepath.Join(x.Folder, all[len(all)-1].Folder))
		}
	}
	return folders, names
}
