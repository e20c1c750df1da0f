package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/runner"
	"github.com/etcd-dyno/etcd-dyno/runner/doctor"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// doctorFlags are the flags of doctor.
type doctorFlags struct {
	targetFlags
	configuration string
	sets          []string
	runsDir       string
	probe         bool
	prefix, disk  string
	output        string
}

func doctorCommand(std standard) *cobra.Command {
	var f doctorFlags
	c := &cobra.Command{
		Use: "doctor", Short: "Look at a cluster before any load, and say what is not well", Args: cobra.NoArgs,
		Long: `Look at a cluster before any load, and say what is not well.

It asks each endpoint how it is, whether all members have the same, how full and
how fragmented their databases are, when certificates end, what lies in the
cluster, and whether heartbeat and election timeout fit the round trip between
members. It only reads: keys a page at a time, and of each resource twenty objects
for their size. With --probe it makes a few hundred light requests to keys of its
own, which hang on a lease and are gone afterwards.

With --disk it measures a disk as etcd's documentation does: 2,300 bytes and an
fdatasync, again and again, in a file of its own, for 20 seconds at most.`,
		Example: `  etcd-dyno doctor --endpoints https://10.0.0.1:2379,https://10.0.0.2:2379,https://10.0.0.3:2379 --cacert ca.pem --cert me.pem --key me.key
  etcd-dyno doctor --configuration three --probe
  etcd-dyno doctor --disk /var/lib/etcd`,
		RunE: func(*cobra.Command, []string) error { return examine(std, f) },
	}
	flags := c.Flags()
	flags.StringVar(&f.configuration, "configuration", "", "a lab that is started, looked at and taken away, or a file with endpoints: a built-in name ("+strings.Join(scenarios.ConfigurationNames(), ", ")+") or a TOML file")
	f.targetFlags.register(flags)
	flags.StringArrayVar(&f.sets, "set", nil, "PATH=VALUE changes the configuration; may be repeated")
	flags.StringVar(&f.runsDir, "runs-dir", usualRunsDir(), "where a lab's folder is made")
	flags.BoolVar(&f.probe, "probe", false, "make 400 light requests, too, and delete what they wrote")
	flags.StringVar(&f.prefix, "prefix", "/etcd-dyno/doctor/", "what the probe's keys begin with")
	flags.StringVar(&f.disk, "disk", "", "a folder whose disk is measured")
	flags.StringVarP(&f.output, "output", "o", "table", "what to print: table, json or markdown")
	return c
}

// examine looks at what the flags name, and prints what was found.
func examine(std standard, f doctorFlags) error {
	c, err := f.target()
	if err != nil {
		return exitError{exitUsage, err}
	}
	wishes := doctor.Wishes{Disk: f.disk, Progress: func(what string) { fmt.Fprintln(std.err, what) }}
	if f.probe {
		wishes.Probe = f.prefix
	}
	ctx, cut, stop := untilSignals(std, doctorInterrupted())
	defer stop()
	if c != nil && len(c.Endpoints) == 0 {
		sweep(std, f.runsDir)
	}
	patient, leave, err := f.patient(ctx, cut, std, c)
	if err != nil {
		return err
	}
	d, err := doctor.Examine(ctx, patient, wishes)
	left := leave()
	switch {
	case ctx.Err() != nil:
		return exitError{exitInterrupted, errors.Join(errors.New("interrupted before all was looked at"), left)}
	case err != nil:
		return exitError{exitCannotRun, errors.Join(err, left)}
	}
	if err := f.print(std, d); err != nil {
		return exitError{exitCannotRun, errors.Join(err, left)}
	}
	switch {
	case left != nil:
		return exitError{exitCannotRun, left}
	case c == nil && d.Findings[0].Status == doctor.Skipped:
		return exitError{code: exitCannotRun} // the disk was all that was asked for
	case d.Failed():
		return exitError{code: exitThreshold}
	}
	return nil
}

