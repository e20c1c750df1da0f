package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
	news history.News
	// decides tells that the history decides, and not the gates against the control.
	decides bool
	// reruns are the exit codes of what was measured again.
	reruns []int
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
		warnFaults(std, f.history, h)
		return nil, nil
	})
	if errors.Is(err, history.ErrNoFile) {
		return 0, exitError{exitUsage, fmt.Errorf("--history %s: %w", f.history, history.ErrNoFile)}
	}
	if err != nil {
		return 0, exitError{exitCannotRun, fmt.Errorf("--history: nothing was measured: %w", err)}
	}
	switch {
	case x.opened != nil && x.opened.Again != "":
		reruns = history.Reruns - 1
	case x.opened != nil, x.asked.Confirm: // that one goes on may be without confirm because its history decided
		reruns = history.Reruns
	}
	if x.opened == nil && n.Decides() {
		x.asked.Confirm = false
	}
	return reruns, nil
}

// remember adds the experiment to the history, and has what is suspected measured again.
// The night is of use also where that fails.
func (e *experimenter) remember(ctx context.Context) (n night, err error) {
	if err := e.add(e.x); err != nil {
		return n, err
	}
	for again := 0; ; again++ {
		if n.news, err = e.look(); err != nil {
			return n, err
		}
		n.decides = n.decides || n.news.Decides() && again == 0
		if len(n.news.Suspected) == 0 || again >= e.reruns {
			return n, nil
		}
		part, jobs := partOf(e.x.Experiment, e.jobs, n.news.Suspected)
		if len(part.Scenarios) == 0 {
			return n, nil // what is suspected is not of this experiment any more
		}
		fmt.Fprintf(e.std.err, "history: %s: measured again, before anything is told (%d of %d at most)\n", suspectedText(n.news.Suspected), again+1, e.reruns)
		codes, err := e.again(ctx, part, jobs)
		if n.reruns = append(n.reruns, codes...); err != nil {
			return n, err
		}
	}
}

// look looks at the history without noting anything.
func (e *experimenter) look() (history.News, error) {
	h, err := history.Read(e.f.history)
	if err != nil {
		return history.News{}, exitError{exitCannotRun, err}
	}
	return h.Look(e.watched(h), time.Now()), nil
}

// watched chooses the series of this experiment.
func (e *experimenter) watched(h *history.History) func(history.Series) bool {
	return watching{}.choose([]string{e.x.Name})(h)
}

// tellNight writes what the history says into all outputs, and only then notes it as told.
func (e *experimenter) tellNight(n *night, c results.Comparison, page pageOf) error {
	written := false
	err := history.Check(e.f.history, time.Now(), e.watched, func(now history.News) error {
		n.news, written = now, true
		var out bytes.Buffer
		if err := report.NewsJSON(&out, now); err != nil {
			return err
		}
		return errors.Join(results.WriteFile(filepath.Join(e.x.Folder, newsFile), out.Bytes()), e.f.outputs.write(e.std, n.rendering(c, e.x.InconclusivePasses, page)))
	})
	if !written { // the history cannot be opened any more: what was measured is told all the same
		err = errors.Join(err, e.f.outputs.write(e.std, ofComparison(c, e.x.InconclusivePasses, page)))
	}
	if err != nil {
		return exitError{exitCannotRun, err}
	}
	return nil
}

// newsFile is what the history said of an experiment, in its folder.
const newsFile = "news.json"

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
	if err == nil {
		err = addRecords(e.std, e.f.history, records)
	}
	if err != nil {
		return exitError{exitCannotRun, fmt.Errorf("%w; the night is kept: etcd-dyno history add %s --history %s", err, x.Folder, e.f.history)}
	}
	return nil
}

// again makes a part of the experiment once more, in a folder of its own. It returns the exit codes of its runs.
func (e *experimenter) again(ctx context.Context, part scenarios.Experiment, jobs [][]runner.Job) ([]int, error) {
	folder, err := runner.MakeFolder(e.f.runsDir, part.Name, "experiment", time.Now())
	if err != nil {
		return nil, exitError{exitCannotRun, err}
	}
	x, err := experiment.Create(folder, part, toolVersion(), cmp.Or(e.x.Again, e.x.ID))
	if err != nil {
		return nil, exitError{exitCannotRun, err}
	}
	defer x.Close()
	once := experimenter{std: e.std, f: e.f, x: x, jobs: jobs, cut: e.cut, confirmed: map[string]bool{}}
	fmt.Fprintf(e.std.err, "experiment: %s\n%s\n", x.Folder, durationOf(x.Experiment))
	c, err := once.measure(ctx)
	if err != nil {
		return nil, once.failed(ctx, err)
	}
	if err := once.keep(c, comparisonPageOf(x.Name, "etcd-dyno compare "+x.Folder, c)); err != nil {
		return nil, exitError{exitCannotRun, err}
	}
	codes, err := once.codes()
	if err != nil {
		return nil, exitError{exitCannotRun, err}
	}
	return codes, e.add(x)
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

// rendering tells of the comparison and of the history; what decides comes first.
func (n night) rendering(c results.Comparison, inconclusivePasses bool, page pageOf) rendering {
	comparison, news := ofComparison(c, inconclusivePasses, page), ofNews(n.news, false)
	return func(w io.Writer, format string, style report.Style) error {
		switch {
		case format == "junit":
			return report.JUnitNight(w, c, n.news, n.decides)
		case format != "table" && format != "markdown":
			return comparison(w, format, style)
		case n.decides:
			err := news(w, format, style)
			if err == nil {
				_, err = io.WriteString(w, "\nTonight against the control, by which nothing is decided:\n\n")
			}
			return errors.Join(err, comparison(w, format, style))
		default:
			err := comparison(w, format, style)
			if err == nil {
				_, err = fmt.Fprintln(w)
			}
			return errors.Join(err, news(w, format, style))
		}
	}
}

// codes are the exit codes of the comparison, of the history and of what was measured
// again. That a gate fails against the control counts while the history is young, that it
// is left open does not.
func (n night) codes(c results.Comparison) []int {
	codes := slices.Clone(n.reruns)
	for _, x := range c.Contrasts {
		if !x.Comparable && !x.Forced {
			codes = append(codes, exitInvalid)
		}
	}
	for _, g := range c.Gates {
		switch {
		case g.Status == results.GateNoData:
			codes = append(codes, exitOpen)
		case g.Status == results.GateNotComparable:
			codes = append(codes, exitInvalid)
		case g.Status == results.GateFail && !n.decides:
			codes = append(codes, exitRegression)
		}
	}
	if n.news.Worse() {
		codes = append(codes, exitRegression)
	}
	return codes
}
