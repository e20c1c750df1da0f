package scenarios

import (
	"fmt"
	"strconv"
	"time"
)

// PodChurn starts and stops pods, each as a chain of the requests that an API
// server sends: an arrival starts one pod and stops the oldest ready one, or is a
// Wave of them.
type PodChurn struct {
	// Grace is the time between a pod's graceful deletion and its removal; 1 s
	// by default, at most an hour, may be zero.
	Grace time.Duration
	// Containers is the mean number of containers a pod, 1 to 2; 1.5 by default.
	Containers float64
	Wave       Wave
	// Uncached tells that the API servers have no watch cache: see [model.NoWatchCache].
	Uncached bool
}

func (PodChurn) kind() string { return "pod-churn" }

func (p PodChurn) operations() []string {
	var all []string
	if p.Wave.Shape != NoWave {
		all = append(all, string(p.Wave.Shape))
	}
	all = append(
		all, "pod-start", "pod-stop",
		"create", "bind", "get", "update-status", "mark-deleted", "delete-stale", "delete", "create-event", "lease-grant",
	)
	return append(all, p.Wave.operations()...)
}

// requests are those of one pod's start and another's stop, as measured of a
// kube-apiserver 1.37: 14.5 and 10.2 with 1.5 containers; or those of a wave.
func (p PodChurn) requests() []request {
	// size is between that of a pod with one container and with two.
	size := func(one, two float64) float64 { return one + (two-one)*(p.Containers-1) }
	w := p.Wave
	// Of a start and a stop: Gets, status updates, deletions that are marked, stale deletions and events.
	gets, statuses, marks, stale, stops := 9.0, 4.0, 2.0, p.StaleShare(), 1.0
	events := eventsPerContainer * p.Containers
	switch w.Shape {
	case ScaleUp: // no stop
		gets, statuses, marks, stale, stops = 5, 3, 0, 0, 0
		events = 3 * p.Containers
	case BatchJob: // ready as soon as it runs, and not killed
		gets, statuses, marks = 7, 3, 1
		events = 3 * p.Containers
	case NodeDrain:
		gets = 10
	default:
	}
	if w.Shape != NoWave {
		events++ // Scheduled
	}
	upkeep, own := w.Upkeep()
	if p.Uncached { // one before each write of an object that is there, none of which is stale
		gets, stale = gets+statuses+1+marks+stops+float64(len(p.ofWave(size))), 0
		for _, u := range upkeep {
			gets += u.Started + u.Stopped
		}
	}
	eventSize := float64(mustResource("events").P50)
	all := []request{
		{operation: "create", each: 1, writes: true, value: size(5078, 5920)},
		{operation: "bind", each: 1, writes: true, value: size(5200, 6169)},
		{operation: "get", each: gets},
		{operation: "update-status", each: statuses, writes: true, value: size(6727, 8038)},
		{operation: "mark-deleted", each: marks, writes: true, value: size(6781, 8166)},
		{operation: "delete-stale", each: stale},
		{operation: "delete", each: stops, writes: true},
		{operation: "create-event", each: events + own.Started + own.Stopped, writes: true, value: eventSize},
	}
	if w.Shape == NoWave {
		return all
	}
	all = append(all, p.ofWave(size)...)
	for _, u := range upkeep {
		all = append(all, request{operation: u.Operation, each: u.Started + u.Stopped, writes: true, value: float64(mustResource(u.Resource).P50)})
	}
	if repeated := own.RepeatedStarted + own.RepeatedStopped; repeated > 0 {
		all = append(all, request{operation: "get-event", each: repeated}, request{operation: "update-event", each: repeated, writes: true, value: eventSize})
	}
	for i := range all {
		all[i].each *= float64(w.Pods)
	}
	return all
}

// ofWave are the requests that only pods of some waves have.
func (p PodChurn) ofWave(size func(one, two float64) float64) []request {
	switch p.Wave.Shape {
	case NodeDrain:
		return []request{{operation: "evict", each: 1, writes: true, value: size(6781, 8166)}}
	case BatchJob:
		return []request{{operation: "remove-finalizer", each: 1, writes: true, value: size(6781, 8166)}}
	default:
		return nil
	}
}

// staleShare is how often the API server's final delete of a pod is tried on a
// stale copy first, and fails (measured); with controllers that write beside it,
// as in waves, it is more often.
const (
	staleShare       = 0.70
	rolledStaleShare = 0.90
)

// StaleShare is how often the API server's final delete of a pod is tried on a
// stale copy first, and fails: between 0 and 1.
func (p PodChurn) StaleShare() float64 {
	switch {
	case p.Uncached:
		return 0
	case p.Wave.Replaces():
		return rolledStaleShare
	}
	return staleShare
}

// before are the objects that a wave's controllers keep up to date.
func (p PodChurn) before() (count int, bytes float64) {
	upkeep, _ := p.Wave.Upkeep()
	for _, u := range upkeep {
		bytes += float64(mustResource(u.Resource).P50)
	}
	return len(upkeep), bytes
}

// chains is how many chains an arrival has under way at once.
func (p PodChurn) chains() int {
	if p.Wave.Shape == NoWave {
		return 2
	}
	upkeep, _ := p.Wave.Upkeep()
	return 2*p.Wave.Pods + len(upkeep) + 1
}

func readPodChurn(t *table, g given) Kind {
	c := PodChurn{Grace: t.duration("grace", time.Second, 0, time.Hour)}
	containers := min(max(g.cluster.EventsPerPod/eventsPerContainer, 1), 2)
	if !t.has("containers") {
		t.derive("containers", strconv.FormatFloat(containers, 'f', -1, 64), fmt.Sprintf("%g events a pod, %d a container", g.cluster.EventsPerPod, eventsPerContainer))
	}
	c.Containers = t.number("containers", containers, 1, 2)
	c.Wave, c.Uncached = readWave(t, g), g.uncached()
	return c
}

// eventsPerContainer are Pulled, Created, Started and Killing.
const eventsPerContainer = 4

// deriveChurn is the cluster's churn; waves come when they are said to come.
func deriveChurn(t *table, g given) (Arrival, string, bool) {
	if t.has("wave") {
		return Arrival{}, `arrival = { times = ["0s"] } for a single wave`, false
	}
	if g.cluster.Churn == 0 {
		return Arrival{}, `churn = "5/s" under [cluster]`, false
	}
	return Arrival{Process: Poisson, Rate: Rate(g.cluster.Churn)}, "churn of [cluster]", true
}

func (p PodChurn) encode(s *section) {
	s.duration("grace", p.Grace)
	s.number("containers", p.Containers)
	p.Wave.encode(s)
}
