package report

import (
	"fmt"
	"html/template"
	"maps"
	"slices"
	"strings"

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

// picture is a figure as it stands in the page.
type picture struct {
	Caption string
	SVG     template.HTML
}

// overview is one figure drawn twice, for wide and for narrow screens.
type overview struct{ Wide, Narrow template.HTML }

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

// addFigures draws all figures of the page.
func (v *view) addFigures(run *results.Run, r results.Result) error {
	p := plotter{run: run, time: figure.NewTimeline(run)}
	v.Overview = p.overview(r)
	for _, g := range groups(r.Operations) {
		v.Plots = append(v.Plots, p.workload(g))
	}
	for _, w := range run.Watches {
		v.Plots = append(v.Plots, plotGroup{Workload: w.Workload, Strips: []strip{p.watch(w)}})
	}
	v.Server.Panels = p.server()
	v.Generator = p.generator(r.Generator)
	return p.err
}

// plotter draws figures and keeps the first error.
type plotter struct {
	run  *results.Run
	time figure.Timeline
	err  error
}

func (p *plotter) svg(f figure.Figure) template.HTML {
	s, err := f.SVG()
	if err != nil && p.err == nil {
		p.err = err
	}
	return template.HTML(s) //nolint:gosec // drawn by figure, which escapes texts
}

func (p *plotter) picture(caption string, f figure.Figure) picture {
	return picture{Caption: caption, SVG: p.svg(f)}
}

func (p *plotter) overview(r results.Result) overview {
	if len(r.Operations) == 0 {
		return overview{}
	}
	return overview{Wide: p.svg(Overview(r, figure.Wide)), Narrow: p.svg(Overview(r, figure.Narrow))}
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
				{Name: "response", Points: figure.Percentiles(record.Quantities[results.Response])},
				{Name: "service", Points: figure.Percentiles(record.Quantities[results.Service])},
			}
		}
	}
	latency := figure.LatencyOf(p.time, workload, o.Operation)
	y := figure.SpanOf(curves, latency)
	name := workload + " " + o.Operation
	return strip{
		Name: o.Operation, Note: figure.Count(o.Response.Count) + " timed",
		Panels: []picture{
			p.picture("Latency by percentile", figure.PercentilePanel(
				fmt.Sprintf("%s by percentile: response %s; service %s.", name, inWords(o.Response), inWords(o.Service)), y, curves...)),
			p.picture("Response over time"+p.worst(), figure.LatencyPanel(
				fmt.Sprintf("%s over time: the highest response of all was %s.", name, inWords(results.Distribution{Count: o.Response.Count, Max: o.Response.Max})), p.time, y, latency)),
			p.picture("Intended and achieved rate", figure.RatePanel(
				fmt.Sprintf("%s rate over time: %s/s intended, %s/s achieved, %s errors.", name, figure.Rate(o.TargetRate), figure.Rate(o.AchievedRate), figure.Count(o.ErrorCount())),
				p.time, figure.RateOf(p.time, workload, o.Operation))),
		},
	}
}

// worst says what a column of several intervals is.
func (p *plotter) worst() string {
	if p.time.PerColumn == 1 {
		return ""
	}
	return fmt.Sprintf(" (worst second of each %s)", figure.Duration(p.time.ColumnSeconds()*1000, " "))
}

func (p *plotter) watch(w results.WatchRecord) strip {
	curves := []figure.Curve{
		{Name: "from write sent", Points: figure.Percentiles(w.Quantities[results.Delivery])},
		{Name: "from write acknowledged", Points: figure.Percentiles(w.Quantities[results.DeliveryFromAck])},
	}
	latency := figure.DeliveryOf(p.time, w.Workload)
	y := figure.SpanOf(curves, latency)
	d := results.Distribute(w.Quantities[results.Delivery])
	return strip{
		Name: "watch delivery", Note: fmt.Sprintf("%s events to %s watchers", figure.Count(w.Delivered), figure.Count(int64(w.Watchers))),
		Panels: []picture{
			p.picture("Delivery by percentile", figure.PercentilePanel(fmt.Sprintf("%s delivery by percentile: %s.", w.Workload, inWords(d)), y, curves...)),
			p.picture("Delivery over time"+p.worst(), figure.LatencyPanel(
				fmt.Sprintf("%s delivery over time: the highest of all was %s.", w.Workload, inWords(results.Distribution{Count: d.Count, Max: d.Max})), p.time, y, latency)),
			p.picture("Events delivered", figure.ValuePanel(
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
		p.picture("Lag by percentile", figure.PercentilePanel("The generator's lag by percentile: "+inWords(g.Lag)+".", figure.SpanOf(curves, nil), curves...)),
		p.picture("The generator's CPU", figure.ValuePanel("The generator's CPU over time: "+v.CPU+" cores on average.", "CPU", p.time, figure.Cores, cpu)),
		p.picture("The generator's memory", figure.ValuePanel("The generator's memory over time: "+v.RSS+" at most.", "resident memory", p.time, figure.Memory, rss)),
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
