package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/runner"
	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// experimenter carries out an experiment.
type experimenter struct {
	std  standard
	f    experimentFlags
	x    *experiment.Experiment
	jobs [][]runner.Job
	cut  context.Context //nolint:containedctx // it ends at the second Ctrl-C, whatever is under way
	// confirmed are clusters that exist, as they are set, whose plan was agreed to.
	confirmed map[string]bool
	// line stands before the display's, spent and made are of the runs so far.
	line  string
	spent time.Duration
	made  int
	// reruns is how often what is suspected is measured again, at most.
	reruns int
}

// run makes the runs, and tells what came of them.
func (e *experimenter) run(ctx context.Context) error {
	fmt.Fprintf(e.std.err, "experiment: %s\n%s%s\n", e.x.Folder, durationOf(e.x.Experiment), e.rerunsText())
	c, err := e.measure(ctx)
	if err != nil {
		return e.failed(ctx, err)
	}
	page := comparisonPageOf(e.x.Name, "etcd-dyno compare "+e.x.Folder, c)
	if err := e.keep(c, page); err != nil {
		return exitError{exitCannotRun, err}
	}
	if err := writeBest(e.std, e.x, c); err != nil {
		return exitError{exitCannotRun, err}
	}
	codes, err := e.tell(ctx, c, page)
	if err != nil {
		return err
	}
	more, err := e.codes()
	if err != nil {
		return exitError{exitCannotRun, err}
	}
	if code := worst(append(codes, more...)); code != exitDone {
		return exitError{code: code}
	}
	return nil
}

// tell tells what came of the experiment, and what a history says of it. It returns the exit codes of both.
func (e *experimenter) tell(ctx context.Context, c results.Comparison, page pageOf) ([]int, error) {
	if e.f.history == "" {
		if err := e.f.outputs.write(e.std, ofComparison(c, e.x.InconclusivePasses, page)); err != nil {
			return nil, exitError{exitCannotRun, err}
		}
		return []int{codeOfComparison(c, e.x.InconclusivePasses)}, nil
	}
	n, err := e.remember(ctx)
	if failed := e.tellNight(&n, c, page); err == nil {
		err = failed
	}
	return n.codes(c), err
}

// measure makes the runs, and compares them.
func (e *experimenter) measure(ctx context.Context) (results.Comparison, error) {
	e.x.Force = e.f.force
	e.x.Told = func(text string) { fmt.Fprintln(e.std.err, text) }
	e.x.Began = e.began
	if err := e.fill(ctx); err != nil {
		return results.Comparison{}, err
	}
	c, err := e.x.Run(ctx, e.one)
	if err != nil {
		return c, err
	}
	return c, e.empty()
}

// fill makes what the setups of scenarios put into an etcd once, for all runs to begin with.
func (e *experimenter) fill(ctx context.Context) error {
	if !runner.CanBegin(e.x.Configurations) {
		return nil
	}
	files := map[string]scenarios.Scenario{}
	for _, row := range e.jobs {
		for _, job := range row {
			if slices.ContainsFunc(job.Scenario.Setup, func(p scenarios.Population) bool { return p.Count > 0 }) {
				files[runner.FilledFile(e.x.Folder, job.Scenario)] = job.Scenario
			}
		}
	}
	for _, path := range slices.Sorted(maps.Keys(files)) {
		if _, err := os.Stat(path); err == nil {
			continue
		}
		s := files[path]
		fmt.Fprintf(e.std.err, "filling an etcd with the setup of %s, once for all runs\n", s.Name)
		err := runner.Fill(ctx, s, filepath.Join(e.x.Folder, results.RunsFolder, "filling-"+s.Name), path)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // a quota or a request that is larger than usual, perhaps; one alone must not begin in another way
			fmt.Fprintf(e.std.err, "warning: %v; so each run fills its own\n", err)
			return e.empty()
		}
	}
	for i, row := range e.jobs {
		for c, job := range row {
			if path := runner.FilledFile(e.x.Folder, job.Scenario); files[path].Name != "" {
				e.jobs[i][c].Filled = path
			}
		}
	}
	return nil
}

