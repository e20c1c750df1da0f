package experiment

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// RunFunc makes one run below a folder and returns its own. started is told
// that as soon as it is known. An error means that nothing can be said of the
// run, and that it is of no use to go on; ctx's own is an interruption.
type RunFunc func(ctx context.Context, s Slot, runsDir string, started func(folder string)) (folder string, err error)

// Experiment is one under way, or done. Make it with Create, Open or Resume.
type Experiment struct {
	scenarios.Experiment
	// ID is its own, and Again that of the experiment which this one makes once more; empty for others.
	ID, Again string
	// Folder is absolute; all of the experiment lies in it.
	Folder string
	// Began is called before each run with the place in the plan as it is now known, from 1 on; may be nil.
	Began func(s Slot, attempt, place, of int)
	// Told says what was decided on the way; may be nil.
	Told func(text string)
	// Force compares what is not comparable.
	Force bool

	// now tells the time.
	now      func() time.Time
	journal  *journal
	finished map[Slot][]results.ExperimentRun
	open     map[Slot]results.ExperimentRun // began, and did not end
	samples  map[string]verdict.Sample      // by folder
}

// attempts is how often a run is made that is not valid.
const attempts = 3

// Create makes an experiment's folder, which must not exist yet, with all that is asked in
// it. again is the ID of the experiment that is made once more; empty for a new one.
func Create(folder string, e scenarios.Experiment, tool, again string) (*Experiment, error) {
	if err := os.MkdirAll(filepath.Join(folder, results.RunsFolder), 0o755); err != nil {
		return nil, fmt.Errorf("making the experiment's folder: %w", err)
	}
	var all []error
	for name, text := range e.Files() {
		all = append(all, results.WriteFile(filepath.Join(folder, name), text))
	}
	all = append(all, results.WriteFile(filepath.Join(folder, results.ExperimentFile), scenarios.EncodeExperiment(e)))
	if err := errors.Join(all...); err != nil {
		return nil, err
	}
	// What could not be read again would be lost to --resume and compare: better before its runs than after.
	if again, err := scenarios.LoadExperiment(filepath.Join(folder, results.ExperimentFile), nil); err != nil || SHA256(again) != SHA256(e) {
		return nil, errors.Join(fmt.Errorf("making the experiment's folder: %s cannot be read again as it was written", folder), err)
	}
	j, _, err := openJournal(folder)
	if err != nil {
		return nil, err
	}
	header := results.ExperimentHeader{Schema: results.ExperimentSchema, ID: filepath.Base(folder), Started: time.Now().UTC(), Tool: tool, SHA256: SHA256(e), Again: again}
	if err := j.add(results.ExperimentRecord{Header: &header}); err != nil {
		return nil, errors.Join(err, j.close())
	}
	return &Experiment{Experiment: e, ID: header.ID, Again: again, Folder: folder, now: time.Now, journal: j, finished: map[Slot][]results.ExperimentRun{}, samples: map[string]verdict.Sample{}}, nil
}

