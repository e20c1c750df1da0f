// Package runner runs one scenario against one target, phase by phase, and
// keeps the journal of it.
//
// The one idea: the schedule is absolute. An operation's response counts from
// when it was due, whatever the generator or etcd did meanwhile.
package runner

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/runner/record"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Run makes a run folder, brings the target up, replays the scenario and keeps
// the journal. It returns the folder as soon as there is one, also with an
// error. An error means that the run is worthless: nothing was measured. Only with
// ErrQuota, ErrOwnership, ErrJournal and ErrLeft something may have been.
//
// When ctx ends, no chain starts any more, those that have begun are finished,
// and everything is written; when cut ends, that is cut short too.
func Run(ctx, cut context.Context, job Job) (folder string, err error) {
	folder, err = MakeFolder(job.RunsDir, job.Scenario.Name, job.Configuration.Name, time.Now())
	if err != nil {
		return "", err
	}
	if err := writeAsked(folder, job); err != nil {
		return folder, err
	}
	target, err := open(ctx, folder, job)
	if err != nil {
		removeAsked(folder)
		return folder, err
	}
	if job.Started != nil {
		job.Started(folder)
	}
	target.snapshots = filepath.Join(folder, snapshotFolder)
	r := &run{job: job, folder: folder, target: target, cuts: make(chan struct{}, 1)}
	err = r.measure(ctx, cut)
	if !job.Keep {
		err = errors.Join(err, os.RemoveAll(target.snapshots))
	}
	if left := target.close(cut); left != nil {
		err = errors.Join(err, fmt.Errorf("%w: %w", ErrLeft, left))
	}
	return folder, err
}

// ErrLeft tells that something of the run is left: keys on a cluster that is not ours, or a process or data of a lab.
var ErrLeft = errors.New("not everything could be taken away")

// writeAsked writes what was asked into the run folder.
func writeAsked(folder string, job Job) error {
	return errors.Join(
		results.WriteFile(filepath.Join(folder, results.ScenarioFile), scenarios.EncodeScenario(job.Scenario)),
		results.WriteFile(filepath.Join(folder, results.ConfigurationFile), scenarios.EncodeConfiguration(job.Configuration)),
	)
}

// removeAsked takes away the folder of a run that never began, unless the logs
// of a lab that did not start, or of apply, lie in it.
func removeAsked(folder string) {
	for _, log := range []string{lab.LogFolder, ApplyLog} {
		if _, err := os.Stat(filepath.Join(folder, log)); err == nil {
			return
		}
	}
	_ = os.RemoveAll(folder) // it was made a moment ago and holds two files of ours; nothing is lost if it stays
}

// run is one run under way.
type run struct {
	job      Job
	folder   string
	target   *target
	clock    *clock
	journal  *results.Journal
	recorder *record.Recorder
	env      *env
	watching *watching
	errors   int64 // so far; only the ticker's goroutine uses it
	// connected is, by address, how many connections that broke have not come again,
	// below zero; only the ticker's goroutine uses it.
	connected map[string]int
	giveUp    context.CancelFunc // ends setup and load
	// cuts has the interval end before its second is over.
	cuts        chan struct{}
	examination *examination
	telemeter   *telemeter
	// happen is what happens to the cluster; nil where nothing does.
	happen *actions
	// aborted tells that a threshold, or what stopped is, has ended the load.
	aborted atomic.Bool
	// stopped is why the run has ended its load to spare a cluster that exists; nil unless it has.
	stopped atomic.Pointer[error]
}

