package results

// Server is what a member of etcd told of itself, by the phases of the run.
type Server struct {
	// Member is its name; host:port where that is not known.
	Member  string `json:"member"`
	Version string `json:"version,omitempty"`
	// Build is the toolchain that built a lab's etcd, for example "go1.26.8".
	Build string `json:"build,omitempty"`
	// Phases are those in which it was looked at.
	Phases map[PhaseName]ServerPhase `json:"phases"`
	// Logs counts the lines of a lab member's log that tell of trouble, by class, in the measure phase.
	Logs map[LogClass]int64 `json:"logs"`
}

// ServerPhase is what a member did in a phase. What counts is counted in the
// phase alone, never since the member's start. Sizes are the last ones, in bytes.
type ServerPhase struct {
	// Seconds were told of; Missed is how many looks had no answer, Restarts how often it began anew.
	Seconds  float64 `json:"seconds"`
	Missed   int     `json:"missed"`
	Restarts int     `json:"restarts"`
	// The histograms are nil where the member keeps none or nothing was in them.
	Fsync           *ServerDistribution `json:"fsync,omitempty"`
	Commit          *ServerDistribution `json:"commit,omitempty"`
	Apply           *ServerDistribution `json:"apply,omitempty"`
	Request         *ServerDistribution `json:"request,omitempty"`
	PeerRTT         *ServerDistribution `json:"peer_rtt,omitempty"`
	Snapshot        *ServerDistribution `json:"snapshot,omitempty"`
	Defragment      *ServerDistribution `json:"defragment,omitempty"`
	Compaction      *ServerDistribution `json:"compaction,omitempty"`
	CompactionPause *ServerDistribution `json:"compaction_pause,omitempty"`

	DBBytes      int64 `json:"db_bytes"`
	DBInUseBytes int64 `json:"db_in_use_bytes"`
	// DBMaxBytes is the largest seen.
	DBMaxBytes int64 `json:"db_max_bytes"`
	QuotaBytes int64 `json:"quota_bytes"`
	Keys       int64 `json:"keys"`

	// ProposalsPendingMax and the other maxima are of what was seen at a look.
	ProposalsApplied    int64 `json:"proposals_applied"`
	ProposalsFailed     int64 `json:"proposals_failed"`
	ProposalsPendingMax int64 `json:"proposals_pending_max"`
	UnappliedMax        int64 `json:"unapplied_max"`
	LeaderChanges       int64 `json:"leader_changes"`
	HeartbeatFailures   int64 `json:"heartbeat_failures"`
	SlowApplies         int64 `json:"slow_applies"`
	SlowReads           int64 `json:"slow_reads"`
	RaftSnapshots       int64 `json:"raft_snapshots"`
	CompactedKeys       int64 `json:"compacted_keys"`

	WatchStreams     int64 `json:"watch_streams"`
	Watchers         int64 `json:"watchers"`
	SlowWatchersMax  int64 `json:"slow_watchers_max"`
	EventsPendingMax int64 `json:"events_pending_max"`
	WatchEvents      int64 `json:"watch_events"`

	CPUCores float64 `json:"cpu_cores"`
	// CPUWaitCores is for how long its threads were ready to run and did not, per
	// second, and ThrottledShare the share of the time in which its CPU limit held it
	// up; both only where it runs on this machine.
	CPUWaitCores   float64 `json:"cpu_wait_cores"`
	ThrottledShare float64 `json:"throttled_share"`
	CPULimitCores  float64 `json:"cpu_limit_cores,omitempty"`

	RSSBytes         int64   `json:"rss_bytes"` // the most seen
	HeapBytes        int64   `json:"heap_bytes"`
	MemoryLimitBytes int64   `json:"memory_limit_bytes,omitempty"`
	GCPauses         int64   `json:"gc_pauses"`
	GCPauseMS        float64 `json:"gc_pause_ms"` // of all together
	Goroutines       int64   `json:"goroutines"`
	OpenFiles        int64   `json:"open_files"`

	ClientReceivedBytes int64 `json:"client_received_bytes"`
	ClientSentBytes     int64 `json:"client_sent_bytes"`
	PeerReceivedBytes   int64 `json:"peer_received_bytes"`
	PeerSentBytes       int64 `json:"peer_sent_bytes"`
}

