package report

import (
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// OpenMetrics writes what operations, members, the machine and the generator did
// over time, each sample with its instant, as OpenMetrics 1.0 text. Counters and
// histograms begin at 0 with the run. Units are seconds and bytes.
func OpenMetrics(w io.Writer, run *results.Run) error {
	e := exposition{run: run, families: map[string]*dto.MetricFamily{}}
	for _, m := range run.Timeline {
		e.moment(m)
	}
	for _, m := range run.Server {
		e.member(m)
	}
	for _, h := range run.Host.Timeline {
		e.host(h)
	}
	for _, name := range slices.Sorted(maps.Keys(e.families)) {
		f := e.families[name]
		slices.SortStableFunc(f.Metric, func(a, b *dto.Metric) int { return strings.Compare(labelText(a), labelText(b)) }) // a series in one piece
		if _, err := expfmt.MetricFamilyToOpenMetrics(w, f); err != nil {
			return fmt.Errorf("writing OpenMetrics: %w", err)
		}
	}
	if _, err := expfmt.FinalizeOpenMetrics(w); err != nil {
		return fmt.Errorf("writing OpenMetrics: %w", err)
	}
	return nil
}

// exposition gathers families.
type exposition struct {
	run      *results.Run
	families map[string]*dto.MetricFamily
	totals   map[string]float64 // of counters, by family and labels
}

// labels are name, value, name, value.
func labelsOf(pairs []string) (all []*dto.LabelPair) {
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, &dto.LabelPair{Name: &pairs[i], Value: &pairs[i+1]})
	}
	return all
}

func labelText(m *dto.Metric) string {
	var b strings.Builder
	for _, l := range m.GetLabel() {
		b.WriteString(l.GetName() + "\x00" + l.GetValue() + "\x00")
	}
	return b.String()
}

// sample adds one at so many milliseconds since the run's start.
func (e *exposition) sample(name, help string, kind dto.MetricType, atMS float64, m *dto.Metric, labels []string) {
	name = "etcd_dyno_" + name
	f := e.families[name]
	if f == nil {
		f = &dto.MetricFamily{Name: &name, Help: &help, Type: &kind}
		e.families[name] = f
	}
	at := e.run.Header.Started.UnixMilli() + int64(atMS)
	m.TimestampMs, m.Label = &at, labelsOf(labels)
	f.Metric = append(f.Metric, m)
}

func (e *exposition) gauge(name, help string, atMS, v float64, labels ...string) {
	if !math.IsNaN(v) && !math.IsInf(v, 0) {
		e.sample(name, help, dto.MetricType_GAUGE, atMS, &dto.Metric{Gauge: &dto.Gauge{Value: &v}}, labels)
	}
}

// counter adds by how much one has grown.
func (e *exposition) counter(name, help string, atMS, grown float64, labels ...string) {
	if e.totals == nil {
		e.totals = map[string]float64{}
	}
	key := name + "\x00" + strings.Join(labels, "\x00")
	e.totals[key] += grown
	v := e.totals[key]
	e.sample(name+"_total", help, dto.MetricType_COUNTER, atMS, &dto.Metric{Counter: &dto.Counter{Value: &v}}, labels)
}

func (e *exposition) moment(m results.Moment) {
	at := m.EndMS
	for _, o := range m.Operations {
		labels := []string{"workload", o.Workload, "operation", o.Operation}
		for outcome, n := range map[string]int64{"succeeded": o.Succeeded, "conflict": o.Conflicts, "error": o.ErrorCount(), "dropped": o.Dropped} {
			e.counter("operations", "Operations that ended, by how.", at, float64(n), append(labels, "outcome", outcome)...)
		}
		e.counter("operations_intended", "Operations that were due.", at, float64(o.Intended), labels...)
		if o.Response.Count > 0 {
			for quantile, v := range map[string]float64{"0.5": o.Response.P50, "0.99": o.Response.P99, "1": o.Response.Max} {
				e.gauge("response_seconds", "Response since the sample before, from the intended start.", at, v/1000, append(labels, "quantile", quantile)...)
			}
			e.gauge("service_seconds", "Service since the sample before, from the moment of sending.", at, o.Service.P99/1000, append(labels, "quantile", "0.99")...)
		}
	}
	for _, w := range m.Watches {
		e.counter("watch_events", "Events that watchers saw.", at, float64(w.Delivered), "workload", w.Workload)
		if w.Delivery.Count > 0 {
			e.gauge("watch_delivery_seconds", "From the sending of a write until a watcher saw its event.", at, w.Delivery.P99/1000, "workload", w.Workload, "quantile", "0.99")
		}
	}
	g := m.Generator
	e.gauge("generator_cpu_cores", "Processors that the generator used.", at, g.CPUCores)
	e.gauge("generator_cpu_wait_cores", "How long its threads were ready to run and did not, per second.", at, g.CPUWaitCores)
	e.gauge("generator_resident_memory_bytes", "The generator's resident memory.", at, float64(g.RSSBytes))
	e.gauge("generator_heap_bytes", "The generator's heap.", at, float64(g.HeapBytes))
	e.counter("generator_gc_pause_seconds", "How long garbage collection stopped the generator.", at, g.GCPauseMS/1000)
	e.gauge("generator_connections", "Connections to etcd that are open.", at, float64(g.Connections))
}

