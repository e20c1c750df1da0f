package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// verdict is a run's outcome in one line: a word, and the facts it rests on.
type verdict struct {
	Word  string
	Tone  tone
	Facts []string
}

// tone is how good something is; it names a class of the style sheet.
type tone string

const (
	good    tone = "good"
	warning tone = "warn"
	bad     tone = "bad"
)

// judge puts a result into a line. The gravest word wins, in the order of the
// exit codes; the facts are told all the same.
func judge(r results.Result) verdict {
	v := verdict{Facts: []string{validity(r), completeness(r), thresholdsMet(r.Thresholds), checksPassed(r.Checks)}}
	if len(r.Findings) > 0 {
		v.Facts = append(v.Facts, fmt.Sprintf("limited by %s (%s confidence)", r.Findings[0].Name, r.Findings[0].Confidence))
	}
	failed := slices.ContainsFunc(r.Checks, func(c results.Check) bool { return c.Status == results.Fail })
	breached := slices.ContainsFunc(r.Thresholds, func(t results.ThresholdResult) bool { return t.Status == results.Fail })
	switch {
	case failed:
		v.Word, v.Tone = "CHECK FAILED", bad
	case nothingMeasured(r):
		v.Word, v.Tone = "NO DATA", bad
	case !r.Valid:
		v.Word, v.Tone = "NOT VALID", bad
	case breached:
		v.Word, v.Tone = "FAILED", bad
	case interrupted(r):
		v.Word, v.Tone = "INTERRUPTED", warning
	case !r.Complete:
		v.Word, v.Tone = "INCOMPLETE", warning
	case len(r.Thresholds) == 0:
		v.Word, v.Tone = "MEASURED", good
	default:
		v.Word, v.Tone = "PASSED", good
	}
	return v
}

// String is the line.
func (v verdict) String() string { return v.Word + ": " + strings.Join(v.Facts, " · ") }

// nothingMeasured reports whether there is no figure of etcd in a result.
func nothingMeasured(r results.Result) bool {
	return len(r.Operations) == 0 && !slices.ContainsFunc(r.Watches, func(w results.Watch) bool { return w.Expected > 0 || w.Delivered > 0 })
}

func validity(r results.Result) string {
	switch {
	case r.Valid:
		return "valid"
	case nothingMeasured(r):
		return "not valid: nothing was measured"
	}
	return "not valid: the numbers cannot be taken for etcd's"
}

func completeness(r results.Result) string {
	switch {
	case r.Complete:
		return "complete"
	case interrupted(r):
		return "interrupted, not complete"
	case aborted(r):
		return "ended early by a threshold"
	case stopped(r):
		return "ended early to spare the cluster"
	default:
		return "not complete"
	}
}

// interrupted reports whether the user ended the run.
// Note: the result tells it only as a warning with this beginning.
func interrupted(r results.Result) bool {
	return slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.HasPrefix(w, "interrupted: ") })
}

// aborted reports whether a threshold ended the run; see interrupted.
func aborted(r results.Result) bool {
	return slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.HasPrefix(w, "aborted by a threshold: ") })
}

// stopped reports whether the run ended itself to spare the cluster; see interrupted.
func stopped(r results.Result) bool {
	return slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.HasPrefix(w, "stopped: ") })
}

func thresholdsMet(all []results.ThresholdResult) string {
	if len(all) == 0 {
		return "no thresholds set"
	}
	n := map[results.Status]int{}
	for _, t := range all {
		n[t.Status]++
	}
	parts := []string{fmt.Sprintf("%d of %d thresholds met", n[results.Pass], len(all))}
	for _, rest := range []struct {
		status results.Status
		words  string
	}{{results.Fail, "breached"}, {results.TooFew, "with too few samples"}, {results.Skipped, "skipped"}} {
		if n[rest.status] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[rest.status], rest.words))
		}
	}
	return strings.Join(parts, ", ")
}

func checksPassed(all []results.Check) string {
	if len(all) == 0 {
		return "no checks made"
	}
	passed, skipped, failed := 0, 0, []string{}
	for _, c := range all {
		switch c.Status {
		case results.Pass:
			passed++
		case results.Fail:
			failed = append(failed, c.Name)
		default:
			skipped++
		}
	}
	s := fmt.Sprintf("%d of %d checks passed", passed, passed+len(failed))
	if skipped > 0 {
		s += fmt.Sprintf(", %d skipped", skipped)
	}
	if len(failed) > 0 {
		s += ", failed: " + strings.Join(failed, ", ")
	}
	return s
}

// toneOf is how good a status is.
func toneOf(s results.Status) tone {
	switch s {
	case results.Pass:
		return good
	case results.Fail:
		return bad
	default:
		return warning
	}
}

// statusWord is a status as a reader is told it.
func statusWord(s results.Status) string {
	if s == results.TooFew {
		return "too few samples"
	}
	return string(s)
}
