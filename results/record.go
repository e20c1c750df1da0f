// Package results is the vocabulary of a run and the format of its file.
//
// The journal, run.jsonl, is the truth: one JSON record a line, appended as the
// run goes. Everything else (result.json, the report) is computed from it and
// can be computed again. Histograms are merged, percentiles never averaged.
package results

import "time"

// JournalSchema names the format of the journal's lines.
const JournalSchema = "etcd-dyno/journal/v1"

// Record is one line of the journal. Exactly one of its fields is set.
type Record struct {
	Header   *Header   `json:"header,omitempty"`
	Phase    *Phase    `json:"phase,omitempty"`
	Interval *Interval `json:"interval,omitempty"`
	// Member, Host and Log are what a member, the machine and a member's log told.
	Member *MemberTelemetry `json:"member,omitempty"`
	Host   *HostTelemetry   `json:"host,omitempty"`
	Log    *LogNote         `json:"log,omitempty"`
	Event  *Event           `json:"event,omitempty"`
	Action *Action          `json:"action,omitempty"`
	Check  *Check           `json:"check,omitempty"`
	End    *End             `json:"end,omitempty"`
}

// Header is the first record: what runs, where and since when.
type Header struct {
	Schema string `json:"schema"`
	// ID is the run folder's name.
	ID string `json:"id"`
	// Started is the wall clock at the run's time zero. Every other time of the
	// journal is a monotonic offset from it.
	Started       time.Time        `json:"started"`
	Scenario      ScenarioRef      `json:"scenario"`
	Configuration ConfigurationRef `json:"configuration"`
	Environment   Environment      `json:"environment"`
	// Thresholds are the scenario's, as the user wrote them.
	Thresholds []string `json:"thresholds,omitempty"`
	// Strict makes a percentile with too few samples a breach.
	Strict bool `json:"strict,omitempty"`
	// Seed is the scenario's.
	Seed uint64 `json:"seed"`
	// Baseline is what thresholds are relative to; nil where none was given.
	Baseline *BaselineRef `json:"baseline,omitempty"`
	// Reproduce is the command line that does the same run again, in its folder, without credentials; empty where it is not known.
	Reproduce string `json:"reproduce,omitempty"`
	// Filled tells that the setup was in etcd from the beginning, from a snapshot.
	Filled bool `json:"filled,omitempty"`
	// Windows are the workloads whose chains start in a part of the measure phase only.
	Windows []Window `json:"windows,omitempty"`
}

// BaselineRef says to which earlier runs a run's thresholds are relative.
type BaselineRef struct {
	Name string `json:"name"`
	// Runs is of how many runs Values are the medians.
	Runs int `json:"runs"`
	// Environment is that of the first of them.
	Environment Environment `json:"environment"`
	// Values are by threshold: times in milliseconds, rates per second, shares from 0 to 1.
	Values map[string]float64 `json:"values"`
}

// Window is the part of the measure phase in which a workload's chains start.
type Window struct {
	Workload string `json:"workload"`
	// FromMS counts from the start of the measure phase.
	FromMS float64 `json:"from_ms"`
	// ForMS is what of the measure phase as it was planned lies in the window; 0
	// where nothing does, so that the workload does not run.
	ForMS float64 `json:"for_ms"`
}

// ScenarioRef says which scenario a run replayed.
type ScenarioRef struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// SHA256 is of the resolved scenario, in hexadecimal.
	SHA256 string `json:"sha256"`
}

// Environment is the machine and the build that measured.
type Environment struct {
	Tool string `json:"tool"`
	Go   string `json:"go"`
	OS   string `json:"os"`
	// Kernel is the release that uname reports.
	Kernel   string `json:"kernel"`
	CPUModel string `json:"cpu_model,omitempty"`
	CPUs     int    `json:"cpus"`
	// MemoryBytes is the machine's memory.
	MemoryBytes int64 `json:"memory_bytes"`
	// DataFilesystem is the type of the file system that holds a lab's data, for example "ext4"; empty for endpoints.
	DataFilesystem string `json:"data_filesystem,omitempty"`
}

