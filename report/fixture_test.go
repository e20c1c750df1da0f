package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/etcd-dyno/etcd-dyno/results"
	judging "github.com/etcd-dyno/etcd-dyno/results/verdict"
)

// load is one operation of a made-up run.
type load struct {
	workload, operation, resource string
	rate                          float64 // per second
	p50, spread                   float64 // service in ms, and the sigma of its logarithm
	chain, conflicts, stream      bool
	errors                        map[string]float64 // share by code
}

// fixture makes the journal of a run that never happened.
type fixture struct {
	scenario, configuration string
	seconds                 int // of the measure phase
	loads                   []load
	watchers                int
	seed                    uint64
	stall                   int // second of the measure phase in which etcd stalls; 0 is none
	unended                 bool
	events                  []results.Event
	checks                  []results.Check
}

// podChurn has the operations of the built-in scenario.
func podChurn(seconds int) fixture {
	return fixture{
		scenario: "pod-churn", configuration: "single", seconds: seconds, watchers: 10, stall: seconds / 2,
		loads: []load{
			{workload: "churn", operation: "pod-start", resource: "pods", chain: true, rate: 5, p50: 1450, spread: 0.12},
			{workload: "churn", operation: "pod-stop", resource: "pods", chain: true, rate: 5, p50: 1080, spread: 0.04},
			{workload: "churn", operation: "create", resource: "pods", rate: 5, p50: 2.1, spread: 0.3},
			{workload: "churn", operation: "bind", resource: "pods", rate: 5, p50: 1.9, spread: 0.3},
			{workload: "churn", operation: "get", resource: "pods", rate: 15, p50: 0.42, spread: 0.35},
			{workload: "churn", operation: "update-status", resource: "pods", rate: 25, p50: 1.9, spread: 0.35},
			{workload: "churn", operation: "mark-deleted", resource: "pods", rate: 5, p50: 1.9, spread: 0.3},
			{workload: "churn", operation: "delete-stale", resource: "pods", rate: 5, p50: 0.9, spread: 0.3, conflicts: true},
			{workload: "churn", operation: "delete", resource: "pods", rate: 5, p50: 1.7, spread: 0.3},
			{workload: "churn", operation: "create-event", resource: "events", rate: 40, p50: 1.8, spread: 0.4},
			{workload: "churn", operation: "lease-grant", rate: 1, p50: 1.2, spread: 0.3},
			{workload: "heartbeats", operation: "renew-lease", resource: "leases", rate: 100, p50: 1.7, spread: 0.4},
			{workload: "heartbeats", operation: "update-status", resource: "nodes", rate: 10, p50: 2.4, spread: 0.3},
			{workload: "relist", operation: "list", resource: "pods", chain: true, rate: 1, p50: 68, spread: 0.2},
			{workload: "relist", operation: "page", resource: "pods", rate: 6, p50: 11, spread: 0.3},
		},
		checks: []results.Check{
			{Name: "acknowledged-writes", Status: results.Pass, Detail: "3,210 acknowledged writes read back"},
			{Name: "members-agree", Status: results.Skipped, Detail: "one member"},
		},
	}
}

// written are the journals of all fixtures so far, by what these are: many tests share one, and it takes a second to write.
var written sync.Map

// journal writes the run, warm-up of 5 s and drain of 2 s included.
func (f fixture) journal(t testing.TB) []byte {
	t.Helper()
	name := fmt.Sprintf("%+v", f)
	if known, ok := written.Load(name); ok {
		return bytes.Clone(known.([]byte))
	}
	b := f.write(t)
	written.Store(name, b)
	return bytes.Clone(b)
}