// empty takes away what fill has made, now or before.
func (e *experimenter) empty() error {
	files, err := filepath.Glob(runner.FilledFiles(e.x.Folder))
	all := []error{err}
	for _, file := range files {
		all = append(all, os.Remove(file))
	}
	return errors.Join(all...)
}

// failed tells what came of an experiment that did not come to its end.
func (e *experimenter) failed(ctx context.Context, err error) error {
	code, why := exitCannotRun, err
	switch {
	case ctx.Err() != nil:
		code, why = exitInterrupted, errors.New("interrupted")
	case errors.Is(err, runner.ErrNotConfirmed):
		code = exitUsage
	}
	if len(e.x.Finished()) == 0 && e.f.resume == "" && code == exitUsage {
		return exitError{code, errors.Join(why, os.RemoveAll(e.x.Folder))} // it was made a moment ago, and nothing was run
	}
	if c, _, wrong := e.x.Compare(); wrong == nil && len(c.Contrasts)+len(c.Sweeps) > 0 {
		fmt.Fprintln(e.std.err, "so far, with less runs than were asked for:")
		if wrong := report.Verdicts(e.std.err, c, report.Style{}); wrong != nil {
			return exitError{exitCannotRun, wrong}
		}
	}
	return exitError{code, fmt.Errorf("%w; what is finished is kept: etcd-dyno experiment --resume %s%s", why, e.x.Folder, e.andHistory())}
}

// rerunsText says how much longer it may take with a history.
func (e *experimenter) rerunsText() string {
	if e.reruns == 0 {
		return ""
	}
	return fmt.Sprintf("; measured again, up to %d times, where the history suspects a change", e.reruns)
}

// andHistory is what --resume is given too, so that what is finished is remembered.
func (e *experimenter) andHistory() string {
	if e.f.history == "" {
		return ""
	}
	return " --history " + e.f.history
}

// began tells of a run, and how long it all takes still.
func (e *experimenter) began(s experiment.Slot, attempt, place, of int) {
	planned, _ := experiment.Seconds(e.x.Experiment)
	one := planned / float64(len(e.x.Configurations)*e.x.Pairs*len(e.x.Scenarios))
	if e.made > 0 {
		one = e.spent.Seconds() / float64(e.made)
	}
	what := "run"
	if s.Confirms {
		what = "fresh run"
	}
	again := ""
	if attempt > 1 {
		again = fmt.Sprintf(", attempt %d", attempt)
	}
	fmt.Fprintf(e.std.err, "%s %d of %d: %s on %s%s, %s left\n", what, place, of, e.x.Scenarios[s.Scenario].Name, e.x.Configurations[s.Configuration].Name, again, roughly(one*float64(of-place+1)))
	e.line = fmt.Sprintf("%d/%d %s  ", place, of, e.x.Configurations[s.Configuration].Name)
}

// one makes one run.
func (e *experimenter) one(ctx context.Context, s experiment.Slot, runsDir string, started func(string)) (string, error) {
	job := e.jobs[s.Scenario][s.Configuration]
	job.RunsDir = runsDir
	began := time.Now()
	if len(job.Configuration.Endpoints) == 0 {
		for _, folder := range []string{runsDir, cmp.Or(job.Configuration.Disk.Data, runsDir), cmp.Or(job.Configuration.Disk.WAL, runsDir)} {
			if err := lab.Settle(folder); err != nil {
				return "", err
			}
		}
	}
	job.Confirm = func(ctx context.Context, p runner.Plan, refused error) error {
		cluster := strings.Join(slices.Concat(job.Configuration.Endpoints, job.Configuration.Apply), " ")
		if e.confirmed[cluster] {
			return refused
		}
		err := confirmer(e.std, e.f.yes)(ctx, p, refused)
		e.confirmed[cluster] = err == nil
		return err
	}
	display := newDisplay(e.std)
	display.before = e.line
	job.Started, job.Progress, job.Reproduce = started, display.show, reproduce(e.f.runFlags, job)
	folder, err := runner.Run(ctx, e.cut, job)
	display.close()
	o := finish(e.f.runFlags, folder, err, ctx.Err() != nil)
	e.spent, e.made = e.spent+time.Since(began), e.made+1
	switch {
	case o.result == nil:
		return folder, o.failed
	case o.code == exitCannotRun && ctx.Err() == nil:
		return folder, o.failed
	}
	return folder, nil
}