// measure runs the phases.
func (r *run) measure(ctx, cut context.Context) (err error) {
	r.clock = newClock(r.job.Scenario.Phases)
	r.recorder = record.New()
	r.recorder.Split(r.target.endpoints)
	if r.journal, err = results.CreateJournal(filepath.Join(r.folder, results.JournalFile)); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.journal.Close()) }()
	if err := r.journal.Append(results.Record{Header: r.header()}); err != nil {
		return err
	}
	for _, note := range r.target.notes(r.job.Configuration) {
		r.event(results.EventWarning, note)
	}
	for _, warning := range r.job.Scenario.Warnings() {
		r.event(results.EventWarning, warning)
	}
	// finish ends when what has begun has had its time; the watches and the
	// target are followed a little longer. A cut ends both.
	finish, stop := context.WithCancel(cut)
	defer stop()
	watch, stopWatching := context.WithCancel(cut)
	defer stopWatching()

	if r.examination, err = newExamination(ctx, r.target, r.folder); err != nil {
		return err
	}
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	r.giveUp = giveUp
	workloads, err := r.prepare(finish)
	if err != nil {
		return err
	}
	events, err := r.followTarget(watch)
	if err != nil {
		return err
	}
	defer events.Wait()
	defer stopWatching()
	r.telemeter = r.startTelemetry(ctx)
	defer r.telemeter.stop()
	if err := r.setUp(ctx, workloads); err != nil {
		return r.failed(ctx, fmt.Errorf("setting up: %w", err))
	}
	defer r.watching.wg.Wait()
	defer stopWatching()
	if err := r.watching.start(ctx, watch); err != nil {
		return r.failed(ctx, fmt.Errorf("opening the watches: %w", err))
	}

	r.followLinks()
	probe, err := startProbe(r.env)
	if err != nil {
		return r.failed(ctx, fmt.Errorf("preparing to watch the generator itself: %w", err))
	}
	if r.happen, err = newActions(r); err != nil {
		return r.failed(ctx, err)
	}
	complete := r.load(ctx, cut, stop)
	probe.stop()
	stopWatching()
	r.watching.wg.Wait()
	r.check(cut)
	r.append(results.Record{End: &results.End{AtMS: milliseconds(r.clock.Now()), Complete: complete}})
	if r.journal.Err() != nil {
		return fmt.Errorf("%w: %w", ErrJournal, r.journal.Err())
	}
	if why := r.stopped.Load(); why != nil {
		return *why
	}
	return nil
}

// check makes the checks, while nobody writes any more, unless the run was cut short.
func (r *run) check(cut context.Context) {
	if cut.Err() != nil {
		return
	}
	for _, c := range r.examination.checks(cut) {
		r.append(results.Record{Check: &c})
	}
}

// failed notes why the run ends before its load began, and returns err.
func (r *run) failed(ctx context.Context, err error) error {
	if why := r.stopped.Load(); why != nil {
		return *why
	}
	kind := results.EventFailed
	if ctx.Err() != nil {
		kind = results.EventInterrupted
	}
	r.event(kind, err.Error())
	return err
}

// ErrJournal tells that the journal could not be kept to the end: what it has is good, but a part is missing.
var ErrJournal = errors.New("the journal could not be kept")

// prepare builds the workloads and the watchers.
func (r *run) prepare(finish context.Context) ([]workload, error) {
	number := rand.Uint64()
	r.env = &env{
		scenario: r.job.Scenario, api: r.target.api, recorder: r.recorder, clock: r.clock, pacer: &pacer{clock: r.clock},
		filler: kube.NewFiller(r.job.Scenario.Seed), run: number, finish: finish, stores: map[string]*kube.Store{}, caches: map[string][]*kube.Watcher{},
		compacts: r.target.lab != nil || r.job.AllowDisruptive, lab: r.target.lab != nil, aborted: &r.aborted,
		warn: func(text string) { r.event(results.EventWarning, text) },
	}
	r.target.leases = &r.env.leases
	workloads, err := r.env.build()
	if err != nil {
		return nil, err
	}
	r.watching, err = newWatching(r.env, func(err error) {
		r.event(results.EventConnection, "a watch broke off and was opened again: "+err.Error())
	})
	return workloads, err
}

// setUp fills etcd with what the scenario wants to find there.
func (r *run) setUp(ctx context.Context, workloads []workload) error {
	r.phase(results.PhaseSetup, 0)
	stop := r.reportSetup()
	defer stop()
	for _, w := range workloads {
		if err := w.prepare(ctx, r.env); err != nil {
			return err
		}
	}
	owners, place := ownersOf(workloads), r.env.populate
	if r.job.Filled != "" {
		place = r.env.find
	}
	return place(ctx, func(p scenarios.Population, key string, index int, revision int64) {
		for _, o := range owners {
			o.populated(p, key, index, revision)
		}
	})
}

// ownersOf are those that are told of objects. A pod belongs to one pod-churn: each is stopped once.
func ownersOf(workloads []workload) (all []owner) {
	var churns podOwners
	for _, w := range workloads {
		if churn, ok := w.(*podChurn); ok {
			churns = append(churns, churn)
		} else if o, ok := w.(owner); ok {
			all = append(all, o)
		}
	}
	return append(all, churns)
}

