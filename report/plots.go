package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// plotGroup is a workload's figures, a strip for each operation.
type plotGroup struct {
	Workload string
	Strips   []strip
}

// strip is the three panels of one operation, side by side on a wide screen.
type strip struct {
	Name, Note string
	Panels     []picture
}

// generatorView is what the generator did itself.
type generatorView struct {
	Lags           []lagRow
	CPU, RSS, Busy string
	Panels         []picture
}

type lagRow struct {
	Workload, Count string
	Lag             []cell
}

// Overview is the figure of all operations on one latency axis, figure.Wide or
// figure.Narrow wide.
func Overview(r results.Result, width float64) figure.Figure {
	var rows []figure.OverviewRow
	var says []string
	for _, g := range groups(r.Operations) {
		rows = append(rows, figure.OverviewRow{Workload: g.Workload})
		for _, o := range g.Operations {
			row := figure.NewOverviewRow(g.Workload, o.Operation, o.Response, o.Service)
			rows, says = append(rows, row), append(says, g.Workload+" "+row.String())
		}
	}
	return figure.Overview("Response of each operation on one logarithmic axis: "+strings.Join(says, "; ")+".", width, rows)
}

// draw draws all figures of the page.
func (v *view) draw(run *results.Run, r results.Result) drawings {
	p := plotter{run: run, time: figure.NewTimeline(run), known: map[*hdr.Histogram][]figure.PercentilePoint{}}
	if len(r.Operations) > 0 {
		v.Overview = p.both("overview", "Latency at a glance", Overview(r, figure.Wide), Overview(r, figure.Narrow))
	}
	for _, g := range groups(r.Operations) {
		v.Curves = append(v.Curves, p.curves(g)...)
		v.Plots = append(v.Plots, p.workload(g))
	}
	for _, w := range run.Watches {
		v.Plots = append(v.Plots, plotGroup{Workload: w.Workload, Strips: []strip{p.watch(w)}})
	}
	v.OverTime = p.overTime(r)
	v.Generator = p.generator(r.Generator)
	v.Figures = p.data()
	return p.drawings
}

// plotter draws the figures of a run.
type plotter struct {
	drawings
	run  *results.Run
	time figure.Timeline
	// known are curves that were computed before: an operation's are drawn twice.
	known map[*hdr.Histogram][]figure.PercentilePoint
}

// percentiles is the percentile curve of a histogram.
func (p *plotter) percentiles(h *hdr.Histogram) []figure.PercentilePoint {
	curve, ok := p.known[h]
	if !ok {
		curve = figure.Percentiles(h)
		p.known[h] = curve
	}
	return curve
}

func (p *plotter) workload(g group) plotGroup {
	pg := plotGroup{Workload: g.Workload}
	for _, o := range g.Operations {
		s := p.operation(g.Workload, o)
		if o.Chain {
			s.Note = "whole chain, " + s.Note
		}
		pg.Strips = append(pg.Strips, s)
	}
	return pg
}

func (p *plotter) operation(workload string, o results.Operation) strip {
	var curves []figure.Curve
	for _, record := range p.run.Operations {
		if record.Workload == workload && record.Operation == o.Operation {
			curves = []figure.Curve{
				{Name: "response", Points: p.percentiles(record.Quantities[results.Response])},
				{Name: "service", Points: p.percentiles(record.Quantities[results.Service])},
			}
		}
	}
	latency := figure.LatencyOf(p.time, workload, o.Operation)
	y := figure.SpanOf(curves, latency)
	name := workload + " " + o.Operation
	return strip{
		Name: o.Operation, Note: figure.Count(o.Response.Count) + " timed",
		Panels: []picture{
			p.small(name+" by percentile", "Latency by percentile", figure.PercentilePanel(
				fmt.Sprintf("%s by percentile: response %s; service %s.", name, inWords(o.Response), inWords(o.Service)), y, curves...)),
			p.small(name+" over time", "Response over time"+p.worst(), figure.HeatPanel(
				name+" response over time: "+p.course(latency)+".", p.time, y, figure.HeatOf(p.time, workload, o.Operation), latency)),
			p.small(name+" rate", "Intended and achieved rate"+p.each("mean"), figure.RatePanel(
				fmt.Sprintf("%s rate over time: %s/s intended, %s/s achieved, %s errors.", name, figure.Rate(o.TargetRate), figure.Rate(o.AchievedRate), figure.Count(o.ErrorCount())),
				p.time, figure.RateOf(p.time, workload, o.Operation))),
		},
	}
}

// worst says what lines of latency are where a column is of several intervals.
func (p *plotter) worst() string { return p.each("lines: worst second") }

// each says what is drawn of a column of several intervals.
func (p *plotter) each(what string) string {
	if p.time.PerColumn == 1 {
		return ""
	}
	return fmt.Sprintf(" (%s of each %s)", what, figure.Duration(p.time.ColumnSeconds()*1000, " "))
}