// PhaseName is a part of a run. An operation belongs to the phase of its
// intended start; only PhaseMeasure counts.
type PhaseName string

// The phases, in order.
const (
	PhaseSetup   PhaseName = "setup"
	PhaseWarmup  PhaseName = "warmup"
	PhaseMeasure PhaseName = "measure"
	PhaseDrain   PhaseName = "drain"
)

// Phase is the start of a phase; it ends where the next begins or the run ends.
type Phase struct {
	Name PhaseName `json:"name"`
	AtMS float64   `json:"at_ms"`
	// PlannedMS is how long the phase was to be; 0 where that is not known.
	PlannedMS float64 `json:"planned_ms,omitempty"`
}

// Interval is what happened between two instants, usually one second apart.
type Interval struct {
	StartMS float64 `json:"start_ms"`
	EndMS   float64 `json:"end_ms"`
	// Operations has a row for each operation and phase in which anything happened.
	Operations []OperationInterval `json:"operations,omitempty"`
	Watches    []WatchInterval     `json:"watches,omitempty"`
	// Lag has the pacing thread's lateness by workload and phase.
	Lag []LagInterval `json:"lag,omitempty"`
	// Wake has how late the generator noticed what had come for it, by phase.
	Wake []WakeInterval `json:"wake,omitempty"`
	// Links has the round trips of a lab's links, by phase.
	Links []LinkInterval `json:"links,omitempty"`
	// Backlog has, by workload, how many operations were due and waited for a worker at the end; none where none did.
	Backlog map[string]int64 `json:"backlog,omitempty"`
	// Generator is what the generator itself used during the interval.
	Generator Usage `json:"generator"`
}

// OperationInterval is what one operation did during one interval.
type OperationInterval struct {
	Workload  string `json:"workload"`
	Operation string `json:"operation"`
	Resource  string `json:"resource,omitempty"`
	// Chain tells that the row is of chains as wholes, whose operations have rows of their own.
	Chain bool      `json:"chain,omitempty"`
	Phase PhaseName `json:"phase"`
	Counts
	// Quantities are histograms of microseconds, by the quantity's name.
	Quantities map[string]Histogram `json:"quantities,omitempty"`
	// Endpoints are parts of the row, never to be added to it: one for each endpoint
	// at which anything happened in the measure phase. There are none where the
	// target has one endpoint, and none of chains.
	Endpoints []EndpointInterval `json:"endpoints,omitempty"`
	// Exemplars are those of the run's slowest operations so far that came in this interval.
	Exemplars []Exemplar `json:"exemplars,omitempty"`
}

// EndpointInterval is what one operation did at one endpoint during one interval.
type EndpointInterval struct {
	// Endpoint is the client URL of who was asked last, where the address belongs to one, else host:port.
	Endpoint string `json:"endpoint"`
	// Counts are of what was sent to the endpoint: Intended, Dropped, Skipped and
	// Unreached are 0, since nobody was asked.
	Counts
	// Service is a histogram of microseconds with LagFigures; empty where nothing ended that was intended in the phase.
	Service Histogram `json:"service,omitempty"`
}

// Exemplars is how many of the slowest operations of each kind are kept.
const Exemplars = 20

// Exemplar is one of the slowest operations of its kind in the measure phase.
type Exemplar struct {
	// AtMS is when it was due, since the run's start.
	AtMS       float64 `json:"at_ms"`
	ResponseMS float64 `json:"response_ms"`
	// ServiceMS is 0 where it never left for etcd.
	ServiceMS float64 `json:"service_ms"`
	// Code is the gRPC code, "OK" unless it failed.
	Code string `json:"code"`
	// Endpoint is who answered: the client URL where the run has several and the
	// address belongs to one, else host:port; empty for a chain, or where nobody did.
	Endpoint string `json:"endpoint,omitempty"`
	// Revision is the store's at the operation; 0 where it is not known.
	Revision int64 `json:"revision,omitempty"`
}

