package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Findings are what limits a run, the most certain first; empty where nothing
// does. Each rule looks at the measure phase for one cause, by limits that have a
// source or a reason, and says how sure it is: that one cause brings about the
// signs of another is for the rule of the other to know.
func Findings(run *results.Run, invalid []string) []results.Finding {
	s := newSubject(run, invalid)
	all := []results.Finding{}
	for _, rule := range []func(*subject) *results.Finding{
		generatorRule, quotaRule, watchRule, throttledRule, crowdedRule, memoryRule, networkRule,
		fsyncRule, commitRule, raftRule, maintenanceRule, largeRequestRule, conflictsRule,
	} {
		if f := rule(s); f != nil {
			all = append(all, *f)
		}
	}
	slices.SortStableFunc(all, func(a, b results.Finding) int { return cmp.Compare(rank(a.Confidence), rank(b.Confidence)) })
	return all
}

func rank(c results.Confidence) int {
	return slices.Index([]results.Confidence{results.High, results.Medium, results.Low}, c)
}

// subject is a run as the rules look at it.
type subject struct {
	run *results.Run
	// invalid is why the numbers are the generator's; empty where they are not.
	invalid []string
	// members told something of the measure phase; leader is that which led for most of it, nil where none is known.
	members []member
	leader  *member
	// writes and reads are the service of requests, but for those for many objects, in microseconds; nil where there are none.
	writes, reads *hdr.Histogram
	// requests ended in the measure phase.
	requests int64
}

type member struct {
	name string
	*results.MemberPhase
}

// lists are the operations that are answered with many objects.
var lists = []string{"list", "page", "range"}

// readOnly are the other operations that change nothing, or are no request at all.
var readOnly = []string{
	"get", "get-event", "get-revision", "count", "count-events", "count-objects", "list-leases", "check-consistency", "probe", "status", "watch", "expire",
}

// Writes reports whether the requests of an operation change something.
func Writes(operation string) bool {
	return !slices.Contains(lists, operation) && !slices.Contains(readOnly, operation)
}

func newSubject(run *results.Run, invalid []string) *subject {
	s := &subject{run: run, invalid: invalid}
	for _, m := range run.Server {
		if p := m.Phases[results.PhaseMeasure]; p != nil && p.SpanMS > 0 {
			s.members = append(s.members, member{m.Member, p})
		}
	}
	for i, m := range s.members {
		if m.Mean[results.IsLeader] > 0.5 {
			s.leader = &s.members[i]
		}
	}
	for _, o := range run.Operations {
		h := o.Quantities[results.Service]
		if o.Chain || h == nil {
			continue
		}
		s.requests += h.TotalCount()
		switch {
		case Writes(o.Operation):
			s.writes = mergeInto(s.writes, h)
		case slices.Contains(readOnly, o.Operation):
			s.reads = mergeInto(s.reads, h)
		}
	}
	return s
}

func mergeInto(into, from *hdr.Histogram) *hdr.Histogram {
	if into == nil {
		into = results.NewHistogram(results.Figures)
	}
	into.Merge(from)
	return into
}

// medianMS is the median of a service; 0 of none.
func medianMS(h *hdr.Histogram) float64 {
	if h == nil || h.TotalCount() == 0 {
		return 0
	}
	return float64(h.ValueAtPercentile(50)) / 1000
}

// quorum are the leader, and as many other members, the fastest by a quantity, as a
// write has to wait for; all members where the leader is not known.
func (s *subject) quorum(slowness func(member) float64) []member {
	if s.leader == nil {
		return s.members
	}
	others := slices.DeleteFunc(slices.Clone(s.members), func(m member) bool { return m.name == s.leader.name })
	slices.SortFunc(others, func(a, b member) int { return cmp.Compare(slowness(a), slowness(b)) })
	return append([]member{*s.leader}, others[:min(len(s.members)/2, len(others))]...)
}

// percentile of a histogram of a member's; 0 where it has none.
func (m member) percentile(name string, p float64) float64 {
	v, _ := m.Histograms[name].Percentile(p)
	return v
}

// finding makes one.
func finding(name string, c results.Confidence, advice string, evidence ...string) *results.Finding {
	return &results.Finding{Name: name, Confidence: c, Evidence: evidence, Advice: advice}
}

func sureIf(condition bool, yes, no results.Confidence) results.Confidence {
	if condition {
		return yes
	}
	return no
}

// generatorRule: the run is not valid since the generator itself was late (Validity).
func generatorRule(s *subject) *results.Finding {
	var why []string
	for _, reason := range s.invalid {
		if strings.Contains(reason, "generator") {
			why = append(why, reason)
		}
	}
	if len(why) == 0 {
		return nil
	}
	more := len(why) - 3
	if why = why[:min(len(why), 3)]; more > 0 {
		why = append(why, fmt.Sprintf("and so for %d operations more", more))
	}
	if u := s.run.Usage; u.CPUWaitCores > 0 {
		why = append(why, fmt.Sprintf("its threads ran %.2f s in a second and waited %.2f s for a processor", u.CPUCores, u.CPUWaitCores))
	}
	return finding("generator", results.High,
		"These are not etcd's latencies. Give the generator processors of its own (run it on another machine with --endpoints), or lower the rates; then run again.", why...)
}
