package runner

import (
	"sync"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Status is how a run goes, for a display.
type Status struct {
	Phase results.PhaseName
	// Elapsed and Planned are of the phase; Planned is 0 where that is not known.
	Elapsed, Planned time.Duration
	// Done and Total count the objects of setup.
	Done, Total int64
	// Rate is operations done per second, in the last interval.
	Rate float64
	// P99 is of the response over all operations of the last interval; 0 where there was none.
	P99 time.Duration
	// Actions are the names of those under way.
	Actions []string
	// Errors, Backlog and InFlight are the errors so far, what waits, and the chains that are open.
	Errors, Backlog, InFlight int64
}

// reportSetup tells the progress of setup until the function that it returns is called.
func (r *run) reportSetup() (stop func()) {
	if r.job.Progress == nil {
		return func() {}
	}
	quit := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(interval / 4)
		defer tick.Stop()
		for {
			r.job.Progress(Status{
				Phase: results.PhaseSetup, Elapsed: r.clock.Now(),
				Done: r.env.setup.done.Load(), Total: r.env.setup.total.Load(),
			})
			select {
			case <-tick.C:
			case <-quit:
				return
			}
		}
	})
	return func() {
		close(quit)
		wg.Wait()
	}
}

// tell tells what happened in an interval.
func (r *run) tell(in *results.Interval) {
	if r.job.Progress == nil {
		return
	}
	now := r.clock.Now()
	begin := time.Duration(r.clock.begin.Load())
	phases := r.job.Scenario.Phases
	s := Status{Phase: r.clock.Phase(now).Name(), InFlight: r.open()}
	switch s.Phase {
	case results.PhaseWarmup:
		s.Elapsed, s.Planned = now-begin, phases.Warmup
	case results.PhaseMeasure:
		s.Elapsed, s.Planned = now-r.clock.measureStart(), phases.Measure
	default:
		s.Elapsed, s.Planned = now-min(r.clock.measureEnd(), time.Duration(r.clock.ended.Load())), phases.Drain
	}
	for _, w := range r.env.streams {
		s.Backlog += int64(w.queue.length())
	}
	done, p99 := results.Glance(in)
	s.Rate = float64(done) / max((in.EndMS-in.StartMS)/1000, 1e-9)
	s.P99 = p99
	for _, o := range in.Operations {
		if !o.Chain {
			r.errors += o.Counts.ErrorCount()
		}
	}
	s.Errors = r.errors
	s.Actions = r.happen.underWay()
	r.job.Progress(s)
}
