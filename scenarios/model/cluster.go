package model

import (
	"fmt"
	"time"
)

// Cluster is the Kubernetes cluster that a scenario imitates. What a workload
// does not say follows from it.
type Cluster struct {
	// Nodes is at least 0 and at most 100,000; 0 means that no cluster was given.
	Nodes int
	// PodsPerNode is at least 0 and at most 1,000; 30 by default.
	PodsPerNode int
	// Churn is how many pods are started, and as many stopped, a second; 0 where it is not given.
	Churn float64
	// EventsPerPod is how many events a pod's life has, from creation to
	// deletion; 6 by default, as measured with 1.5 containers a pod.
	EventsPerPod float64
	// Services is at least 0 and at most 100,000; each has an EndpointSlice and Endpoints.
	Services int
	// Controllers tells that a controller manager and a scheduler renew their leader leases.
	Controllers bool
	// APIServers is between 1 and 100; 1 by default.
	APIServers int
	// APIServer is whose traffic is sent: "1.37" (the default). Others that are
	// known by name, "no-range-stream" and "no-watch-cache", cannot be had yet.
	APIServer string
}

// The defaults of a cluster, and the periods of a kubelet (1.37): it renews
// its Lease and, when nothing changed, its Node's status that often.
const (
	DefaultPodsPerNode  = 30
	DefaultEventsPerPod = 6
	DefaultAPIServers   = 1
	DefaultAPIServer    = "1.37"

	LeasePeriod  = 10 * time.Second
	StatusPeriod = 5 * time.Minute
)

// Population is the number of objects of a resource that follows from the
// cluster: its pods, its nodes, a Lease a node, and the three objects of a
// service. It reports false for other resources and where the cluster does not say.
func (c Cluster) Population(resource string) (count int, ok bool) {
	switch resource {
	case "pods":
		return c.Nodes * c.PodsPerNode, c.Nodes > 0
	case "leases", "nodes":
		return c.Nodes, c.Nodes > 0
	case "services", "endpoints", "endpointslices":
		return c.Services, c.Services > 0
	default:
		return 0, false
	}
}

// WhyPopulation says from what Population follows.
func (c Cluster) WhyPopulation(resource string) string {
	switch resource {
	case "pods":
		return fmt.Sprintf("%d nodes × %d pods a node", c.Nodes, c.PodsPerNode)
	case "leases", "nodes":
		return fmt.Sprintf("one a node, of %d nodes", c.Nodes)
	default:
		return fmt.Sprintf("one a service, of %d services", c.Services)
	}
}