// codes are the exit codes of what the runs came to by themselves.
func (e *experimenter) codes() (codes []int, err error) {
	finished := e.x.Finished()
	for _, folder := range slices.Sorted(maps.Keys(finished)) {
		r, err := resultOf(folder)
		if err != nil {
			return nil, err
		}
		switch {
		case failedCheck(r):
			codes = append(codes, exitCheck)
			fmt.Fprintf(e.std.err, "%s: a check failed\n", filepath.Base(folder))
		case finished[folder] && verdict.Breached(r, false):
			codes = append(codes, exitThreshold)
			fmt.Fprintf(e.std.err, "%s: a threshold was breached\n", filepath.Base(folder))
		}
	}
	return codes, nil
}

// resultOf is a run's result, which is made where a kill came before it.
func resultOf(folder string) (r results.Result, err error) {
	path := filepath.Join(folder, results.ResultFile)
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		page, err := writeOut(folder)
		return page.Result, err
	}
	if err == nil {
		err = json.Unmarshal(b, &r)
	}
	if err != nil {
		return r, fmt.Errorf("reading %s: %w", path, err)
	}
	return r, nil
}

// keep writes the comparison into the experiment's folder.
func (e *experimenter) keep(c results.Comparison, page pageOf) error {
	return errors.Join(writeComparison(e.x.Folder, c), writeComparisonPage(e.std, e.x.Folder, page))
}

// whole reports whether each point of a sweep has a run that counts and knows the objective.
func whole(s results.Sweep) bool {
	return len(s.Metrics) > 0 && !slices.Contains(s.Metrics[0].Centres, nil)
}

// writeComparison writes comparison.json. Its runs' folders are absolute: it may be read from anywhere.
func writeComparison(folder string, c results.Comparison) error {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(withFolders(c)); err != nil {
		return fmt.Errorf("encoding the comparison: %w", err)
	}
	return results.WriteFile(filepath.Join(folder, results.ComparisonFile), out.Bytes())
}

// withFolders is a comparison whose runs have absolute folders.
func withFolders(c results.Comparison) results.Comparison {
	runs := func(all []results.ComparedRun) []results.ComparedRun {
		all = slices.Clone(all)
		for k, r := range all {
			if path, err := filepath.Abs(r.Folder); err == nil && r.Folder != "" {
				all[k].Folder = path
			}
		}
		return all
	}
	contrast := func(x *results.Contrast) {
		x.Baseline.Runs, x.Candidate.Runs = runs(x.Baseline.Runs), runs(x.Candidate.Runs)
	}
	c.Contrasts, c.Sweeps = slices.Clone(c.Contrasts), slices.Clone(c.Sweeps)
	for i := range c.Contrasts {
		contrast(&c.Contrasts[i])
	}
	for i := range c.Sweeps {
		s := &c.Sweeps[i]
		s.Points = slices.Clone(s.Points)
		for k := range s.Points {
			s.Points[k].Runs = runs(s.Points[k].Runs)
		}
		if s.Confirmation != nil {
			again := *s.Confirmation
			contrast(&again)
			s.Confirmation = &again
		}
	}
	return c
}

// codeOfComparison is the exit code of a comparison.
func codeOfComparison(c results.Comparison, inconclusivePasses bool) int {
	for _, each := range c.Contrasts {
		if !each.Comparable && !each.Forced {
			return exitInvalid
		}
	}
	for _, s := range c.Sweeps {
		if !s.Comparable && !s.Forced {
			return exitInvalid
		}
		if !whole(s) {
			return exitOpen
		}
	}
	switch c.Outcome {
	case results.GateFail:
		return exitRegression
	case results.GateNoData:
		return exitOpen
	case results.GateInconclusive:
		if inconclusivePasses {
			return exitDone
		}
		return exitOpen
	case results.GateNotComparable:
		return exitInvalid
	default:
		return exitDone
	}
}
