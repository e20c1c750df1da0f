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
		if each, known := ofMetric(c, m); known {
			rec.Metrics = append(rec.Metrics, each)
		}
	}
	return rec
}

// ofMetric is a metric of a contrast; false where neither side knows it. There is no effect
// where less than half of the pairs know it on both sides.
func ofMetric(c results.Contrast, m results.MetricContrast) (Metric, bool) {
	baseline, candidate := count(m.Baseline), count(m.Candidate)
	both, of := min(baseline, candidate), max(len(m.Baseline), len(m.Candidate))
	if c.Method == results.Paired {
		both = 0
		for i := range min(len(m.Baseline), len(m.Candidate)) {
			if m.Baseline[i] != nil && m.Candidate[i] != nil {
				both++
			}
		}
	}
	each := Metric{Metric: m.Metric, Better: m.Better, Gates: m.Gates, Value: m.CandidateMedian, Relative: m.Relative}
	if baseline > 0 {
		each.Control = &m.BaselineMedian
	}
	if 2*both >= of {
		each.Effect, each.Low, each.High = &m.Effect, m.Low, m.High
	}
	if both < of {
		each.Pairs = both
	}
	if !m.Relative {
		each.Least = m.Delta
	}
	return each, candidate > 0
}

// count is how many values are known.
func count(values []*float64) (n int) {
	for _, v := range values {
		if v != nil {
			n++
		}
	}
	return n
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
