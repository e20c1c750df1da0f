package main

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// roomFor refuses an experiment for which the disk has no room left, before anything starts.
func (f experimentFlags) roomFor(e scenarios.Experiment) error {
	needs := experiment.NeedsOf(e)
	wanted := needs.DiskBytes
	if f.keep {
		wanted = needs.KeptBytes
	}
	folder := cmp.Or(f.resume, f.runsDir)
	for _, err := os.Stat(folder); err != nil && folder != filepath.Dir(folder); _, err = os.Stat(folder) {
		folder = filepath.Dir(folder) // it is made later
	}
	free, err := lab.FreeBytes(folder)
	if err != nil {
		return err
	}
	have := float64(free)
	if f.resume != "" {
		have += bytesBelow(f.resume) // what is there already
	}
	if have < wanted && !f.noRoom {
		return fmt.Errorf("the experiment takes about %s of the disk, and %s has %s left: make room, give --runs-dir on another disk, or --ignore-disk to try all the same", bytesOf(wanted), folder, bytesOf(float64(free)))
	}
	return nil
}

// bytesBelow is how much a folder's files have; what cannot be looked at counts for nothing.
func bytesBelow(folder string) (sum float64) {
	_ = filepath.WalkDir(folder, func(_ string, d fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // the estimate is then a little lower
		}
		if info, err := d.Info(); err == nil && info.Mode().IsRegular() {
			sum += float64(info.Size())
		}
		return nil
	})
	return sum
}

// printOrder prints the plan of an experiment.
func printOrder(std standard, e scenarios.Experiment) error {
	word := "pair"
	if e.Sweep != nil {
		word = "round"
	}
	for _, s := range experiment.Plan(e, false, 0, e.Pairs) {
		fmt.Fprintf(std.out, "%s %d  %s on %s\n", word, s.Pair+1, e.Scenarios[s.Scenario].Name, e.Configurations[s.Configuration].Name)
	}
	fmt.Fprintln(std.err, durationOf(e))
	return nil
}

// durationOf says how much an experiment is, how long it takes, and how much of the disk.
func durationOf(e scenarios.Experiment) string {
	n := experiment.NeedsOf(e)
	s := fmt.Sprintf("%d runs, about %s", n.Runs, roughly(n.Seconds))
	if n.MostRuns > n.Runs {
		s += fmt.Sprintf("; up to %d while it is inconclusive", n.MostRuns)
	}
	switch {
	case n.ConfirmSeconds > 0 && e.Sweep != nil:
		s += fmt.Sprintf("; about %s more to measure the best again", roughly(n.ConfirmSeconds))
	case n.ConfirmSeconds > 0:
		s += fmt.Sprintf("; about %s more if there is a regression to be confirmed", roughly(n.ConfirmSeconds))
	}
	if e.Sweep != nil && e.Sweep.MaxTime > 0 {
		s += fmt.Sprintf("; %s at most", roughly(e.Sweep.MaxTime.Seconds()))
	}
	if n.DiskBytes > 0 {
		s += "; about " + bytesOf(n.DiskBytes) + " of the disk"
	}
	return s
}

// roughly is a length of time in words.
func roughly(seconds float64) string {
	switch {
	case seconds < 90:
		return fmt.Sprintf("%.0f s", seconds)
	case seconds < 5400:
		return fmt.Sprintf("%.0f min", seconds/60)
	default:
		return fmt.Sprintf("%.1f h", seconds/3600)
	}
}
