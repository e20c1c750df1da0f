package runner

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Plan is what a run would do to a cluster that exists, before it has written anything.
type Plan struct {
	// Load is what the scenario would send.
	Load scenarios.Explanation
	// Members are the endpoints, with what their quota leaves.
	Members []Room
	// Client is which members requests go to, as the configuration says.
	Client string
	// Prefix is what every key begins with.
	Prefix string
	// Leftovers is how many keys an earlier run, LeftBy, has left there, which are deleted first.
	Leftovers int64
	LeftBy    Owner
	// Leases is about how many leases are granted.
	Leases float64
	// Compacts tells that the history of the whole cluster is compacted, WouldCompact
	// that the scenario wants to and may not.
	Compacts, WouldCompact bool
	// Apply is the command that is run first; nil for none.
	Apply []string
}

// Tightest is the member that has the least room for its database; false where none has a quota.
func (p Plan) Tightest() (Room, bool) { return tightest(p.Members) }

// planOf is the plan of a job.
func planOf(job Job, h contents, members []Room) Plan {
	p := Plan{
		Load: job.Scenario.Explain(), Members: members, Prefix: h.prefix, Client: job.Configuration.Client, Apply: job.Configuration.Apply, Leases: 1,
	}
	if h.marked {
		p.Leftovers, p.LeftBy = h.load+1, h.marker
	}
	for _, o := range p.Load.Operations {
		if o.Operation == "lease-grant" && o.PerSecond != nil {
			p.Leases += *o.PerSecond*p.Load.WarmupS + *o.Total
		}
	}
	for _, w := range job.Scenario.Workloads {
		seconds := p.Load.WarmupS + p.Load.MeasureS
		switch kind := w.Kind.(type) {
		case scenarios.Compaction:
			p.Compacts, p.WouldCompact = job.AllowDisruptive, !job.AllowDisruptive
		case scenarios.PodChurn:
			p.Leases += math.Ceil(seconds / eventLeaseReuse.Seconds()) // its events share them
		case scenarios.Events:
			p.Leases += math.Ceil(seconds / max(kind.Reuse(), time.Second).Seconds())
		}
	}
	return p
}

// refusal says why the plan cannot be carried out; nil if it can.
func (p Plan) refusal() error {
	for _, m := range p.Members {
		if m.Fits(p.Load.DatabaseBytes) {
			continue
		}
		of := "its quota"
		if m.Assumed {
			of = "etcd's default quota (it does not tell its own)"
		}
		return fmt.Errorf("%w: that of %s would grow from %s to about %s, more than nine tenths of %s of %s; take a smaller scenario, defragment the members, or raise the quota",
			ErrQuota, m.URL, bytesIn(m.Database), bytesIn(int64(m.After(p.Load.DatabaseBytes))), of, bytesIn(m.Quota))
	}
	return nil
}

// ErrNotConfirmed tells that nobody has agreed to the plan, so that nothing was written.
var ErrNotConfirmed = errors.New("not confirmed")