func (f fixture) write(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	add := func(r results.Record) {
		line, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(append(line, '\n'))
	}
	add(results.Record{Header: f.header()})
	const setup, warmup, drain = 2, 5, 2
	rng := rand.New(rand.NewPCG(1, 2+f.seed))
	phase := map[int]results.PhaseName{0: results.PhaseSetup, setup: results.PhaseWarmup, setup + warmup: results.PhaseMeasure, setup + warmup + f.seconds: results.PhaseDrain}
	name := results.PhaseSetup
	last := setup + warmup + f.seconds + drain
	for s := range last {
		if p, ok := phase[s]; ok {
			name = p
			add(results.Record{Phase: &results.Phase{Name: name, AtMS: float64(s) * 1000}})
		}
		stalled := f.stall > 0 && s == setup+warmup+f.stall
		add(results.Record{Interval: f.interval(t, rng, s, name, stalled, s == last-1)})
		add(results.Record{Member: member(s, stalled)})
		add(results.Record{Host: machine(s)})
	}
	for _, e := range f.events {
		add(results.Record{Event: &e})
	}
	for _, c := range f.checks {
		add(results.Record{Check: &c})
	}
	if !f.unended {
		add(results.Record{End: &results.End{AtMS: float64(last) * 1000, Complete: true}})
	}
	return b.Bytes()
}

func (f fixture) header() *results.Header {
	return &results.Header{
		Schema: results.JournalSchema, ID: "20260301-101500-" + f.scenario + "-" + f.configuration, Started: time.Date(2026, 3, 1, 10, 15, 0, 0, time.UTC), Seed: 1,
		Scenario:      results.ScenarioRef{Name: f.scenario, Description: "Pods are created, bound, run and deleted; kubelets heartbeat; API servers watch.", SHA256: "5f0c7e2a9b"},
		Configuration: results.ConfigurationRef{Name: f.configuration, SHA256: "a81d44c0fe", Lab: true, Members: 1, Endpoints: []string{"http://127.0.0.1:41379"}, EtcdVersion: "3.7.3", Flags: map[string]string{"heartbeat-interval": "100ms"}},
		Environment:   results.Environment{Tool: "v0.1.0", Go: "go1.26.8", OS: "linux", Kernel: "6.18.5", CPUModel: "AMD EPYC 7B13", CPUs: 2, MemoryBytes: 8 << 30, DataFilesystem: "ext4"},
	}
}

// member is what a member told in a second.
func member(second int, stalled bool) *results.MemberTelemetry {
	slow := int64(0)
	if stalled {
		slow = 4
	}
	return &results.MemberTelemetry{
		Member: "m1", StartMS: float64(second) * 1000, EndMS: float64(second+1) * 1000,
		Counters: map[string]float64{results.CPUSeconds: 0.3, results.CPUWaitSeconds: 0.1, results.GCPauseSeconds: 0.0004, results.ProposalsApplied: 230, results.SlowApplies: float64(slow)},
		Gauges: map[string]float64{
			results.DBBytes: float64(24+second) * (1 << 20), results.DBInUseBytes: float64(22+second) * (1 << 20), results.QuotaBytes: 2 << 30,
			results.MemberRSS: 140 << 20, results.HeapBytes: 80 << 20, results.ProposalsPending: float64(slow), results.Keys: 3300, results.Watchers: 10, results.IsLeader: 1,
		},
		Histograms: map[string]results.ServerHistogram{
			results.Fsync:   {SumMS: 180, Buckets: []results.ServerBucket{{FromMS: 0, ToMS: 1, Count: 190}, {FromMS: 1, ToMS: 2, Count: 10}, {FromMS: 512, ToMS: 1024, Count: slow}}},
			results.Commit:  {SumMS: 14, Buckets: []results.ServerBucket{{FromMS: 1, ToMS: 2, Count: 10}}},
			results.Apply:   {SumMS: 20, Buckets: []results.ServerBucket{{FromMS: 0, ToMS: 0.1, Count: 200}, {FromMS: 0.1, ToMS: 0.2, Count: 30}}},
			results.Request: {SumMS: 400, Buckets: []results.ServerBucket{{FromMS: 0, ToMS: 1, Count: 40}, {FromMS: 1, ToMS: 2, Count: 160}, {FromMS: 2, ToMS: 4, Count: 30}}},
		},
	}
}

// machine is what the machine did in a second.
func machine(second int) *results.HostTelemetry {
	return &results.HostTelemetry{
		StartMS: float64(second) * 1000, EndMS: float64(second+1) * 1000, CPU: 0.3, Steal: 0.001, IOWait: 0.01, Pressure: &results.Pressure{CPU: 0.2, IO: 0.02},
		Disk:            &results.DiskTelemetry{Device: "vda", Writes: 400, Flushes: 210, BytesWritten: 2 << 20, Busy: 0.04, WriteMS: 40, FlushMS: 30},
		NetworkReceived: 8 << 20, NetworkSent: 8 << 20, MemoryAvailable: 6 << 30,
	}
}

