package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcd-dyno/etcd-dyno/runner"
	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// experimentFlags are the flags of experiment.
type experimentFlags struct {
	runFlags
	outputs        outputs
	scenarios      []string
	a, b           string
	setA, setB     []string
	pairs          int
	maxPairs       int
	rounds         int
	maxTime        string
	full           bool
	gates          []string
	minEffect      string
	inconclusive   string
	confirm        bool
	aa, conclusive bool
	resume         string
	force, plan    bool
	noRoom         bool
	history        string
}

func experimentCommand(std standard) *cobra.Command {
	var f experimentFlags
	c := &cobra.Command{
		Use:   "experiment [EXPERIMENT]",
		Short: "Run configurations against one another by turns, and say which is better",
		Long: `Run scenarios on several configurations, by turns and often enough to tell a
difference from chance, and say for each metric whether it is a regression, an
improvement, equivalent, or inconclusive.

EXPERIMENT is a built-in name (see etcd-dyno experiment list) or a TOML file. Without one,
--scenario, --a and --b say what is compared. Where the file has a [sweep],
values are varied instead: which is best is told, what each costs, and what
matters, and the best configuration is written as files.

Each run has a fresh etcd and a settled disk. A run that is not valid is made
again, up to twice. A regression of what gates is shown again by a fresh block
of runs before it counts. After Ctrl-C or a crash, --resume goes on: finished
runs are not made again.

With --history the outcome is remembered, and what is told is what changed since
earlier nights, once: a night that lies outside of what they predict is measured
again, up to twice, before anything is told. What the candidate is against the
control decides only while the history is young. See etcd-dyno history --help.

The noise floor of a machine is worth knowing first: --aa compares the baseline
with itself.

` + comparisonFormatsHelp,
		Example: `  etcd-dyno experiment list
  etcd-dyno experiment explain disk
  etcd-dyno experiment disk
  etcd-dyno experiment noise --pairs 6
  etcd-dyno experiment --scenario pod-churn --a single --b single --set-b configuration.etcd.snapshot-count=1000
  etcd-dyno experiment nightly --history history.ndjson
  etcd-dyno experiment ./before-and-after.toml --until-conclusive --max-pairs 24
  etcd-dyno experiment --resume runs/20260102T150405Z-disk-experiment`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return runExperiment(std, c, args, f) },
	}
	flags := c.Flags()
	flags.StringSliceVar(&f.scenarios, "scenario", nil, "what is replayed: built-in names or TOML files")
	flags.StringVar(&f.a, "a", "", "the baseline: a built-in configuration or a TOML file")
	flags.StringVar(&f.b, "b", "", "what is compared with it; like --a unless given")
	flags.StringArrayVar(&f.setA, "set-a", nil, "configuration.PATH=VALUE changes the baseline; may be repeated")
	flags.StringArrayVar(&f.setB, "set-b", nil, "configuration.PATH=VALUE changes what is compared with it; may be repeated")
	flags.StringArrayVar(&f.sets, "set", nil, "PATH=VALUE changes all scenarios, configuration.PATH=VALUE all configurations, experiment.PATH=VALUE the experiment; may be repeated")
	flags.IntVar(&f.pairs, "pairs", 0, "how often each configuration runs each scenario (8, or 10 where more than 5 metrics gate)")
	flags.IntVar(&f.rounds, "rounds", 0, "how often a sweep measures each point (2)")
	flags.StringVar(&f.maxTime, "max-time", "", "how long a sweep may take, as in 30m: it ends with what is measured by then")
	flags.BoolVar(&f.full, "full", false, "run the longer form of the experiment, which its file describes")
	flags.StringSliceVar(&f.gates, "gate", nil, "metrics that decide, as churn.create.response.p50; the medians of what a scenario does most unless given")
	flags.StringVar(&f.minEffect, "min-effect", "", "the least change that matters (5%)")
	flags.BoolVar(&f.aa, "aa", false, "compare the baseline with itself, which measures the noise")
	flags.BoolVar(&f.conclusive, "until-conclusive", false, "make more pairs while a gate is inconclusive, up to --max-pairs")
	flags.IntVar(&f.maxPairs, "max-pairs", 0, "how many pairs --until-conclusive makes at most (32)")
	flags.BoolVar(&f.confirm, "confirm", true, "let a regression count only when a fresh block of runs shows it again; with --history, measure again what is suspected")
	flags.StringVar(&f.inconclusive, "inconclusive", "", "what an inconclusive gate does: fail (exit 5) or pass (fail)")
	flags.StringVar(&f.resume, "resume", "", "go on with the experiment in that folder")
	flags.BoolVar(&f.force, "force", false, "compare what is not comparable, or too seldom, and mark it")
	flags.BoolVar(&f.noRoom, "ignore-disk", false, "begin although the disk seems to have too little room")
	flags.BoolVar(&f.plan, "plan", false, "print the order of the runs and how long they take, and make none")
	flags.StringVar(&f.history, "history", os.Getenv("ETCD_DYNO_HISTORY"), "the file of a history: remember the outcome in it, and tell what changed")
	flags.StringVar(&f.user, "user", "", "NAME or NAME:PASSWORD for clusters that exist (or ETCDCTL_USER)")
	f.foreignFlags.register(flags)
	flags.StringVar(&f.runsDir, "runs-dir", usualRunsDir(), "where the experiment's folder is made")
	outputsFlag(flags, &f.output, comparisonFormats)
	flags.BoolVar(&f.keep, "keep", false, "leave the labs' data in the run folders")
	c.AddCommand(experimentList(std), showCommand(std, experimentFiles()), validateCommand(std, experimentFiles()), experimentExplain(std))
	return c
}

