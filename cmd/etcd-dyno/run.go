package main

import (
	"cmp"
	"context"
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
	"github.com/etcd-dyno/etcd-dyno/runner/live"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// runFlags are the flags of run.
type runFlags struct {
	targetFlags
	foreignFlags
	configurations []string
	sets           []string
	runsDir        string
	output         []string
	keep, strict   bool
	metricsListen  string
	baseline       string
	profile        bool
}

func runCommand(std standard) *cobra.Command {
	var f runFlags
	c := &cobra.Command{
		Use:   "run SCENARIO",
		Short: "Replay a scenario against an etcd and report",
		Long: `Replay a scenario against an etcd and report.

SCENARIO is a built-in name (` + strings.Join(scenarios.ScenarioNames(), ", ") + `) or a TOML file.

Without --configuration or --endpoints a lab is started on this machine: real
etcd, its data on a real disk, gone afterwards. Several configurations are run
one after the other, and one table compares them (-o table or json).

A cluster of your own is touched only with --endpoints, or a configuration with
endpoints. Its other keys stay as they are: everything is written below
/etcd-dyno/SCENARIO/ (--prefix) and deleted at the end. The plan is shown first,
and wants a yes. The load ends by itself before nine tenths of etcd's quota are
full, and what others would notice, as a compaction or a defragmentation, is
done only with --allow-disruptive.

` + formatsHelp,
		Example: `  etcd-dyno run pod-churn
  etcd-dyno run pod-churn --configuration three --set phases.measure=60s
  etcd-dyno run pod-churn -o markdown=summary.md -o junit=junit.xml
  etcd-dyno run pod-churn --configuration single,slow-disk,three-zones
  etcd-dyno run ./my-scenario.toml --endpoints https://10.0.0.1:2379 --cacert ca.pem --cert me.pem --key me.key`,
		Args: exactlyOne("SCENARIO", scenarios.ScenarioNames),
		RunE: func(_ *cobra.Command, args []string) error { return run(std, args[0], f) },
	}
	flags := c.Flags()
	flags.StringSliceVar(&f.configurations, "configuration", nil, "what to run against: a built-in lab ("+strings.Join(scenarios.ConfigurationNames(), ", ")+") or a TOML file; several, with commas, are run one after the other and compared")
	f.targetFlags.register(flags)
	f.foreignFlags.register(flags)
	flags.StringArrayVar(&f.sets, "set", nil, "PATH=VALUE changes the scenario, configuration.PATH=VALUE the configuration; may be repeated")
	flags.StringVar(&f.runsDir, "runs-dir", usualRunsDir(), "where run folders are made")
	outputsFlag(flags, &f.output, runFormats)
	flags.BoolVar(&f.keep, "keep", false, "leave the lab's data in the run folder")
	flags.BoolVar(&f.profile, "profile", false, "keep CPU and heap profiles of the lab's members of the measure phase, in profiles/ of the run folder")
	flags.StringVar(&f.metricsListen, "metrics-listen", "", "HOST:PORT at which the run is shown to Prometheus while it goes, at /metrics, with a Grafana dashboard at /grafana.json")
	flags.StringVar(&f.baseline, "baseline", "", "the baseline that thresholds are relative to, as compare --save-baseline has kept it")
	flags.BoolVar(&f.strict, "strict", false, "a percentile threshold with too few samples is a breach")
	return c
}

// usualRunsDir is where run folders are made unless the flag says otherwise.
func usualRunsDir() string {
	return cmp.Or(os.Getenv("ETCD_DYNO_RUNS_DIR"), "runs")
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
	asked, err := outputsOf(f.output, f.formats())
	if err != nil {
		return exitError{exitUsage, err}
	}
	jobs, err := jobsOf(std, name, f)
	if err != nil {
		return exitError{exitUsage, err}
	}
	ctx, cut, stop := untilSignals(std, runInterrupted())
	defer stop()
	if err := findEtcds(ctx, std, f, jobs); err != nil {
		return err
	}
	stopShowing, err := show(ctx, std, f.metricsListen, jobs)
	if err != nil {
		return err
	}
	defer stopShowing()
	sweep(std, f.runsDir)
	if len(jobs) > 1 {
		return runAll(ctx, cut, std, f, jobs, asked)
	}
	o := runOne(ctx, cut, std, f, jobs[0])
	if o.result != nil {
		err = asked.write(std, ofRun(o.page))
	}
	o.tell(std)
	if err != nil {
		return exitError{exitCannotRun, err}
	}
	return o.exit()
}

// formats are those in which what the flags ask for can be told.
func (f runFlags) formats() []string {
	if len(f.configurations) > 1 {
		return severalFormats
	}
	return runFormats
}

// show has the jobs shown to Prometheus at an address, if there is one, until it is stopped.
func show(ctx context.Context, std standard, address string, jobs []runner.Job) (stop func(), err error) {
	if address == "" {
		return func() {}, nil
	}
	var exporter live.Exporter
	server, err := live.Listen(ctx, address, &exporter)
	if err != nil {
		return nil, exitError{exitCannotRun, err}
	}
	fmt.Fprintf(std.err, "metrics: %s\n", server.URL)
	for i := range jobs {
		of := live.Run{Scenario: jobs[i].Scenario.Name, Configuration: jobs[i].Configuration.Name}
		jobs[i].Interval = func(in *results.Interval) { exporter.Feed(of, in) }
	}
	return func() {
		if err := server.Close(); err != nil {
			fmt.Fprintf(std.err, "warning: %v\n", err)
		}
	}, nil
}

// runOne does one run.
func runOne(ctx, cut context.Context, std standard, f runFlags, job runner.Job) outcome {
	display := newDisplay(std)
	job.Started = func(folder string) { fmt.Fprintf(std.err, "run folder: %s\n", folder) }
	job.Progress = display.show
	job.Reproduce = reproduce(f, job)
	if len(job.Configuration.Endpoints) == 0 {
		fmt.Fprintln(std.err, starting(job.Configuration))
	}
	folder, err := runner.Run(ctx, cut, job)
	display.close()
	return finish(f, folder, err, ctx.Err() != nil)
}

// sweep takes away what killed runs left, those of experiments too.
func sweep(std standard, runsDir string) {
	removed, err := lab.Sweep(runsDir)
	of, _ := filepath.Glob(filepath.Join(runsDir, "*", results.RunsFolder)) // the pattern is well formed
	for _, dir := range of {
		more, failed := lab.Sweep(dir)
		removed, err = append(removed, more...), errors.Join(err, failed)
	}
	for _, dir := range removed {
		fmt.Fprintf(std.err, "removed %s, left by a run that was killed\n", dir)
	}
	groups, failed := lab.SweepGroups(context.Background())
	for _, g := range groups {
		fmt.Fprintf(std.err, "removed the cgroup %s, left by a run that was killed\n", g)
	}
	if err = errors.Join(err, failed); err != nil {
		fmt.Fprintf(std.err, "warning: %v\n", err)
	}
}

// jobsOf reads and checks everything that the user asked for; nothing is sent. It
// is one job for each configuration.
func jobsOf(std standard, name string, f runFlags) ([]runner.Job, error) {
	job := runner.Job{
		RunsDir: f.runsDir, Keep: f.keep, Strict: f.strict, AllowDisruptive: f.allowDisruptive, Prefix: f.prefix, ReusePrefix: f.reuse,
		Confirm: confirmer(std, f.yes), Tool: toolVersion(),
	}
	if f.metricsListen != "" {
		if err := live.CheckAddress(f.metricsListen); err != nil {
			return nil, fmt.Errorf("--metrics-listen: %w", err)
		}
	}
	ofScenario, ofConfiguration, err := scenarios.SplitSets(f.sets)
	if err != nil {
		return nil, err
	}
	if job.Scenario, err = scenarios.LoadScenario(name, ofScenario); err != nil {
		return nil, err
	}
	if job.Baseline, err = baselineOf(f.runsDir, f.baseline, job.Scenario); err != nil {
		return nil, err
	}
	against, err := configurationsOf(f, job.Scenario, ofConfiguration)
	if err != nil {
		return nil, err
	}
	var jobs []runner.Job
	asked := targetFlags{}
	for _, c := range against {
		job.Configuration, job.Profile = job.Scenario.On(c), f.profile
		if f.profile && len(c.Endpoints) > 0 {
			return nil, errors.New("--profile is for a lab: profiles of a cluster that exists are its owner's to take")
		} else if f.profile {
			job.Configuration = job.Configuration.Profiled()
		}
		if err := scenarios.RefuseScenario(name, ofScenario, job.Scenario.RefusedOn(c, f.allowDisruptive)); err != nil {
			return nil, err
		}
		if err := runner.CheckFiles(c); err != nil {
			return nil, err
		}
		foreign := len(c.Endpoints) > 0
		if err := f.foreignFlags.check(foreign); err != nil {
			return nil, err
		}
		if f.user != "" || foreign {
			asked = f.targetFlags
		}
		if job.Credentials, err = credentialsOf(std, asked, foreign); err != nil {
			return nil, err
		}
		jobs = append(jobs, job)
	}
	return jobs, nil
}

// configurationsOf is what to run against: the flags' endpoints, or configurations by name or file.
func configurationsOf(f runFlags, s scenarios.Scenario, sets []string) ([]scenarios.Configuration, error) {
	if len(f.endpoints) > 0 {
		if f.configurations != nil {
			return nil, errors.New("--configuration and --endpoints exclude each other: a run has one target")
		}
		endpoints, err := f.endpointsOf()
		if err != nil {
			return nil, err
		}
		c, err := f.existing(endpoints, sets)
		return []scenarios.Configuration{c}, err
	}
	if err := f.checkForeign(); err != nil {
		return nil, err
	}
	var all []scenarios.Configuration
	names := f.configurationNames(s)
	for _, name := range names {
		if name == "" {
			return nil, errors.New("--configuration has an empty name in it; leave it out for the scenario's own")
		}
		c, err := scenarios.LoadConfiguration(name, sets)
		if err == nil {
			c, err = completed(c)
		}
		if err != nil {
			return nil, ofConfiguration(err, name, len(names) > 1)
		}
		all = append(all, c)
	}
	return all, nil
}

// ofConfiguration says of which of several configurations a fault is, where that
// is not told by its place: a --set goes to all.
func ofConfiguration(err error, name string, several bool) error {
	var faults scenarios.Faults
	if !several || !errors.As(err, &faults) {
		return err
	}
	for i, f := range faults {
		if f.Line == 0 {
			faults[i].Message = "of " + name + ": " + f.Message
		}
	}
	return faults
}

// configurationNames are the names or files of what to run against.
func (f runFlags) configurationNames(s scenarios.Scenario) []string {
	if f.configurations == nil {
		return []string{s.Configuration}
	}
	return f.configurations
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
	if f.baseline != "" {
		words = append(words, "--baseline", f.baseline)
	}
	if f.profile {
		words = append(words, "--profile")
	}
	return strings.Join(words, " ")
}
