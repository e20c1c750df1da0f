package runner

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// podChain is a pod's start or stop: a script.
type podChain struct {
	churn *podChurn
	pod   *pod
	rng   *rand.Rand
	steps []podStep
	at    int // the step that is due
	// server is the number of the API server that all requests of the chain go to.
	server int
	// granting tells that the lease comes before the step that is due.
	granting bool
	// wave is what the pod comes or goes with; nil for none.
	wave *wave
	// event is the key of the event that is counted up, or the last that was written,
	// which written is told of; eventRevision is of the one that was read.
	event         string
	eventRevision int64
	written       func(key string)
}

// stepEnd is how a step went.
type stepEnd uint8

const (
	succeeded stepEnd = iota
	failed
	// conflict is a failed compare whose reply tells how to try again.
	conflict
)

func endOf(ok bool) stepEnd {
	if ok {
		return succeeded
	}
	return failed
}

// leases are those of the API server that the chain's requests go to.
func (p *podChain) leases() *eventLeases { return p.churn.leases[p.server%len(p.churn.leases)] }

// do is one step.
func (p *podChain) do(ctx context.Context, w *worker, t *task) next {
	step := p.steps[p.at]
	if p.granting {
		step = stepGrant
	}
	switch p.request(ctx, w, t, step) {
	case failed:
		return next{failed: true}
	case conflict:
		return next{operation: t.operation} // again, with the revision that the reply told
	case succeeded:
	}
	if p.granting {
		p.granting = false
		return next{operation: p.churn.operationOf(p.steps[p.at])}
	}
	switch {
	case step == stepMark && p.wave != nil:
		p.wave.marked(w.outcome.Done)
	case step == stepEvent && p.written != nil:
		p.written(p.event)
	}
	p.at++
	return p.following()
}

// following is the step that is due next, with its think time.
func (p *podChain) following() next {
	if p.at == len(p.steps) {
		if w := p.churn.kind.Wave; p.steps[0] == stepCreate && (w.Shape == scenarios.NoWave || w.Replaces()) {
			p.churn.ready.push(p.pod) // of the others none is popped
		}
		return next{}
	}
	return next{operation: p.due(), think: p.think(p.steps[p.at])}
}

// due is the operation of the step that is due, or the grant of the lease that it needs.
func (p *podChain) due() *operation {
	step := p.steps[p.at]
	if (step == stepEvent || step == stepRepeatEvent) && p.leases().claim(p.churn.stream.clock.Now()) {
		p.granting = true
		return p.churn.leaseGrant
	}
	return p.churn.operationOf(step)
}

func (p *podChain) think(step podStep) time.Duration {
	if step == stepGet && p.steps[p.at-1] != stepGet {
		if i := slices.IndexFunc(p.steps[p.at:], func(s podStep) bool { return s != stepGet }); p.steps[p.at+i] == stepTerminated {
			return p.churn.kind.Grace
		}
	}
	return time.Duration(float64(podThink[step]) * (0.5 + p.rng.Float64()))
}

// request sends a step's request.
func (p *podChain) request(ctx context.Context, w *worker, t *task, step podStep) stepEnd {
	pod := p.pod
	pods, accounts, events := p.churn.pods.At(p.server), p.churn.accounts.At(p.server), p.churn.events.At(p.server)
	switch step {
	case stepGetAccount:
		return endOf(w.read(ctx, t, accounts, accounts.Key(pod.namespace, "default")))
	case stepGet:
		return endOf(w.read(ctx, t, pods, pod.key))
	case stepGrant:
		return p.grant(ctx, w, t)
	case stepEvent:
		p.event = events.Key(pod.namespace, fmt.Sprintf("%s.%016x", pod.name, p.rng.Uint64()))
		return p.writeEvent(ctx, w, t, create)
	case stepGetEvent:
		return endOf(w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) {
			reply, err := events.Get(ctx, p.event)
			if reply.Current != nil {
				p.eventRevision = reply.Current.ModRevision
			}
			return reply, err
		}))
	case stepRepeatEvent:
		return p.writeEvent(ctx, w, t, update)
	case stepDeleteStale:
		// A failed compare is what this step is for.
		_, ok := w.write(ctx, t, pods, remove, write{key: pod.key, revision: pod.before})
		return endOf(ok || w.outcome.Conflict)
	case stepDelete:
		return p.write(ctx, w, t, remove, 0)
	case stepCreate:
		return p.write(ctx, w, t, create, p.size(step))
	default:
		return p.write(ctx, w, t, update, p.size(step))
	}
}

// size is the stored size of the pod after a step, a little different each time.
func (p *podChain) size(step podStep) int {
	size := podSize[step][p.pod.containers-1]
	return int(size + p.rng.Int64N(size/50))
}

// write writes the pod, or deletes it where size is 0, and keeps its new
// revision, or after a conflict the one that it has.
func (p *podChain) write(ctx context.Context, w *worker, t *task, request requester, size int) stepEnd {
	pod := p.pod
	reply, ok := w.write(ctx, t, p.churn.pods.At(p.server), request, write{key: pod.key, size: size, revision: pod.revision, pick: p.rng.Uint64()})
	switch {
	case ok:
		pod.before, pod.revision = pod.revision, reply.Revision
		return succeeded
	case reply.Current != nil:
		pod.revision = reply.Current.ModRevision
		return conflict
	default:
		return failed
	}
}

func (p *podChain) unreached(*task) []*operation {
	var left []*operation
	for _, step := range p.steps[min(p.at+1, len(p.steps)):] {
		left = append(left, p.churn.operationOf(step))
	}
	if p.granting {
		left = append(left, p.churn.operationOf(p.steps[p.at]))
		p.leases().unclaim()
	}
	return left
}

// operationOf is where a step is recorded.
func (c *podChurn) operationOf(step podStep) *operation {
	switch step {
	case stepCreate:
		return c.create
	case stepBind:
		return c.bind
	case stepCreating, stepRunning, stepReady, stepTerminated:
		return c.updateStatus
	case stepEvent:
		return c.createEvent
	case stepMark, stepMarkNow:
		return c.mark
	case stepDeleteStale:
		return c.deleteStale
	case stepDelete:
		return c.remove
	case stepGrant:
		return c.leaseGrant
	case stepEvict:
		return c.evict
	case stepFinalizer:
		return c.finalizer
	case stepGetEvent:
		return c.getEvent
	case stepRepeatEvent:
		return c.repeatEvent
	default:
		return c.get
	}
}
