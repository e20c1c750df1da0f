package verdict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// The limits in use.
const (
	// etcd's FAQ ("What does the etcd warning 'failed to send out heartbeat on time' mean?"): the 99th percentile of a WAL fsync below 10 ms, of a backend commit below 25 ms.
	fsyncLimitMS, commitLimitMS = 10, 25
	// Where half of all fsyncs take as long, it is no stall now and then, nor a thread that waited for a processor.
	slowDiskMS = 5
	// A write waits for several fsyncs: those before it in the queue, its own, and a
	// follower's. It is the disk where one of them is a tenth of its median.
	writesFsyncs = 0.1
	// A cause explains a latency where it is that share of its median.
	explains = 0.3
	// A limit that holds a member up for a tenth of the time adds more than 10 ms to what comes then (a period has 100 ms).
	throttledLimit = 0.1
	// Kubernetes and etcd's mixin (etcdDatabaseQuotaLowSpace) warn at 95 % of the quota; from 80 % on it is told.
	quotaFull, quotaNear = 0.95, 0.80
	// etcd's mixin (etcdMemberCommunicationSlow) warns at a round trip of 150 ms between members.
	mixinRTTMS = 150
	// Below it a round trip is that of a rack, which no tuning helps.
	nearRTTMS = 2
	// A hypervisor that gives a tenth of the time to others is heard in every percentile.
	stealLimit = 0.1
	// Garbage collection that stops a process for 1 % of the time.
	gcLimit = 0.01
	// Kubernetes' SLO for one object; a list has 30 s.
	singleSLOMS, listSLOMS = 1000, 30_000
)

// tail is p99 of a histogram, or p90 or p50 where there are too few samples, which is then below it; 0 where there are too few for any.
func (m member) tail(name string) (p, ms float64) {
	n := m.Histograms[name].Count()
	for _, p := range []float64{99, 90, 50} {
		if results.Enough(n, p) {
			return p, m.percentile(name, p)
		}
	}
	return 50, 0
}

// raftRule: leaders change or proposals fail though no action had them.
func raftRule(s *subject) *results.Finding {
	if len(s.run.Actions) > 0 {
		return nil
	}
	var changes, failed float64
	for _, m := range s.members {
		changes, failed = max(changes, m.Counters[results.LeaderChanges]), failed+m.Counters[results.ProposalsFailed]
	}
	if changes == 0 && failed == 0 {
		return nil
	}
	var evidence []string
	if changes > 0 {
		evidence = append(evidence, fmt.Sprintf("the leader changed %.0f times while it was measured (etcd's mixin warns at 4 in 15 minutes)", changes))
	}
	if failed > 0 {
		evidence = append(evidence, fmt.Sprintf("%.0f proposals failed", failed))
	}
	evidence = append(evidence, s.logged(results.LogElection, results.LogOverload, results.LogSlowReads)...)
	return finding("raft", results.Medium,
		"Leaders fall when heartbeats come late: look at the disk, the processors and the network first. election-timeout should be ten times the round trip between members and well above the slowest fsync. Try it: --set 'configuration.etcd.election-timeout=\"5s\"' --set 'configuration.etcd.heartbeat-interval=\"500ms\"'.", evidence...)
}

// logged are lines of the members' logs, by how many there were.
func (s *subject) logged(classes ...results.LogClass) (evidence []string) {
	span, _ := s.run.Span(results.PhaseMeasure)
	counts := map[string]int64{}
	for _, n := range s.run.Logs {
		if slices.Contains(classes, n.Class) && n.AtMS >= span.StartMS && n.AtMS < span.EndMS {
			counts[fmt.Sprintf("%s's log tells of %s", n.Member, strings.ReplaceAll(string(n.Class), "-", " "))] += n.Count
		}
	}
	for text, n := range counts {
		evidence = append(evidence, fmt.Sprintf("%s %d times", text, n))
	}
	slices.Sort(evidence)
	return evidence
}

// watchRule: watchers are behind what etcd has for them, since they or the way to them take it too slowly.
func watchRule(s *subject) *results.Finding {
	var evidence []string
	confidence := results.Medium
	for _, m := range s.members {
		slow, pending := m.Mean[results.SlowWatchers], m.Mean[results.EventsPending]
		if slow < 1 {
			continue
		}
		if slow >= 0.05*m.Mean[results.Watchers] && pending >= slow {
			confidence = results.High
		}
		evidence = append(evidence, fmt.Sprintf("of %.0f watchers of %s, %.3g were behind and %.3g events waited for them (means; both are 0 where watchers keep up)", m.Mean[results.Watchers], m.name, slow, pending))
	}
	if len(evidence) == 0 {
		return nil
	}
	for _, w := range s.run.Watches {
		if h := w.Quantities[results.Delivery]; h != nil && h.TotalCount() > 0 {
			evidence = append(evidence, fmt.Sprintf("%s saw an event after %s (p99), a write took %s (median)", w.Workload, text(float64(h.ValueAtPercentile(99))/1000), text(medianMS(s.writes))))
		}
	}
	return finding("watch", confidence,
		"Some watchers do not take their events: find those clients, give them CPU, or have fewer watchers by a watch cache or the gRPC proxy. Many small watches on one stream hold each other up. Try it: --set workload.NAME.watchers=… and connections=….", evidence...)
}