// curves are a workload's chains and then its operations by percentile, as many
// figures as it takes to tell them apart.
func (p *plotter) curves(g group) (all []picture) {
	chains := slices.DeleteFunc(slices.Clone(g.Operations), func(o results.Operation) bool { return !o.Chain })
	single := slices.DeleteFunc(slices.Clone(g.Operations), func(o results.Operation) bool { return o.Chain })
	for part := range slices.Chunk(chains, figure.MostCurves) {
		all = append(all, p.curvesOf(g.Workload, "whole chains", part)...)
	}
	for part := range slices.Chunk(single, figure.MostCurves) {
		all = append(all, p.curvesOf(g.Workload, "operations", part)...)
	}
	return all
}

// curvesOf is one figure of some of a workload's operations; none where nothing was timed.
func (p *plotter) curvesOf(workload, what string, operations []results.Operation) []picture {
	var curves []figure.OperationCurves
	var says []string
	for _, o := range operations {
		if o.Response.Count == 0 {
			continue
		}
		i := slices.IndexFunc(p.run.Operations, func(r results.OperationRecord) bool {
			return r.Workload == workload && r.Operation == o.Operation
		})
		if i < 0 {
			continue
		}
		q := p.run.Operations[i].Quantities
		curves = append(curves, figure.OperationCurves{Name: o.Operation, Response: p.percentiles(q[results.Response]), Service: p.percentiles(q[results.Service])})
		says = append(says, o.Operation+" "+inWords(o.Response))
	}
	if len(curves) == 0 {
		return nil
	}
	return []picture{p.panel(workload+" "+what+" by percentile", workload+": "+what, figure.CurvesPanel(workload+", "+what+" by percentile: "+strings.Join(says, "; ")+".", curves))}
}

func (p *plotter) watch(w results.WatchRecord) strip {
	curves := []figure.Curve{
		{Name: "from write sent", Points: figure.Percentiles(w.Quantities[results.Delivery])},
		{Name: "from write acknowledged", Points: figure.Percentiles(w.Quantities[results.DeliveryFromAck])},
	}
	d := results.Distribute(w.Quantities[results.Delivery])
	return strip{
		Name: "watch delivery", Note: fmt.Sprintf("%s events to %s watchers", figure.Count(w.Delivered), figure.Count(int64(w.Watchers))),
		Panels: []picture{
			p.small(w.Workload+" delivery by percentile", "Delivery by percentile", figure.PercentilePanel(fmt.Sprintf("%s delivery by percentile: %s.", w.Workload, inWords(d)), figure.SpanOf(curves, nil), curves...)),
			p.small(w.Workload+" events", "Events delivered"+p.each("mean"), figure.ValuePanel(
				fmt.Sprintf("%s events delivered per second over time: %s in all.", w.Workload, figure.Count(w.Delivered)),
				"delivered", p.time, figure.PerSecond, figure.DeliveredOf(p.time, w.Workload))),
		},
	}
}

func (p *plotter) generator(g results.Generator) generatorView {
	v := generatorView{CPU: figure.Rate(g.CPUCores), RSS: figure.Bytes(float64(g.RSSBytes)), Busy: fmt.Sprintf("%.0f%%", 100*g.HostCPU)}
	var curves []figure.Curve
	for _, workload := range slices.Sorted(maps.Keys(g.Workloads)) {
		d := g.Workloads[workload]
		v.Lags = append(v.Lags, lagRow{workload, figure.Count(d.Count), cells(d, 50, 99, 99.9, 100)})
		curves = append(curves, figure.Curve{Name: workload, Points: figure.Percentiles(p.run.Lag[workload])})
	}
	if g.Wake.Count > 0 {
		v.Lags = append(v.Lags, lagRow{"wake-up", figure.Count(g.Wake.Count), cells(g.Wake, 50, 99, 99.9, 100)})
		curves = append(curves, figure.Curve{Name: "wake-up", Points: figure.Percentiles(p.run.Wake)})
	}
	var cpu, rss []figure.Point
	for _, u := range figure.UsageOf(p.time) {
		cpu, rss = append(cpu, figure.Point{Second: u.Second, Value: u.CPUCores}), append(rss, figure.Point{Second: u.Second, Value: u.RSSBytes / (1 << 20)})
	}
	v.Panels = []picture{
		p.small("generator lag", "Lag by percentile", figure.PercentilePanel("The generator's lag by percentile: "+inWords(g.Lag)+".", figure.SpanOf(curves, nil), curves...)),
		p.small("generator cpu", "The generator's CPU"+p.each("mean"), figure.ValuePanel("The generator's CPU over time: "+v.CPU+" cores on average of the measure phase.", "CPU", p.time, figure.Cores, cpu)),
		p.small("generator memory", "The generator's memory", figure.ValuePanel("The generator's memory over time: "+v.RSS+" at most.", "resident memory", p.time, figure.Memory, rss)),
	}
	return v
}

// inWords says a distribution's figures, for example "p50 1.84 ms, p99 9.70 ms, max 14.2 ms".
func inWords(d results.Distribution) string {
	var parts []string
	for _, p := range []struct {
		name  string
		value *float64
	}{{"p50 ", d.P50}, {"p99 ", d.P99}, {"p99.9 ", d.P99_9}, {"max ", d.Max}} {
		if p.value != nil {
			parts = append(parts, p.name+figure.Duration(*p.value, " "))
		}
	}
	if len(parts) == 0 {
		return "no samples"
	}
	return strings.Join(parts, ", ")
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
