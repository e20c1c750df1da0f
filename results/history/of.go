package history

import (
	"path/filepath"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// OfContrast is the record of one contrast, whose baseline is the control. r is the
// result of one of its runs: all were made of one scenario on one machine. folder is
// where the comparison lies; its runs are told as seen from there.
func OfContrast(name, source, again, folder string, c results.Contrast, r results.Result) Record {
	control := PartyOf(c.Baseline.Configuration)
	control.Name = c.Baseline.Name
	rec := Record{
		Name: name, Source: source, Again: again, Scenario: results.ScenarioRef{Name: r.Scenario.Name, SHA256: r.Scenario.SHA256},
		Candidate: PartyOf(c.Candidate.Configuration), Control: &control, Machine: MachineOf(r.Environment), Tool: r.Environment.Tool,
		Pairs: c.Pairs, Valid: c.Comparable && !c.TimeConfounded, Reasons: c.Reasons,
		Runs: below(folder, c.Candidate.Runs), ControlRuns: below(folder, c.Baseline.Runs), At: firstStart(c),
	}
	rec.Candidate.Name = c.Candidate.Name
	if rec.Pairs == 0 {
		rec.Pairs = min(len(c.Candidate.Runs), len(c.Baseline.Runs))
	}
	if c.TimeConfounded {
		rec.Reasons = append(rec.Reasons, "all runs of one side were made before the other's, so that the machine's drift is in the difference")
	}
	for _, m := range c.Metrics {
		effect, baseline := m.Effect, m.BaselineMedian
		each := Metric{Metric: m.Metric, Better: m.Better, Gates: m.Gates, Value: m.CandidateMedian, Control: &baseline, Relative: m.Relative, Low: m.Low, High: m.High}
		if known(m.Baseline) && known(m.Candidate) {
			each.Effect = &effect
		}
		if !m.Relative {
			each.Least = m.Delta
		}
		rec.Metrics = append(rec.Metrics, each)
	}
	return rec
}

// known reports whether there is a value at all.
func known(values []*float64) bool {
	for _, v := range values {
		if v != nil {
			return true
		}
	}
	return false
}

// OfRun is the record of a run alone.
func OfRun(name string, r results.Result, metrics []Metric) Record {
	rec := Record{
		Name: name, Source: r.ID, At: r.Started.UTC(), Scenario: results.ScenarioRef{Name: r.Scenario.Name, SHA256: r.Scenario.SHA256},
		Candidate: PartyOf(r.Configuration), Machine: MachineOf(r.Environment), Tool: r.Environment.Tool,
		Pairs: 1, Valid: r.Valid && r.Complete, Reasons: r.InvalidReasons, Metrics: metrics, Runs: []string{"."},
	}
	if !r.Complete {
		rec.Reasons = append(rec.Reasons, "the run did not come to its end")
	}
	return rec
}

// firstStart is when the first of the runs began.
func firstStart(c results.Contrast) (first time.Time) {
	for _, side := range []results.Side{c.Baseline, c.Candidate} {
		for _, r := range side.Runs {
			if first.IsZero() || r.Started.Before(first) {
				first = r.Started
			}
		}
	}
	return first.UTC()
}

// below are the folders of runs, as seen from another, with slashes.
func below(folder string, runs []results.ComparedRun) (all []string) {
	for _, r := range runs {
		path := r.Folder
		if rest, err := filepath.Rel(folder, path); err == nil {
			path = rest
		}
		all = append(all, filepath.ToSlash(path))
	}
	return all
}
