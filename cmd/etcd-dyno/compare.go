package main

import (
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/runner"
	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// compareFlags are the flags of compare.
type compareFlags struct {
	gates        []string
	minEffect    string
	inconclusive string
	force        bool
	output       []string
	outputs      outputs
	figures      string
	save         string
	runsDir      string
	// changed tells which flags were given.
	changed func(flag string) bool
}

func compareCommand(std standard) *cobra.Command {
	var f compareFlags
	c := &cobra.Command{
		Use:   "compare BASE... -- NEW... | RUN RUN | EXPERIMENT",
		Short: "Say which of two sides is better, from runs that were made already",
		Long: `Compare runs that were made already: those before -- with those behind it. Two
runs alone need no --; one run against one is only indicative, and has no verdict.
An experiment's folder is judged again.

BASE and NEW are run folders, folders of run folders, or one configuration of
an experiment, as EXPERIMENT:CONFIGURATION. Runs that were made by turns are
compared in pairs, others side against side. If all runs of one side were made
before the other's, what else changed meanwhile is in the difference: that is
told, and nothing gates.

Runs of another scenario or machine, runs that are not valid, and etcds that
were built in another way are not comparable (exit 6), but shown all the same.

` + comparisonFormatsHelp,
		Example: `  etcd-dyno compare runs/20260102T150405Z-pod-churn-single runs/20260102T150505Z-pod-churn-slow-disk
  etcd-dyno compare before/* -- after/* --gate churn.create.response.p50
  etcd-dyno compare runs/20260102T150405Z-disk-experiment
  etcd-dyno compare --save-baseline release runs/20260102T150405Z-pod-churn-single`,
		Args: cobra.ArbitraryArgs,
		RunE: func(c *cobra.Command, args []string) error {
			f.changed = c.Flags().Changed
			return compare(std, c.ArgsLenAtDash(), args, f)
		},
	}
	flags := c.Flags()
	flags.StringSliceVar(&f.gates, "gate", nil, "metrics that decide, as churn.create.response.p50; an experiment's own unless given")
	flags.StringVar(&f.minEffect, "min-effect", "5%", "the least change that matters")
	flags.StringVar(&f.inconclusive, "inconclusive", "fail", "what an inconclusive gate does: fail (exit 5) or pass")
	flags.BoolVar(&f.force, "force", false, "compare what is not comparable, and mark it")
	outputsFlag(flags, &f.output, comparisonFormats)
	figuresFlag(flags, &f.figures)
	flags.StringVar(&f.save, "save-baseline", "", "keep the runs under that name, for run --baseline NAME and later comparisons")
	flags.StringVar(&f.runsDir, "runs-dir", usualRunsDir(), "where baselines are kept, and reports of comparisons are made")
	return c
}

// compare does the compare command.
func compare(std standard, dash int, args []string, f compareFlags) error {
	rules, err := f.rules()
	if err != nil {
		return exitError{exitUsage, err}
	}
	if f.outputs, err = outputsOf(f.output, comparisonFormats); err != nil {
		return exitError{exitUsage, err}
	}
	if err := checkFiguresFolder(f.figures); err != nil {
		return err
	}
	if f.save != "" {
		return saveBaseline(std, f, dash, args)
	}
	if dash < 0 && len(args) == 1 {
		return compareAgain(std, args[0], f)
	}
	base, candidate, err := sidesOf(dash, args, rules.Gates)
	if err != nil {
		return exitError{exitUsage, err}
	}
	if err := f.enough(len(base.Samples), len(candidate.Samples)); err != nil {
		return exitError{exitUsage, err}
	}
	contrast, err := contrastOf(base, candidate, rules)
	if err != nil {
		return exitError{exitUsage, err}
	}
	if err := missing(contrast, rules.Gates, base, candidate); err != nil {
		return exitError{exitUsage, err}
	}
	c := verdict.Conclude([]results.Contrast{contrast}, nil, rules)
	if len(c.Gates) == 0 && contrast.Method != results.Indicative {
		fmt.Fprintln(std.err, "warning: nothing gates, so the exit code tells nothing of what was found; give --gate METRIC")
	}
	folder, err := runner.MakeFolder(f.runsDir, contrast.Scenario, "comparison", time.Now())
	if err != nil {
		fmt.Fprintf(std.err, "warning: the report is not written: %v\n", err)
	}
	return f.tell(std, c, folder, contrast.Scenario+": "+contrast.Candidate.Name+" against "+contrast.Baseline.Name, "")
}

// drawn writes the figures where they were asked for.
func (f compareFlags) drawn(std standard, page pageOf) error {
	if f.figures == "" {
		return nil
	}
	p, err := page()
	if err != nil {
		return err
	}
	return writeFigures(std, f.figures, report.ComparisonFigures(p))
}

// tell prints the comparison and writes it into a folder, unless that is empty.
func (f compareFlags) tell(std standard, c results.Comparison, folder, title, reproduce string) error {
	page := comparisonPageOf(title, reproduce, c)
	failed := errors.Join(f.outputs.write(std, ofComparison(c, f.inconclusive == "pass", page)), f.drawn(std, page))
	if folder != "" {
		if err := errors.Join(writeComparison(folder, c), writeComparisonPage(std, folder, page)); err != nil {
			fmt.Fprintf(std.err, "warning: %v\n", err)
		}
	}
	if failed != nil {
		return exitError{exitCannotRun, failed}
	}
	if code := codeOfComparison(c, f.inconclusive == "pass"); code != exitDone {
		return exitError{code: code}
	}
	return nil
}

// rules are how the flags want runs to be compared.
func (f compareFlags) rules() (verdict.Rules, error) {
	r := verdict.Rules{FloorMS: verdict.DefaultFloorMS, Force: f.force}
	if f.inconclusive != "fail" && f.inconclusive != "pass" {
		return r, fmt.Errorf("--inconclusive %s: unknown; it can be fail or pass", f.inconclusive)
	}
	text, ok := strings.CutSuffix(strings.TrimSpace(f.minEffect), "%")
	percent, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if !ok || err != nil || !(percent > 0 && percent <= 100) {
		return r, fmt.Errorf("--min-effect %s: not a share above 0%% and at most 100%%; write for example 5%%", f.minEffect)
	}
	r.MinEffect = percent / 100
	for _, text := range f.gates {
		m, err := threshold.ParseMetric(text)
		if err == nil && m.Better() == threshold.Neutral {
			err = fmt.Errorf("metric %q is better neither higher nor lower", text)
		}
		if err != nil {
			return r, fmt.Errorf("--gate: %w", err)
		}
		r.Gates = append(r.Gates, m)
	}
	return r, nil
}

// enough refuses gates that so few runs could never make fail.
func (f compareFlags) enough(base, candidate int) error {
	n := len(f.gates)
	if n == 0 {
		return nil
	}
	if least := verdict.PairsFor(n, 1); min(base, candidate) < least {
		return fmt.Errorf("--gate: %d and %d runs are too few: with %d gates no regression could be told from chance; give at least %d of each side", base, candidate, n, least)
	}
	return nil
}

// contrastOf compares two sides by what their runs allow.
func contrastOf(base, candidate verdict.Side, rules verdict.Rules) (results.Contrast, error) {
	var c results.Contrast
	switch {
	case len(base.Samples) == 1 && len(candidate.Samples) == 1:
		a, err := results.LoadBlocks(base.Samples[0].Folder, blockLength)
		if err != nil {
			return c, err
		}
		b, err := results.LoadBlocks(candidate.Samples[0].Folder, blockLength)
		if err != nil {
			return c, err
		}
		c = verdict.Indicate(base, candidate, a, b, rules)
	default:
		c = verdict.Compare(base, candidate, verdict.ByTurns(base, candidate), rules)
	}
	differences, err := differencesOf(base.Samples[0].Folder, candidate.Samples[0].Folder)
	c.Differences = append(c.Differences, differences...)
	return c, err
}

// blockLength is that of the blocks of time of one run against one.
const blockLength = 5 * time.Second

// differencesOf are the keys in which the configurations of two runs differ.
func differencesOf(base, candidate string) (all []results.Difference, err error) {
	a, err := textOf(filepath.Join(base, results.ConfigurationFile))
	if err != nil {
		return nil, err
	}
	b, err := textOf(filepath.Join(candidate, results.ConfigurationFile))
	if err != nil {
		return nil, err
	}
	found, err := scenarios.Differences([]byte(a), []byte(b))
	for _, d := range found {
		all = append(all, results.Difference{Key: d.Key, Baseline: d.Before, Candidate: d.After})
	}
	return all, err
}

// missing refuses gates that no run has.
func missing(c results.Contrast, gates []threshold.Metric, base, candidate verdict.Side) error {
	var names []string
	for _, m := range c.Metrics {
		names = append(names, m.Metric)
	}
	for _, g := range gates {
		if !verdict.Measured(base, candidate, g) {
			return fmt.Errorf("--gate %s: no run has that metric, or enough samples of it%s", g, scenarios.NearestHint(g.String(), names))
		}
	}
	return nil
}

// compareAgain judges an experiment's finished runs again.
func compareAgain(std standard, folder string, f compareFlags) error {
	if !isExperiment(folder) {
		return exitError{exitUsage, fmt.Errorf("compare takes two runs, an experiment, or BASE... -- NEW...; %s alone is none of them", folder)}
	}
	for _, flag := range []string{"gate", "min-effect"} {
		if f.changed(flag) {
			return exitError{exitUsage, fmt.Errorf("--%s: an experiment has its own, which cannot be chosen after its runs", flag)}
		}
	}
	x, err := experiment.Open(folder)
	if err != nil {
		return exitError{exitUsage, err}
	}
	x.Force = f.force
	c, unfinished, err := x.Compare()
	if err != nil {
		return exitError{exitCannotRun, err}
	}
	if len(x.Finished()) == 0 || len(c.Contrasts)+len(c.Sweeps) == 0 {
		return exitError{exitUsage, fmt.Errorf("%s has no finished runs to compare; go on with it: etcd-dyno experiment --resume %s", folder, folder)}
	}
	if x.InconclusivePasses && !f.changed("inconclusive") {
		f.inconclusive = "pass"
	}
	into := x.Folder
	if unfinished > 0 || f.force {
		into = "" // what stands there, or will, is the experiment's own
	}
	if into != "" {
		if err := writeBest(std, x, c); err != nil {
			return exitError{exitCannotRun, err}
		}
	}
	if unfinished > 0 {
		f.inconclusive = "fail"
		fmt.Fprintf(std.err, "warning: the experiment is not finished, %d runs are to be made yet: nothing is decided\n", unfinished)
	}
	err = f.tell(std, c, into, x.Name, "etcd-dyno compare "+folder)
	if err == nil && unfinished > 0 && x.Sweep != nil {
		return exitError{code: exitOpen}
	}
	return err
}
