package model

import (
	"slices"
	"time"
)

// Cluster is the Kubernetes cluster that a scenario imitates. What a workload
// does not say follows from it.
type Cluster struct {
	// Nodes is at least 0 and at most 100,000; 0 means that no cluster was given.
	Nodes int
	// PodsPerNode is at least 0 and at most 1,000; 30 by default.
	PodsPerNode int
	// APIServers is between 1 and 100; 1 by default.
	APIServers int
	// APIServer is whose traffic is sent: "1.37" (the default). Others that are
	// known by name, "no-range-stream" and "no-watch-cache", cannot be had yet.
	APIServer string
}

// The defaults of a cluster, and the periods of a kubelet (1.37): it renews
// its Lease and, when nothing changed, its Node's status that often.
const (
	DefaultPodsPerNode = 30
	DefaultAPIServers  = 1
	DefaultAPIServer   = "1.37"

	LeasePeriod  = 10 * time.Second
	StatusPeriod = 5 * time.Minute
)

// Population is the number of objects of a resource that follows from the
// cluster: its pods, its nodes, and a Lease a node. It reports false for other
// resources and where the cluster has no nodes.
func (c Cluster) Population(resource string) (count int, ok bool) {
	switch {
	case c.Nodes == 0:
		return 0, false
	case resource == "pods":
		return c.Nodes * c.PodsPerNode, true
	default:
		return c.Nodes, slices.Contains([]string{"leases", "nodes"}, resource)
	}
}
