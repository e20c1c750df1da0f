package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// actions carries out what a scenario wants to happen to the cluster under load,
// and follows what becomes of its service.
type actions struct {
	run     *run
	crew    *crew
	lab     *lab.Lab // nil for a cluster that exists
	service *availability
	// registers show whether members tell the same.
	registers *registers
	resizing  sync.Mutex // held while members are added or removed
	mu        sync.Mutex // guards the two below
	names     []string   // of the actions under way
	last      lastSnapshot
	// snapshots is where snapshots lie.
	snapshots string
	// load ends when no chain begins any more, and with it what is to be undone.
	load    context.Context //nolint:containedctx // actions outlive the call that begins them
	endLoad context.CancelFunc
	cut     context.Context //nolint:containedctx // as load; it ends what waits, too
	performing,
	following sync.WaitGroup
	probing     sync.WaitGroup
	stopProbing context.CancelFunc
	// late ends the following of what does not recover.
	late     context.Context //nolint:containedctx // as load
	stopLate context.CancelFunc
}

// newActions is made before the load; nil where nothing is to happen.
func newActions(r *run) (*actions, error) {
	if len(r.job.Scenario.Actions) == 0 {
		return nil, nil
	}
	crew, err := newCrew(r.target)
	if err != nil {
		return nil, err
	}
	service, err := newAvailability(r.env, r.target.prefix)
	if err != nil {
		return nil, err
	}
	registers, err := newRegisters(r.target, crew, r.job.Scenario.Seed)
	if err != nil {
		return nil, err
	}
	return &actions{run: r, crew: crew, lab: r.target.lab, service: service, registers: registers, snapshots: r.target.snapshots}, nil
}

// start begins to watch the service, and has each action happen at its time. A
// cut ends everything.
func (a *actions) start(cut context.Context) {
	if a == nil {
		return
	}
	probing, stop := context.WithCancel(cut)
	a.stopProbing = stop
	a.probing.Go(func() { a.service.run(probing) })
	a.probing.Go(func() { a.registers.run(probing) })
	a.cut = cut
	a.load, a.endLoad = context.WithCancel(cut)
	a.late, a.stopLate = context.WithCancel(cut)
	for _, action := range a.run.job.Scenario.Actions {
		if action.At >= a.run.job.Scenario.Phases.Measure {
			continue // Scenario.Warnings tells
		}
		d := &deed{actions: a, action: action, row: results.Action{Name: action.Name, Do: action.Kind()}}
		a.performing.Go(d.carryOut)
	}
}

// underWay are the names of the actions that have begun and are not over.
func (a *actions) underWay() []string {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.names)
}

// name notes that an action begins, or is over.
func (a *actions) name(name string, begins bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if begins {
		a.names = append(a.names, name)
		return
	}
	a.names = slices.DeleteFunc(a.names, func(each string) bool { return each == name })
}

// loadEnds has all that lasts undone.
func (a *actions) loadEnds() {
	if a != nil {
		a.endLoad()
	}
}

// lateRecovery is how long after the last action was over its recovery is waited for, once the load has ended.
const lateRecovery = settled + 2*time.Second

// finish waits until everything is undone and has recovered, or does not soon.
func (a *actions) finish() {
	if a == nil {
		return
	}
	a.endLoad()
	a.performing.Wait()
	if a.lab != nil && a.cut.Err() == nil {
		if err := a.makeWhole(a.cut); err != nil {
			a.run.event(results.EventWarning, "not all of what was done to the lab could be undone: "+err.Error())
		}
	}
	timer := time.AfterFunc(lateRecovery, a.stopLate)
	a.following.Wait()
	timer.Stop()
	a.stopLate()
	a.stopProbing()
	a.probing.Wait()
}

// deed is one action under way. Its row is written when it begins, when it is
// over, and when the service has recovered; the last one counts.
type deed struct {
	*actions
	action scenarios.Action
	mu     sync.Mutex // guards row
	row    results.Action
	begun  time.Duration // 0 until it has begun
	outage *outage
}

// carryOut waits for the action's time and does it.
func (d *deed) carryOut() {
	r := d.run
	if !r.waitUntil(d.load, r.clock.measureStart()+d.action.At) {
		return
	}
	d.name(d.action.Name, true)
	defer d.name(d.action.Name, false)
	err := d.perform(d.cut)
	if d.cut.Err() != nil {
		return // the run was cut short; the row says that it had begun
	}
	d.begin()
	if err != nil {
		r.event(results.EventInvalid, fmt.Sprintf("the action %s failed: %s", d.action.Name, oneLine(err)))
	}
	ended := r.clock.Now()
	d.write(func(row *results.Action) {
		row.EndedMS = new(milliseconds(ended))
		if err != nil {
			row.Failed = oneLine(err)
		}
	})
	r.cutInterval()
	d.following.Go(func() { d.follow(ended) })
}

