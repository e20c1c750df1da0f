// Package scenarios reads, checks and derives what is asked of a run: the
// scenario (which load) and the configuration (which cluster).
//
// A file is parsed once, at the edge, into types that cannot be wrong: every
// default is filled in, every derivation from [cluster] is made, and every
// fault of the file is reported at once with its file and line.
package scenarios

import (
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// Scenario is what one run replays. It is complete: nothing is looked up or
// defaulted after parsing. Make one with ParseScenario or Builtin.
type Scenario struct {
	// Name is letters, digits, '-' and '_'; it becomes part of the run folder's name.
	Name        string
	Description string
	// Configuration names the lab that the scenario needs when the command
	// line names none; never empty, "single" by default.
	Configuration string
	// Seed makes the sequence of chains repeatable; 1 by default.
	Seed       uint64
	Thresholds []threshold.Threshold
	Cluster    model.Cluster
	Phases     Phases
	Setup      []Population
	// Workloads are in order of their names; at least one.
	Workloads []Workload
	// SHA256 is of the resolved scenario's TOML text (see Encode), in hexadecimal.
	SHA256 string
}

// Phases are the lengths of a run's phases; setup has no fixed length.
type Phases struct {
	// Warmup may be zero.
	Warmup time.Duration
	// Measure is positive; only what is intended in it counts.
	Measure time.Duration
	// Drain is the longest time that begun chains get to finish; 10 s by default.
	Drain time.Duration
}

// Population is what is in etcd before the clock starts.
type Population struct {
	Name     string
	Resource model.Resource
	// Count is between 0 and 10^8.
	Count int
	// Size is of a value, in bytes.
	Size SizeDistribution
}

// Workload is one stream of a scenario.
type Workload struct {
	// Name is unique in a scenario; "server" and "baseline" are reserved.
	Name string
	// Kind is one of PodChurn, NodeHeartbeat, List, Watch, Raw.
	Kind Kind
	// Arrival is the zero value for kinds that have arrivals of their own
	// (NodeHeartbeat) or none (Watch).
	Arrival Arrival
	// MaxInFlight bounds the operations in flight: 4 for lists, 1,000 otherwise, unless set; at least 1.
	MaxInFlight int
}

// Kind is what a workload does. The set is closed: PodChurn, NodeHeartbeat,
// List, Watch and Raw.
type Kind interface{ kind() string }

// PodChurn starts and stops pods: each arrival starts one pod and stops the
// oldest ready one, each as a chain of the requests that an API server sends.
type PodChurn struct {
	// Grace is the time between a pod's graceful deletion and its removal; 1 s by default.
	Grace time.Duration
	// Containers is the mean number of containers a pod, 1 to 2; 1.5 by default.
	Containers float64
}

// NodeHeartbeat renews one Lease a node every Period × (1 … 1.04) and updates
// each node's status every StatusPeriod, as kubelets do.
type NodeHeartbeat struct {
	// Nodes is at least 1; [cluster] nodes by default.
	Nodes int
	// Period is 10 s by default, StatusPeriod 5 min.
	Period, StatusPeriod time.Duration
}

// List reads all objects of a resource page by page at one pinned revision.
type List struct {
	Resource model.Resource
	// Limit is the number of keys a page, at least 1; 500 by default.
	Limit int
}

// Watch follows a resource with several watchers, each on a stream and a
// connection of its own, as API servers do.
type Watch struct {
	Resource model.Resource
	// Watchers is between 1 and 100,000; [cluster] apiservers by default.
	Watchers int
}

// Raw puts values on keys of its own, without any compare.
type Raw struct {
	// Keys is the number of distinct keys, KeySize the length of each in bytes.
	Keys, KeySize int
	// Size is of a value, in bytes.
	Size SizeDistribution
}

func (PodChurn) kind() string      { return "pod-churn" }
func (NodeHeartbeat) kind() string { return "node-heartbeat" }
func (List) kind() string          { return "list" }
func (Watch) kind() string         { return "watch" }
func (Raw) kind() string           { return "raw" }

// KindName is the kind's name in a scenario file, for example "pod-churn".
func (w Workload) KindName() string { return w.Kind.kind() }

// Process is how the gaps between arrivals are made.
type Process string

// The arrival processes. Constant has equal gaps of 1/rate; Poisson has
// independent gaps that are exponentially distributed with mean 1/rate.
const (
	Constant Process = "constant"
	Poisson  Process = "poisson"
)

// Arrival says when a workload's chains start.
type Arrival struct {
	Process Process
	Rate    Rate
}
