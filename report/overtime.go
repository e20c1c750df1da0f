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
func (p *plotter) overTime(r results.Result) []picture {
	if len(r.Operations) == 0 && len(p.run.Watches) == 0 {
		return nil
	}
	var all []picture
	if len(r.Operations) > 0 {
		all = append(all, p.load()...)
	}
	for _, w := range p.run.Watches {
		points := figure.DeliveryOf(p.time, w.Workload)
		d := results.Distribute(w.Quantities[results.Delivery])
		all = append(all, p.panel(w.Workload+" watch delivery", w.Workload+": watch delivery"+p.worst(), figure.HeatPanel(
			fmt.Sprintf("%s delivery over time: %s.", w.Workload, inWords(d)), p.time, figure.SpanOf(nil, points), figure.DeliveryHeat(p.time, w.Workload), points)))
	}
	for _, o := range p.run.Operations {
		if d := results.Distribute(o.Quantities[results.FirstChunk]); d.Count > 0 {
			name := o.Workload + " " + o.Operation
			points := figure.FirstChunkOf(p.time, o.Workload, o.Operation)
			all = append(all, p.panel(name+" first chunk", name+": first chunk of the stream"+p.worst(), figure.LatencyPanel(
				fmt.Sprintf("%s, first chunk over time: %s.", name, inWords(d)), p.time, figure.SpanOf(nil, points), points)))
		}
	}
	return append(all, p.telemetry()...)
}

// load draws what all operations together did.
func (p *plotter) load() []picture {
	points, rates := figure.AllLatency(p.time), figure.AllRates(p.time)
	var highest, most float64
	for _, each := range points {
		highest = max(highest, each.Max)
	}
	for _, each := range rates {
		most = max(most, each.Achieved)
	}
	all := []picture{
		p.panel("all over time", "Response of all operations"+p.worst(), figure.HeatPanel(
			"The response of all operations over time: the highest was "+figure.Duration(highest, " ")+".", p.time, figure.SpanOf(nil, points), figure.AllHeat(p.time), points)),
		p.panel("all rate", "Intended and achieved rate of all operations", figure.RatePanel(
			"The rate of all operations over time: at most "+figure.Rate(most)+"/s achieved.", p.time, rates)),
	}
	var open []figure.Line
	for _, o := range p.run.Operations {
		if !slices.ContainsFunc(open, func(l figure.Line) bool { return l.Name == o.Workload }) {
			open = append(open, figure.Line{Name: o.Workload, Points: figure.OpenOf(p.time, o.Workload)})
		}
	}
	all = append(all, p.panel("open", "Open operations: due and not done yet, in flight or in the backlog", figure.LinesPanel(
		"Open operations over time: "+highestOf(open, figure.Number)+".", p.time, figure.Number, open...)))
	if errors := figure.ErrorsOf(p.time); len(errors) > 0 {
		all = append(all, p.panel("errors", "Errors by kind", figure.LinesPanel(
			"Errors over time: "+highestOf(errors, figure.PerSecond)+".", p.time, figure.PerSecond, errors...)))
	}
	return all
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
	panel := func(caption string, unit figure.Unit, lines []figure.Line) picture {
		return p.panel(caption, caption, figure.LinesPanel(caption+" over time: "+highestOf(lines, unit)+".", p.time, unit, lines...))
	}
	return []picture{
		panel("WAL fsync, p99", figure.Millis, each(p99(results.Fsync))),
		panel("Backend commit, p99", figure.Millis, each(p99(results.Commit))),
		panel("Request in etcd, p99", figure.Millis, each(p99(results.Request))),
		panel("CPU", figure.Cores, append(cpu, own)),
		panel("Waited for a processor, threads together", figure.Cores, each(func(m results.MemberMoment) float64 { return m.Rate(results.CPUWaitSeconds) })),
		panel("Memory", figure.Memory, each(gauge(results.MemberRSS, 1<<20))),
		panel("Database", figure.Memory, each(gauge(results.DBBytes, 1<<20))),
		panel("Proposals pending", figure.Number, each(gauge(results.ProposalsPending, 1))),
		p.host(),
	}
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