// runExperiment does the experiment command.
func runExperiment(std standard, c *cobra.Command, args []string, f experimentFlags) (err error) {
	if f.outputs, err = outputsOf(f.output, comparisonFormats); err != nil {
		return exitError{exitUsage, err}
	}
	x, err := f.begin(c, args)
	if err != nil {
		return exitError{exitUsage, err}
	}
	if f.history != "" && x.asked.Sweep != nil {
		if c.Flags().Changed("history") {
			return exitError{exitUsage, errors.New("--history: a sweep is not remembered: it explores, and has no candidate; leave it out")}
		}
		f.history = "" // ETCD_DYNO_HISTORY is meant for those that can be
	}
	jobs, err := jobsOfExperiment(std, f, x.asked)
	if err != nil {
		return exitError{exitUsage, err}
	}
	if f.plan {
		return printOrder(std, x.asked)
	}
	if err := f.roomFor(x.asked); err != nil {
		return exitError{exitCannotRun, err}
	}
	ctx, cut, stop := untilSignals(std, experimentInterrupted())
	defer stop()
	for i := range x.asked.Configurations {
		if err := findEtcdOf(ctx, std, jobs, i); err != nil {
			return err
		}
	}
	reruns, err := f.remembers(std, &x)
	if err != nil {
		return err
	}
	opened, err := x.open(f)
	if err != nil {
		return exitError{exitUsage, err}
	}
	defer opened.Close()
	sweep(std, f.runsDir)
	if f.resume != "" {
		sweep(std, filepath.Dir(opened.Folder))
	}
	e := experimenter{std: std, f: f, x: opened, jobs: jobs, cut: cut, confirmed: map[string]bool{}, reruns: reruns}
	return e.run(ctx)
}

// mostPairs is how many --until-conclusive makes at most, unless it is said.
const mostPairs = 32

// beginning is an experiment before its folder is opened or made.
type beginning struct {
	asked scenarios.Experiment
	// opened is one that goes on; nil for a new one.
	opened *experiment.Experiment
}

