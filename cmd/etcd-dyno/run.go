package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// runFlags are the flags of run.
type runFlags struct {
	targetFlags
	foreignFlags
	configuration string
	sets          []string
	runsDir       string
	output        string
	keep, strict  bool
}

func runCommand(std standard) *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run SCENARIO",
		Short: "Replay a scenario against an etcd and report",
		Long: `Replay a scenario against an etcd and report.

SCENARIO is a built-in name (` + strings.Join(scenarios.ScenarioNames(), ", ") + `) or a TOML file.

Without --configuration or --endpoints a lab is started on this machine: real
etcd, its data on a real disk, gone afterwards.

A cluster of your own is touched only with --endpoints, or a configuration with
endpoints. Its other keys stay as they are: everything is written below
/etcd-dyno/SCENARIO/ (--prefix) and deleted at the end. The plan is shown first,
and wants a yes. The load ends by itself before nine tenths of etcd's quota are
full, and the history is compacted only with --allow-disruptive.`,
		Example: `  etcd-dyno run pod-churn
  etcd-dyno run pod-churn --configuration three --set phases.measure=60s
  etcd-dyno run ./my-scenario.toml --endpoints https://10.0.0.1:2379 --cacert ca.pem --cert me.pem --key me.key`,
		Args: exactlyOne("SCENARIO", scenarios.ScenarioNames),
		RunE: func(_ *cobra.Command, args []string) error { return run(std, args[0], f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.configuration, "configuration", "", "what to run against: a built-in lab ("+strings.Join(scenarios.ConfigurationNames(), ", ")+") or a TOML file")
	f.targetFlags.register(flags)
	f.foreignFlags.register(flags)
	flags.StringArrayVar(&f.sets, "set", nil, "PATH=VALUE changes the scenario, configuration.PATH=VALUE the configuration; may be repeated")
	flags.StringVar(&f.runsDir, "runs-dir", environmentOr("ETCD_DYNO_RUNS_DIR", "runs"), "where run folders are made")
	flags.StringVarP(&f.output, "output", "o", "table", "what to print at the end: table or json")
	flags.BoolVar(&f.keep, "keep", false, "leave the lab's data in the run folder")
	flags.BoolVar(&f.strict, "strict", false, "a percentile threshold with too few samples is a breach")
	return c
}

func environmentOr(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// exactlyOne wants one argument and says which are known.
func exactlyOne(what string, known func() []string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) == 1 {
			return nil
		}
		message := fmt.Sprintf("exactly one %s is needed, there are %d arguments", what, len(args))
		if known != nil {
			message += "; built in are " + strings.Join(known(), ", ")
		}
		return exitError{exitUsage, errors.New(message)}
	}
}

// run does the run command.
func run(std standard, name string, f runFlags) error {
	job, err := jobOf(std, name, f)
	if err != nil {
		return exitError{exitUsage, err}
	}
	sweep(std, f.runsDir)
	ctx, cut, stop := untilSignals(std, runInterrupted())
	defer stop()
	display := newDisplay(std)
	job.Started = func(folder string) { fmt.Fprintf(std.err, "run folder: %s\n", folder) }
	job.Progress = display.show
	folder, err := runner.Run(ctx, cut, job)
	display.close()
	return finish(std, f, job, folder, err, ctx.Err() != nil)
}

// sweep takes away what killed runs left.
func sweep(std standard, runsDir string) {
	removed, err := lab.Sweep(runsDir)
	for _, dir := range removed {
		fmt.Fprintf(std.err, "removed %s, left by a run that was killed\n", dir)
	}
	if err != nil {
		fmt.Fprintf(std.err, "warning: %v\n", err)
	}
}

// finish writes result and report from what the journal has, and prints the summary.
func finish(std standard, f runFlags, job runner.Job, folder string, failed error, interrupted bool) error {
	if folder == "" {
		return exitError{exitCannotRun, failed}
	}
	var invalid []string
	if errors.Is(failed, runner.ErrJournal) {
		invalid = append(invalid, failed.Error())
	}
	w, err := writeOut(folder, reproduce(f, job), invalid...)
	if err != nil {
		// There is no journal, or nothing in it, or no room for more.
		switch {
		case errors.Is(failed, runner.ErrLeft):
			return exitError{exitCannotRun, failed}
		case len(invalid) > 0 && !interrupted:
			return exitError{exitInvalid, errors.Join(failed, err)}
		case interrupted:
			return exitError{exitInterrupted, errors.New("interrupted before anything was measured")}
		case errors.Is(failed, runner.ErrNotConfirmed):
			return exitError{exitUsage, failed}
		case failed != nil:
			return exitError{exitCannotRun, failed}
		}
		return exitError{exitCannotRun, err}
	}
	if failed != nil {
		fmt.Fprintf(std.err, "etcd-dyno: %v\n", failed)
	}
	if err := printResult(std, w.result, f.output); err != nil {
		return exitError{exitCannotRun, err}
	}
	fmt.Fprintf(std.err, "report: %s\n", filepath.Join(folder, results.ReportFile))
	code := codeOf(w.result, f.strict, interrupted)
	if errors.Is(failed, runner.ErrLeft) || failed != nil && len(invalid) == 0 && code != exitInterrupted {
		code = exitCannotRun
	}
	if code == exitDone {
		return nil
	}
	return exitError{code: code}
}

