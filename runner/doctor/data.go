package doctor

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// quota: each database has room below its quota.
func quota(s *seen) *Finding {
	var bad, good []string
	status, unknown := Warn, 0
	for _, e := range s.up() {
		limit := cmp.Or(float64(e.status.DbSizeQuota), e.quota)
		if limit <= 0 {
			unknown++
			continue
		}
		share := float64(e.status.DbSize) / limit
		text := fmt.Sprintf("%s: %s of %s (%.1f %%)", e.url, size(float64(e.status.DbSize)), size(limit), 100*share)
		good = append(good, text)
		if share >= quotaWarn {
			bad = append(bad, text)
		}
		if share >= quotaFail {
			status = Fail
		}
	}
	if unknown == len(s.up()) {
		return skipped("quota", "no member tells of its quota, neither in its status, as from etcd 3.6 on, nor in its page of metrics")
	}
	return told("quota", bad, status, "Compact and defragment, delete what is not needed, or raise --quota-backend-bytes (8 GiB is the most that is suggested): at the quota every write is refused.", good...)
}

// fragmentation: most of what the databases take is in use.
func fragmentation(s *seen) *Finding {
	var bad []string
	most := 0.0
	for _, e := range s.up() {
		total, used := float64(e.status.DbSize), float64(e.status.DbSizeInUse)
		if total == 0 {
			continue
		}
		most = max(most, 1-used/total)
		if used/total < fragmented && total >= fragmentedBytes {
			bad = append(bad, fmt.Sprintf("%s: %s of %s is in use (%.0f %%)", e.url, size(used), size(total), 100*used/total))
		}
	}
	return told("fragmentation", bad, Warn, "Defragment one member after the other, the leader last (etcdctl defrag --endpoints ONE): a member serves nobody meanwhile.",
		fmt.Sprintf("at most %.0f %% of a database is not in use", 100*most))
}

// consistency: all have the same at one revision (HashKV).
func consistency(s *seen) *Finding {
	type answer struct {
		url              string
		hash             uint32
		compact, through int64
	}
	var all []answer
	var failed []string
	for _, e := range s.up() {
		if e.hashErr != nil {
			failed = append(failed, fmt.Sprintf("%s: %v", e.url, e.hashErr))
			continue
		}
		all = append(all, answer{e.url, e.hash.Hash, e.hash.CompactRevision, e.hash.HashRevision})
	}
	if len(all) == 0 {
		return skipped("consistency", "no member told a hash of what it has: %s", strings.Join(failed, "; "))
	}
	var bad []string
	for _, a := range all[1:] {
		if a.compact == all[0].compact && a.hash != all[0].hash {
			bad = append(bad, fmt.Sprintf("at revision %d %s has the hash %08x, %s %08x", s.hashRevision, all[0].url, all[0].hash, a.url, a.hash))
		}
	}
	switch {
	case len(bad) > 0:
		return told("consistency", bad, Fail, "The members hold different data. Stop writing, and read etcd's page on data corruption.")
	case slices.ContainsFunc(all, func(a answer) bool { return a.compact != all[0].compact }):
		return skipped("consistency", "a compaction came between the questions, so that hashes cannot be compared; ask again")
	case len(failed) > 0:
		return skipped("consistency", "the same hash of %d members, none of %s", len(all), strings.Join(failed, "; "))
	case len(all) < max(len(s.members), len(s.endpoints)):
		return skipped("consistency", "the same hash, %08x, of %d of %d members: the others did not answer, or no endpoint is theirs", all[0].hash, len(all), max(len(s.members), len(s.endpoints)))
	case len(all) == 1:
		return told("consistency", nil, OK, "", fmt.Sprintf("one member, with the hash %08x at revision %d", all[0].hash, s.hashRevision))
	}
	return told("consistency", nil, OK, "", fmt.Sprintf("all %d members have the hash %08x at revision %d", len(all), all[0].hash, s.hashRevision))
}

// keys: what lies in the cluster is what a cluster of Kubernetes has.
func keys(s *seen) *Finding {
	if s.contentsErr != nil {
		return unseen("keys", "the keys", s.contentsErr)
	}
	c := s.contents
	var bad []string
	for _, p := range c.Prefixes {
		if p.Keys >= manyKeys {
			bad = append(bad, fmt.Sprintf("%d keys below %s; Kubernetes is tested with up to %d pods", p.Keys, p.Prefix, manyKeys))
		}
	}
	text := fmt.Sprintf("%d keys", c.Keys)
	if c.Looked < c.Keys {
		text += fmt.Sprintf("; the first %d were looked at", c.Looked)
	}
	var most []string
	for _, p := range c.Prefixes[:min(3, len(c.Prefixes))] {
		most = append(most, fmt.Sprintf("%d below %s, about %s", p.Keys, p.Prefix, size(p.Bytes())))
	}
	if len(most) > 0 {
		text += "; the largest: " + strings.Join(most, ", ")
	}
	return told("keys", bad, Warn, "Look for what makes so many objects (events, leases, custom resources), and shorten their lives.", text)
}
