package verdict

import (
	"cmp"
	"fmt"

	"github.com/etcd-dyno/etcd-dyno/results"
)

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
			"Each write waits for one round trip between the leader and the nearest majority. Move members nearer to one another; if they must be apart, set heartbeat-interval to the round trip and election-timeout to ten times that (etcd's tuning guide). Try it: etcd-dyno experiment --scenario pod-churn --a three-zones --b tuned-wan.", evidence...)
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