func (e *exposition) member(m results.MemberRecord) {
	sums := map[string]results.ServerHistogram{}
	for name, all := range wholeHistograms(m) { // each bucket is there from the start
		for i := range all.Buckets {
			all.Buckets[i].Count = 0
		}
		sums[name] = results.ServerHistogram{Buckets: all.Buckets}
	}
	for _, look := range m.Timeline {
		at := look.EndMS
		up := 1.0
		if look.Failed {
			up = 0
		}
		e.gauge("member_up", "Whether the member told of itself.", at, up, "member", m.Member)
		for _, name := range slices.Sorted(maps.Keys(look.Gauges)) {
			e.gauge("member_"+name, "A member's "+spaced(name)+".", at, look.Gauges[name], "member", m.Member)
		}
		for _, name := range slices.Sorted(maps.Keys(look.Counters)) {
			e.counter("member_"+name, "A member's "+spaced(name)+" since the run began.", at, look.Counters[name], "member", m.Member)
		}
		for _, name := range slices.Sorted(maps.Keys(sums)) {
			sums[name] = sums[name].Plus(look.Histograms[name])
			e.histogram("member_"+name+"_seconds", "A member's "+spaced(name)+" durations since the run began.", at, sums[name], m.Member)
		}
	}
}

func spaced(name string) string { return strings.ReplaceAll(name, "_", " ") }

// wholeHistograms are the sums over all looks.
func wholeHistograms(m results.MemberRecord) map[string]results.ServerHistogram {
	all := map[string]results.ServerHistogram{}
	for _, look := range m.Timeline {
		for name, h := range look.Histograms {
			all[name] = all[name].Plus(h)
		}
	}
	return all
}

// histogram adds one of a member.
func (e *exposition) histogram(name, help string, atMS float64, h results.ServerHistogram, member string) {
	var below uint64
	sum := h.SumMS / 1000
	d := &dto.Histogram{SampleSum: &sum}
	for _, b := range h.Buckets {
		below += uint64(b.Count)
		to, n := b.ToMS/1000, below
		if b.ToMS == 0 {
			to = math.Inf(1)
		}
		d.Bucket = append(d.Bucket, &dto.Bucket{UpperBound: &to, CumulativeCount: &n})
	}
	d.SampleCount = &below
	e.sample(name, help, dto.MetricType_HISTOGRAM, atMS, &dto.Metric{Histogram: d}, []string{"member", member})
}

func (e *exposition) host(h results.HostTelemetry) {
	at := h.EndMS
	e.gauge("host_cpu_ratio", "The share of all processors that was used.", at, h.CPU)
	e.gauge("host_steal_ratio", "The share that the hypervisor gave to others.", at, h.Steal)
	e.gauge("host_io_wait_ratio", "The share that was idle while a disk was waited for.", at, h.IOWait)
	e.gauge("host_available_memory_bytes", "Memory that could be had.", at, float64(h.MemoryAvailable))
	e.counter("host_network_received_bytes", "Bytes over all interfaces.", at, float64(h.NetworkReceived))
	e.counter("host_network_sent_bytes", "Bytes over all interfaces.", at, float64(h.NetworkSent))
	if p := h.Pressure; p != nil {
		for resource, v := range map[string]float64{"cpu": p.CPU, "io": p.IO, "memory": p.Memory} {
			e.gauge("host_pressure_ratio", "The share of the time in which some task waited for it.", at, v, "resource", resource)
		}
	}
	if d := h.Disk; d != nil {
		e.gauge("host_disk_busy_ratio", "The share of the time in which the disk had something to do.", at, d.Busy, "device", d.Device)
		e.counter("host_disk_flushes", "Cache flushes.", at, float64(d.Flushes), "device", d.Device)
		e.counter("host_disk_written_bytes", "Bytes written.", at, float64(d.BytesWritten), "device", d.Device)
	}
}
