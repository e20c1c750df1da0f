package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// baselinesFolder is where baselines are kept, below the runs' folder.
const baselinesFolder = "baselines"

// baselineForm is what a baseline's name looks like.
var baselineForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

// baselineFolder is where a baseline of that name lies.
func baselineFolder(runsDir, name string) (string, error) {
	if !baselineForm.MatchString(name) {
		return "", fmt.Errorf("%q is no name of a baseline; it is 1 to 64 letters, digits, -, _ and ., and begins with a letter or digit", name)
	}
	return filepath.Join(runsDir, baselinesFolder, name), nil
}

// saveBaseline keeps copies of runs under a name, so that they outlive their folders.
func saveBaseline(std standard, f compareFlags, dash int, args []string) error {
	folder, err := baselineFolder(f.runsDir, f.save)
	switch {
	case err != nil:
		return exitError{exitUsage, fmt.Errorf("--save-baseline: %w", err)}
	case dash >= 0 || len(args) == 0:
		return exitError{exitUsage, errors.New("--save-baseline keeps the runs that are named, and compares nothing: give run folders, without --")}
	}
	if _, err := os.Stat(folder); err == nil {
		return exitError{exitUsage, fmt.Errorf("--save-baseline %s: there is one of that name; take another, or remove %s", f.save, folder)}
	}
	side, err := sideOf(args, nil)
	if err != nil {
		return exitError{exitUsage, err}
	}
	first := side.Samples[0].Header
	for _, s := range side.Samples {
		switch h := s.Header; {
		case !s.Valid || !s.Complete:
			return exitError{exitUsage, fmt.Errorf("--save-baseline: %s is not valid, or not complete: no baseline can be made of it", s.Folder)}
		case h.Scenario.SHA256 != first.Scenario.SHA256 || h.Configuration.SHA256 != first.Configuration.SHA256:
			return exitError{exitUsage, fmt.Errorf("--save-baseline: %s and %s are not of the same scenario and configuration", side.Samples[0].Folder, s.Folder)}
		}
	}
	half := folder + ".tmp" // what an interruption leaves is no baseline
	if err := os.RemoveAll(half); err != nil {
		return exitError{exitCannotRun, fmt.Errorf("saving the baseline: %w", err)}
	}
	for i, s := range side.Samples {
		if err := copyRun(s.Folder, filepath.Join(half, fmt.Sprintf("%03d-%s", i+1, filepath.Base(s.Folder)))); err != nil {
			return exitError{exitCannotRun, fmt.Errorf("saving the baseline: %w", errors.Join(err, os.RemoveAll(half)))}
		}
	}
	if err := os.Rename(half, folder); err != nil {
		return exitError{exitCannotRun, fmt.Errorf("saving the baseline: %w", err)}
	}
	fmt.Fprintf(std.err, "baseline %s: %d runs, in %s\n", f.save, len(side.Samples), folder)
	return nil
}

// copyRun copies what a run is judged by.
func copyRun(from, to string) error {
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, name := range []string{results.JournalFile, results.ResultFile, results.ScenarioFile, results.ConfigurationFile} {
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			return err
		}
		if err := results.WriteFile(filepath.Join(to, name), b); err != nil {
			return err
		}
	}
	return nil
}

// relativeLimits are a scenario's thresholds that are relative to a baseline.
func relativeLimits(s scenarios.Scenario) (all []threshold.Threshold) {
	for _, t := range s.Limits() {
		if t.Relative() {
			all = append(all, t)
		}
	}
	return all
}

// baselineOf reads what the thresholds of a scenario are relative to; nil where nothing is to be read.
func baselineOf(runsDir, name string, s scenarios.Scenario) (*results.BaselineRef, error) {
	limits := relativeLimits(s)
	switch {
	case name == "" && len(limits) > 0:
		return nil, fmt.Errorf("the threshold %q is relative to a baseline: give --baseline NAME; compare --save-baseline NAME RUN makes one", limits[0])
	case name == "":
		return nil, nil //nolint:nilnil // there is none, and none is needed
	}
	folder, err := baselineFolder(runsDir, name)
	if err != nil {
		return nil, fmt.Errorf("--baseline: %w", err)
	}
	if _, err := os.Stat(folder); err != nil {
		return nil, fmt.Errorf("--baseline %s: there is no such baseline in %s; compare --save-baseline %s RUN makes one", name, filepath.Dir(folder), name)
	}
	var metrics []threshold.Metric
	for _, t := range limits {
		if m, ok := t.Metric(); ok {
			metrics = append(metrics, m)
		}
	}
	side, err := sideOf([]string{folder}, metrics)
	if err != nil {
		return nil, fmt.Errorf("--baseline %s: %w", name, err)
	}
	first := side.Samples[0].Header
	if first.Scenario.Name != s.Name {
		return nil, fmt.Errorf("--baseline %s: it is of the scenario %s, not of %s", name, first.Scenario.Name, s.Name)
	}
	if err := sameLoad(side.Samples[0].Folder, s); err != nil {
		return nil, fmt.Errorf("--baseline %s: %w", name, err)
	}
	b := &results.BaselineRef{Name: name, Runs: len(side.Samples), Environment: first.Environment, Values: map[string]float64{}}
	for i, t := range limits {
		v, known := side.Median(metrics[i])
		if !known {
			return nil, fmt.Errorf("--baseline %s: its runs do not have what %q compares, or too few samples of it", name, t)
		}
		b.Values[t.String()] = v
	}
	return b, nil
}

// sameLoad refuses a baseline whose scenario is another than this one in more than its thresholds.
func sameLoad(folder string, s scenarios.Scenario) error {
	text, err := textOf(filepath.Join(folder, results.ScenarioFile))
	if err != nil {
		return err
	}
	differences, err := scenarios.Differences([]byte(text), scenarios.EncodeScenario(s))
	if err != nil {
		return err
	}
	for _, d := range differences {
		if d.Key != "thresholds" && !strings.HasPrefix(d.Key, "threshold.") && d.Key != "configuration" {
			return fmt.Errorf("it was measured under another load: %s was %s, and is %s", d.Key, cmp.Or(d.Before, "not set"), cmp.Or(d.After, "not set"))
		}
	}
	return nil
}
