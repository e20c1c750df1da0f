package experiment

import (
	"fmt"

	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Needs is what an experiment takes, before anything of it starts. All of it is estimated.
type Needs struct {
	// Runs are those of the plan, and MostRuns those that it has where pairs are added until it is decided.
	Runs     int `json:"runs"`
	MostRuns int `json:"most_runs"`
	// Seconds is how long they take, and ConfirmRuns and ConfirmSeconds are of the fresh block
	// that a regression, or the best point of a sweep, takes beside them.
	Seconds        float64 `json:"seconds"`
	ConfirmRuns    int     `json:"confirm_runs"`
	ConfirmSeconds float64 `json:"confirm_seconds"`
	// DiskBytes is the most that the experiment has on the disk at one time, and KeptBytes the most where
	// the data of all runs is kept. Clusters that exist are not counted.
	DiskBytes float64 `json:"disk_bytes"`
	KeptBytes float64 `json:"kept_bytes"`
	// Build tells that an etcd is built of its sources, which takes a Go toolchain, unless it was before.
	Build bool `json:"build"`
	// Limits tells that CPU or memory are limited, which takes cgroups that can be written.
	Limits bool `json:"limits"`
}

// What a member has on the disk beside its database: the write-ahead log of all that is written, as nothing of it goes
// before the raft state is written as a snapshot, in segments of which the next is allocated ahead; and what a
// run leaves: its journal, report and logs.
const (
	walSegment  = 64 << 20
	leftByARun  = 1.5e6
	mostMembers = 5 // to which a scenario scales
	inSnapshots = 2 // a member that defragments, is backed up or sends a snapshot has its database twice
)

// NeedsOf estimates what an experiment takes.
func NeedsOf(e scenarios.Experiment) Needs {
	var n Needs
	n.Runs = len(Plan(e, false, 0, e.Pairs))
	n.MostRuns = max(n.Runs, n.Runs/e.Pairs*e.MaxPairs)
	n.Seconds, n.ConfirmSeconds = Seconds(e)
	switch {
	case n.ConfirmSeconds == 0:
	case e.Sweep != nil:
		n.ConfirmRuns = 2 * verdict.LeastPairs
	default:
		n.ConfirmRuns = n.Runs
	}
	filled := map[string]float64{} // by what is filled, which is made once
	var largest, kept float64
	for s := range e.Scenarios {
		for c, of := range e.Configurations {
			n.Build = n.Build || of.Version != ""
			n.Limits = n.Limits || of.Resources.Limits != (scenarios.Amounts{})
			if len(of.Endpoints) > 0 {
				continue
			}
			about := e.Scenario(s, c).Explain()
			filled[fmt.Sprintf("%s %+v", e.Scenarios[s].Name, about.Setup)] = about.SetupDatabaseBytes
			data := dataBytes(of, about)
			largest, kept = max(largest, data), kept+data*float64(max(e.Pairs, e.MaxPairs))
		}
	}
	left := leftByARun * float64(max(n.Runs, n.MostRuns)+n.ConfirmRuns)
	for _, bytes := range filled {
		left += bytes
	}
	if largest > 0 {
		n.DiskBytes, n.KeptBytes = largest+left, kept+largest*float64(n.ConfirmRuns)+left
	}
	return n
}

// dataBytes is the most that the members of one run have on the disk.
func dataBytes(c scenarios.Configuration, about scenarios.Explanation) float64 {
	database, members := about.DatabaseBytes, float64(c.Members+c.Learners)
	if len(about.Actions) > 0 {
		database *= inSnapshots
	}
	for _, a := range about.Actions {
		if a.Do == "scale" {
			members = max(members, mostMembers)
		}
	}
	return members * (database + 2*walSegment + about.BytesWritten)
}
