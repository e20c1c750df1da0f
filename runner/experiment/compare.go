package experiment

import (
	"path/filepath"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Compare compares the runs that are there: all pairs of which both runs are. The
// outcome is that of an experiment which ends here.
func (x *Experiment) Compare() (results.Comparison, error) {
	pairs, confirmed := 0, 0
	for s := range x.finished {
		switch {
		case !x.done(s):
		case s.Confirms:
			confirmed = max(confirmed, s.Pair+1)
		default:
			pairs = max(pairs, s.Pair+1)
		}
	}
	again := confirmed > 0 && confirmed >= pairs
	c, err := x.compare(pairs, again)
	if err == nil && x.Confirm && !again {
		verdict.Unconfirmed(&c)
	}
	return c, err
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
			contrast := verdict.Compare(baseline, candidate, true, rules(x.Experiment, x.Force))
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
	sample := verdict.SampleOf(run, result, x.Gates...)
	x.samples[r.Folder] = sample
	return sample, nil
}

// Runs are the folders of all finished runs that count, of the planned pairs.
func (x *Experiment) Runs() (folders []string) {
	for _, s := range Plan(x.Experiment, false, 0, max(x.Pairs, x.MaxPairs)) {
		if all := x.finished[s]; x.done(s) {
			folders = append(folders, filepath.Join(x.Folder, all[len(all)-1].Folder))
		}
	}
	return folders
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