// target is the configuration that the flags name; nil where only a disk is to be measured.
func (f doctorFlags) target() (*scenarios.Configuration, error) {
	if !slices.Contains([]string{"table", "json", "markdown"}, f.output) {
		return nil, fmt.Errorf("-o %s: unknown; it can be table, json or markdown", f.output)
	}
	if f.disk != "" {
		if info, err := os.Stat(f.disk); err != nil || !info.IsDir() {
			return nil, fmt.Errorf("--disk %s: there is no such folder", f.disk)
		}
	}
	if err := runner.CheckPrefix(f.prefix); err != nil {
		return nil, fmt.Errorf("--prefix: %w", err)
	}
	sets, err := ownSets(f.sets)
	if err != nil {
		return nil, err
	}
	endpoints, err := f.endpointsOf()
	if err != nil {
		return nil, err
	}
	var c scenarios.Configuration
	switch {
	case f.configuration != "" && len(endpoints) > 0:
		return nil, errors.New("--configuration and --endpoints exclude each other: there is one patient")
	case len(endpoints) > 0:
		c, err = f.existing(endpoints, sets)
	case f.configuration != "":
		if err := f.checkForeign(); err != nil {
			return nil, err
		}
		if c, err = scenarios.LoadConfiguration(f.configuration, sets); err == nil {
			c, err = completed(c)
		}
	case f.disk != "" && !f.probe:
		return nil, nil
	default:
		return nil, errors.New("who is to be looked at? Write --endpoints URL, --configuration LAB or --disk FOLDER")
	}
	if err != nil {
		return nil, err
	}
	return &c, runner.CheckFiles(c)
}

// patient is the cluster of a configuration; leave takes it away if it is a lab.
func (f doctorFlags) patient(ctx, cut context.Context, std standard, c *scenarios.Configuration) (p doctor.Patient, leave func() error, err error) {
	nothing := func() error { return nil }
	if c == nil {
		return p, nothing, nil
	}
	if len(c.Endpoints) > 0 {
		credentials, err := credentialsOf(std, f.targetFlags, true)
		if err != nil {
			return p, nothing, exitError{exitUsage, err}
		}
		config, err := runner.TLS(*c)
		if err != nil {
			return p, nothing, exitError{exitUsage, err}
		}
		return doctor.Patient{Endpoints: c.Endpoints, TLS: config, Username: credentials.Username, Password: credentials.Password, Metrics: c.Telemetry.URLs}, nothing, nil
	}
	return f.lab(ctx, cut, std, *c)
}

// lab starts one for the doctor.
func (f doctorFlags) lab(ctx, cut context.Context, std standard, c scenarios.Configuration) (p doctor.Patient, leave func() error, err error) {
	sets, err := ownSets(f.sets)
	if err != nil {
		return p, nil, exitError{exitUsage, err}
	}
	etcd, err := findEtcd(ctx, std, c, f.configuration, sets)
	if err != nil {
		return p, nil, err
	}
	folder, err := runner.MakeFolder(f.runsDir, "doctor", c.Name, time.Now())
	if err != nil {
		return p, nil, exitError{exitCannotRun, err}
	}
	fmt.Fprintln(std.err, starting(c))
	l, err := lab.Start(ctx, lab.Spec{Run: folder, Configuration: c, Etcd: etcd})
	if err != nil {
		return p, nil, notUp(folder, ctx.Err() != nil, err)
	}
	leave = func() error {
		if err := l.Stop(cut); err != nil {
			return err
		}
		return os.RemoveAll(folder)
	}
	p = doctor.Patient{Endpoints: l.Endpoints()}
	if password := l.RootPassword(); password != "" {
		p.Username, p.Password = scenarios.Root, password
	}
	if p.TLS, err = l.TLS(); err != nil {
		return p, nil, exitError{exitCannotRun, errors.Join(err, leave())}
	}
	for _, m := range l.Members() {
		if !m.Learner {
			p.Metrics = append(p.Metrics, m.Metrics)
		}
	}
	return p, leave, nil
}

// print writes what was found.
func (f doctorFlags) print(std standard, d doctor.Diagnosis) error {
	switch f.output {
	case "json":
		return printJSON(std.out, d)
	case "markdown":
		return report.ExaminationMarkdown(std.out, examination(d))
	default:
		return report.Examination(std.out, examination(d), report.Style{Color: colourOn(std)})
	}
}

// examination is a diagnosis as the report prints it.
func examination(d doctor.Diagnosis) report.Examined {
	e := report.Examined{Endpoints: d.Endpoints}
	for _, f := range d.Findings {
		e.Findings = append(e.Findings, report.ExaminedFinding{Name: f.Name, Status: string(f.Status), Evidence: f.Evidence, Remedy: f.Remedy})
	}
	if d.Keys != nil {
		for _, p := range d.Keys.Prefixes {
			e.Prefixes = append(e.Prefixes, report.ExaminedPrefix{Prefix: p.Prefix, Keys: p.Keys, MeanBytes: p.MeanBytes})
		}
	}
	return e
}
