package verdict

import (
	"cmp"
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

// starved is for how much of the time that its threads wanted a processor a member waited for one, 0 to 1.
func (m member) starved() float64 {
	wait, run := m.Rate(results.CPUWaitSeconds), m.Rate(results.CPUSeconds)
	if wait+run == 0 {
		return 0
	}
	return wait / (wait + run)
}

// waitMS is how long a member's threads waited for a processor for each request of the run.
func (s *subject) waitMS(m member) float64 {
	return 1000 * m.Counters[results.CPUWaitSeconds] / float64(max(s.requests, 1))
}

// medianServiceMS is that of writes, else of reads.
func (s *subject) medianServiceMS() float64 { return cmp.Or(medianMS(s.writes), medianMS(s.reads)) }

// meanServiceMS is that of all requests for single objects.
func (s *subject) meanServiceMS() float64 {
	var sum, n float64
	if s.writes != nil {
		sum, n = sum+s.writes.Mean()*float64(s.writes.TotalCount()), n+float64(s.writes.TotalCount())
	}
	if s.reads != nil {
		sum, n = sum+s.reads.Mean()*float64(s.reads.TotalCount()), n+float64(s.reads.TotalCount())
	}
	return sum / max(n, 1) / 1000
}

// throttledRule: a CPU limit holds a member up (cpu.stat of its cgroup), or it uses nearly all of it.
func throttledRule(s *subject) *results.Finding {
	var evidence []string
	high := false
	for _, m := range s.members {
		limit, used, held := m.Last[results.CPULimit], m.Rate(results.CPUSeconds), min(m.Rate(results.ThrottledSeconds), 1)
		if limit == 0 || held < throttledLimit && used < 0.9*limit {
			continue
		}
		high = high || held >= throttledLimit
		evidence = append(evidence, fmt.Sprintf("%s used %.2f of the %g cores that it is limited to, which held it up for %.0f %% of the time (from 10 %% on every tail shows it)", m.name, used, limit, 100*held))
	}
	if len(evidence) == 0 {
		return nil
	}
	return finding("cpu-etcd", sureIf(high, results.High, results.Medium),
		"Raise the members' CPU limit (resources.limits.cpu), or drop it and keep the request: a limit stops etcd for the rest of each 100 ms. Try it: run the scenario with --set configuration.resources.limits.cpu=2.", evidence...)
}

// isThrottled reports whether throttledRule is sure of a member.
func (m member) isThrottled() bool {
	return m.Last[results.CPULimit] > 0 && m.Rate(results.ThrottledSeconds) >= throttledLimit
}

// crowdedRule: a member's threads wait for a processor that others use (schedstat of
// its threads), for as long as a good part of a request takes, or the hypervisor takes them away.
func crowdedRule(s *subject) *results.Finding {
	var evidence []string
	confidence := results.Low
	for _, m := range s.members {
		wait, mean := s.waitMS(m), s.meanServiceMS()
		if m.isThrottled() || mean == 0 || wait < explains*mean || m.starved() < 0.5 {
			continue
		}
		// Threads wait beside one another, so that the sum is more than a request notices.
		sure := m.starved() >= 0.7 && wait >= mean
		confidence = sureIf(sure || confidence == results.High, results.High, results.Medium)
		evidence = append(evidence, fmt.Sprintf("%s ran %.2f s in a second and waited %.2f s for a processor: %s for each request, which took %s", m.name, m.Rate(results.CPUSeconds), m.Rate(results.CPUWaitSeconds), text(wait), text(mean)))
	}
	h := s.run.Host.Measure
	if h != nil && h.Steal >= stealLimit {
		confidence = results.High
		evidence = append(evidence, fmt.Sprintf("the hypervisor gave %.0f %% of the processors' time to others", 100*h.Steal))
	}
	if len(evidence) == 0 {
		return nil
	}
	if h != nil {
		evidence = append(evidence, fmt.Sprintf("the machine's processors were %.0f %% busy", 100*h.CPU))
		if h.Pressure != nil {
			evidence = append(evidence, fmt.Sprintf("for %.0f %% of the time something waited for one (PSI)", 100*h.Pressure.CPU))
		}
	}
	return finding("cpu-host", confidence,
		"Something else uses the processors that etcd needs: take it away, or give etcd its own (a CPU request with a static CPU manager, a dedicated node). In a lab the generator and all members share this machine: use fewer members or lower rates.", evidence...)
}

// memoryRule: a member is near its memory limit, garbage collection stops it, or the machine lacks memory (PSI).
func memoryRule(s *subject) *results.Finding {
	var evidence []string
	confidence := results.Medium
	for _, m := range s.members {
		if limit := m.Last[results.MemoryLimit]; limit > 0 && m.Max[results.MemberRSS] >= 0.9*limit {
			confidence = results.High
			evidence = append(evidence, fmt.Sprintf("%s had %s resident, its limit is %s", m.name, bytesText(m.Max[results.MemberRSS]), bytesText(limit)))
		}
		if gc := m.Rate(results.GCPauseSeconds); gc >= gcLimit && m.starved() < 0.5 && !m.isThrottled() {
			evidence = append(evidence, fmt.Sprintf("garbage collection stopped %s for %.1f %% of the time (1 %% is much)", m.name, 100*gc))
		}
	}
	if h := s.run.Host.Measure; h != nil && h.Pressure != nil && h.Pressure.Memory >= 0.05 {
		evidence = append(evidence, fmt.Sprintf("for %.0f %% of the time something waited for memory (PSI)", 100*h.Pressure.Memory))
	}
	if len(evidence) == 0 {
		return nil
	}
	return finding("memory", confidence, "Raise the members' memory limit (resources.limits.memory; etcd wants its database and as much again), or set GOGC and GOMEMLIMIT in [env]. Try it: --set configuration.resources.limits.memory=4Gi.", evidence...)
}

// networkRule: round trips, as the lab host measures them, are a good part of the
// median; of a cluster that exists etcd's own histogram is held against the mixin's limit.
func networkRule(s *subject) *results.Finding {
	service := s.medianServiceMS()
	var worst float64
	var evidence []string
	for _, l := range s.run.Header.Configuration.Links {
		h := s.run.LinkRTT[results.LinkKey(l.From, l.To)]
		rtt := medianMS(h)
		if rtt < nearRTTMS || !s.onTheWay(l.From, l.To, rtt) {
			continue
		}
		worst = max(worst, rtt)
		evidence = append(evidence, fmt.Sprintf("a round trip between %s and %s took %s (median)", l.From, l.To, text(rtt)))
	}
	switch {
	case len(evidence) > 0 && worst >= explains*service:
		confidence := sureIf(service > 0 && worst >= explains*service, results.High, results.Medium)
		evidence = append(evidence, fmt.Sprintf("a request for one object took %s (median)", text(service)))
		return finding("network-rtt", confidence,
			"Each write waits for one round trip between the leader and the nearest majority. Move members nearer to one another; if they must be apart, set heartbeat-interval to the round trip and election-timeout to ten times that (etcd's tuning guide). Try it: --configuration three-zones,tuned-wan.", evidence...)
	case len(s.run.Header.Configuration.Links) > 0:
		return nil
	}
	for _, m := range s.members {
		if h := m.Histograms[results.PeerRTT]; h.Count() > 0 && h.MeanMS() >= mixinRTTMS {
			evidence = append(evidence, fmt.Sprintf("%s tells of round trips of %.0f ms to its peers (etcd's mixin warns at %d)", m.name, h.MeanMS(), mixinRTTMS))
		}
	}
	if len(evidence) == 0 {
		return nil
	}
	return finding("network-rtt", results.Medium, "Look for what lies between the members: zones, a VPN, a full link.", evidence...)
}

// onTheWay reports whether writes wait for a link: a client's, or the leader's to
// one of its nearest majority.
func (s *subject) onTheWay(from, to string, rtt float64) bool {
	if from == "client" || s.leader == nil {
		return true
	}
	if from != s.leader.name && to != s.leader.name {
		return false
	}
	nearer := 0
	for _, l := range s.run.Header.Configuration.Links {
		if l.From != "client" && (l.From == s.leader.name || l.To == s.leader.name) && medianMS(s.run.LinkRTT[results.LinkKey(l.From, l.To)]) < rtt {
			nearer++
		}
	}
	return nearer < len(s.members)/2
}

// fsyncRule: the WAL's fsyncs take longer than etcd's FAQ allows, on members that writes wait for.
func fsyncRule(s *subject) *results.Finding {
	var evidence []string
	confidence := results.Low
	for _, m := range s.quorum(func(m member) float64 { return m.percentile(results.Fsync, 50) }) {
		p50 := m.percentile(results.Fsync, 50)
		p, tail := m.tail(results.Fsync)
		if tail < fsyncLimitMS {
			continue
		}
		switch {
		case p50 >= slowDiskMS && p50 >= writesFsyncs*medianMS(s.writes):
			confidence = results.High
		case m.starved() < 0.5 && !m.isThrottled() && confidence != results.High:
			confidence = results.Medium
		}
		evidence = append(evidence, fmt.Sprintf("%s's WAL fsync takes %s (p50) and %s (p%g); etcd's FAQ wants a p99 below %d ms", m.name, text(p50), text(tail), p, fsyncLimitMS))
		if m.starved() >= 0.5 || m.isThrottled() {
			evidence = append(evidence, m.name+" waited for processors, too, which is in these figures")
		}
	}
	if len(evidence) == 0 {
		return nil
	}
	evidence = append(evidence, fmt.Sprintf("a write took %s (median)", text(medianMS(s.writes))))
	evidence = append(evidence, s.commits()...)
	evidence = append(evidence, s.logged(results.LogSlowFsync)...)
	return finding("disk-fsync", confidence,
		"Put the WAL on a disk with fast fsyncs (local NVMe, or a volume whose flush is below 2 ms) that nothing else writes to (--wal-dir). `etcd-dyno doctor --disk DIR` measures a disk. Try it: --configuration slow-disk,single shows what a disk is worth.", evidence...)
}

// commits is of members whose commits are above the limit.
func (s *subject) commits() (evidence []string) {
	for _, m := range s.members {
		if p, tail := m.tail(results.Commit); tail >= commitLimitMS {
			evidence = append(evidence, fmt.Sprintf("%s's backend commit takes %s (p%g); etcd's FAQ wants a p99 below %d ms", m.name, text(tail), p, commitLimitMS))
		}
	}
	return evidence
}

// commitRule: commits of the database take longer than etcd's FAQ allows, though fsyncs of the WAL do not.
func commitRule(s *subject) *results.Finding {
	evidence := s.commits()
	if f := fsyncRule(s); len(evidence) == 0 || f != nil {
		return nil
	}
	confidence := results.Medium
	for _, m := range s.members {
		if m.starved() >= 0.5 || m.isThrottled() {
			confidence = results.Low
		}
	}
	return finding("disk-commit", confidence,
		"Every 100 ms, or after 10,000 changes, etcd writes them into its database and waits for the disk. Use a faster disk for the data, or commit less often (backend-batch-interval). Try it: --set 'configuration.etcd.backend-batch-interval=\"500ms\"'.", evidence...)
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

// quotaRule: the database is near its quota or beyond it.
func quotaRule(s *subject) *results.Finding {
	var evidence []string
	confidence := results.Medium
	for _, m := range s.members {
		size, quota := m.Max[results.DBBytes], m.Last[results.QuotaBytes]
		if quota == 0 || size < quotaNear*quota {
			continue
		}
		if size >= quotaFull*quota {
			confidence = results.High
		}
		evidence = append(evidence, fmt.Sprintf("the database of %s has %s of its %s: %.0f %% (etcd's mixin warns at 95 %%)", m.name, bytesText(size), bytesText(quota), 100*size/quota))
	}
	if len(evidence) == 0 {
		return nil
	}
	var refused int64
	for _, o := range s.run.Operations {
		refused += o.Errors["ResourceExhausted"]
	}
	if refused > 0 {
		confidence = results.High
		evidence = append(evidence, fmt.Sprintf("%d requests were refused as there was no room (ResourceExhausted)", refused))
	}
	return finding("quota", confidence,
		"At the quota etcd refuses every write. Compact and defragment, delete what is not needed, or raise quota-backend-bytes (at most 8 GiB is suggested). Try it: etcd-dyno run quota-exhaustion.", evidence...)
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
