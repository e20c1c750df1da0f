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
	// APIServer is whose traffic is sent: APIServer137 (the default), NoRangeStream or NoWatchCache.
	APIServer string
}

// The API servers whose traffic can be imitated.
const (
	// APIServer137 is kube-apiserver 1.37 as it comes.
	APIServer137 = "1.37"
	// NoRangeStream is one that reads prefixes by Range in pages of 10,000: an older one, or one
	// whose etcd is older than 3.7.
	NoRangeStream = "no-range-stream"
	// NoWatchCache is one with --watch-cache=false: it reads every object before it changes it, counts by
	// Range, and each watch of a client is one of etcd.
	NoWatchCache = "no-watch-cache"
)

// Cached reports whether the API servers have a watch cache.
func (c Cluster) Cached() bool { return c.APIServer != NoWatchCache }

// Watched are the resources that an API server by itself watches in etcd: all that it
// caches, or without a watch cache those that its own parts follow, some of them twice.
func Watched(cached bool) []Resource {
	if cached {
		return CachedResources()
	}
	var all []Resource
	for _, name := range followed {
		all = append(all, cachedResource(name))
	}
	return all
}

// The defaults of a cluster, and the periods of a kubelet (1.37): it renews
// its Lease and, when nothing changed, its Node's status that often.
const (
	DefaultPodsPerNode  = 30
	DefaultEventsPerPod = 6
	DefaultAPIServers   = 1

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