// oneLine is an error of several in one line.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// begin notes that it happens now, to these members.
func (d *deed) begin(members ...hand) {
	if d.begun > 0 {
		return
	}
	d.run.cutInterval()
	d.begun = d.run.clock.Now()
	d.outage = d.service.watch(d.begun)
	d.write(func(row *results.Action) { row.AtMS, row.Members = milliseconds(d.begun), namesOf(members) })
}

// write changes the row and writes it as it is then.
func (d *deed) write(change func(row *results.Action)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change(&d.row)
	row := d.row
	row.Steps = slices.Clone(row.Steps)
	d.run.append(results.Record{Action: &row})
}

// hold waits until what was done is to be undone, at the latest when the load ends.
func (d *deed) hold(lasts time.Duration) {
	_ = pause(d.load, lasts) // that the load has ended is as good
}

// step does a part, and notes when and how long; what is returned is told beside it.
func (d *deed) step(name, member string, do func() (detail string, err error)) error {
	at := d.run.clock.Now()
	detail, err := do()
	took := d.run.clock.Now() - at
	if err != nil {
		detail = oneLine(err)
	}
	done := results.ActionStep{Name: name, Member: member, AtMS: milliseconds(at), TookMS: milliseconds(took), Detail: detail}
	d.write(func(row *results.Action) { row.Steps = append(row.Steps, done) })
	return err
}

// followEvery is how often it is looked whether the service has recovered.
const followEvery = 50 * time.Millisecond

// follow waits until the service is as before, and writes down when that was.
func (d *deed) follow(ended time.Duration) {
	defer d.service.forget(d.outage)
	d.service.over(d.outage)
	for {
		now := d.run.clock.Now()
		s := d.service.state(d.outage, now)
		recovered := !s.disturbed && now >= max(ended, s.until)+settled
		if recovered && !s.held || pause(d.late, followEvery) != nil {
			d.run.cutInterval()
			d.recovered(s, recovered)
			return
		}
	}
}

// recovered writes down how the service has fared, and if so that it is as before.
func (d *deed) recovered(s serviceState, recovered bool) {
	if d.cut.Err() != nil {
		return
	}
	d.write(func(row *results.Action) {
		row.UnavailableMS = new(milliseconds(s.gap))
		if !recovered {
			return
		}
		row.RecoveredMS = new(milliseconds(max(s.until-d.begun, 0)))
		if !s.held {
			row.TailMS = new(milliseconds(max(s.tail-d.begun, 0)))
		}
	})
}

// perform does what is to be done, waits, and undoes it.
func (d *deed) perform(ctx context.Context) error {
	switch do := d.action.Do.(type) {
	case scenarios.Kill:
		return d.end(ctx, do.Member, do.For, "killed", d.lab.Kill)
	case scenarios.Stop:
		return d.end(ctx, do.Member, do.For, "stopped", d.lab.Terminate)
	case scenarios.Restart:
		return d.end(ctx, do.Member, 0, "stopped", d.lab.Terminate)
	case scenarios.Freeze:
		return d.freeze(ctx, do)
	case scenarios.Partition:
		return d.partition(ctx, do)
	case scenarios.SlowLink:
		return d.slowLink(ctx, do)
	case scenarios.CutLink:
		return d.cutLink(ctx, do)
	case scenarios.SlowDisk:
		return d.disk(ctx, do.Member, do.For, lab.Disk{Delay: do.Delay})
	case scenarios.DiskStall:
		return d.disk(ctx, do.Member, do.For, lab.Disk{Delay: d.usualDelay(), Held: true})
	case scenarios.DiskFull:
		return d.diskFull(ctx, do)
	case scenarios.MoveLeader:
		return d.moveLeader(ctx, do)
	case scenarios.Compact:
		return d.compact(ctx)
	case scenarios.Defragment:
		return d.defragment(ctx, do)
	case scenarios.Snapshot:
		return d.snapshot(ctx, do)
	case scenarios.RollingRestart:
		return d.rollingRestart(ctx, do)
	case scenarios.Fill:
		return d.fill(ctx, do)
	case scenarios.Scale:
		return d.scale(ctx, do)
	case scenarios.DisasterRecovery:
		return d.recover(ctx, do)
	default:
		return fmt.Errorf("this program cannot do %q", d.action.Kind())
	}
}

// all does something for several members, one after the other, and goes on after errors.
func all(members []hand, each func(h hand) error) error {
	var failed []error
	for _, h := range members {
		failed = append(failed, each(h))
	}
	return errors.Join(failed...)
}
