package scenarios

import (
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
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

func readPodChurn(t *table, _ model.Cluster) Kind {
	return PodChurn{
		Grace:      t.duration("grace", time.Second, 0, time.Hour),
		Containers: t.number("containers", 1.5, 1, 2),
	}
}

func (p PodChurn) encode(s *section) {
	s.duration("grace", p.Grace)
	s.number("containers", p.Containers)
}
