package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/history"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

func historyAddCommand(std standard) *cobra.Command {
	var file, name string
	c := &cobra.Command{
		Use:   "add FOLDER...",
		Short: "Add experiments, comparisons or runs to a history",
		Long: `Add experiments, comparisons or runs to a history, each once.

FOLDER is that of an experiment that is finished, of a comparison, or of a run. Of
an experiment and a comparison each candidate is remembered against its baseline,
which is the control: it is never to change. A run alone has no control, so that
the machine's own drift is in its series.`,
		Example: `  etcd-dyno history add runs/20260102T150405Z-nightly-experiment
  etcd-dyno history add runs/*-pod-churn-single --name unattended`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			var all []history.Record
			var faults []error
			for _, folder := range args {
				records, err := recordsOf(folder, file, name)
				all, faults = append(all, records...), append(faults, err)
			}
			if err := errors.Join(faults...); err != nil {
				return exitError{exitUsage, fmt.Errorf("nothing was added: %w", err)}
			}
			slices.SortStableFunc(all, func(a, b history.Record) int { return a.At.Compare(b.At) })
			return addRecords(std, file, all)
		},
	}
	historyFlag(c.Flags(), &file)
	c.Flags().StringVar(&name, "name", "", "what the series are called by (the experiment's name, or the scenario's)")
	return c
}

// addRecords adds records, and tells of each.
func addRecords(std standard, file string, records []history.Record) error {
	added, err := history.Add(file, time.Now(), records...)
	if err != nil {
		return exitError{exitCannotRun, err}
	}
	h, err := history.Read(file)
	if err != nil {
		return exitError{exitCannotRun, err}
	}
	warnFaults(std, file, h)
	for _, a := range added {
		what := "added"
		if a.Already {
			what = "there already since " + a.Record.Added.Format(time.DateTime) + ":"
		}
		fmt.Fprintf(std.err, "history: %s %s %s, %d metrics\n", what, a.Record.ID, a.Record.Of(), len(a.Record.Metrics))
		for _, note := range a.Notes {
			fmt.Fprintf(std.err, "history: %s: %s\n", a.Record.ID, note)
		}
	}
	return nil
}

// recordsOf are the records of what lies in a folder.
func recordsOf(folder, file, name string) ([]history.Record, error) {
	var records []history.Record
	var err error
	switch {
	case isExperiment(folder):
		records, err = recordsOfExperiment(folder, name)
	case there(folder, results.ComparisonFile):
		records, err = recordsOfComparison(folder, name)
	case isRun(folder):
		records, err = recordOfRun(folder, name)
	default:
		return nil, fmt.Errorf("%s: it is the folder of no experiment, comparison or run", folder)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", folder, err)
	}
	for i := range records {
		records[i].Folder = seenFrom(filepath.Dir(file), folder)
	}
	return records, nil
}

// seenFrom is a folder as seen from another, with slashes; absolute where that cannot be.
func seenFrom(from, folder string) string {
	a, err := filepath.Abs(from)
	b, failed := filepath.Abs(folder)
	if errors.Join(err, failed) != nil {
		return filepath.ToSlash(folder)
	}
	if rest, err := filepath.Rel(a, b); err == nil {
		b = rest
	}
	return filepath.ToSlash(b)
}

func recordsOfExperiment(folder, name string) ([]history.Record, error) {
	x, err := experiment.Open(folder)
	if err != nil {
		return nil, err
	}
	c, unfinished, err := x.Compare()
	if err != nil {
		return nil, err
	}
	if unfinished > 0 {
		return nil, fmt.Errorf("it has %d runs to make yet: etcd-dyno experiment --resume %s", unfinished, folder)
	}
	return recordsOfContrasts(cmp.Or(name, x.Name), x.ID, x.Again, x.Folder, c)
}

func recordsOfComparison(folder, name string) ([]history.Record, error) {
	var c results.Comparison
	if err := readFile(folder, results.ComparisonFile, &c); err != nil {
		return nil, err
	}
	if c.Schema != results.ComparisonSchema {
		return nil, fmt.Errorf("reading %s: its schema is %q, this program reads %q", results.ComparisonFile, c.Schema, results.ComparisonSchema)
	}
	return recordsOfContrasts(name, filepath.Base(folder), "", folder, c)
}

// recordsOfContrasts are those of each candidate against its control.
func recordsOfContrasts(name, source, again, folder string, c results.Comparison) (all []history.Record, err error) {
	if len(c.Sweeps) > 0 {
		return nil, errors.New("it is a sweep, which has no candidate that a history could follow; add experiments that compare configurations")
	}
	folder, err = filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("finding the folder: %w", err)
	}
	for _, x := range c.Contrasts {
		if len(x.Candidate.Runs) == 0 || len(x.Baseline.Runs) == 0 {
			return nil, fmt.Errorf("%s against %s: one side has no run", x.Candidate.Name, x.Baseline.Name)
		}
		r, err := resultOf(x.Candidate.Runs[0].Folder)
		if err != nil {
			return nil, fmt.Errorf("its runs tell of the machine: %w", err)
		}
		all = append(all, history.OfContrast(cmp.Or(name, x.Scenario), source, again, folder, x, r))
	}
	return all, nil
}

// recordOfRun is that of a run alone, which is judged by the usual metrics of its scenario.
func recordOfRun(folder, name string) ([]history.Record, error) {
	run, err := results.Load(folder)
	if err != nil {
		return nil, err
	}
	r := verdict.Judge(run)
	var gates []threshold.Metric
	if s, err := scenarios.LoadScenario(filepath.Join(folder, results.ScenarioFile), nil); err == nil {
		gates = scenarios.UsualGates(s)
	}
	sample := verdict.SampleOf(run, r, gates...)
	var metrics []history.Metric
	for _, m := range sample.Metrics {
		value, known := sample.Values[m]
		if !known {
			continue
		}
		relative := !m.Share() && !m.Count() && value > 0
		each := history.Metric{Metric: m.String(), Better: m.Better().String(), Gates: slices.Contains(gates, m), Value: value, Relative: relative}
		if !relative {
			each.Least = verdict.Least(m, results.MetricContrast{BaselineMedian: value}, verdict.Rules{MinEffect: verdict.DefaultMinEffect, FloorMS: verdict.DefaultFloorMS})
		}
		metrics = append(metrics, each)
	}
	if len(metrics) == 0 {
		return nil, fmt.Errorf("the run has measured nothing: %s", cmp.Or(strings.Join(r.InvalidReasons, "; "), "no percentile has enough samples"))
	}
	return []history.Record{history.OfRun(cmp.Or(name, r.Scenario.Name), r, metrics)}, nil
}
