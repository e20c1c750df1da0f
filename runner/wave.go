package runner

import (
	"sync"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/etcd-dyno/etcd-dyno/runner/record"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// wave is pods that come and go together: a rollout, a Job, a drained node. Its
// parts are the starts and stops of its pods, which are chains of their own; it
// has ended when all of them have.
type wave struct {
	churn      *podChurn
	kind       scenarios.Wave
	client     *client // whose arrival it is in a closed loop; nil in an open one
	chain      *chain
	number     int        // of the wave
	mu         sync.Mutex // guards all below
	begun      int        // pods
	stops      int        // of pods that have begun
	open       int        // parts that have not ended
	failed     codes.Code
	unfinished bool
	done       time.Duration
}

// arriveWave begins a wave.
func (c *podChurn) arriveWave(a arriving) {
	v := &wave{
		churn: c, kind: c.kind.Wave, client: a.client, number: a.index,
		chain: &chain{row: c.whole, phase: c.stream.clock.Phase(a.due), intended: a.due, dispatched: c.stream.clock.Now()},
	}
	c.stream.open.Add(1)
	if a.client != nil {
		a.client.open.Add(1)
	}
	c.whole.series.Count(a.index, v.chain.phase, record.Intended, 1)
	v.begin(1) // so that it cannot end before all that is due at once has begun
	switch v.kind.Shape {
	case scenarios.RollingUpdate:
		for range v.kind.Unavailable() {
			v.replace(a.due, a.early)
		}
		for range min(v.kind.Surge()+v.kind.Unavailable(), v.kind.Pods) {
			v.startNext(a.due, a.early)
		}
	case scenarios.NodeDrain:
		v.paced(a, v.replace)
	default:
		v.paced(a, v.startNext)
	}
	v.ended(nil, &record.Outcome{Done: a.due})
}

// paced does something for each pod, one after the other at the wave's pace.
func (v *wave) paced(a arriving, each func(due time.Duration, early bool)) {
	gap := time.Duration(float64(time.Second) / float64(v.kind.Pace))
	each(a.due, a.early)
	for i := 1; i < v.kind.Pods; i++ {
		v.later(a.due+time.Duration(i)*gap, each)
	}
}

// later does something when it is due; a run that ends before leaves the wave unfinished.
func (v *wave) later(due time.Duration, do func(due time.Duration, early bool)) {
	v.begin(1)
	v.churn.stream.pacer.later(step{at: due, start: &start{
		arrive: func(a arriving) {
			do(a.due, a.early)
			v.ended(nil, &record.Outcome{Done: a.due})
		},
		never: func(at time.Duration) {
			v.ended(nil, &record.Outcome{Done: at, Code: codes.DeadlineExceeded, Unfinished: true})
		},
	}})
}

// begin notes that parts begin.
func (v *wave) begin(parts int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.open += parts
}

// next is the number of the next pod that starts; it reports false where there
// is none, or the wave has failed.
func (v *wave) next() (int, bool) {
	over := v.over()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.begun == v.kind.Pods || v.failed != codes.OK || over {
		return 0, false
	}
	v.begun++
	v.open++
	return v.number*v.kind.Pods + v.begun - 1, true
}

// startNext starts the wave's next pod, if there is one.
func (v *wave) startNext(due time.Duration, early bool) {
	index, ok := v.next()
	if !ok {
		return
	}
	c := v.churn
	p := c.starting(index, v.number)
	p.wave = v
	c.stream.arrive(p, &chain{row: c.podStart, then: func(part *chain, last *record.Outcome) { v.started(p.pod, part, last) }}, c.create, arriving{index: index, due: due, early: early})
}

// started follows a pod's start: the controllers see a new pod that is ready.
func (v *wave) started(p *pod, part *chain, last *record.Outcome) {
	if last.Code == codes.OK {
		v.churn.upkeep.started(last.Done)
		switch v.kind.Shape {
		case scenarios.RollingUpdate:
			v.replace(last.Done, true)
			v.startNext(last.Done, true)
		case scenarios.BatchJob:
			v.later(last.Done+v.kind.Runtime, func(due time.Duration, early bool) { v.finish(p, due, early) })
		default:
		}
	}
	v.ended(part, last)
}

// replace takes away the oldest pod that is ready, as often as the wave has pods.
func (v *wave) replace(due time.Duration, early bool) {
	over := v.over()
	v.mu.Lock()
	index, enough := v.number*v.kind.Pods+v.stops, v.stops == v.kind.Pods || v.failed != codes.OK || over
	if !enough {
		v.stops++
	}
	v.mu.Unlock()
	if enough {
		return
	}
	old := v.churn.ready.pop()
	if old == nil {
		v.churn.podStop.series.Count(0, v.churn.stream.clock.Phase(due), record.Skipped, 1)
		v.marked(due)
		return
	}
	v.stop(old, index, due, early)
}

// finish ends a Job's pod that has run long enough.
func (v *wave) finish(p *pod, due time.Duration, early bool) {
	v.mu.Lock()
	v.stops++
	v.mu.Unlock()
	v.stop(p, p.index, due, early)
}

// stop ends a pod; index is the stop's number.
func (v *wave) stop(old *pod, index int, due time.Duration, early bool) {
	v.begin(1)
	c := v.churn
	p := c.stopping(old, index, v.number)
	p.wave = v
	c.stream.arrive(p, &chain{row: c.podStop, then: v.stopped}, c.get, arriving{index: v.number, due: due, early: early})
}

// stopped follows a pod's stop.
func (v *wave) stopped(part *chain, last *record.Outcome) {
	if last.Code == codes.OK {
		v.churn.upkeep.stopped(last.Done)
	}
	v.ended(part, last)
}

// marked follows the deletion of a pod that is asked for: on a drained node another is started in its place.
func (v *wave) marked(at time.Duration) {
	if v.kind.Shape == scenarios.NodeDrain {
		v.startNext(at, true)
	}
}

// ended ends a part, and with the last one the wave. part is nil for what was no chain.
func (v *wave) ended(part *chain, last *record.Outcome) {
	if v.count(part, last) {
		v.end()
	}
}

// over reports whether a threshold has ended the load, so that no pod comes or
// goes any more. When a user does, what has begun is finished, and a wave has.
func (v *wave) over() bool { return v.churn.aborted.Load() }

// count notes a part's end and reports whether it was the last.
func (v *wave) count(part *chain, last *record.Outcome) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	if part != nil && part.started && (!v.chain.started || part.sent < v.chain.sent) {
		v.chain.started, v.chain.sent = true, part.sent
	}
	if last.Code != codes.OK && v.failed == codes.OK {
		v.failed = last.Code
	}
	v.unfinished = v.unfinished || last.Unfinished
	v.done = max(v.done, last.Done)
	v.open--
	return v.open == 0
}

