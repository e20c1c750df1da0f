package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// sidesOf are the two sides that are named.
func sidesOf(dash int, args []string, gates []threshold.Metric) (base, candidate verdict.Side, err error) {
	switch {
	case dash < 0 && len(args) != 2:
		return base, candidate, fmt.Errorf("compare takes two runs, an experiment, or BASE... -- NEW...; there are %d arguments and no --", len(args))
	case dash < 0:
		dash = 1
	case dash == 0 || dash == len(args):
		return base, candidate, errors.New("there is nothing on one side of --; write BASE -- NEW")
	}
	if base, err = sideOf(args[:dash], gates); err != nil {
		return base, candidate, err
	}
	if candidate, err = sideOf(args[dash:], gates); err != nil {
		return base, candidate, err
	}
	seen := map[string]string{} // folders, by what tells a run from all others
	for _, s := range slices.Concat(base.Samples, candidate.Samples) {
		run := s.Header.ID + s.Header.Started.String()
		if first, twice := seen[run]; twice {
			return base, candidate, fmt.Errorf("%s and %s are the same run: it counts once, and on one side", first, s.Folder)
		}
		seen[run] = s.Folder
	}
	if base.Name == candidate.Name {
		base.Name, candidate.Name = base.Name+" (base)", candidate.Name+" (new)"
	}
	return base, candidate, nil
}

// sideOf are the runs of one side, in order of their start.
func sideOf(args []string, gates []threshold.Metric) (side verdict.Side, err error) {
	var folders []string
	for _, a := range args {
		found, err := foldersOf(a)
		if err != nil {
			return side, err
		}
		folders = append(folders, found...)
	}
	for _, folder := range folders {
		s, err := sampleOf(folder, gates)
		if err != nil {
			return side, err
		}
		side.Samples = append(side.Samples, s)
		if name := s.Header.Configuration.Name; !slices.Contains(strings.Split(side.Name, ", "), name) {
			side.Name = strings.TrimPrefix(side.Name+", "+name, ", ")
		}
	}
	slices.SortStableFunc(side.Samples, func(a, b verdict.Sample) int { return a.Started.Compare(b.Started) })
	return side, nil
}

// sampleOf takes a sample of a run folder.
func sampleOf(folder string, gates []threshold.Metric) (verdict.Sample, error) {
	run, err := results.Load(folder)
	if err != nil {
		return verdict.Sample{}, err
	}
	s := verdict.SampleOf(run, verdict.Judge(run), gates...)
	if len(s.Values) == 0 {
		return s, fmt.Errorf("%s: nothing was measured in it", folder)
	}
	return s, nil
}

// foldersOf are the run folders that an argument names.
func foldersOf(arg string) ([]string, error) {
	if folder, configuration, ok := strings.Cut(arg, ":"); ok && isExperiment(folder) {
		return runsOf(folder, configuration)
	}
	info, err := os.Stat(arg)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such folder", arg)
	case err != nil:
		return nil, fmt.Errorf("looking at %s: %w", arg, err)
	case !info.IsDir():
		return nil, fmt.Errorf("%s is not a run folder", arg)
	case isExperiment(arg):
		return nil, fmt.Errorf("%s is an experiment with several configurations: compare it alone, or name one of them, as %s:CONFIGURATION", arg, arg)
	case isRun(arg):
		return []string{arg}, nil
	}
	below, err := filepath.Glob(filepath.Join(arg, "*", results.JournalFile))
	if err != nil || len(below) == 0 {
		return nil, fmt.Errorf("%s is not a run folder, and has none in it", arg)
	}
	for i := range below {
		below[i] = filepath.Dir(below[i])
	}
	return below, nil
}

func isRun(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, results.JournalFile))
	return err == nil
}

func isExperiment(folder string) bool {
	_, err := os.Stat(filepath.Join(folder, results.ExperimentJournal))
	return err == nil
}

// runsOf are an experiment's runs of one configuration that count.
func runsOf(folder, configuration string) ([]string, error) {
	x, err := experiment.Open(folder)
	if err != nil {
		return nil, err
	}
	if len(x.Scenarios) > 1 {
		return nil, fmt.Errorf("%s has several scenarios, whose runs cannot be compared with one another: compare the experiment alone, or name run folders", folder)
	}
	found, names := x.RunsOf(configuration)
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no finished run of %q; its configurations are %s", folder, configuration, strings.Join(names, ", "))
	}
	return found, nil
}