// owner is a workload that is told of the objects that setup makes.
type owner interface {
	populated(p scenarios.Population, key string, index int, revision int64)
}

// load runs the phases warm-up, measure and drain, with what happens to the
// cluster meanwhile, and seals the watches. It reports whether each phase had its
// time. stop ends what is still in flight.
func (r *run) load(ctx, cut context.Context, stop func()) (complete bool) {
	begin := r.clock.Now() + startDelay
	r.clock.begin.Store(int64(begin))
	r.telemeter.begins()
	end := r.clock.measureEnd()
	ticker := r.startTicker()
	defer spareProcessor()()
	beside, stopBeside := context.WithCancel(cut)
	var background sync.WaitGroup
	for _, each := range r.env.background {
		background.Go(func() { each(beside) })
	}
	var pacing sync.WaitGroup
	pacing.Go(func() { r.env.pacer.run(begin, end) })
	profiles := r.startProfiles(beside)
	r.happen.start(cut)
	r.phaseAt(results.PhaseWarmup, begin, r.job.Scenario.Phases.Warmup)
	if complete = r.waitUntil(ctx, r.clock.measureStart()); complete {
		r.phaseAt(results.PhaseMeasure, r.clock.measureStart(), r.job.Scenario.Phases.Measure)
		complete = r.waitUntil(ctx, end)
	}
	r.happen.loadEnds()
	drainAt := end
	if !complete {
		drainAt = r.clock.Now()
		r.clock.ended.Store(int64(drainAt))
		r.env.pacer.endArrivals()
		if !r.aborted.Load() {
			r.event(results.EventInterrupted, fmt.Sprintf("after %.1f s of load", (r.clock.Now()-begin).Seconds()))
		}
	}
	r.phaseAt(results.PhaseDrain, drainAt, r.job.Scenario.Phases.Drain)
	r.drain(cut)
	r.env.pacer.stop()
	pacing.Wait()
	stop()
	r.happen.finish()
	profiles.stop(complete)
	stopBeside()
	background.Wait()
	r.cutOff()
	sealed := r.seal(cut)
	r.telemeter.stop()
	ticker.stop()
	if len(sealed) > 0 {
		now := milliseconds(r.clock.Now())
		r.append(results.Record{Interval: &results.Interval{StartMS: now, EndMS: now, Watches: sealed}})
	}
	return complete
}

// startDelay is the time between the end of setup and the first arrival, in
// which the pacing thread and the watchers come to rest.
const startDelay = 100 * time.Millisecond

// waitUntil waits for an instant; it reports false when ctx ends first.
func (r *run) waitUntil(ctx context.Context, at time.Duration) bool {
	timer := time.NewTimer(at - r.clock.Now())
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// drain waits until all chains have ended and what was to expire has, or the drain's time is over, or cut ends.
func (r *run) drain(cut context.Context) {
	deadline := time.NewTimer(r.job.Scenario.Phases.Drain)
	defer deadline.Stop()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for !r.env.pacer.over.Load() || r.open() > 0 || r.mortal() > 0 {
		select {
		case <-deadline.C:
			return
		case <-cut.Done():
			return
		case <-poll.C:
		}
	}
}

// open is how many chains have begun and not ended.
func (r *run) open() (n int64) {
	for _, s := range r.env.streams {
		n += s.open.Load()
	}
	return n
}

// mortal is how many keys should have gone before the end of the load and have not.
func (r *run) mortal() (n int64) {
	for _, x := range r.env.expiries {
		n += x.open(r.clock.loadEnd())
	}
	return n
}

// cutOff records what the end of the run found unfinished: in flight, in the backlog, or waiting for its due time.
func (r *run) cutOff() {
	for _, s := range r.env.streams {
		s.finish()
	}
	for _, step := range r.env.pacer.leftover() {
		switch {
		case step.client != nil:
		case step.start != nil:
			step.start.never(r.clock.Now())
		default:
			step.task.cutOff(0, r.clock.Now(), false)
		}
	}
}

// seal seals the watches, and returns the rows that say so.
func (r *run) seal(cut context.Context) []results.WatchInterval {
	sealed, err := r.watching.seal(cut)
	if err != nil {
		r.event(results.EventWarning, err.Error())
	}
	return sealed
}
