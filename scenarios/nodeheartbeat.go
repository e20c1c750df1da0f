package scenarios

import (
	"math"
	"strconv"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// NodeHeartbeat renews one Lease a node every Period × (1 … 1.04) and updates
// each node's status every StatusPeriod, as kubelets do.
type NodeHeartbeat struct {
	// Nodes is between 1 and 100,000; [cluster] nodes by default.
	Nodes int
	// Period is 10 s by default, StatusPeriod 5 min; both are between 100 ms and a day.
	Period, StatusPeriod time.Duration
	// Spread is the time within which all come for the first time, with the start of the load
	// or of the workload's window: as after an outage. It is 0 where they come as kubelets do
	// that were started at any time: over a whole period of each.
	Spread time.Duration
	// Uncached tells that the API servers have no watch cache: see [model.NoWatchCache].
	Uncached bool
}

func (NodeHeartbeat) kind() string { return "node-heartbeat" }

func (n NodeHeartbeat) operations() []string {
	if n.Uncached {
		return []string{"get", "renew-lease", "update-status"}
	}
	return []string{"renew-lease", "update-status"}
}

// meanJitter is by how much a kubelet's period is longer in the mean.
const meanJitter = 1.02

func (n NodeHeartbeat) requests() []request {
	lease, node := mustResource("leases"), mustResource("nodes")
	renewals, statuses := perSecond(n.Nodes, n.Period)/meanJitter, perSecond(n.Nodes, n.StatusPeriod)/meanJitter
	return append(
		readFirst(n.Uncached, renewals+statuses),
		request{operation: "renew-lease", each: renewals, writes: true, value: float64(lease.P50)},
		request{operation: "update-status", each: statuses, writes: true, value: float64(node.P50)},
	)
}

// total is how many requests of an operation come within so many seconds. After
// an outage each node has its first of both at once.
func (n NodeHeartbeat) total(operation string, seconds float64) float64 {
	period := n.Period
	switch operation {
	case "get":
		return n.total("renew-lease", seconds) + n.total("update-status", seconds)
	case "update-status":
		period = n.StatusPeriod
	}
	if n.Spread == 0 {
		return perSecond(n.Nodes, period) / meanJitter * seconds
	}
	spread, each := n.Spread.Seconds(), period.Seconds()*meanJitter
	whole := max(math.Floor((seconds-spread)/each)+1, 0) // waves that are over
	part := min(max((seconds-whole*each)/spread, 0), 1)
	return float64(n.Nodes) * (whole + part)
}

// before are the nodes and their leases.
func (n NodeHeartbeat) before() (count int, bytes float64) {
	return 2 * n.Nodes, float64(n.Nodes) * float64(mustResource("leases").P50+mustResource("nodes").P50)
}

func readNodeHeartbeat(t *table, g given) Kind {
	cluster := g.cluster
	if cluster.Nodes == 0 && !t.has("nodes") {
		t.faultHere("nodes is missing, from which the rate follows; write nodes = 100 here or under [cluster]")
	}
	if cluster.Nodes > 0 && !t.has("nodes") {
		t.derive("nodes", strconv.Itoa(cluster.Nodes), "nodes of [cluster]")
	}
	h := NodeHeartbeat{
		Nodes:        t.integer("nodes", cluster.Nodes, 1, 100_000),
		Period:       t.duration("period", model.LeasePeriod, 100*time.Millisecond, 24*time.Hour),
		StatusPeriod: t.duration("status_period", model.StatusPeriod, 100*time.Millisecond, 24*time.Hour),
		Uncached:     g.uncached(),
		Spread:       t.duration("spread", 0, time.Millisecond, time.Hour),
	}
	if h.Spread > h.Period {
		t.fault("spread", "= %q is longer than period = %q, over which they are spread anyway; leave it out", unit.FormatDuration(h.Spread), unit.FormatDuration(h.Period))
	}
	return h
}

func (n NodeHeartbeat) encode(s *section) {
	s.integer("nodes", n.Nodes)
	s.duration("period", n.Period)
	s.duration("status_period", n.StatusPeriod)
	if n.Spread > 0 {
		s.duration("spread", n.Spread)
	}
}