// jobOf reads and checks everything that the user asked for; nothing is sent.
func jobOf(std standard, name string, f runFlags) (runner.Job, error) {
	job := runner.Job{
		RunsDir: f.runsDir, Keep: f.keep, Strict: f.strict, AllowDisruptive: f.allowDisruptive, Prefix: f.prefix, ReusePrefix: f.reuse,
		Confirm: confirmer(std, f.yes), Tool: "etcd-dyno " + version,
	}
	if f.output != "table" && f.output != "json" {
		return job, fmt.Errorf("-o %s: unknown; it can be table or json", f.output)
	}
	ofScenario, ofConfiguration, err := scenarios.SplitSets(f.sets)
	if err != nil {
		return job, err
	}
	if job.Scenario, err = scenarios.LoadScenario(name, ofScenario); err != nil {
		return job, err
	}
	if job.Configuration, err = configurationOf(f, job.Scenario, ofConfiguration); err != nil {
		return job, err
	}
	if err := runner.CheckFiles(job.Configuration); err != nil {
		return job, err
	}
	foreign := len(job.Configuration.Endpoints) > 0
	if err := f.foreignFlags.check(foreign); err != nil {
		return job, err
	}
	job.Credentials, err = credentialsOf(std, f.targetFlags, foreign)
	return job, err
}

// configurationOf is what to run against: the flags' endpoints, or a configuration by name or file.
func configurationOf(f runFlags, s scenarios.Scenario, sets []string) (scenarios.Configuration, error) {
	if len(f.endpoints) == 0 {
		if err := f.checkForeign(); err != nil {
			return scenarios.Configuration{}, err
		}
		name := s.Configuration
		if f.configuration != "" {
			name = f.configuration
		}
		c, err := scenarios.LoadConfiguration(name, sets)
		if err != nil {
			return c, err
		}
		return completed(c)
	}
	if f.configuration != "" {
		return scenarios.Configuration{}, errors.New("--configuration and --endpoints exclude each other: a run has one target")
	}
	endpoints, err := f.endpointsOf()
	if err != nil {
		return scenarios.Configuration{}, err
	}
	return f.existing(endpoints, sets)
}

// credentialsOf takes user and password from the flag, the environment, or a terminal.
func credentialsOf(std standard, f targetFlags, foreign bool) (runner.Credentials, error) {
	if f.user != "" && !foreign {
		return runner.Credentials{}, errors.New("--user is for a cluster that exists: it needs --endpoints")
	}
	name, password, given := f.userOf(foreign)
	if name == "" && !given {
		return runner.Credentials{}, nil
	}
	if password == "" && term.IsTerminal(int(std.in.Fd())) {
		fmt.Fprintf(std.err, "password of %s: ", name)
		typed, err := term.ReadPassword(int(std.in.Fd()))
		fmt.Fprintln(std.err)
		if err != nil {
			return runner.Credentials{}, fmt.Errorf("reading the password: %w", err)
		}
		password = string(typed)
	}
	if name == "" || password == "" {
		return runner.Credentials{}, errors.New("--user: a name and a password are needed: NAME:PASSWORD, or NAME with ETCD_DYNO_PASSWORD set")
	}
	return runner.Credentials{Username: name, Password: password}, nil
}

// reproduce is the command line that does the same run again, without credentials.
func reproduce(f runFlags, job runner.Job) string {
	words := []string{"etcd-dyno", "run", "./" + results.ScenarioFile}
	if len(job.Configuration.Endpoints) > 0 {
		words = append(words, reproduceForeign(f, job)...)
	} else {
		words = append(words, "--configuration", "./"+results.ConfigurationFile)
	}
	if f.strict {
		words = append(words, "--strict")
	}
	return strings.Join(words, " ")
}
