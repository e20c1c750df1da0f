// Package live shows a run to Prometheus while it goes.
//
// It is fed with what the journal gets each second, so that no request waits for
// it. Its registry is its own: in the default one are the metrics of the etcd that
// is built in.
package live

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Exporter gathers intervals and is a prometheus.Collector of their sums. It may
// be shared by goroutines. The zero value is empty and ready.
type Exporter struct {
	mu sync.Mutex // guards all below
	// families are by name, and their series by labels.
	families map[string]*family
	current  Run // whose interval came last
}

// family is all series of one name.
type family struct {
	help   string
	kind   dto.MetricType
	series map[string]*series
}

type series struct {
	labels    []*dto.LabelPair
	value     float64
	histogram *histogram // nil but for histograms
}

// Run says whose interval it is.
type Run struct{ Scenario, Configuration string }

// The names of what is told; etcd_dyno_ stands in front of each.
const (
	intended   = "operations_intended_total"
	operations = "operations_total"
	failures   = "operation_errors_total"
	retries    = "operation_retries_total"
	sent       = "operation_sent_bytes_total"
	received   = "operation_received_bytes_total"
	lag        = "lag_seconds"
	wake       = "wake_seconds"
	expected   = "watch_events_expected_total"
	delivered  = "watch_events_total"
	late       = "watch_events_late_total"
	duplicated = "watch_events_duplicated_total"
	outOfOrder = "watch_events_out_of_order_total"
	delivery   = "watch_delivery_seconds"
	cores      = "generator_cpu_cores"
	waited     = "generator_cpu_wait_cores"
	resident   = "generator_resident_memory_bytes"
	hostCPU    = "host_cpu_ratio"
	opened     = "generator_connections"
	phase      = "phase"
)

// Feed adds an interval. A histogram that cannot be read is left out; the journal has it.
func (e *Exporter) Feed(r Run, in *results.Interval) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if r != e.current { // what the run before used is over; its counters stay
		e.current = r
		maps.DeleteFunc(e.families, func(_ string, f *family) bool { return f.kind == dto.MetricType_GAUGE })
	}
	run := []string{"scenario", r.Scenario, "configuration", r.Configuration}
	for _, o := range in.Operations {
		e.operation(o, append(slices.Clip(run), "workload", o.Workload, "operation", o.Operation, "chain", strconv.FormatBool(o.Chain), "phase", string(o.Phase)))
	}
	for _, w := range in.Watches {
		labels := append(slices.Clip(run), "workload", w.Workload, "phase", string(w.Phase))
		e.count(expected, "Events that watchers were to see: one for each acknowledged write and watcher.", w.Expected, labels)
		e.count(delivered, "Events that watchers saw.", w.Delivered, labels)
		e.count(late, "Events that came only after the load had ended.", w.Late, labels)
		e.count(duplicated, "Events that came twice.", w.Duplicated, labels)
		e.count(outOfOrder, "Events that came out of order.", w.OutOfOrder, labels)
		e.observe(delivery, "From the sending of a write until a watcher saw its event.", w.Quantities[results.Delivery], labels)
	}
	for _, l := range in.Lag {
		e.observe(lag, "The generator's own lateness: from the intended start until it released the operation.", l.Lag, append(slices.Clip(run), "workload", l.Workload, "phase", string(l.Phase)))
	}
	for _, w := range in.Wake {
		e.observe(wake, "How late the generator noticed what had come for it.", w.Wake, append(slices.Clip(run), "phase", string(w.Phase)))
	}
	g := in.Generator
	e.set(cores, "Processors that the generator used, in CPU seconds per second.", g.CPUCores, run)
	e.set(waited, "How long its threads were ready to run and did not, per second.", g.CPUWaitCores, run)
	e.set(resident, "The generator's resident memory.", float64(g.RSSBytes), run)
	e.set(hostCPU, "The share of the machine's processors that was used.", g.HostCPU, run)
	e.set(opened, "Connections to etcd that are open.", float64(g.Connections), run)
	e.phases(in, run)
}

// phases shows which phase it is: 1, and 0 for the others that have been.
func (e *Exporter) phases(in *results.Interval, run []string) {
	last := results.PhaseName("")
	for _, l := range in.Lag {
		last = l.Phase
	}
	if last == "" {
		return
	}
	for _, p := range []results.PhaseName{results.PhaseWarmup, results.PhaseMeasure, results.PhaseDrain} {
		v := 0.0
		if p == last {
			v = 1
		}
		e.set(phase, "1 for the phase in which operations were last due.", v, append(slices.Clip(run), "phase", string(p)))
	}
}