// SHA256 is of an experiment and all that it names, in hexadecimal.
func SHA256(e scenarios.Experiment) string {
	h := sha256.New()
	h.Write(scenarios.EncodeExperiment(e))
	for _, s := range e.Scenarios {
		fmt.Fprintln(h, s.SHA256)
	}
	for _, c := range e.Configurations {
		fmt.Fprintln(h, c.SHA256)
	}
	if e.Sweep != nil {
		for _, p := range e.Sweep.Points {
			fmt.Fprintln(h, p.Scenario.SHA256)
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// ErrChanged tells that the files in an experiment's folder are not those that it began with.
var ErrChanged = errors.New("the experiment's files have been changed since it began")

// Open reads an experiment's folder, to judge it again, also while it is under way.
func Open(folder string) (*Experiment, error) {
	x, err := asked(folder)
	if err != nil {
		return nil, err
	}
	records, err := recordsOf(x.Folder)
	if err != nil {
		return nil, err
	}
	return x, x.replay(records)
}

// Resume opens an experiment's folder to go on with it; Close it then. The error is ErrBusy
// where it is under way already.
func Resume(folder string) (*Experiment, error) {
	x, err := asked(folder)
	if err != nil {
		return nil, err
	}
	var records []results.ExperimentRecord
	if x.journal, records, err = openJournal(x.Folder); err != nil {
		return nil, err
	}
	if err := x.replay(records); err != nil {
		return nil, errors.Join(err, x.Close())
	}
	return x, nil
}

// asked is the experiment in a folder, without any run.
func asked(folder string) (*Experiment, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("finding the experiment's folder: %w", err)
	}
	if _, err := os.Stat(filepath.Join(folder, results.ExperimentJournal)); err != nil {
		return nil, fmt.Errorf("%s is no experiment's folder: %w", folder, err)
	}
	e, err := scenarios.LoadExperiment(filepath.Join(folder, results.ExperimentFile), nil)
	if err != nil {
		return nil, err
	}
	return &Experiment{Experiment: e, Folder: folder, now: time.Now, finished: map[Slot][]results.ExperimentRun{}, open: map[Slot]results.ExperimentRun{}, samples: map[string]verdict.Sample{}}, nil
}

// Close lets the journal of one that was made or resumed go.
func (x *Experiment) Close() error { return x.journal.close() }

// replay takes from the journal which runs are finished.
func (x *Experiment) replay(records []results.ExperimentRecord) error {
	if len(records) == 0 || records[0].Header == nil {
		return fmt.Errorf("opening %s: its journal has no header", x.Folder)
	}
	switch h := records[0].Header; {
	case h.Schema != results.ExperimentSchema:
		return fmt.Errorf("opening %s: its schema is %q, this program reads %q", x.Folder, h.Schema, results.ExperimentSchema)
	case h.SHA256 != SHA256(x.Experiment):
		return fmt.Errorf("opening %s: %w", x.Folder, ErrChanged)
	default:
		x.ID, x.Again = h.ID, h.Again
	}
	for _, r := range records[1:] {
		if r.Began != nil {
			if s, ok := x.slotOf(*r.Began); ok {
				x.open[s] = *r.Began
			}
		}
		if r.Ended != nil {
			if s, ok := x.slotOf(*r.Ended); ok {
				delete(x.open, s)
				x.finished[s] = append(x.finished[s], *r.Ended)
			}
		}
	}
	return nil
}

func (x *Experiment) slotOf(r results.ExperimentRun) (Slot, bool) {
	s := Slot{Confirms: r.Confirms, Pair: r.Pair, Scenario: -1, Configuration: -1}
	for i, each := range x.Scenarios {
		if each.Name == r.Scenario {
			s.Scenario = i
		}
	}
	for i, each := range x.Configurations {
		if each.Name == r.Configuration {
			s.Configuration = i
		}
	}
	return s, s.Scenario >= 0 && s.Configuration >= 0
}

// done reports whether a slot has its run: a valid one, or the last that is tried.
func (x *Experiment) done(s Slot) bool {
	all := x.finished[s]
	return len(all) >= attempts || len(all) > 0 && all[len(all)-1].Valid
}

// Run makes all runs that are not made yet, as often as it takes, and compares. When
// ctx ends, the run under way is left unfinished, and Resume can go on.
func (x *Experiment) Run(ctx context.Context, run RunFunc) (results.Comparison, error) {
	for {
		block, c, err := x.state()
		if err != nil || block == nil {
			return c, err
		}
		switch first := block[0]; {
		case first.Confirms && x.Sweep != nil:
			x.tell(x.Configurations[*c.Sweeps[0].Best].Name + " seems to be the best: it is measured again beside the baseline")
		case first.Confirms:
			x.tell("a regression is to be shown again by a fresh block of runs")
		case first.Pair > 0 && x.Sweep == nil:
			x.tell(fmt.Sprintf("inconclusive after %d pairs: more are made", first.Pair))
		}
		if err := x.make(ctx, run, block); err != nil {
			return c, err
		}
	}
}

// confirmation are the runs of a fresh block: of those scenarios and configurations that a failing gate is about.
func (x *Experiment) confirmation(failing []results.Gate, pairs int) (slots []Slot) {
	for _, s := range Plan(x.Experiment, true, 0, pairs) {
		for _, g := range failing {
			about := x.Configurations[s.Configuration].Name
			if g.Scenario == x.Scenarios[s.Scenario].Name && (about == g.Baseline || about == g.Candidate) {
				slots = append(slots, s)
				break
			}
		}
	}
	return slots
}

func (x *Experiment) tell(text string) {
	if x.Told != nil {
		x.Told(text)
	}
}

// make makes those runs that are not made yet.
func (x *Experiment) make(ctx context.Context, run RunFunc, slots []Slot) error {
	for i, s := range slots {
		for !x.done(s) {
			if err := ctx.Err(); err != nil {
				return err
			}
			if adopted, err := x.adopt(s); adopted || err != nil {
				if err != nil {
					return err
				}
				continue
			}
			if x.overTime(s) {
				break
			}
			attempt := len(x.finished[s]) + 1
			if x.Began != nil {
				x.Began(s, attempt, i+1, len(slots))
			}
			if err := x.one(ctx, run, s, attempt); err != nil {
				return err
			}
		}
	}
	return nil
}

// adopt takes a run that had ended before its end could be noted.
func (x *Experiment) adopt(s Slot) (bool, error) {
	r, began := x.open[s]
	if !began {
		return false, nil
	}
	delete(x.open, s)
	loaded, result, err := load(filepath.Join(x.Folder, r.Folder))
	if err != nil || !result.Complete || loaded.Ended == nil {
		return false, nil //nolint:nilerr // it was cut off, and is made again
	}
	r.TookS = result.Ended.Sub(result.Started).Seconds() + aroundSeconds
	return true, x.ended(s, r, result)
}

// one makes one run.
func (x *Experiment) one(ctx context.Context, run RunFunc, s Slot, attempt int) error {
	r := results.ExperimentRun{Confirms: s.Confirms, Pair: s.Pair, Scenario: x.Scenarios[s.Scenario].Name, Configuration: x.Configurations[s.Configuration].Name, Attempt: attempt}
	var noted error
	began := x.now()
	folder, err := run(ctx, s, filepath.Join(x.Folder, results.RunsFolder), func(folder string) {
		r.Folder = x.below(folder)
		noted = x.journal.add(results.ExperimentRecord{Began: &r})
	})
	if err = errors.Join(err, noted); err != nil {
		return fmt.Errorf("running %s on %s: %w", r.Scenario, r.Configuration, err)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, result, err := load(folder)
	if err != nil {
		return fmt.Errorf("running %s on %s: %w", r.Scenario, r.Configuration, err)
	}
	r.Folder, r.TookS = x.below(folder), x.now().Sub(began).Seconds()
	return x.ended(s, r, result)
}

// ended notes a run that has ended.
func (x *Experiment) ended(s Slot, r results.ExperimentRun, result results.Result) error {
	r.Valid, r.Complete = result.Valid && result.Complete, result.Complete
	x.finished[s] = append(x.finished[s], r)
	if !r.Valid && r.Attempt < attempts {
		x.tell(fmt.Sprintf("%s is not valid, it is kept, and made again (%d of %d)", filepath.Base(r.Folder), r.Attempt+1, attempts))
	}
	return x.journal.add(results.ExperimentRecord{Ended: &r})
}

// below is a path as seen from the experiment's folder.
func (x *Experiment) below(path string) string {
	if rest, err := filepath.Rel(x.Folder, path); err == nil {
		return rest
	}
	return path
}

func load(folder string) (*results.Run, results.Result, error) {
	run, err := results.Load(folder)
	if err != nil {
		return nil, results.Result{}, err
	}
	return run, verdict.Judge(run), nil
}
