package verdict

import (
	"fmt"

	"github.com/etcd-dyno/etcd-dyno/results"
)

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
		"Put the WAL on a disk with fast fsyncs (local NVMe, or a volume whose flush is below 2 ms) that nothing else writes to (--wal-dir). `etcd-dyno doctor --disk DIR` measures a disk. Try it: `etcd-dyno experiment disk` tells what 2, 10 and 25 ms of an fsync cost.", evidence...)
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
		"Every 100 ms, or after 10,000 changes, etcd writes them into its database and waits for the disk. Use a faster disk for the data, or commit less often (backend-batch-interval). Try it: etcd-dyno experiment --scenario pod-churn --a single --set-b 'configuration.etcd.backend-batch-interval=\"500ms\"'.", evidence...)
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
