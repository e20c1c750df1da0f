package telemetry

import (
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// source is where a figure of ours is on a member's page of metrics: in a family,
// over all its label values. Several sources of one name are tried in turn, since
// releases differ.
type source struct {
	name, family string
	// factor makes our unit of etcd's.
	factor float64
	// count takes a summary's or a histogram's count, sum its sum.
	count, sum bool
}

// counters only grow while a process lives.
var counters = []source{
	{name: results.CPUSeconds, family: "process_cpu_seconds_total"},
	{name: results.LeaderChanges, family: "etcd_server_leader_changes_seen_total"},
	{name: results.ProposalsFailed, family: "etcd_server_proposals_failed_total"},
	{name: results.ProposalsApplied, family: "etcd_server_proposals_applied_total"},
	{name: results.SlowApplies, family: "etcd_server_slow_apply_total"},
	{name: results.SlowReads, family: "etcd_server_slow_read_indexes_total"},
	{name: results.HeartbeatFailures, family: "etcd_server_heartbeat_send_failures_total"},
	{name: results.RaftSnapshots, family: "etcd_debugging_snap_save_total_duration_seconds", count: true},
	{name: results.CompactedKeys, family: "etcd_debugging_mvcc_db_compaction_keys_total"},
	{name: results.Puts, family: "etcd_mvcc_put_total"},
	{name: results.Ranges, family: "etcd_mvcc_range_total"},
	{name: results.Txns, family: "etcd_mvcc_txn_total"},
	{name: results.Deletes, family: "etcd_mvcc_delete_total"},
	{name: results.WatchEvents, family: "etcd_debugging_mvcc_events_total"},
	{name: results.ClientReceived, family: "etcd_network_client_grpc_received_bytes_total"},
	{name: results.ClientSent, family: "etcd_network_client_grpc_sent_bytes_total"},
	{name: results.PeerReceived, family: "etcd_network_peer_received_bytes_total"},
	{name: results.PeerSent, family: "etcd_network_peer_sent_bytes_total"},
	{name: results.GCPauses, family: "go_gc_duration_seconds", count: true},
	{name: results.GCPauseSeconds, family: "go_gc_duration_seconds", sum: true},
}

var gauges = []source{
	{name: results.DBBytes, family: "etcd_mvcc_db_total_size_in_bytes"},
	{name: results.DBInUseBytes, family: "etcd_mvcc_db_total_size_in_use_in_bytes"},
	{name: results.QuotaBytes, family: "etcd_server_quota_backend_bytes"},
	{name: results.ProposalsPending, family: "etcd_server_proposals_pending"},
	{name: results.HasLeader, family: "etcd_server_has_leader"},
	{name: results.IsLeader, family: "etcd_server_is_leader"},
	{name: results.Keys, family: "etcd_debugging_mvcc_keys_total"},
	{name: results.WatchStreams, family: "etcd_debugging_mvcc_watch_stream_total"},
	{name: results.Watchers, family: "etcd_debugging_mvcc_watcher_total"},
	{name: results.SlowWatchers, family: "etcd_debugging_mvcc_slow_watcher_total"},
	{name: results.EventsPending, family: "etcd_debugging_mvcc_pending_events_total"},
	{name: results.MemberRSS, family: "process_resident_memory_bytes"},
	{name: results.HeapBytes, family: "go_memstats_heap_inuse_bytes"},
	{name: results.Goroutines, family: "go_goroutines"},
	{name: results.OpenFiles, family: "process_open_fds"},
}

var histograms = []source{
	{name: results.Fsync, family: "etcd_disk_wal_fsync_duration_seconds", factor: 1000},
	{name: results.Commit, family: "etcd_disk_backend_commit_duration_seconds", factor: 1000},
	{name: results.Apply, family: "etcd_server_apply_duration_seconds", factor: 1000},
	{name: results.Request, family: "etcd_server_request_duration_seconds", factor: 1000},
	{name: results.PeerRTT, family: "etcd_network_peer_round_trip_time_seconds", factor: 1000},
	{name: results.Snapshot, family: "etcd_disk_backend_snapshot_duration_seconds", factor: 1000},
	{name: results.Defragment, family: "etcd_disk_backend_defrag_duration_seconds", factor: 1000},
	{name: results.Compaction, family: "etcd_debugging_mvcc_db_compaction_total_duration_milliseconds", factor: 1},
	{name: results.CompactionPause, family: "etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds", factor: 1},
}

// Besides what the tables name, a page is read for when its process began and for
// what is committed and applied, whose difference is told.
const (
	processStart = "process_start_time_seconds"
	committed    = "etcd_server_proposals_committed_total"
	applied      = "etcd_server_proposals_applied_total"
)

// families are the names of all that is read of a page.
func families() []string {
	names := []string{processStart, committed}
	for _, table := range [...][]source{counters, gauges, histograms} {
		for _, s := range table {
			names = append(names, s.family)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// page is what a member's page said.
type page struct {
	began      float64 // of the process, Unix seconds
	counters   map[string]float64
	gauges     map[string]float64
	histograms map[string][]bucket
	sums       map[string]float64 // of histograms, in milliseconds
}

// bucket counts all up to and including a bound, in milliseconds, as Prometheus does.
type bucket struct {
	upTo  float64
	count uint64
}

func newPage(from Families) page {
	p := page{counters: map[string]float64{}, gauges: map[string]float64{}, histograms: map[string][]bucket{}, sums: map[string]float64{}}
	p.began, _ = value(from[processStart], source{})
	for _, s := range counters {
		if v, ok := value(from[s.family], s); ok {
			p.counters[s.name] = v
		}
	}
	for _, s := range gauges {
		if v, ok := value(from[s.family], s); ok {
			p.gauges[s.name] = v
		}
	}
	if is, ok := value(from[committed], source{}); ok {
		done, _ := value(from[applied], source{})
		p.gauges[results.Unapplied] = max(is-done, 0)
	}
	for _, s := range histograms {
		if f := from[s.family]; f != nil {
			p.histograms[s.name], p.sums[s.name] = bucketsOf(f, s.factor)
		}
	}
	return p
}

// value sums a family over its labels; it reports false where there is none.
func value(f *dto.MetricFamily, s source) (sum float64, ok bool) {
	for _, m := range f.GetMetric() {
		var v float64
		switch {
		case s.count && m.Summary != nil:
			v = float64(m.GetSummary().GetSampleCount())
		case s.sum && m.Summary != nil:
			v = m.GetSummary().GetSampleSum()
		case s.count && m.Histogram != nil:
			v = float64(m.GetHistogram().GetSampleCount())
		default:
			v = m.GetCounter().GetValue() + m.GetGauge().GetValue() + m.GetUntyped().GetValue()
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			continue
		}
		sum, ok = sum+v, true
	}
	return sum, ok
}

// bucketsOf sums a family's histograms over their labels. All have the same bounds; one that has not is left out.
func bucketsOf(f *dto.MetricFamily, factor float64) (all []bucket, sumMS float64) {
	for _, m := range f.GetMetric() {
		h := m.GetHistogram()
		if h == nil || all != nil && len(h.GetBucket()) != len(all) {
			continue
		}
		if all == nil {
			for _, b := range h.GetBucket() {
				all = append(all, bucket{upTo: b.GetUpperBound() * factor})
			}
		}
		for i, b := range h.GetBucket() {
			all[i].count += b.GetCumulativeCount()
		}
		sumMS += h.GetSampleSum() * factor
	}
	return all, sumMS
}

// since is what was added between two pages; to a process that began anew, all.
func (p page) since(before page) (c map[string]float64, h map[string]results.ServerHistogram) {
	c, h = map[string]float64{}, map[string]results.ServerHistogram{}
	for name, now := range p.counters {
		if grown := now - before.counters[name]; grown > 0 {
			c[name] = grown
		} else {
			c[name] = 0
		}
	}
	for name, now := range p.histograms {
		if added := added(now, before.histograms[name]); added.Count() > 0 {
			added.SumMS = max(p.sums[name]-before.sums[name], 0)
			h[name] = added
		}
	}
	return c, h
}

// added is what a histogram has more than before.
func added(now, before []bucket) (h results.ServerHistogram) {
	var from float64
	var below, belowBefore uint64
	for i, b := range now {
		var was uint64
		if len(before) == len(now) {
			was = before[i].count
		}
		n := int64(b.count-below) - int64(was-belowBefore)
		below, belowBefore = b.count, was
		to := b.upTo
		if math.IsInf(to, 1) {
			to = 0
		}
		if n > 0 {
			h.Buckets = append(h.Buckets, results.ServerBucket{FromMS: from, ToMS: to, Count: n})
		}
		from = b.upTo
	}
	return h
}
