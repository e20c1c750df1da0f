package runner

import (
	"slices"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// podStep is one request in a pod's life.
type podStep uint8

const (
	stepCreate podStep = iota
	stepBind
	stepGetAccount
	stepGet
	stepCreating // the first status: ContainerCreating
	stepRunning
	stepReady
	stepEvent
	stepMark // the deletion that a user asks for: deletionTimestamp
	stepTerminated
	stepMarkNow // the kubelet's deletion with grace 0 sets the timestamp once more
	stepDeleteStale
	stepDelete
	stepGrant       // a new lease for events, in front of an event
	stepEvict       // the condition that an eviction sets before the deletion
	stepFinalizer   // the Job's controller takes its finalizer off a pod that has ended
	stepGetEvent    // an earlier event, which is counted up
	stepRepeatEvent // its count
)

// startSteps are those of a pod's start. Each container brings the events
// Pulled, Created and Started; a pod of a wave is scheduled by a scheduler that
// writes one too. A Job's is ready as soon as it runs.
func startSteps(wave scenarios.WaveShape, containers int) []podStep {
	steps := []podStep{stepCreate, stepBind}
	if wave != scenarios.NoWave {
		steps = append(steps, stepEvent)
	}
	steps = append(steps, stepGetAccount, stepGet, stepGet, stepCreating)
	steps = append(steps, slices.Repeat([]podStep{stepEvent}, 3*containers)...)
	steps = append(steps, stepGet, stepRunning)
	if wave == scenarios.BatchJob {
		return steps
	}
	return append(steps, stepGet, stepReady)
}

// stopSteps are those of a pod's stop. Each container brings the event Killing;
// with stale the last deletion is tried on a stale copy first. A Job's pod ends
// by itself, and is deleted without grace when it is not needed any more.
func stopSteps(wave scenarios.WaveShape, containers int, stale bool) []podStep {
	if wave == scenarios.BatchJob {
		steps := []podStep{stepGet, stepTerminated, stepFinalizer, stepGet, stepGet, stepMarkNow}
		if stale {
			steps = append(steps, stepDeleteStale)
		}
		return append(steps, stepDelete)
	}
	steps := []podStep{stepGet}
	if wave == scenarios.NodeDrain {
		steps = append(steps, stepEvict, stepGet)
	}
	steps = append(steps, stepMark)
	steps = append(steps, slices.Repeat([]podStep{stepEvent}, containers)...)
	steps = append(steps, stepGet, stepTerminated, stepGet, stepGet, stepMarkNow)
	if stale {
		steps = append(steps, stepDeleteStale)
	}
	return append(steps, stepDelete)
}

// readingFirst puts a Get before each write of a pod that is there, as API
// servers without a watch cache do.
func readingFirst(steps []podStep) (all []podStep) {
	for _, s := range steps {
		switch s {
		case stepBind, stepCreating, stepRunning, stepReady, stepMark, stepTerminated, stepMarkNow, stepDelete, stepEvict, stepFinalizer:
			all = append(all, stepGet)
		default:
		}
		all = append(all, s)
	}
	return all
}

// podThink is the mean time before a step; it is drawn between half and one and
// a half of it. The longest start, with two containers, thinks 0.92 s in the
// mean and never 2 s. The grace period comes before the terminated status.
var podThink = map[podStep]time.Duration{
	stepBind: 20 * time.Millisecond, stepGetAccount: 80 * time.Millisecond, stepGet: 5 * time.Millisecond,
	stepCreating: 2 * time.Millisecond, stepEvent: 60 * time.Millisecond, stepRunning: 150 * time.Millisecond, stepReady: 300 * time.Millisecond,
}

// podSize is the stored size of a pod after a write, with one container and with two.
var podSize = map[podStep][2]int64{
	stepCreate: {5078, 5920}, stepBind: {5200, 6169}, stepCreating: {6437, 7513}, stepRunning: {6931, 8332}, stepReady: {6757, 8142},
	stepMark: {6781, 8166}, stepTerminated: {6781, 8166}, stepMarkNow: {6781, 8166}, stepEvict: {6781, 8166}, stepFinalizer: {6781, 8166},
}