// begin reads what is asked; nothing is made.
func (f experimentFlags) begin(c *cobra.Command, args []string) (b beginning, err error) {
	if f.resume != "" {
		for _, name := range []string{"scenario", "a", "b", "set", "set-a", "set-b", "pairs", "gate", "min-effect", "aa", "until-conclusive", "max-pairs", "rounds", "max-time", "full", "confirm", "inconclusive"} {
			if c.Flags().Changed(name) {
				return b, fmt.Errorf("--resume goes on with an experiment as it is: --%s cannot change it", name)
			}
		}
		if len(args) > 0 {
			return b, fmt.Errorf("--resume has the experiment already: leave %s out", args[0])
		}
		b.opened, err = experiment.Resume(f.resume)
		if err == nil {
			b.asked = b.opened.Experiment
		}
		return b, err
	}
	file, text, err := f.text(args)
	if err != nil {
		return b, err
	}
	sets := f.sets
	if f.full {
		longer, err := scenarios.LongerForm(file, text)
		if err != nil {
			return b, err
		}
		sets = slices.Concat(longer, sets)
	}
	own, ofScenarios, ofConfigurations := scenarios.SplitExperimentSets(sets)
	own = append(own, f.changes(c)...)
	if b.asked, err = scenarios.ParseExperiment(file, text, own, ofScenarios, ofConfigurations); err != nil {
		return b, err
	}
	if f.conclusive {
		more := b.asked
		if more.MaxPairs == 0 {
			more.MaxPairs = mostPairs
		}
		for !c.Flags().Changed("pairs") && len(experiment.Refused(more)) > 0 && more.Pairs < more.MaxPairs {
			more.Pairs++ // with several looks it takes more to tell anything at the first
		}
		own = append(own, fmt.Sprintf("max_pairs=%d", more.MaxPairs), fmt.Sprintf("pairs=%d", more.Pairs))
		if b.asked, err = scenarios.ParseExperiment(file, text, own, ofScenarios, ofConfigurations); err != nil {
			return b, err
		}
	}
	for _, s := range b.asked.Scenarios {
		if limits := relativeLimits(s); len(limits) > 0 {
			return b, fmt.Errorf("the threshold %q of %s is relative to a baseline: an experiment compares with its own; gate on the metric instead", limits[0], s.Name)
		}
	}
	if f.force {
		return b, nil
	}
	return b, scenarios.RefuseExperiment(file, text, own, experiment.Refused(b.asked))
}

// changes are flags that change a key of the experiment, as sets.
func (f experimentFlags) changes(c *cobra.Command) (sets []string) {
	put := func(flag, key, value string) {
		if c.Flags().Changed(flag) {
			sets = append(sets, key+"="+value)
		}
	}
	put("pairs", "pairs", strconv.Itoa(f.pairs))
	put("rounds", "rounds", strconv.Itoa(f.rounds))
	put("max-time", "max_time", strconv.Quote(f.maxTime))
	put("gate", "gate", tomlArray(f.gates))
	put("min-effect", "min_effect", strconv.Quote(f.minEffect))
	put("aa", "aa", strconv.FormatBool(f.aa))
	put("confirm", "confirm", strconv.FormatBool(f.confirm))
	put("inconclusive", "inconclusive", strconv.Quote(f.inconclusive))
	if c.Flags().Changed("max-pairs") {
		sets = append(sets, "max_pairs="+strconv.Itoa(f.maxPairs))
	}
	return sets
}

// text is the experiment that is asked for: a file's, or what the flags say.
func (f experimentFlags) text(args []string) (file string, text []byte, err error) {
	inline := len(f.scenarios) > 0 || f.a != "" || f.b != "" || len(f.setA)+len(f.setB) > 0
	switch {
	case len(args) == 1 && inline:
		return "", nil, fmt.Errorf("%s says what is compared: --scenario, --a, --b, --set-a and --set-b are for an experiment without a file", args[0])
	case len(args) == 1:
		return scenarios.ExperimentText(args[0])
	case !inline:
		return "", nil, errors.New("an experiment is needed; built in are " + strings.Join(scenarios.ExperimentNames(), ", ") + "; or say what is compared by --scenario, --a and --b")
	case len(f.scenarios) == 0:
		return "", nil, errors.New("--scenario is missing; write for example --scenario pod-churn")
	case f.a == "":
		return "", nil, errors.New("--a is missing; write for example --a single")
	case f.b == "" && len(f.setB) == 0 && !f.aa:
		return "", nil, errors.New("there is nothing to compare --a with; give --b, --set-b, or --aa to compare it with itself")
	}
	return f.inline()
}