// end records the wave, and the pods that it never came to.
func (v *wave) end() {
	s := v.churn.stream
	left, kept := v.kind.Pods-v.begun, 0
	if v.kind.Shape != scenarios.ScaleUp {
		kept = v.kind.Pods - v.stops
	}
	if left+kept > 0 {
		if v.failed == codes.OK {
			v.failed, v.unfinished = codes.DeadlineExceeded, true
		}
		v.churn.podStart.series.Count(v.number, v.chain.phase, record.Unreached, int64(left))
		v.churn.podStop.series.Count(v.number, v.chain.phase, record.Unreached, int64(kept))
	}
	v.chain.end(v.number, &record.Outcome{Done: v.done, DonePhase: s.clock.Phase(v.done), Code: v.failed, Unfinished: v.unfinished})
	s.open.Add(-1)
	if v.client != nil {
		v.client.ended(v.done)
	}
}

// podOwners are the pod-churns that the pods of the setup belong to: as many to
// each as one of its waves replaces, and the others to the first that has no
// waves, or in turn to those whose waves replace.
type podOwners []*podChurn

func (o podOwners) populated(p scenarios.Population, key string, index int, revision int64) {
	var replacing podOwners
	first := 0
	for _, c := range o {
		if !c.kind.Wave.Replaces() {
			continue
		}
		if index >= first && index < first+c.kind.Wave.Pods {
			c.populated(p, key, index, revision)
			return
		}
		first += c.kind.Wave.Pods
		replacing = append(replacing, c)
	}
	for _, c := range o {
		if c.kind.Wave.Shape == scenarios.NoWave {
			c.populated(p, key, index, revision)
			return
		}
	}
	if len(replacing) > 0 {
		replacing[index%len(replacing)].populated(p, key, index, revision)
	}
}
