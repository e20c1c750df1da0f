package scenarios

import (
	"fmt"
	"strconv"
	"time"
)

// PodChurn starts and stops pods: each arrival starts one pod and stops the
// oldest ready one, each as a chain of the requests that an API server sends.
type PodChurn struct {
	// Grace is the time between a pod's graceful deletion and its removal; 1 s
	// by default, at most an hour, may be zero.
	Grace time.Duration
	// Containers is the mean number of containers a pod, 1 to 2; 1.5 by default.
	Containers float64
}

func (PodChurn) kind() string { return "pod-churn" }

func (PodChurn) operations() []string {
	return []string{
		"pod-start", "pod-stop",
		"create", "bind", "get", "update-status", "mark-deleted", "delete-stale", "delete", "create-event", "lease-grant",
	}
}

// requests are those of one pod's start and another's stop, as measured of a
// kube-apiserver 1.37: 14.5 and 10.2 with 1.5 containers.
func (p PodChurn) requests() []request {
	// size is between that of a pod with one container and with two.
	size := func(one, two float64) float64 { return one + (two-one)*(p.Containers-1) }
	return []request{
		{operation: "create", each: 1, writes: true, value: size(5078, 5920)},
		{operation: "bind", each: 1, writes: true, value: size(5200, 6169)},
		{operation: "get", each: 9},
		{operation: "update-status", each: 4, writes: true, value: size(6727, 8038)},
		{operation: "mark-deleted", each: 2, writes: true, value: size(6781, 8166)},
		{operation: "delete-stale", each: 0.7},
		{operation: "delete", each: 1, writes: true},
		{operation: "create-event", each: eventsPerContainer * p.Containers, writes: true, value: float64(mustResource("events").P50)},
	}
}

func readPodChurn(t *table, g given) Kind {
	c := PodChurn{Grace: t.duration("grace", time.Second, 0, time.Hour)}
	containers := min(max(g.cluster.EventsPerPod/eventsPerContainer, 1), 2)
	if !t.has("containers") {
		t.derive("containers", strconv.FormatFloat(containers, 'f', -1, 64), fmt.Sprintf("%g events a pod, %d a container", g.cluster.EventsPerPod, eventsPerContainer))
	}
	c.Containers = t.number("containers", containers, 1, 2)
	return c
}

// eventsPerContainer are Pulled, Created, Started and Killing.
const eventsPerContainer = 4

// deriveChurn is the cluster's churn.
func deriveChurn(g given) (Arrival, string, bool) {
	if g.cluster.Churn == 0 {
		return Arrival{}, `churn = "5/s" under [cluster]`, false
	}
	return Arrival{Process: Poisson, Rate: Rate(g.cluster.Churn)}, "churn of [cluster]", true
}

func (p PodChurn) encode(s *section) {
	s.duration("grace", p.Grace)
	s.number("containers", p.Containers)
}