// ServerDistribution summarises a histogram that a member keeps. It has few
// buckets: percentiles are interpolated in them, those below FinestMS tell no more
// than that; there is no least value, and MaxMS is only a bound, nil where there is none.
type ServerDistribution struct {
	Count    int64    `json:"count"`
	Mean     *float64 `json:"mean_ms"`
	P50      *float64 `json:"p50_ms"`
	P90      *float64 `json:"p90_ms"`
	P99      *float64 `json:"p99_ms"`
	P99_9    *float64 `json:"p99_9_ms"`
	MaxMS    *float64 `json:"at_most_ms"`
	FinestMS float64  `json:"finest_ms"`
}

// HostResult is what the machine that the generator ran on did in the measure
// phase; a lab's members run there too. Shares are 0 to 1, sums per second.
type HostResult struct {
	CPU    float64 `json:"cpu"`
	Steal  float64 `json:"steal"`
	IOWait float64 `json:"io_wait"`
	// Pressure is the share of the time in which some task waited for it; nil where the kernel does not tell.
	Pressure *Pressure `json:"pressure"`
	// Disk is that of a lab's data; nil where that is not known.
	Disk                 *DiskResult `json:"disk"`
	NetworkReceivedRate  float64     `json:"network_received_bytes_per_second"`
	NetworkSentRate      float64     `json:"network_sent_bytes_per_second"`
	MemoryAvailableBytes int64       `json:"memory_available_bytes"` // the least
}

// DiskResult is what a disk did per second; Busy is a share of the time, the others are means.
type DiskResult struct {
	Device       string   `json:"device"`
	Busy         float64  `json:"busy"`
	Reads        float64  `json:"reads_per_second"`
	Writes       float64  `json:"writes_per_second"`
	Flushes      float64  `json:"flushes_per_second"`
	ReadBytes    float64  `json:"read_bytes_per_second"`
	WrittenBytes float64  `json:"written_bytes_per_second"`
	WriteMS      *float64 `json:"write_ms"`
	FlushMS      *float64 `json:"flush_ms"`
}

// Confidence says how sure a finding is.
type Confidence string

// The confidences: High is measured directly and explains most of the latency,
// Medium is above a limit in use, Low is a hint.
const (
	High   Confidence = "high"
	Medium Confidence = "medium"
	Low    Confidence = "low"
)

// Finding is what limits a run.
type Finding struct {
	// Name begins with its class: disk-fsync, disk-commit, cpu-etcd, cpu-host, memory,
	// network-rtt, raft, large-request, watch, maintenance, quota, conflicts, generator.
	Name       string     `json:"name"`
	Confidence Confidence `json:"confidence"`
	// Evidence are figures of the run, a sentence each, with the limit they are held against and its source.
	Evidence []string `json:"evidence"`
	// Advice says which flag or resource to change, and how to try it.
	Advice string `json:"advice"`
}

func summarizeServer(run *Run) []Server {
	all := []Server{}
	for _, m := range run.Server {
		s := Server{Member: m.Member, Version: run.Header.Configuration.EtcdVersion, Phases: map[PhaseName]ServerPhase{}, Logs: map[LogClass]int64{}}
		if e := run.Header.Configuration.Etcd; e != nil {
			s.Build = e.Go
		}
		for _, ref := range run.Header.Configuration.MemberList {
			if ref.Name == m.Member {
				s.Version = ref.Version
			}
		}
		for name, p := range m.Phases {
			s.Phases[name] = p.summary()
		}
		if span, ok := run.Span(PhaseMeasure); ok {
			for _, n := range run.Logs {
				if n.Member == m.Member && n.AtMS >= span.StartMS && n.AtMS < span.EndMS {
					s.Logs[n.Class] += n.Count
				}
			}
		}
		all = append(all, s)
	}
	return all
}