// maintenanceRule: requests are slower in seconds of a compaction or a defragmentation than in others.
func maintenanceRule(s *subject) *results.Finding {
	if len(s.run.Actions) > 0 {
		return nil // what those did is told with them
	}
	busy := map[string]bool{}
	var evidence []string
	for _, m := range s.members {
		if n := m.Histograms[results.Defragment]; n.Count() > 0 {
			evidence = append(evidence, fmt.Sprintf("%s was defragmented, for %s, in which it serves nobody", m.name, text(n.SumMS)))
			busy["defragmentation"] = true
		}
		if n := m.Histograms[results.CompactionPause]; n.SumMS > 0.05*m.SpanMS {
			evidence = append(evidence, fmt.Sprintf("compaction held the store of %s up for %s of %s", m.name, text(n.SumMS), text(m.SpanMS)))
			busy["compaction"] = true
		}
	}
	if len(evidence) == 0 {
		return nil
	}
	return finding("maintenance", results.Medium,
		"Defragment one member after the other, the leader last, and only where much is to be won (doctor tells); compact often, so that each compaction is short. Try it: etcd-dyno run defragment.", evidence...)
}

// largeRequestRule: requests of above a MiB take longer than Kubernetes' SLO.
func largeRequestRule(s *subject) *results.Finding {
	const mib = 1 << 20
	var evidence []string
	confidence := results.Medium
	for _, o := range s.run.Operations {
		h := o.Quantities[results.Service]
		if o.Chain || h == nil || o.Succeeded == 0 {
			continue
		}
		size := float64(o.BytesSent+o.BytesReceived) / float64(o.Succeeded)
		p99, limit := float64(h.ValueAtPercentile(99))/1000, float64(singleSLOMS)
		if slices.Contains(lists, o.Operation) && p99 >= listSLOMS {
			confidence, limit = results.High, listSLOMS
		}
		if size >= mib && p99 >= limit {
			evidence = append(evidence, fmt.Sprintf("%s.%s moves %s a request and takes %s (p99); Kubernetes' SLO is 1 s for one object and 30 s for a list", o.Workload, o.Operation, bytesText(size), text(p99)))
		}
	}
	if len(evidence) == 0 {
		return nil
	}
	return finding("large-request", confidence,
		"Read in pages or streams (mode = \"paged\" or \"stream\"), or from a watch cache; keep objects small. Try it: --set workload.NAME.mode=stream.", evidence...)
}

// conflictsRule: many writes of clients come to nothing since another was first.
func conflictsRule(s *subject) *results.Finding {
	var evidence []string
	confidence := results.Medium
	for _, o := range s.run.Operations {
		tried := o.Succeeded + o.Conflicts
		if o.Chain || o.Operation == "delete-stale" || tried < 50 || float64(o.Conflicts) < 0.2*float64(tried) {
			continue // delete-stale is meant to fail once
		}
		if o.Conflicts >= o.Succeeded {
			confidence = results.High
		}
		evidence = append(evidence, fmt.Sprintf("%s.%s: %d of %d writes found their object changed", o.Workload, o.Operation, o.Conflicts, tried))
	}
	if len(evidence) == 0 {
		return nil
	}
	return finding("conflicts", confidence,
		"Clients write the same objects and try again: fewer writers for each object, patches instead of updates, or longer pauses between tries would spare etcd that work.", evidence...)
}

// text prints milliseconds for people.
func text(ms float64) string {
	switch {
	case ms >= 10_000:
		return fmt.Sprintf("%.0f s", ms/1000)
	case ms >= 1000:
		return fmt.Sprintf("%.1f s", ms/1000)
	case ms >= 10:
		return fmt.Sprintf("%.0f ms", ms)
	default:
		return fmt.Sprintf("%.2g ms", ms)
	}
}

// bytesText prints bytes for people.
func bytesText(n float64) string {
	for _, u := range []struct {
		size float64
		name string
	}{{1 << 30, "GiB"}, {1 << 20, "MiB"}, {1 << 10, "KiB"}} {
		if n >= u.size {
			return fmt.Sprintf("%.3g %s", n/u.size, u.name)
		}
	}
	return fmt.Sprintf("%.0f bytes", n)
}
