package results

import (
	"cmp"
	"slices"
)

// MemberTelemetry is what a member of etcd told of itself at one look, and what
// it did since the one before.
type MemberTelemetry struct {
	// Member is its name, or its endpoint where that is not known.
	Member string `json:"member"`
	// StartMS is when it was looked at before, EndMS when now, since the run's start.
	// They are equal at the first look and at one that failed: nothing was done in between.
	StartMS float64 `json:"start_ms"`
	EndMS   float64 `json:"end_ms"`
	// Error says why it told nothing; all below is empty then.
	Error string `json:"error,omitempty"`
	// Anew tells that it began anew in between: what it did is since then.
	Anew bool `json:"anew,omitempty"`
	// Counters are by how much what only grows has grown, Gauges what is now, and
	// Histograms what was added to them, by name.
	Counters   map[string]float64         `json:"counters,omitempty"`
	Gauges     map[string]float64         `json:"gauges,omitempty"`
	Histograms map[string]ServerHistogram `json:"histograms,omitempty"`
}

// The histograms of a member, all in milliseconds.
const (
	// Fsync is of the WAL (etcd_disk_wal_fsync_duration_seconds).
	Fsync = "fsync"
	// Commit is of a transaction of the database (etcd_disk_backend_commit_duration_seconds).
	Commit = "commit"
	// Apply is of an entry of the raft log (etcd_server_apply_duration_seconds; etcd 3.5).
	Apply = "apply"
	// Request is of a unary request, from its arrival (etcd_server_request_duration_seconds; etcd 3.7).
	Request = "request"
	// PeerRTT is smoothed by etcd from zero and told every 30 s (etcd_network_peer_round_trip_time_seconds).
	PeerRTT = "peer_rtt"
	// Snapshot is of one sent or taken of the database (etcd_disk_backend_snapshot_duration_seconds).
	Snapshot = "snapshot"
	// Defragment is of a whole one (etcd_disk_backend_defrag_duration_seconds).
	Defragment = "defragment"
	// Compaction is of a whole one (etcd_debugging_mvcc_db_compaction_total_duration_milliseconds).
	Compaction = "compaction"
	// CompactionPause is what holds the store up in one (etcd_debugging_mvcc_db_compaction_pause_duration_milliseconds).
	CompactionPause = "compaction_pause"
)

// The counters of a member.
const (
	// CPUSeconds is what its process has used.
	CPUSeconds = "cpu_seconds"
	// CPUWaitSeconds is how long its threads were ready to run and did not; only where it runs on this machine.
	CPUWaitSeconds = "cpu_wait_seconds"
	// ThrottledSeconds is how long its cgroup's CPU limit held it up, and Throttled in
	// how many of the limit's Periods; only on this machine.
	ThrottledSeconds = "throttled_seconds"
	Throttled        = "throttled"
	Periods          = "periods"

	LeaderChanges     = "leader_changes"
	ProposalsFailed   = "proposals_failed"
	ProposalsApplied  = "proposals_applied"
	SlowApplies       = "slow_applies" // took above 100 ms
	SlowReads         = "slow_reads"   // linearizable reads whose turn came late
	HeartbeatFailures = "heartbeat_failures"
	RaftSnapshots     = "raft_snapshots"
	CompactedKeys     = "compacted_keys"
	Puts              = "puts"
	Ranges            = "ranges"
	Txns              = "txns"
	Deletes           = "deletes"
	WatchEvents       = "watch_events"
	ClientReceived    = "client_received_bytes"
	ClientSent        = "client_sent_bytes"
	PeerReceived      = "peer_received_bytes"
	PeerSent          = "peer_sent_bytes"
	// GCPauses is how often garbage collection stopped the process, GCPauseSeconds for how long.
	GCPauses       = "gc_pauses"
	GCPauseSeconds = "gc_pause_seconds"
)

// The gauges of a member.
const (
	DBBytes          = "db_bytes"
	DBInUseBytes     = "db_in_use_bytes"
	QuotaBytes       = "quota_bytes"
	ProposalsPending = "proposals_pending"
	// Unapplied is how many proposals are committed and not applied yet.
	Unapplied     = "unapplied"
	HasLeader     = "has_leader"
	IsLeader      = "is_leader"
	Keys          = "keys"
	WatchStreams  = "watch_streams"
	Watchers      = "watchers"
	SlowWatchers  = "slow_watchers"
	EventsPending = "events_pending"
	MemberRSS     = "rss_bytes"
	HeapBytes     = "heap_bytes"
	Goroutines    = "goroutines"
	OpenFiles     = "open_files"
	// MemoryLimit and CPULimit (cores) are those of its cgroup; only on this machine and where there is one.
	MemoryLimit = "memory_limit_bytes"
	CPULimit    = "cpu_limit_cores"
)

// ServerHistogram is a histogram as etcd keeps it, in milliseconds.
type ServerHistogram struct {
	SumMS float64 `json:"sum_ms"`
	// Buckets are in order; those that hold nothing are left out.
	Buckets []ServerBucket `json:"buckets,omitempty"`
}