// Counts are an operation's counters. Always
// Intended = Succeeded + Conflicts + ΣErrors + Dropped once the run has ended.
type Counts struct {
	// Intended is how many the schedule or the chain asked for; Skipped and
	// Unreached are not in it.
	Intended int64 `json:"intended,omitempty"`
	// Sent is how many left for etcd.
	Sent      int64 `json:"sent,omitempty"`
	Succeeded int64 `json:"succeeded,omitempty"`
	// Conflicts is how many Txn compares failed: counted, not an error.
	Conflicts int64 `json:"conflicts,omitempty"`
	// Achieved is how many succeeded or conflicted in this phase, whenever they
	// were intended: what was done while the phase lasted.
	Achieved int64 `json:"achieved,omitempty"`
	// Retries is how often the etcd client sent a request again by itself.
	Retries int64 `json:"retries,omitempty"`
	// Dropped is how many found the backlog full.
	Dropped int64 `json:"dropped,omitempty"`
	// Skipped is how many arrivals had nothing to act on.
	Skipped int64 `json:"skipped,omitempty"`
	// Unreached is how many steps a failed chain never came to.
	Unreached int64 `json:"unreached,omitempty"`
	// Unfinished is how many were not done at the end of drain; they are in
	// Errors as DeadlineExceeded too, with their age as latency.
	Unfinished int64 `json:"unfinished,omitempty"`
	// Clamped is how many durations lay outside the histograms' range: above an
	// hour, recorded as one hour, or below zero, recorded as zero.
	Clamped int64 `json:"clamped,omitempty"`
	// Chunks is how many replies the streams had.
	Chunks int64 `json:"chunks,omitempty"`
	// Errors are by gRPC code, for example "Unavailable".
	Errors map[string]int64 `json:"errors,omitempty"`
	// BytesSent and BytesReceived are of gRPC messages, retries included.
	BytesSent     int64 `json:"bytes_sent,omitempty"`
	BytesReceived int64 `json:"bytes_received,omitempty"`
}

// The quantities: the first three are of every operation.
const (
	// Response is done − intended: what a user waits.
	Response = "response"
	// Turnaround is done − dispatched.
	Turnaround = "turnaround"
	// Service is done − sent: what etcd and the network took.
	Service = "service"
	// FirstChunk is first reply − sent, of a stream.
	FirstChunk = "first_chunk"
	// ExpiryLateness is key gone − lease over, of what expires.
	ExpiryLateness = "expiry_lateness"
	// RTT is a round trip over a link of a lab.
	RTT = "rtt"
	// Lag is dispatched − intended: the generator's own lateness.
	Lag = "lag"
	// Wake is the generator's own delay between what comes for it and its
	// noticing: a part of every service time.
	Wake = "wake"
	// Delivery is event seen − write sent, of a watch.
	Delivery = "delivery"
	// DeliveryFromAck is event seen − write acknowledged; 0 where the event came first.
	DeliveryFromAck = "delivery_from_ack"
	// CatchUp is last replayed event seen − watch asked for, of a watch that begins where history is old.
	CatchUp = "catch_up"
)

// LinkInterval is the round trips of the lab host's own echo over one link during one interval.
type LinkInterval struct {
	// From and To are members' names; the generator is "client".
	From  string    `json:"from"`
	To    string    `json:"to"`
	Phase PhaseName `json:"phase"`
	RTT   Histogram `json:"rtt"`
}

// LagInterval is the pacing thread's lateness during one interval.
type LagInterval struct {
	Workload string    `json:"workload"`
	Phase    PhaseName `json:"phase"`
	Lag      Histogram `json:"lag"`
	// Clamped: see Counts.
	Clamped int64 `json:"clamped,omitempty"`
}

// WakeInterval is how late the generator noticed what had come for it during one interval.
type WakeInterval struct {
	Phase PhaseName `json:"phase"`
	Wake  Histogram `json:"wake"`
}

