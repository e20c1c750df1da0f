package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// overTime draws the run over one time axis: what was asked of etcd and how it
// answered, and below it what the members and the machine did.
func (p *plotter) overTime(r results.Result) (all []picture) {
	if len(r.Operations) > 0 {
		all = append(all, p.load()...)
	}
	for _, w := range p.run.Watches {
		points := figure.DeliveryOf(p.time, w.Workload)
		all = append(all, p.panel(w.Workload+" watch delivery", w.Workload+": watch delivery"+p.worst(), figure.HeatPanel(
			w.Workload+" delivery over time: "+p.course(points)+".", p.time, figure.SpanOf(nil, points), figure.DeliveryHeat(p.time, w.Workload), points)))
	}
	for _, o := range p.run.Operations {
		if h := o.Quantities[results.FirstChunk]; h != nil && h.TotalCount() > 0 {
			name := o.Workload + " " + o.Operation
			points := figure.FirstChunkOf(p.time, o.Workload, o.Operation)
			all = append(all, p.panel(name+" first chunk", name+": first chunk of the stream"+p.worst(), figure.LatencyPanel(
				name+", first chunk over time: "+p.course(points)+".", p.time, figure.SpanOf(nil, points), points)))
		}
	}
	return append(all, p.telemetry()...)
}

// load draws what all requests together did.
func (p *plotter) load() []picture {
	points, rates := figure.AllLatency(p.time), figure.AllRates(p.time)
	all := []picture{
		p.panel("all over time", "Response of all operations"+p.worst(), figure.HeatPanel(
			"The response of all operations over time: "+p.course(points)+".", p.time, figure.SpanOf(nil, points), figure.AllHeat(p.time), points)),
		p.panel("all rate", "Intended and achieved rate of all operations"+p.each("mean"), figure.RatePanel(
			"The rate of all operations over time: "+p.pace(rates)+".", p.time, rates)),
	}
	var open, backlog []figure.Line
	for _, o := range p.run.Operations {
		if slices.ContainsFunc(open, func(l figure.Line) bool { return l.Name == o.Workload }) {
			continue
		}
		open = append(open, figure.Line{Name: o.Workload, Points: figure.OpenOf(p.time, o.Workload)})
		waiting := figure.Line{Name: o.Workload, Points: figure.BacklogOf(p.time, o.Workload)}
		if slices.ContainsFunc(waiting.Points, func(p figure.Point) bool { return p.Value > 0 }) {
			backlog = append(backlog, waiting)
		}
	}
	all = append(all, p.lines("open", "Open operations: due and not done yet, in flight or in the backlog"+p.each("most"), "Open operations", figure.Number, open)...)
	if len(backlog) > 0 {
		all = append(all, p.lines("backlog", "Backlog: due, and waiting for one of the workload's workers"+p.each("most"), "Backlog", figure.Number, backlog)...)
	}
	if errors := figure.ErrorsOf(p.time); len(errors) > 0 {
		all = append(all, p.lines("errors", "Errors by kind"+p.each("mean"), "Errors", figure.PerSecond, errors)...)
	}
	return all
}

// lines draws lines over time, as many figures as it takes to tell them apart.
func (p *plotter) lines(name, caption, what string, unit figure.Unit, all []figure.Line) (pictures []picture) {
	parts := slices.Collect(slices.Chunk(all, figure.MostCurves))
	for i, part := range parts {
		of := ""
		if len(parts) > 1 {
			of = fmt.Sprintf(", %d of %d", i+1, len(parts))
		}
		pictures = append(pictures, p.panel(name, caption+of, figure.LinesPanel(what+" over time"+of+": "+highestOf(part, unit)+".", p.time, unit, part...)))
	}
	return pictures
}

// measured reports whether a second of the time axis lies in the measure phase.
func (p *plotter) measured(second float64) bool {
	return slices.ContainsFunc(p.time.Bands, func(b figure.Band) bool {
		return b.Name == results.PhaseMeasure && second >= b.From && second <= b.To
	})
}

// course says how latency went in the measure phase, for example "p50 from 1.70 ms to 2.10 ms, highest 1.93 s at 12 s".
func (p *plotter) course(points []figure.LatencyPoint) string {
	low, high := math.Inf(1), 0.0
	var peak figure.LatencyPoint
	for _, each := range points {
		if each.Count == 0 || !p.measured(each.Second) {
			continue
		}
		low, high = min(low, each.P50), max(high, each.P50)
		if each.Max > peak.Max {
			peak = each
		}
	}
	if peak.Max == 0 {
		return "no samples in the measure phase"
	}
	return fmt.Sprintf("p50 from %s to %s, highest %s at %s", figure.Duration(low, " "), figure.Duration(high, " "), figure.Duration(peak.Max, " "), figure.Duration(max(peak.Second, 0)*1000, " "))
}