func (e *Exporter) operation(o results.OperationInterval, labels []string) {
	e.count(intended, "Operations that were due.", o.Intended, labels)
	const ended = "Operations that ended, by how; errors are by their code in etcd_dyno_" + failures + "."
	for outcome, n := range map[string]int64{"succeeded": o.Succeeded, "conflict": o.Conflicts, "dropped": o.Dropped, "error": sum(o.Errors)} {
		e.count(operations, ended, n, append(slices.Clip(labels), "outcome", outcome))
	}
	for code, n := range o.Errors {
		e.count(failures, "Operations that failed, by their gRPC code.", n, append(slices.Clip(labels), "code", code))
	}
	e.count(retries, "How often the etcd client sent a request again by itself.", o.Retries, labels)
	e.count(sent, "Bytes of gRPC messages sent.", o.BytesSent, labels)
	e.count(received, "Bytes of gRPC messages received.", o.BytesReceived, labels)
	for quantity, help := range map[string]string{
		results.Response: "From the intended start until it was done.", results.Turnaround: "From the release until it was done.", results.Service: "From the sending until it was done: etcd's and the network's part.",
	} {
		e.observe("operation_"+quantity+"_seconds", help, o.Quantities[quantity], labels)
	}
}

func sum(codes map[string]int64) (n int64) {
	for _, each := range codes {
		n += each
	}
	return n
}

// of is a series, which is made on first use.
func (e *Exporter) of(name, help string, kind dto.MetricType, labels []string) *series {
	name = "etcd_dyno_" + name
	if e.families == nil {
		e.families = map[string]*family{}
	}
	f := e.families[name]
	if f == nil {
		f = &family{help: help, kind: kind, series: map[string]*series{}}
		e.families[name] = f
	}
	key := strings.Join(labels, "\x00")
	s := f.series[key]
	if s == nil {
		s = &series{}
		for i := 0; i < len(labels); i += 2 {
			s.labels = append(s.labels, &dto.LabelPair{Name: &labels[i], Value: &labels[i+1]})
		}
		slices.SortFunc(s.labels, func(a, b *dto.LabelPair) int { return cmp.Compare(a.GetName(), b.GetName()) })
		f.series[key] = s
	}
	return s
}

func (e *Exporter) count(name, help string, n int64, labels []string) {
	e.of(name, help, dto.MetricType_COUNTER, slices.Clone(labels)).value += float64(n)
}

func (e *Exporter) set(name, help string, v float64, labels []string) {
	e.of(name, help, dto.MetricType_GAUGE, slices.Clone(labels)).value = v
}

func (e *Exporter) observe(name, help string, h results.Histogram, labels []string) {
	if h == "" {
		return
	}
	s := e.of(name, help, dto.MetricType_HISTOGRAM, slices.Clone(labels))
	if s.histogram == nil {
		s.histogram = newHistogram()
	}
	s.histogram.add(h)
}

// Describe tells nothing: what there is to tell depends on the scenario.
func (e *Exporter) Describe(chan<- *prometheus.Desc) {}

// Collect tells all sums.
func (e *Exporter) Collect(to chan<- prometheus.Metric) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(e.families)) {
		f := e.families[name]
		for _, key := range slices.Sorted(maps.Keys(f.series)) {
			s := f.series[key]
			to <- told{desc: describe(name, f.help, s), metric: s.metric(f.kind)}
		}
	}
}

func describe(name, help string, s *series) *prometheus.Desc {
	var names []string
	for _, l := range s.labels {
		names = append(names, l.GetName())
	}
	return prometheus.NewDesc(name, help, names, nil)
}

// metric is the series as it is now.
func (s *series) metric(kind dto.MetricType) *dto.Metric {
	m := &dto.Metric{Label: s.labels}
	switch kind {
	case dto.MetricType_COUNTER:
		m.Counter = &dto.Counter{Value: new(s.value)}
	case dto.MetricType_HISTOGRAM:
		m.Histogram = s.histogram.metric()
	default:
		m.Gauge = &dto.Gauge{Value: new(s.value)}
	}
	return m
}

// told is a metric as it was when it was collected.
type told struct {
	desc   *prometheus.Desc
	metric *dto.Metric
}

// Desc implements prometheus.Metric.
func (t told) Desc() *prometheus.Desc { return t.desc }

// Write implements prometheus.Metric.
func (t told) Write(to *dto.Metric) error {
	proto.Merge(to, t.metric)
	return nil
}