// WatchInterval is what the watchers of one workload saw during one interval.
// Counts are of events times watchers.
type WatchInterval struct {
	Workload string    `json:"workload"`
	Phase    PhaseName `json:"phase"`
	Watchers int       `json:"watchers"`
	// Expected is one for each acknowledged write and watcher.
	Expected  int64 `json:"expected,omitempty"`
	Delivered int64 `json:"delivered,omitempty"`
	// Late events came only after the drain, while the watch was being sealed.
	Late int64 `json:"late,omitempty"`
	// Missing is known once the watch is sealed: Sealed tells whether it was.
	Missing    int64 `json:"missing,omitempty"`
	Sealed     bool  `json:"sealed,omitempty"`
	Duplicated int64 `json:"duplicated,omitempty"`
	OutOfOrder int64 `json:"out_of_order,omitempty"`
	// Unmatched events belong to no acknowledged write of the run: foreign,
	// expired, or of a write whose outcome is not known.
	Unmatched int64 `json:"unmatched,omitempty"`
	// Replayed events came again since a watch began before where it was.
	Replayed int64 `json:"replayed,omitempty"`
	// Clamped: see Counts.
	Clamped int64 `json:"clamped,omitempty"`
	// Quantities are histograms of microseconds: delivery, delivery_from_ack, catch_up.
	Quantities map[string]Histogram `json:"quantities,omitempty"`
}

// Usage is what the generator used of the machine, and how busy that was.
type Usage struct {
	// CPUCores is CPU seconds per second.
	CPUCores float64 `json:"cpu_cores"`
	RSSBytes int64   `json:"rss_bytes"`
	// HostCPU is the share of the machine's processors that anything used, 0 to 1.
	HostCPU float64 `json:"host_cpu"`
	// Connections is how many connections to etcd are open.
	Connections int64 `json:"connections"`
	// CPUWaitCores is how long its threads were ready to run and did not, per second.
	CPUWaitCores float64 `json:"cpu_wait_cores,omitempty"`
	// HeapBytes is what its heap holds, GCPauses how often garbage collection stopped
	// the process and GCPauseMS for how long.
	HeapBytes int64   `json:"heap_bytes,omitempty"`
	GCPauses  int64   `json:"gc_pauses,omitempty"`
	GCPauseMS float64 `json:"gc_pause_ms,omitempty"`
}

// EventKind says what an event means for the run.
type EventKind string

// The kinds of events.
const (
	// EventWarning is told beside the numbers.
	EventWarning EventKind = "warning"
	// EventInvalid makes the run invalid.
	EventInvalid EventKind = "invalid"
	// EventMember is something that a member of the lab did, for example its exit.
	EventMember EventKind = "member"
	// EventConnection is a connection that broke or came again, or a member that stops to answer.
	EventConnection EventKind = "connection"
	// EventLeader is a change of the cluster's leader.
	EventLeader EventKind = "leader"
	// EventTelemetry is a member that stops, or begins again, to tell what it does.
	EventTelemetry EventKind = "telemetry"
	// EventInterrupted is the user's Ctrl-C.
	EventInterrupted EventKind = "interrupted"
	// EventAborted is a threshold that ended the load since it was breached. The detail
	// begins with the check as the header has it, and ": ".
	EventAborted EventKind = "aborted"
	// EventStopped is a run that ended its load to spare a cluster that is not its own.
	EventStopped EventKind = "stopped"
	// EventFailed is an error that ended the run early.
	EventFailed EventKind = "failed"
)

// Event is something that happened at one moment.
type Event struct {
	AtMS   float64   `json:"at_ms"`
	Kind   EventKind `json:"kind"`
	Detail string    `json:"detail"`
}

// End is the last record of a run that came to its end in order.
type End struct {
	AtMS float64 `json:"at_ms"`
	// Complete tells that every phase had its time.
	Complete bool `json:"complete"`
}
