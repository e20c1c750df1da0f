package results

import (
	"fmt"
	"maps"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// Summarize computes result.json from a run, except for what judges it:
// validity, thresholds (results/verdict adds them).
func Summarize(run *Run) Result {
	started, ended := run.times()
	r := Result{
		Schema: ResultSchema, ID: run.Header.ID, Complete: run.Ended != nil && run.Ended.Complete && run.Lost == 0, Valid: true,
		InvalidReasons: []string{}, Warnings: []string{}, Started: started, Ended: ended,
		Scenario: run.Header.Scenario, Configuration: run.Header.Configuration, Environment: run.Header.Environment,
		Phases: append([]PhaseSpan{}, run.Phases...), Operations: []Operation{}, Watches: []Watch{},
		Generator: summarizeGenerator(run),
		Server:    summarizeServer(run), Host: summarizeHost(run), Actions: summarizeActions(run), Checks: append([]Check{}, run.Checks...),
		Thresholds: []ThresholdResult{}, Findings: []Finding{}, Links: summarizeLinks(run),
	}
	for _, o := range run.Operations {
		switch {
		case o.Intended > 0:
			seconds := run.ArrivalSeconds(o.Workload)
			r.Operations = append(r.Operations, summarizeOperation(o, seconds))
			r.Operations = append(r.Operations, summarizeEndpoints(o, run.Endpoints, seconds)...)
		case o.Skipped > 0:
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s.%s: all %d arrivals were skipped, there was nothing to act on", o.Workload, o.Operation, o.Skipped))
		case o.Unreached > 0:
			r.Warnings = append(r.Warnings, fmt.Sprintf("%s.%s: none of %d was reached, since the chains before it failed", o.Workload, o.Operation, o.Unreached))
		}
	}
	for _, w := range run.Watches {
		r.Watches = append(r.Watches, summarizeWatch(w))
	}
	if busy := run.Usage.HostCPU; busy > fullHost {
		r.Warnings = append(r.Warnings, fmt.Sprintf("the machine's processors were %.0f %% busy: whatever runs on them waits for the others, and the latencies are those of a full machine", 100*busy))
	}
	if n := clamped(run); n > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d durations were above an hour or below zero; they are recorded as one hour or zero", n))
	}
	for _, e := range run.Events {
		switch e.Kind {
		case EventMember, EventConnection, EventLeader, EventTelemetry:
			if !run.caused(e) {
				r.Warnings = append(r.Warnings, e.Detail)
			}
		case EventWarning, EventFailed:
			r.Warnings = append(r.Warnings, e.Detail)
		case EventInterrupted:
			r.Warnings = append(r.Warnings, "interrupted: "+e.Detail)
		case EventAborted:
			r.Warnings = append(r.Warnings, "aborted by a threshold: "+e.Detail)
		case EventStopped:
			r.Warnings = append(r.Warnings, "stopped: "+e.Detail)
		case EventInvalid:
			r.Valid = false
			r.InvalidReasons = append(r.InvalidReasons, e.Detail)
		}
	}
	if run.Lost > 0 {
		r.Warnings = append(r.Warnings, fmt.Sprintf("%d lines of the journal could not be read; their seconds are not in these figures", run.Lost))
	}
	if run.Ended == nil {
		r.Warnings = append(r.Warnings, "the run was ended before its time; the figures go up to its last full second")
	}
	return r
}

// fullHost is the share of busy processors above which latencies tell of the machine more than of etcd.
const fullHost = 0.9

// clamped is how many durations of the measure phase lay outside the histograms' range.
func clamped(run *Run) int64 {
	n := run.LagClamped
	for _, o := range run.Operations {
		n += o.Clamped
	}
	for _, w := range run.Watches {
		n += w.Clamped
	}
	return n
}

func summarizeOperation(o OperationRecord, seconds float64) Operation {
	errors := map[string]int64{}
	maps.Copy(errors, o.Errors)
	s := Operation{
		Workload: o.Workload, Operation: o.Operation, Resource: o.Resource, Chain: o.Chain,
		Intended: o.Intended, Sent: o.Sent, Succeeded: o.Succeeded, Conflicts: o.Conflicts, Retries: o.Retries,
		Dropped: o.Dropped, Skipped: o.Skipped, Unreached: o.Unreached, Unfinished: o.Unfinished, Errors: errors,
		BytesSent: o.BytesSent, BytesReceived: o.BytesReceived, Exemplars: append([]Exemplar{}, o.Exemplars...),
		Response: Distribute(o.Quantities[Response]), Turnaround: Distribute(o.Quantities[Turnaround]), Service: Distribute(o.Quantities[Service]),
	}
	s.Chunks = o.Chunks
	for name, to := range map[string]**Distribution{FirstChunk: &s.FirstChunk, ExpiryLateness: &s.ExpiryLateness} {
		if h := o.Quantities[name]; h != nil {
			d := Distribute(h)
			*to = &d
		}
	}
	if seconds > 0 {
		s.TargetRate = float64(o.Intended) / seconds
		s.AchievedRate = float64(o.Achieved) / seconds
	}
	return s
}

// summarizeEndpoints are the rows of an operation's parts.
func summarizeEndpoints(whole OperationRecord, all []EndpointRecord, seconds float64) (rows []Operation) {
	for _, e := range all {
		if e.Workload != whole.Workload || e.Operation != whole.Operation {
			continue
		}
		part := OperationRecord{Workload: e.Workload, Operation: e.Operation, Resource: whole.Resource, Counts: e.Counts, Quantities: map[string]*hdr.Histogram{Service: e.Service}}
		row := summarizeOperation(part, seconds)
		row.Endpoint = e.Endpoint
		rows = append(rows, row)
	}
	return rows
}

func summarizeWatch(w WatchRecord) Watch {
	s := Watch{
		Workload: w.Workload, Watchers: w.Watchers, Expected: w.Expected, Delivered: w.Delivered, Late: w.Late,
		Duplicated: w.Duplicated, OutOfOrder: w.OutOfOrder, Unmatched: w.Unmatched,
		Delivery: Distribute(w.Quantities[Delivery]), DeliveryFromAck: Distribute(w.Quantities[DeliveryFromAck]),
	}
	if h := w.Quantities[CatchUp]; h != nil {
		d := Distribute(h)
		s.CatchUp, s.Replayed = &d, w.Replayed
	}
	if w.Sealed {
		missing := w.Missing
		s.Missing = &missing
	}
	return s
}

func summarizeLinks(run *Run) []Link {
	links := []Link{}
	for _, l := range run.Header.Configuration.Links {
		links = append(links, Link{LinkRef: l, RTT: Distribute(run.LinkRTT[rowKey(l.From, l.To)])})
	}
	return links
}

func summarizeGenerator(run *Run) Generator {
	g := Generator{
		Workloads: map[string]Distribution{}, CPUCores: run.Usage.CPUCores, RSSBytes: run.Usage.RSSBytes, HostCPU: run.Usage.HostCPU, Connections: run.Usage.Connections,
		CPUWaitCores: run.Usage.CPUWaitCores, HeapBytes: run.Usage.HeapBytes, GCPauses: run.Usage.GCPauses, GCPauseMS: run.Usage.GCPauseMS,
	}
	var all *hdr.Histogram
	for workload, h := range run.Lag {
		g.Workloads[workload] = Distribute(h)
		if all == nil {
			all = NewHistogram(LagFigures)
		}
		all.Merge(h)
	}
	g.Lag = Distribute(all)
	g.Wake = Distribute(run.Wake)
	return g
}
