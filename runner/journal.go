package runner

import (
	"sync"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// append writes a record. An error stays with the journal and is looked at in the end.
func (r *run) append(record results.Record) { _ = r.journal.Append(record) }

func (r *run) event(kind results.EventKind, detail string) {
	r.append(results.Record{Event: &results.Event{AtMS: milliseconds(r.clock.Now()), Kind: kind, Detail: detail}})
}

// phase notes that a phase begins now.
func (r *run) phase(name results.PhaseName, planned time.Duration) {
	r.phaseAt(name, r.clock.Now(), planned)
}

func (r *run) phaseAt(name results.PhaseName, at, planned time.Duration) {
	r.append(results.Record{Phase: &results.Phase{Name: name, AtMS: milliseconds(at), PlannedMS: milliseconds(planned)}})
}

// ticker takes what was recorded once a second, and encodes and writes it on a
// goroutine of its own.
type ticker struct {
	run  *run
	quit chan struct{}
	wg   sync.WaitGroup
	// abort is only the loop's.
	abort *abort
}

// interval is how often the journal gets what was recorded.
const interval = time.Second

func (r *run) startTicker() *ticker {
	r.target.api.Connections().Take() // what setup opened and closed is no news
	t := &ticker{run: r, quit: make(chan struct{})}
	t.wg.Go(t.loop)
	return t
}

// stop writes what has come since the last second.
func (t *ticker) stop() {
	close(t.quit)
	t.wg.Wait()
}

func (t *ticker) loop() {
	usage, clocks := newUsage(), newTimekeeping(kernelClocks)
	t.abort = newAbort(t.run)
	collector := startCollector()
	defer collector.stop()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	start := t.run.clock.Now()
	for last := false; !last; {
		select {
		case <-tick.C:
		case <-t.run.cuts:
		case <-t.quit:
			last = true
		}
		start = t.take(start, usage)
		collector.adapt()
		if t.run.journal.Err() != nil {
			t.run.giveUp()
		}
		for _, e := range clocks.look() {
			t.run.event(e.Kind, e.Detail)
		}
	}
}

// take writes one interval, from start until now, and returns its end.
func (t *ticker) take(start time.Duration, usage *usage) time.Duration {
	r := t.run
	taken := r.recorder.Swap()
	end := r.clock.Now()
	in, err := taken.Interval(start, end)
	if err != nil {
		r.event(results.EventInvalid, "a second could not be recorded: "+err.Error())
		return end
	}
	in.Generator = usage.since()
	in.Backlog = r.backlog()
	in.Generator.Connections = r.target.api.Connections().Open()
	r.followConnections()
	r.append(results.Record{Interval: &in})
	if r.job.Interval != nil {
		r.job.Interval(&in)
	}
	t.abort.look(&in, end)
	r.tell(&in)
	return end
}

// backlog is how many operations of each workload wait; those without any are left out.
func (r *run) backlog() map[string]int64 {
	var all map[string]int64
	for _, s := range r.env.streams {
		if n := int64(s.queue.length()); n > 0 {
			if all == nil {
				all = map[string]int64{}
			}
			all[s.name] += n
		}
	}
	return all
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
