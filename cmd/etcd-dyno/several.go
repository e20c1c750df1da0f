package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/profile"
	"github.com/etcd-dyno/etcd-dyno/runner"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// findEtcds finds the etcd of each lab, and has it judge the flags, before anything starts.
func findEtcds(ctx context.Context, std standard, f runFlags, jobs []runner.Job) error {
	_, sets, err := scenarios.SplitSets(f.sets)
	if err != nil {
		return exitError{exitUsage, err}
	}
	for i := range jobs {
		c := jobs[i].Configuration
		if len(c.Endpoints) > 0 {
			continue
		}
		name := f.configurationNames(jobs[i].Scenario)[i]
		if jobs[i].Etcd, err = findEtcd(ctx, std, c, name, sets); err != nil {
			return err
		}
	}
	return nil
}

// findEtcd finds a lab's etcd. The name and the sets are those that the configuration was loaded with.
func findEtcd(ctx context.Context, std standard, c scenarios.Configuration, name string, sets []string) (lab.Etcd, error) {
	e, refused, err := lab.FindEtcd(ctx, c, "", func(text string) { fmt.Fprintln(std.err, text) })
	switch {
	case err != nil && ctx.Err() != nil:
		return e, exitError{exitInterrupted, fmt.Errorf("interrupted while the etcd of %s was looked for", c.Name)}
	case err != nil:
		return e, exitError{exitCannotRun, fmt.Errorf("%s: %w", c.Name, err)}
	}
	if err := scenarios.Refuse(name, sets, refused); err != nil {
		return e, exitError{exitUsage, err}
	}
	return e, nil
}

// runAll does one run after the other and compares them.
func runAll(ctx, cut context.Context, std standard, f runFlags, jobs []runner.Job, asked outputs) error {
	var measured []results.Result
	var folders []profiled
	var codes []int
	for i, job := range jobs {
		if ctx.Err() != nil {
			codes = append(codes, exitInterrupted)
			break
		}
		fmt.Fprintf(std.err, "run %d of %d: %s on %s\n", i+1, len(jobs), job.Scenario.Name, job.Configuration.Name)
		flush(std, i, job)
		o := runOne(ctx, cut, std, f, job)
		codes = append(codes, o.code)
		if o.result == nil {
			fmt.Fprintf(std.err, "etcd-dyno: %v\n", o.failed)
			continue
		}
		o.tell(std)
		measured = append(measured, *o.result)
		folders = append(folders, profiled{o.result.Configuration.Name, o.folder})
	}
	if len(measured) > 0 {
		if err := asked.write(std, ofSeveral(measured)); err != nil {
			return exitError{exitCannotRun, err}
		}
	}
	if f.profile && asked.table() {
		printGrowth(std, folders)
	}
	if code := worst(codes); code != exitDone {
		return exitError{code: code}
	}
	return nil
}

// profiled is a run whose members' profiles are kept.
type profiled struct{ configuration, folder string }

// mostGrown is how many functions are told.
const mostGrown = 5

// printGrowth says which functions of etcd took more than in the first run.
func printGrowth(std standard, all []profiled) {
	for _, kind := range []profile.Kind{profile.CPU, profile.Heap} {
		var usages []profile.Usage
		for _, p := range all {
			u, err := profile.Load(p.folder, kind)
			if err != nil {
				fmt.Fprintf(std.err, "warning: %v\n", err)
			}
			usages = append(usages, u)
		}
		for i := 1; i < len(all); i++ {
			first, other := profile.Members(all[0].folder, kind), profile.Members(all[i].folder, kind)
			if first != other {
				fmt.Fprintf(std.err, "warning: %s profiles are not compared: there are %d of %s and %d of %s\n", kind, first, all[0].configuration, other, all[i].configuration)
			} else if usages[0] != nil && usages[i] != nil {
				report.Growth(std.out, string(kind), all[0].configuration, all[i].configuration, usages[0], usages[i], mostGrown)
			}
		}
	}
}

// flush empties the page cache before any run but the first, so that none finds
// warm what the one before has read and written.
func flush(std standard, i int, job runner.Job) {
	if i == 0 || len(job.Configuration.Endpoints) > 0 || job.Configuration.Disk.DropCaches {
		return
	}
	if err := lab.DropCaches(); err != nil && i == 1 {
		fmt.Fprintf(std.err, "warning: %v; later runs find what earlier ones left in it\n", err)
	}
}

// ofSeveral tells of several runs side by side.
func ofSeveral(measured []results.Result) rendering {
	return func(w io.Writer, format string, style report.Style) error {
		if format == "json" {
			return printJSON(w, measured)
		}
		return report.Comparison(w, measured, style)
	}
}

// worst is the exit code of several runs: the one that takes precedence.
func worst(codes []int) int {
	for _, code := range []int{exitUsage, exitCannotRun, exitInterrupted, exitCheck, exitInvalid, exitRegression, exitThreshold, exitOpen} {
		if slices.Contains(codes, code) {
			return code
		}
	}
	return exitDone
}
