package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/history"
	"github.com/etcd-dyno/etcd-dyno/runner"
	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// night is what a history says of an experiment.
type night struct {
	// known tells that the experiment is in the history, and news is what that brings.
	known bool
	news  history.News
	// decides tells that the history is old enough to decide, and not the gates against the control.
	decides bool
}

// remembers looks whether a history can be added to, before anything is measured, and says how
// often what is suspected is measured again. Where the history decides, a fresh block
// against the control is of no use: the candidate may be another than the control for good.
func (f experimentFlags) remembers(std standard, x *beginning) (reruns int, err error) {
	if f.history == "" {
		return 0, nil
	}
	if info, err := os.Stat(f.history); err == nil && info.IsDir() {
		return 0, exitError{exitUsage, fmt.Errorf("--history %s: it is a folder; name a file in it", f.history)}
	}
	var n history.News
	err = history.Update(f.history, func(h *history.History) ([]history.Line, error) {
		n = h.Look(watching{}.choose([]string{x.asked.Name})(h), time.Now())
		return nil, nil
	})
	if err != nil {
		return 0, exitError{exitCannotRun, fmt.Errorf("--history: nothing was measured: %w", err)}
	}
	for _, fault := range n.Faults {
		fmt.Fprintf(std.err, "warning: %s: %s; it is left out, and stays in the file\n", f.history, fault)
	}
	if x.asked.Confirm {
		reruns = history.Reruns
	}
	if x.opened == nil && decided(n) {
		x.asked.Confirm = false
	}
	return reruns, nil
}

// decided reports whether all series are old enough to tell a change.
func decided(n history.News) bool {
	return len(n.Watched) > 0 && !slices.ContainsFunc(n.Watched, func(w history.Watched) bool { return w.Level.Count < history.Settled })
}

// remember adds the experiment to the history, has what is suspected measured again, and tells what is new.
func (e *experimenter) remember(ctx context.Context) (n night, err error) {
	if err := e.add(e.x); err != nil {
		return n, err
	}
	choose := watching{}.choose([]string{e.x.Name})
	var told []history.Told
	for again := 0; ; again++ {
		if n.news, err = history.Check(e.f.history, time.Now(), choose); err != nil {
			return n, exitError{exitCannotRun, err}
		}
		told = append(told, n.news.Told...)
		n.known, n.decides = true, n.decides || again == 0 && decided(n.news)
		if len(n.news.Suspected) == 0 || again >= e.reruns {
			break
		}
		fmt.Fprintf(e.std.err, "history: %s: measured again, before anything is told (%d of %d at most)\n", suspectedText(n.news.Suspected), again+1, e.reruns)
		if err = e.again(ctx, n.news.Suspected); err != nil {
			break
		}
	}
	n.news.Told = told
	n.news.Open = slices.DeleteFunc(n.news.Open, func(o history.Told) bool {
		return slices.ContainsFunc(told, func(t history.Told) bool { return t.ID == o.ID })
	})
	return n, err
}

// suspectedText names what is suspected.
func suspectedText(all []history.Change) string {
	s := all[0].Metric + " is suspected to have changed"
	if len(all) > 1 {
		s = fmt.Sprintf("%s and %d more are suspected to have changed", all[0].Metric, len(all)-1)
	}
	return s
}

// add adds a finished experiment to the history.
func (e *experimenter) add(x *experiment.Experiment) error {
	records, err := recordsOf(x.Folder, e.f.history, "")
	if err != nil {
		return exitError{exitCannotRun, err}
	}
	return addRecords(e.std, e.f.history, records)
}

// again makes those parts of the experiment once more that are suspected, in a folder of their own.
func (e *experimenter) again(ctx context.Context, suspected []history.Change) error {
	part, jobs := partOf(e.x.Experiment, e.jobs, suspected)
	if len(part.Scenarios) == 0 {
		return nil // what is suspected is not of this experiment any more
	}
	folder, err := runner.MakeFolder(e.f.runsDir, part.Name, "experiment", time.Now())
	if err != nil {
		return exitError{exitCannotRun, err}
	}
	x, err := experiment.Create(folder, part, "etcd-dyno "+version, e.x.ID)
	if err != nil {
		return exitError{exitCannotRun, err}
	}
	defer x.Close()
	once := experimenter{std: e.std, f: e.f, x: x, jobs: jobs, cut: e.cut, confirmed: map[int]bool{}}
	fmt.Fprintf(e.std.err, "experiment: %s\n%s\n", x.Folder, durationOf(x.Experiment))
	c, err := once.measure(ctx)
	if err != nil {
		return once.failed(ctx, err)
	}
	if err := once.keep(c, comparisonPageOf(x.Name, "etcd-dyno compare "+x.Folder, c)); err != nil {
		return exitError{exitCannotRun, err}
	}
	return e.add(x)
}

// partOf is the part of an experiment that is suspected: those scenarios, and those candidates beside the control.
func partOf(x scenarios.Experiment, jobs [][]runner.Job, suspected []history.Change) (part scenarios.Experiment, of [][]runner.Job) {
	about := func(say func(history.Change) bool) bool { return slices.ContainsFunc(suspected, say) }
	part = x
	part.Scenarios, part.Configurations, part.Confirm, part.MaxPairs = nil, nil, false, 0
	var kept []int
	for i, c := range x.Configurations {
		if i == x.Baseline || about(func(s history.Change) bool { return s.Candidate == c.Name }) {
			if i == x.Baseline {
				part.Baseline = len(kept)
			}
			kept = append(kept, i)
			part.Configurations = append(part.Configurations, c)
		}
	}
	for i, s := range x.Scenarios {
		if !about(func(c history.Change) bool { return c.Scenario == s.Name }) {
			continue
		}
		part.Scenarios = append(part.Scenarios, s)
		var row []runner.Job
		for _, k := range kept {
			j := jobs[i][k]
			j.Filled = ""
			row = append(row, j)
		}
		of = append(of, row)
	}
	if len(kept) < 2 {
		return scenarios.Experiment{}, nil
	}
	part.Gates = slices.DeleteFunc(slices.Clone(x.Gates), func(g threshold.Metric) bool {
		return !slices.ContainsFunc(part.Scenarios, func(s scenarios.Scenario) bool { return s.Has(g) })
	})
	return part, of
}

// rendering tells of the comparison, and then of the history.
func (n night) rendering(c results.Comparison, inconclusivePasses bool, page pageOf) rendering {
	comparison, news := ofComparison(c, inconclusivePasses, page), ofNews(n.news)
	return func(w io.Writer, format string, style report.Style) error {
		switch format {
		case "junit":
			return report.JUnitNight(w, c, n.news, n.decides)
		case "table", "markdown":
			err := comparison(w, format, style)
			if err == nil {
				_, err = fmt.Fprintln(w)
			}
			return errors.Join(err, news(w, format, style))
		default:
			return comparison(w, format, style)
		}
	}
}

// codes are the exit codes of the comparison and of the history. What the gates say against the
// control counts while the history is young, and what they leave open does not.
func (n night) codes(c results.Comparison) []int {
	var codes []int
	if code := codeOfComparison(c, true); code != exitRegression || !n.decides {
		codes = append(codes, code)
	}
	if n.news.Worse() {
		codes = append(codes, exitRegression)
	}
	return codes
}
