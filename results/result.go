package results

import "time"

// ResultSchema names the format of result.json; its JSON Schema is result.schema.json.
const ResultSchema = "etcd-dyno/result/v1"

// Result is result.json: the summary of a run, computed from its journal.
// Durations are milliseconds, rates are per second.
type Result struct {
	Schema string `json:"schema"`
	ID     string `json:"id"`
	// Complete tells that every phase had its time and the journal was ended in order.
	Complete bool `json:"complete"`
	// Valid tells that the numbers are etcd's and not the generator's.
	Valid          bool             `json:"valid"`
	InvalidReasons []string         `json:"invalid_reasons"`
	Warnings       []string         `json:"warnings"`
	Started        time.Time        `json:"started"`
	Ended          time.Time        `json:"ended"`
	Scenario       ScenarioRef      `json:"scenario"`
	Configuration  ConfigurationRef `json:"configuration"`
	Environment    Environment      `json:"environment"`
	Phases         []PhaseSpan      `json:"phases"`
	// Operations has a row without an endpoint for each operation, which is the
	// whole. Where the target has several endpoints, rows with one follow it:
	// parts of it, never to be added to it.
	Operations []Operation `json:"operations"`
	Watches    []Watch     `json:"watches"`
	Generator  Generator   `json:"generator"`
	// Server is what each member told of itself, in order of their names; empty where nothing was asked.
	Server []Server `json:"server"`
	// Host is what the generator's machine did in the measure phase; null where nothing was told.
	Host       *HostResult       `json:"host"`
	Actions    []ActionResult    `json:"actions"`
	Checks     []Check           `json:"checks"`
	Thresholds []ThresholdResult `json:"thresholds"`
	// Findings are what limits, the most certain first; empty where nothing does.
	Findings []Finding `json:"findings"`
	// Links are those of a lab, as the lab host measured them each second of the measure phase.
	Links []Link `json:"links"`
}

// ErrorCount is the sum of the errors of all codes.
func (w *ActionWindow) ErrorCount() (n int64) {
	for _, c := range w.Errors {
		n += c
	}
	return n
}

// PhaseSpan is when a phase was, in milliseconds since the run's start.
type PhaseSpan struct {
	Name    PhaseName `json:"name"`
	StartMS float64   `json:"start_ms"`
	EndMS   float64   `json:"end_ms"`
}

// Link is what one link of a lab did.
type Link struct {
	LinkRef
	RTT Distribution `json:"rtt"`
}

// Whole is Operations without the rows by endpoint.
func (r Result) Whole() []Operation {
	var all []Operation
	for _, o := range r.Operations {
		if o.Endpoint == "" {
			all = append(all, o)
		}
	}
	return all
}

// Operation is what one operation did in the measure phase.
type Operation struct {
	Workload  string `json:"workload"`
	Operation string `json:"operation"`
	Resource  string `json:"resource,omitempty"`
	// Endpoint is empty in the row of the whole. In the others it is who was asked
	// last: the client URL where the address belongs to one, else host:port. What
	// was asked of nobody is in the whole alone, so that intended, dropped, skipped,
	// unreached and target_rate are 0 in a row with an endpoint; response and
	// turnaround, in which is the wait before anybody was asked, and first_chunk
	// are of the whole alone too. Service is then within 1 %. Chains have no such rows.
	Endpoint string `json:"endpoint,omitempty"`
	// Chain tells that the row is of chains as wholes, whose operations have rows of their own.
	Chain      bool             `json:"chain,omitempty"`
	Intended   int64            `json:"intended"`
	Sent       int64            `json:"sent"`
	Succeeded  int64            `json:"succeeded"`
	Conflicts  int64            `json:"conflicts"`
	Retries    int64            `json:"retries"`
	Dropped    int64            `json:"dropped"`
	Skipped    int64            `json:"skipped"`
	Unreached  int64            `json:"unreached"`
	Unfinished int64            `json:"unfinished"`
	Errors     map[string]int64 `json:"errors"`
	// TargetRate is intended per second of the measure phase; AchievedRate is what
	// succeeded or conflicted per second while it lasted, whenever it was intended:
	// a backlog that is worked off after it does not count.
	TargetRate    float64      `json:"target_rate"`
	AchievedRate  float64      `json:"achieved_rate"`
	BytesSent     int64        `json:"bytes_sent"`
	BytesReceived int64        `json:"bytes_received"`
	Response      Distribution `json:"response"`
	Turnaround    Distribution `json:"turnaround"`
	Service       Distribution `json:"service"`
	// Chunks is how many replies streams had, and FirstChunk the time from sending
	// to the first of them; nil for what is no stream.
	Chunks     int64         `json:"chunks,omitempty"`
	FirstChunk *Distribution `json:"first_chunk,omitempty"`
	// ExpiryLateness is how long after the end of its lease a key was seen to go; nil for what does not expire.
	ExpiryLateness *Distribution `json:"expiry_lateness,omitempty"`
	// Exemplars are the slowest operations, the slowest first; at most 20.
	Exemplars []Exemplar `json:"exemplars"`
}