// ServerBucket counts what lay above FromMS and up to ToMS, which is 0 in the last one, that has no bound.
type ServerBucket struct {
	FromMS float64 `json:"from"`
	ToMS   float64 `json:"to,omitempty"`
	Count  int64   `json:"n"`
}

// Count is how many values it has.
func (h ServerHistogram) Count() (n int64) {
	for _, b := range h.Buckets {
		n += b.Count
	}
	return n
}

// Plus is the sum of two; neither is changed.
func (h ServerHistogram) Plus(other ServerHistogram) ServerHistogram {
	sum := ServerHistogram{SumMS: h.SumMS + other.SumMS, Buckets: slices.Clone(h.Buckets)}
	for _, b := range other.Buckets {
		i, found := slices.BinarySearchFunc(sum.Buckets, b, func(a, b ServerBucket) int { return cmp.Compare(a.FromMS, b.FromMS) })
		if found {
			sum.Buckets[i].Count += b.Count
		} else {
			sum.Buckets = slices.Insert(sum.Buckets, i, b)
		}
	}
	return sum
}

// Percentile is interpolated within its bucket, as Prometheus does it; for what
// lies in the last one, that has no bound, it is where that begins. It reports false of an empty histogram.
func (h ServerHistogram) Percentile(p float64) (ms float64, ok bool) {
	total := h.Count()
	if total == 0 {
		return 0, false
	}
	rank := p / 100 * float64(total)
	for _, b := range h.Buckets {
		if rank -= float64(b.Count); rank > 0 {
			continue
		}
		if b.ToMS == 0 {
			return b.FromMS, true
		}
		return b.FromMS + (b.ToMS-b.FromMS)*(1+rank/float64(b.Count)), true
	}
	last := h.Buckets[len(h.Buckets)-1]
	return cmp.Or(last.ToMS, last.FromMS), true
}

// Above is the share of values that lay in buckets from that bound on, 0 to 1.
func (h ServerHistogram) Above(ms float64) float64 {
	var above, all int64
	for _, b := range h.Buckets {
		all += b.Count
		if b.FromMS >= ms {
			above += b.Count
		}
	}
	return float64(above) / float64(max(all, 1))
}

// MeanMS is the mean, 0 where there is nothing.
func (h ServerHistogram) MeanMS() float64 { return h.SumMS / float64(max(h.Count(), 1)) }

// HostTelemetry is what the machine that the generator runs on did between two
// looks. Shares are of the time between them, 0 to 1.
type HostTelemetry struct {
	StartMS float64 `json:"start_ms"`
	EndMS   float64 `json:"end_ms"`
	// CPU is the share of all processors that was used, Steal what the hypervisor
	// gave to others, IOWait what was idle while a disk was waited for.
	CPU    float64 `json:"cpu"`
	Steal  float64 `json:"steal"`
	IOWait float64 `json:"io_wait"`
	// Pressure is the share of the time in which some task waited for it (PSI); nil where the kernel does not tell.
	Pressure *Pressure `json:"pressure,omitempty"`
	// Disk is that which holds a lab's data; nil where that is not known.
	Disk *DiskTelemetry `json:"disk,omitempty"`
	// NetworkReceived and NetworkSent are bytes over all interfaces, loopback included.
	NetworkReceived int64 `json:"network_received_bytes"`
	NetworkSent     int64 `json:"network_sent_bytes"`
	// MemoryAvailable is what could be had without swapping, in bytes.
	MemoryAvailable int64 `json:"memory_available_bytes"`
}

// Pressure is of each resource the share of the time in which some task waited for it.
type Pressure struct {
	CPU    float64 `json:"cpu"`
	IO     float64 `json:"io"`
	Memory float64 `json:"memory"`
}

// DiskTelemetry is what a disk did between two looks.
type DiskTelemetry struct {
	Device string `json:"device"`
	Reads  int64  `json:"reads"`
	Writes int64  `json:"writes"`
	// Flushes is how many cache flushes it was asked for, as an fsync does.
	Flushes      int64 `json:"flushes"`
	BytesRead    int64 `json:"bytes_read"`
	BytesWritten int64 `json:"bytes_written"`
	// Busy is the share of the time in which it had something to do.
	Busy float64 `json:"busy"`
	// WriteMS and FlushMS are the sums of how long those took.
	WriteMS float64 `json:"write_ms"`
	FlushMS float64 `json:"flush_ms"`
}

// LogClass is a kind of message in a member's log that tells of trouble.
type LogClass string

// The classes.
const (
	LogSlowApply LogClass = "slow-apply"
	LogSlowFsync LogClass = "slow-fdatasync"
	LogElection  LogClass = "election"
	LogOverload  LogClass = "overloaded-network"
	LogSlowReads LogClass = "slow-read-index"
	LogSpace     LogClass = "database-space"
)

// LogNote is what a member's log had of one class since it was looked at before.
type LogNote struct {
	AtMS   float64  `json:"at_ms"` // of the first
	Member string   `json:"member"`
	Class  LogClass `json:"class"`
	Count  int64    `json:"count"`
	// Line is the first of them as it is in the log.
	Line string `json:"line"`
}