// inline is an experiment made of flags.
func (f experimentFlags) inline() (file string, text []byte, err error) {
	b := f.b
	if b == "" {
		b = f.a
	}
	nameA, nameB := tableName(f.a), tableName(b)
	if nameA == nameB {
		nameB += "-b"
	}
	var out strings.Builder
	fmt.Fprintf(&out, "name = %q\nscenarios = %s\n", nameA+"-or-"+nameB, tomlArray(f.scenarios))
	for i, side := range []struct {
		name, from, flag string
		sets             []string
	}{{nameA, f.a, "--set-a", f.setA}, {nameB, b, "--set-b", f.setB}} {
		if i == 1 && f.aa {
			break
		}
		var own []string
		for _, s := range side.sets {
			rest, ok := strings.CutPrefix(s, "configuration.")
			if !ok {
				return "", nil, fmt.Errorf("%s %s: both sides run the same scenario, so that only configuration.PATH=VALUE can differ; --set changes the scenario of both", side.flag, s)
			}
			own = append(own, rest)
		}
		fmt.Fprintf(&out, "[configuration.%s]\nfrom = %q\nset = %s\n", side.name, side.from, tomlArray(own))
	}
	return "the command line", []byte(out.String()), nil
}

// tableName is a configuration's name or file as the name of a table.
func tableName(nameOrFile string) string {
	base := strings.TrimSuffix(filepath.Base(nameOrFile), ".toml")
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, base)
}

// tomlArray writes strings as TOML does.
func tomlArray(all []string) string {
	quoted := make([]string, len(all))
	for i, s := range all {
		quoted[i] = strconv.Quote(s)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// open opens the folder, or makes it.
func (b beginning) open(f experimentFlags) (*experiment.Experiment, error) {
	if b.opened != nil {
		return b.opened, nil
	}
	folder, err := runner.MakeFolder(f.runsDir, b.asked.Name, "experiment", time.Now())
	if err != nil {
		return nil, err
	}
	return experiment.Create(folder, b.asked, toolVersion(), "")
}

// jobsOfExperiment are the runs' jobs, by scenario and configuration.
func jobsOfExperiment(std standard, f experimentFlags, e scenarios.Experiment) (jobs [][]runner.Job, err error) {
	foreign := slices.ContainsFunc(e.Configurations, func(c scenarios.Configuration) bool { return len(c.Endpoints) > 0 })
	if err := f.foreignFlags.check(foreign); err != nil {
		return nil, err
	}
	credentials, err := credentialsOf(std, f.targetFlags, foreign)
	if err != nil {
		return nil, err
	}
	for i := range e.Scenarios {
		var row []runner.Job
		for k, c := range e.Configurations {
			s := e.Scenario(i, k)
			if c, err = completed(c); err != nil {
				return nil, err
			}
			if refused := s.RefusedOn(c, f.allowDisruptive); len(refused) > 0 {
				return nil, fmt.Errorf("%s on %s: %s: %s", s.Name, c.Name, strings.Join(refused[0].Key, "."), refused[0].Message)
			}
			if err := runner.CheckFiles(c); err != nil {
				return nil, fmt.Errorf("%s: %w", c.Name, err)
			}
			row = append(row, runner.Job{
				Scenario: s, Configuration: s.On(c), Credentials: credentials, Keep: f.keep, AllowDisruptive: f.allowDisruptive,
				Prefix: f.prefix, ReusePrefix: f.reuse, Tool: toolVersion(),
			})
		}
		jobs = append(jobs, row)
	}
	return jobs, nil
}

// findEtcdOf finds the etcd of a lab, for all scenarios.
func findEtcdOf(ctx context.Context, std standard, jobs [][]runner.Job, configuration int) error {
	c := jobs[0][configuration].Configuration
	if len(c.Endpoints) > 0 {
		return nil
	}
	found, refused, err := lab.FindEtcd(ctx, c, "", func(text string) { fmt.Fprintln(std.err, text) })
	switch {
	case err != nil && ctx.Err() != nil:
		return exitError{exitInterrupted, fmt.Errorf("interrupted while the etcd of %s was looked for", c.Name)}
	case err != nil:
		return exitError{exitCannotRun, fmt.Errorf("%s: %w", c.Name, err)}
	case len(refused) > 0:
		return exitError{exitUsage, fmt.Errorf("%s: %s: %s", c.Name, strings.Join(refused[0].Key, "."), refused[0].Message)}
	}
	for s := range jobs {
		jobs[s][configuration].Etcd = found
	}
	return nil
}