func (f fixture) interval(t testing.TB, rng *rand.Rand, second int, phase results.PhaseName, stalled, last bool) *results.Interval {
	t.Helper()
	in := &results.Interval{
		StartMS: float64(second) * 1000, EndMS: float64(second+1) * 1000,
		Generator: results.Usage{CPUCores: 0.18 + 0.05*rng.Float64(), HostCPU: 0.42, RSSBytes: 46<<20 + int64(second%600)<<12, Connections: 17},
	}
	if phase == results.PhaseSetup || phase == results.PhaseDrain && !last {
		return in
	}
	if phase != results.PhaseDrain {
		lags := map[string]*hdr.Histogram{}
		for _, l := range f.loads {
			in.Operations = append(in.Operations, l.interval(t, rng, second, phase, stalled))
			if lags[l.workload] == nil {
				lags[l.workload] = results.NewHistogram(results.LagFigures)
			}
			for range int(l.rate) + 1 {
				record(lags[l.workload], 0.08*math.Exp(0.7*rng.NormFloat64()))
			}
		}
		for workload, h := range lags {
			in.Lag = append(in.Lag, results.LagInterval{Workload: workload, Phase: phase, Lag: encode(t, h)})
		}
		wake := results.NewHistogram(results.LagFigures)
		for i := range 200 {
			record(wake, 0.03*math.Exp(float64(i%10)/5))
		}
		in.Wake = append(in.Wake, results.WakeInterval{Phase: phase, Wake: encode(t, wake)})
	}
	if f.watchers > 0 {
		in.Watches = append(in.Watches, f.watch(t, rng, phase, stalled, last))
	}
	return in
}

func (f fixture) watch(t testing.TB, rng *rand.Rand, phase results.PhaseName, stalled, last bool) results.WatchInterval {
	t.Helper()
	w := results.WatchInterval{Workload: "informers", Phase: phase, Watchers: f.watchers}
	if last {
		w.Phase, w.Sealed = results.PhaseMeasure, true
		return w
	}
	w.Expected = int64(45 * f.watchers)
	w.Delivered = w.Expected
	fromSent, fromAck := results.NewHistogram(results.Figures), results.NewHistogram(results.Figures)
	for range w.Delivered {
		v := 1.95 * math.Exp(0.35*rng.NormFloat64())
		if stalled {
			v += 400 * rng.Float64()
		}
		record(fromSent, v)
		record(fromAck, 0.05*math.Exp(0.8*rng.NormFloat64()))
	}
	w.Quantities = map[string]results.Histogram{results.Delivery: encode(t, fromSent), results.DeliveryFromAck: encode(t, fromAck)}
	return w
}

// interval is one second of a load: its arrivals vary, a stall delays and is seen in response more than in service.
func (l load) interval(t testing.TB, rng *rand.Rand, second int, phase results.PhaseName, stalled bool) results.OperationInterval {
	t.Helper()
	n := int64(l.rate)
	if l.rate < 1 && second%int(1/l.rate) == 0 {
		n = 1
	}
	if l.rate >= 3 {
		n = max(0, n+int64(math.Round(math.Sqrt(l.rate)*rng.NormFloat64()*0.6)))
	}
	o := results.OperationInterval{Workload: l.workload, Operation: l.operation, Resource: l.resource, Chain: l.chain, Phase: phase}
	o.Intended, o.Sent, o.Succeeded = n, n, n
	if l.conflicts {
		o.Succeeded, o.Conflicts = 0, n
	}
	for code, share := range l.errors {
		failed := min(int64(math.Round(share*float64(n))), o.Succeeded)
		if failed > 0 {
			o.Succeeded -= failed
			o.Errors = map[string]int64{code: failed}
		}
	}
	response, turnaround, service := results.NewHistogram(results.Figures), results.NewHistogram(results.Figures), results.NewHistogram(results.Figures)
	for range n {
		s := l.p50 * math.Exp(l.spread*rng.NormFloat64())
		if rng.Float64() < 0.01 {
			s += 12 * rng.Float64()
		}
		wait := 0.0
		if stalled {
			s, wait = s+60*rng.Float64(), 400*rng.Float64()
		}
		record(service, s)
		record(turnaround, s+wait)
		record(response, s+wait+0.08*math.Exp(0.7*rng.NormFloat64()))
	}
	o.Quantities = map[string]results.Histogram{results.Response: encode(t, response), results.Turnaround: encode(t, turnaround), results.Service: encode(t, service)}
	if l.stream && n > 0 {
		first := results.NewHistogram(results.Figures)
		for range n {
			record(first, l.p50/5*math.Exp(l.spread*rng.NormFloat64()))
		}
		o.Quantities[results.FirstChunk] = encode(t, first)
	}
	o.Achieved = o.Succeeded + o.Conflicts
	if phase == results.PhaseMeasure && n > 0 {
		o.Exemplars = []results.Exemplar{{AtMS: float64(second)*1000 + 345, ResponseMS: float64(response.Max()) / 1000, ServiceMS: float64(service.Max()) / 1000, Code: "OK", Endpoint: "127.0.0.1:2379", Revision: int64(4000 + second)}}
	}
	return o
}