// pace says what was intended and achieved in the measure phase, on average.
func (p *plotter) pace(points []figure.RatePoint) string {
	var intended, achieved float64
	n := 0
	for _, each := range points {
		if p.measured(each.Second) && !math.IsNaN(each.Intended) {
			intended, achieved, n = intended+each.Intended, achieved+each.Achieved, n+1
		}
	}
	if n == 0 {
		return "nothing in the measure phase"
	}
	return fmt.Sprintf("%s/s intended and %s/s achieved on average of the measure phase", figure.Rate(intended/float64(n)), figure.Rate(achieved/float64(n)))
}

// telemetry draws what members and the machine did.
func (p *plotter) telemetry() []picture {
	if len(p.run.Server) == 0 {
		return nil
	}
	each := func(value func(results.MemberMoment) float64) (lines []figure.Line) {
		for _, m := range p.run.Server {
			lines = append(lines, figure.Line{Name: m.Member, Points: figure.MemberPoints(p.time, m, value)})
		}
		return lines
	}
	p99 := func(name string) func(results.MemberMoment) float64 {
		return func(m results.MemberMoment) float64 {
			if v, ok := m.Histograms[name].Percentile(99); ok {
				return v
			}
			return math.NaN()
		}
	}
	gauge := func(name string, unit float64) func(results.MemberMoment) float64 {
		return func(m results.MemberMoment) float64 {
			if v, ok := m.Gauges[name]; ok {
				return v / unit
			}
			return math.NaN()
		}
	}
	cpu := each(func(m results.MemberMoment) float64 { return m.Rate(results.CPUSeconds) })
	own := figure.Line{Name: "generator"}
	for _, u := range figure.UsageOf(p.time) {
		own.Points = append(own.Points, figure.Point{Second: u.Second, Value: u.CPUCores})
	}
	var all []picture
	panel := func(caption string, unit figure.Unit, lines []figure.Line) {
		all = append(all, p.lines(caption, caption, caption, unit, lines)...)
	}
	panel("WAL fsync, p99", figure.Millis, each(p99(results.Fsync)))
	panel("Backend commit, p99", figure.Millis, each(p99(results.Commit)))
	panel("Request in etcd, p99", figure.Millis, each(p99(results.Request)))
	panel("CPU", figure.Cores, append(cpu, own))
	panel("Waited for a processor, threads together", figure.Cores, each(func(m results.MemberMoment) float64 { return m.Rate(results.CPUWaitSeconds) }))
	panel("Memory", figure.Memory, each(gauge(results.MemberRSS, 1<<20)))
	panel("Database", figure.Memory, each(gauge(results.DBBytes, 1<<20)))
	panel("Proposals pending", figure.Number, each(gauge(results.ProposalsPending, 1)))
	return append(all, p.host())
}

// highestOf says the most that each line came to.
func highestOf(lines []figure.Line, unit figure.Unit) string {
	var parts []string
	for _, l := range lines {
		top := math.NaN()
		for _, point := range l.Points {
			if math.IsNaN(top) || point.Value > top {
				top = point.Value
			}
		}
		if math.IsNaN(top) {
			parts = append(parts, l.Name+" nothing")
			continue
		}
		parts = append(parts, l.Name+" at most "+unit.Print(top))
	}
	return strings.Join(parts, ", ")
}

// host draws how busy the machine was.
func (p *plotter) host() picture {
	var lines []figure.Line
	for _, each := range []struct {
		name  string
		value func(results.HostTelemetry) float64
	}{
		{"busy", func(h results.HostTelemetry) float64 { return h.CPU }},
		{"waiting", func(h results.HostTelemetry) float64 {
			if h.Pressure == nil {
				return math.NaN()
			}
			return h.Pressure.CPU
		}},
		{"disk", func(h results.HostTelemetry) float64 {
			if h.Disk == nil {
				return math.NaN()
			}
			return h.Disk.Busy
		}},
		{"stolen", func(h results.HostTelemetry) float64 { return h.Steal }},
	} {
		points := figure.HostPoints(p.time, p.run.Host, func(h results.HostTelemetry) float64 { return 100 * each.value(h) })
		if slices.ContainsFunc(points, func(p figure.Point) bool { return p.Value >= 0.5 }) {
			lines = append(lines, figure.Line{Name: each.name, Points: points})
		}
	}
	return p.panel("machine", "The machine: share of time", figure.LinesPanel("The machine over time: "+highestOf(lines, figure.Percent)+".", p.time, figure.Percent, lines...))
}
