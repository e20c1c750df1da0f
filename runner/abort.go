package runner

import (
	"fmt"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// abort ends the load when a threshold that says so is breached by what was
// measured so far. Only the ticker's goroutine uses it.
type abort struct {
	run      *run
	limits   []scenarios.NamedThreshold
	measured *results.Gathering // nil where nothing can end the load
}

// newAbort is made when it is known when the load begins.
func newAbort(r *run) *abort {
	a := &abort{run: r}
	for _, n := range r.job.Scenario.Named {
		if n.Abort {
			a.limits = append(a.limits, n)
		}
	}
	if len(a.limits) > 0 {
		a.measured = results.Gather(*r.header(), milliseconds(r.clock.measureStart()))
	}
	return a
}

// opens is when a workload begins to be measured, from the start of the measure phase.
func (a *abort) opens(workload string) time.Duration {
	for _, w := range a.run.job.Scenario.Workloads {
		if w.Name == workload {
			return w.Window.From
		}
	}
	return 0
}

// look looks at the thresholds after one more interval, which ended at an instant.
func (a *abort) look(in *results.Interval, at time.Duration) {
	clock := a.run.clock
	if a.measured == nil || a.run.aborted.Load() || at <= clock.measureStart() || at >= clock.measureEnd() {
		return
	}
	a.measured.Add(in)
	run, since := a.measured.Run(), at-clock.measureStart()
	for _, n := range a.limits {
		if since < a.opens(n.Check.Workload())+n.Grace {
			continue
		}
		if value, breached := verdict.Breach(run, n.Check); breached {
			a.run.event(results.EventAborted, fmt.Sprintf("%s: %s, %.1f s into the measure phase", n.Check, value, since.Seconds()))
			a.run.aborted.Store(true)
			a.run.giveUp()
			return
		}
	}
}
