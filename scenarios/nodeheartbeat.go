package scenarios

import (
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// NodeHeartbeat renews one Lease a node every Period × (1 … 1.04) and updates
// each node's status every StatusPeriod, as kubelets do.
type NodeHeartbeat struct {
	// Nodes is between 1 and 100,000; [cluster] nodes by default.
	Nodes int
	// Period is 10 s by default, StatusPeriod 5 min; both are between 100 ms and a day.
	Period, StatusPeriod time.Duration
}

func (NodeHeartbeat) kind() string { return "node-heartbeat" }

func (NodeHeartbeat) operations() []string { return []string{"renew-lease", "update-status"} }

func readNodeHeartbeat(t *table, cluster model.Cluster) Kind {
	if cluster.Nodes == 0 && !t.has("nodes") {
		t.faultHere("nodes is missing, from which the rate follows; write nodes = 100 here or under [cluster]")
	}
	return NodeHeartbeat{
		Nodes:        t.integer("nodes", cluster.Nodes, 1, 100_000),
		Period:       t.duration("period", model.LeasePeriod, 100*time.Millisecond, 24*time.Hour),
		StatusPeriod: t.duration("status_period", model.StatusPeriod, 100*time.Millisecond, 24*time.Hour),
	}
}

func (n NodeHeartbeat) encode(s *section) {
	s.integer("nodes", n.Nodes)
	s.duration("period", n.Period)
	s.duration("status_period", n.StatusPeriod)
}
