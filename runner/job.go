package runner

import (
	"context"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Job is one run.
type Job struct {
	Scenario      scenarios.Scenario
	Configuration scenarios.Configuration
	Credentials   Credentials
	// RunsDir is where the run folder is made.
	RunsDir string
	// Keep leaves a lab's data where it is.
	Keep bool
	// Strict makes a percentile threshold with too few samples a breach.
	Strict bool
	// AllowDisruptive lets the run do to a cluster that exists what others would notice: compact its history.
	AllowDisruptive bool
	// Etcd is what lab.FindEtcd returned for a lab's configuration; it is found anew where it is not given.
	Etcd lab.Etcd
	// Prefix is what every key on a cluster that exists begins with; DefaultPrefix of
	// the scenario where it is empty. See CheckPrefix.
	Prefix string
	// ReusePrefix has what an earlier run has left below the prefix deleted first, instead of refusing to begin.
	ReusePrefix bool
	// Confirm is asked before the first write to a cluster that exists. refused says
	// why the plan cannot be carried out, and must be returned then; an error ends the
	// run. May be nil, so that nobody is asked.
	Confirm func(ctx context.Context, p Plan, refused error) error
	// Filled is a snapshot file that a lab begins with, which has all of the scenario's
	// setup: see Fill. Empty where the setup is to be made.
	Filled string
	// Baseline is what thresholds of the scenario are relative to; nil where none is.
	Baseline *results.BaselineRef
	// Reproduce is the command line that does the same run again, for the header; may be empty.
	Reproduce string
	// Tool is this program's version, for the header.
	Tool string
	// Started is told the run folder as soon as the target is up; may be nil.
	Started func(folder string)
	// Profile has a lab's members profile themselves during the measure phase; their
	// configuration must be Profiled.
	Profile bool
	// Interval is told what the journal gets each second, on the goroutine that writes it; may be nil.
	Interval func(*results.Interval)
	// Progress is told how the run goes, about once a second; may be nil.
	Progress func(Status)
}