func record(h *hdr.Histogram, millis float64) {
	if h.RecordValue(max(1, int64(millis*1000))) != nil {
		panic("a value beyond the histogram")
	}
}

func encode(t testing.TB, h *hdr.Histogram) results.Histogram {
	t.Helper()
	e, err := results.EncodeHistogram(h)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// page loads a journal and adds what the verdict would: why the run is not valid, and thresholds.
func page(t testing.TB, journal []byte) Page {
	t.Helper()
	run, err := results.LoadFrom(bytes.NewReader(journal))
	if err != nil {
		t.Fatal(err)
	}
	p := Page{
		Run: run, Result: results.Summarize(run), Reproduce: "etcd-dyno run pod-churn --configuration single --set seed=1",
		Scenario: "name = \"pod-churn\"\n\n[workload.churn]\nkind = \"pod-churn\"\narrival = { process = \"poisson\", rate = \"5/s\" }\n", Configuration: "name = \"single\"\nmembers = 1\n",
	}
	p.Result.InvalidReasons = append(p.Result.InvalidReasons, judging.Validity(run)...)
	p.Result.Valid = len(p.Result.InvalidReasons) == 0
	p.Result.Thresholds = []results.ThresholdResult{
		{Check: "churn.create.response.p95 < 1s", Value: "3.41 ms", Status: results.Pass},
		{Check: "churn.*.errors == 0", Value: "0", Status: results.Pass},
		{Check: "informers.missing == 0", Value: "0", Status: results.Pass},
	}
	return p
}

// streaming is a run with all that a figure can be of: chains, streams, watches, conflicts and errors.
func streaming(t testing.TB, seconds int) Page {
	t.Helper()
	f := podChurn(seconds)
	f.loads[3].errors = map[string]float64{"Unavailable": 0.4}
	f.loads = append([]load{f.loads[0], f.loads[2], f.loads[3], f.loads[11]}, load{workload: "relist", operation: "stream", resource: "pods", rate: 2, p50: 40, spread: 0.2, stream: true})
	return page(t, f.journal(t))
}

// troubled is a run in which much went wrong: errors, a stall, drops, a failed
// check, breached thresholds, an interrupt, lost lines and hostile names.
func troubled(t testing.TB) Page {
	t.Helper()
	f := podChurn(20)
	f.scenario = `<script>alert("x")</script>`
	f.loads[3].errors = map[string]float64{"Unavailable": 0.4}
	f.loads[11].errors = map[string]float64{"DeadlineExceeded": 0.05}
	f.loads = append(f.loads, load{workload: `a"b<i>&amp;`, operation: `<img src=x onerror=alert(1)>`, resource: "</style>", rate: 0.15, p50: 3, spread: 0.1})
	f.unended = true
	f.events = []results.Event{
		{AtMS: 12_000, Kind: results.EventMember, Detail: "member single exited: signal: killed"},
		{AtMS: 12_400, Kind: results.EventInvalid, Detail: "heartbeats.renew-lease: the generator's own lag made 14 % of the response at p99 (response 359 ms, turnaround 308 ms)"},
		{AtMS: 20_000, Kind: results.EventInterrupted, Detail: "the user asked to stop"},
	}
	f.checks[0] = results.Check{Name: "acknowledged-writes", Status: results.Fail, Detail: "2 of 3,210 acknowledged writes are not there: /registry/pods/dyno/</td><script>1</script>"}
	journal := append(f.journal(t), []byte("{\"interval\":{\"start_ms\":1\nnot a record\n")...)
	p := page(t, journal)
	p.Result.Thresholds = []results.ThresholdResult{
		{Check: "churn.create.response.p95 < 1s", Value: "n/a, max 278 ms", Status: results.Pass},
		{Check: "churn.*.errors == 0", Value: "36", Status: results.Fail},
		{Check: "churn.create.response.p99.9 < 100ms", Value: "too few samples (98 of 10,000), max 278 ms", Status: results.TooFew},
		{Check: "server.fsync.p99 < 10ms", Value: "no data", Status: results.Skipped},
	}
	p.Scenario = "name = \"</code></pre><script>alert(1)</script>\"\n"
	p.Result.Findings = []results.Finding{
		{Name: "disk-fsync", Confidence: results.High, Evidence: []string{"m1's WAL fsync takes 29 ms (p50) and 64 ms (p99); etcd's FAQ wants a p99 below 10 ms", "a write took 73 ms (median)"}, Advice: "Put the WAL on a disk with fast fsyncs."},
		{Name: "cpu-host", Confidence: results.Low, Evidence: []string{"m1 ran 0.12 s in a second and waited 0.26 s for a processor"}, Advice: "Take away what else uses it."},
	}
	p.Result.Actions = happened()
	for _, a := range p.Result.Actions {
		p.Run.Actions = append(p.Run.Actions, results.ActionRecord{Action: a.Action})
	}
	return p
}

// happened is a member that dies, a backup, and a disaster that the cluster does not recover from.
func happened() []results.ActionResult {
	window := func(seconds float64, n, errors int64, p99 float64) *results.ActionWindow {
		of := results.Distribution{Count: n, P50: new(1.9), P99: new(p99), Max: new(2 * p99)}
		w := &results.ActionWindow{Seconds: seconds, Succeeded: n, AchievedRate: float64(n) / seconds, Errors: map[string]int64{}, Response: of}
		if errors > 0 {
			w.Errors["Unavailable"] = errors
		}
		for _, name := range []string{"create", "get"} {
			w.Operations = append(w.Operations, results.WindowOperation{Workload: "churn", Operation: name, Succeeded: n, Errors: w.Errors, Response: of})
		}
		return w
	}
	return []results.ActionResult{
		{
			Action: results.Action{
				Name: "lose-leader", Do: "kill", Members: []string{"m2"}, AtMS: 8000, EndedMS: new(11_064.0), UnavailableMS: new(1336.0), RecoveredMS: new(1318.0), TailMS: new(7001.0),
				Steps: []results.ActionStep{{Name: "killed", Member: "m2", AtMS: 8000, TookMS: 9.4}, {Name: "started again, until it serves", Member: "m2", AtMS: 11_000, TookMS: 64}},
			},
			Before: window(3, 1200, 0, 8.4), During: window(7, 2100, 34, 1890), After: window(1, 400, 0, 9.1),
		},
		{
			Action: results.Action{
				Name: "backup", Do: "snapshot", Members: []string{"m1"}, AtMS: 16_000, EndedMS: new(16_060.0), UnavailableMS: new(22.5), RecoveredMS: new(0.0), TailMS: new(0.0),
				Snapshot: &results.SnapshotRef{Member: "m1", Bytes: 13 << 20, TookMS: 50.5, Revision: 2581, Keys: 1507, Hash: "da583f3d"},
			},
			Before: window(1, 400, 0, 9.1), During: window(0.06, 24, 0, 12), After: window(2, 800, 0, 9),
		},
		{
			Action: results.Action{
				Name: "disaster", Do: "disaster-recovery", Members: []string{"m1", "m2", "</td><b>m3"}, AtMS: 18_000, EndedMS: new(20_000.0), UnavailableMS: new(2000.0), Failed: "m1 does not serve",
				Loss: &results.Loss{Revision: 2581, Acknowledged: 1295, Keys: 442},
			},
			Before: window(2, 800, 0, 9), During: window(2, 0, 310, 2000),
		},
	}
}