// ErrorCount is the sum of the errors of all codes.
func (o Operation) ErrorCount() int64 {
	var n int64
	for _, c := range o.Errors {
		n += c
	}
	return n
}

// Distribution summarises a histogram in milliseconds. A percentile p is nil
// where the count is below 10/(1−p): too few samples to say.
type Distribution struct {
	Count  int64    `json:"count"`
	Min    *float64 `json:"min_ms"`
	Mean   *float64 `json:"mean_ms"`
	P50    *float64 `json:"p50_ms"`
	P90    *float64 `json:"p90_ms"`
	P95    *float64 `json:"p95_ms"`
	P99    *float64 `json:"p99_ms"`
	P99_9  *float64 `json:"p99_9_ms"`
	P99_99 *float64 `json:"p99_99_ms"` //nolint:revive // the underscore is the decimal point
	Max    *float64 `json:"max_ms"`
}

// Watch is what the watchers of one workload saw of the measure phase.
type Watch struct {
	Workload  string `json:"workload"`
	Watchers  int    `json:"watchers"`
	Expected  int64  `json:"expected"`
	Delivered int64  `json:"delivered"`
	Late      int64  `json:"late"`
	// Missing is nil where the watch was never sealed.
	Missing         *int64       `json:"missing"`
	Duplicated      int64        `json:"duplicated"`
	OutOfOrder      int64        `json:"out_of_order"`
	Unmatched       int64        `json:"unmatched"`
	Delivery        Distribution `json:"delivery"`
	DeliveryFromAck Distribution `json:"delivery_from_ack"`
	// Replayed is how many events came again since a watch began before where it was, and
	// CatchUp the time from asking for it until the last of them had come; nil where there were none.
	Replayed int64         `json:"replayed,omitempty"`
	CatchUp  *Distribution `json:"catch_up,omitempty"`
}

// Generator is what the load generator itself did in the measure phase.
type Generator struct {
	// Lag is the pacing thread's lateness over all workloads.
	Lag       Distribution            `json:"lag"`
	Workloads map[string]Distribution `json:"workloads"`
	// Wake is how late the generator noticed what had come for it: its own part of every service time.
	Wake Distribution `json:"wake"`
	// CPUCores and RSSBytes are the mean and the maximum over the measure phase.
	CPUCores float64 `json:"cpu_cores"`
	RSSBytes int64   `json:"rss_bytes"`
	// HostCPU is the share of the machine's processors that anything used, 0 to 1, mean over the measure phase.
	HostCPU float64 `json:"host_cpu"`
	// Connections is how many connections to etcd were open at most.
	Connections int64 `json:"connections"`
	// CPUWaitCores is for how long its threads were ready to run and did not, per second.
	CPUWaitCores float64 `json:"cpu_wait_cores"`
	// HeapBytes is the most that its heap held, GCPauses how often garbage collection
	// stopped it and GCPauseMS for how long altogether.
	HeapBytes int64   `json:"heap_bytes"`
	GCPauses  int64   `json:"gc_pauses"`
	GCPauseMS float64 `json:"gc_pause_ms"`
}

// Status is the outcome of a check or a threshold.
type Status string

// The outcomes. TooFew is a threshold's alone: the percentile has too few
// samples, and the maximum does not meet the limit either.
const (
	Pass    Status = "pass"
	Fail    Status = "fail"
	TooFew  Status = "too-few"
	Skipped Status = "skipped"
)

// Check is one thing that must be true of a run whatever was asked.
type Check struct {
	Name   string `json:"name"`
	Status Status `json:"status"`
	Detail string `json:"detail,omitempty"`
}

// ThresholdResult is how a run met one of the scenario's limits.
type ThresholdResult struct {
	// Check is the limit as the user wrote it.
	Check string `json:"check"`
	// Value is what was measured, with its unit; "no data" where nothing was.
	Value  string `json:"value"`
	Status Status `json:"status"`
}