func (p *MemberPhase) summary() ServerPhase {
	count := func(name string) int64 { return int64(p.Counters[name]) }
	last := func(name string) int64 { return int64(p.Last[name]) }
	most := func(name string) int64 { return int64(p.Max[name]) }
	return ServerPhase{
		Seconds: p.SpanMS / 1000, Missed: p.Missed, Restarts: p.Began,
		Fsync: p.distribution(Fsync), Commit: p.distribution(Commit), Apply: p.distribution(Apply), Request: p.distribution(Request),
		PeerRTT: p.distribution(PeerRTT), Snapshot: p.distribution(Snapshot), Defragment: p.distribution(Defragment),
		Compaction: p.distribution(Compaction), CompactionPause: p.distribution(CompactionPause),
		DBBytes: last(DBBytes), DBInUseBytes: last(DBInUseBytes), DBMaxBytes: most(DBBytes), QuotaBytes: last(QuotaBytes), Keys: last(Keys),
		ProposalsApplied: count(ProposalsApplied), ProposalsFailed: count(ProposalsFailed), ProposalsPendingMax: most(ProposalsPending),
		UnappliedMax: most(Unapplied), LeaderChanges: count(LeaderChanges), HeartbeatFailures: count(HeartbeatFailures),
		SlowApplies: count(SlowApplies), SlowReads: count(SlowReads), RaftSnapshots: count(RaftSnapshots), CompactedKeys: count(CompactedKeys),
		WatchStreams: last(WatchStreams), Watchers: last(Watchers), SlowWatchersMax: most(SlowWatchers), EventsPendingMax: most(EventsPending), WatchEvents: count(WatchEvents),
		CPUCores: p.Rate(CPUSeconds), CPUWaitCores: p.Rate(CPUWaitSeconds), ThrottledShare: min(p.Rate(ThrottledSeconds), 1), CPULimitCores: p.Last[CPULimit],
		RSSBytes: most(MemberRSS), HeapBytes: most(HeapBytes), MemoryLimitBytes: last(MemoryLimit),
		GCPauses: count(GCPauses), GCPauseMS: 1000 * p.Counters[GCPauseSeconds], Goroutines: last(Goroutines), OpenFiles: last(OpenFiles),
		ClientReceivedBytes: count(ClientReceived), ClientSentBytes: count(ClientSent), PeerReceivedBytes: count(PeerReceived), PeerSentBytes: count(PeerSent),
	}
}

// finestMS is the first bound of etcd's histograms, by name: below it they tell nothing.
func finestMS(name string) float64 {
	switch name {
	case PeerRTT, Apply:
		return 0.1
	case Snapshot:
		return 10
	case Defragment, Compaction:
		return 100
	default:
		return 1
	}
}

func (p *MemberPhase) distribution(name string) *ServerDistribution {
	h := p.Histograms[name]
	n := h.Count()
	if n == 0 {
		return nil
	}
	mean := h.MeanMS()
	d := ServerDistribution{Count: n, Mean: &mean, FinestMS: finestMS(name)}
	if last := h.Buckets[len(h.Buckets)-1]; last.ToMS > 0 {
		d.MaxMS = &last.ToMS
	}
	for p, to := range map[float64]**float64{50: &d.P50, 90: &d.P90, 99: &d.P99, 99.9: &d.P99_9} {
		if v, ok := h.Percentile(p); ok && Enough(n, p) {
			*to = &v
		}
	}
	return &d
}

// summarizeHost is nil where nothing was told.
func summarizeHost(run *Run) *HostResult {
	h := run.Host.Measure
	if h == nil || h.EndMS <= h.StartMS {
		return nil
	}
	second := (h.EndMS - h.StartMS) / 1000
	r := &HostResult{
		CPU: h.CPU, Steal: h.Steal, IOWait: h.IOWait, Pressure: h.Pressure, MemoryAvailableBytes: h.MemoryAvailable,
		NetworkReceivedRate: float64(h.NetworkReceived) / second, NetworkSentRate: float64(h.NetworkSent) / second,
	}
	if d := h.Disk; d != nil {
		r.Disk = &DiskResult{
			Device: d.Device, Busy: d.Busy, Reads: float64(d.Reads) / second, Writes: float64(d.Writes) / second, Flushes: float64(d.Flushes) / second,
			ReadBytes: float64(d.BytesRead) / second, WrittenBytes: float64(d.BytesWritten) / second,
			WriteMS: per(d.WriteMS, d.Writes), FlushMS: per(d.FlushMS, d.Flushes),
		}
	}
	return r
}

// per is a mean; nil of nothing.
func per(sum float64, n int64) *float64 {
	if n == 0 {
		return nil
	}
	mean := sum / float64(n)
	return &mean
}
