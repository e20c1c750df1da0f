package model

// Cluster is the Kubernetes cluster that a scenario imitates. What a workload
// does not say follows from it.
type Cluster struct {
	// Nodes is at least 0 and at most 100,000; 0 means that no cluster was given.
	Nodes int
	// PodsPerNode is at least 0; 30 by default.
	PodsPerNode int
	// APIServers is at least 1; 1 by default.
	APIServers int
	// APIServer is whose traffic is sent: "1.37" (the default), "no-range-stream" or "no-watch-cache".
	APIServer string
}
