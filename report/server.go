package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// serverView is what members told of themselves; empty where nothing was asked.
type serverView struct {
	Rows []serverRow
	// Below tells that some figure is below what etcd's histograms tell.
	Below  bool
	Host   []fact
	Panels []picture
	Logs   []logRow
	// MoreLogs is how many lines are not shown.
	MoreLogs string
}

type serverRow struct {
	Name                                           string
	Fsync, Commit, Apply, Request                  [2]string // p50 and p99
	CPU, Waited, RSS, Heap, GC                     string
	DB, InUse, Quota, Pending, Leaders, Slow, Keys string
	Watchers, Behind                               string
	Remarks                                        []string
}

type logRow struct{ At, Member, Class, Count, Line string }

// mostLogs is how many lines of logs are in a report.
const mostLogs = 200

func newServerView(r results.Result, run *results.Run) serverView {
	var v serverView
	for _, s := range r.Server {
		p, ok := s.Phases[results.PhaseMeasure]
		if !ok {
			continue
		}
		v.Rows = append(v.Rows, newServerRow(s, p))
	}
	v.Host = hostFacts(r.Host)
	for i, n := range run.Logs {
		if i == mostLogs {
			v.MoreLogs = figure.Count(int64(len(run.Logs) - mostLogs))
			break
		}
		v.Logs = append(v.Logs, logRow{figure.Duration(n.AtMS, "\u00a0"), n.Member, string(n.Class), figure.Count(n.Count), n.Line})
	}
	return v
}

func newServerRow(s results.Server, p results.ServerPhase) serverRow {
	row := serverRow{
		Name: s.Member, Fsync: both(p.Fsync), Commit: both(p.Commit), Apply: both(p.Apply), Request: both(p.Request),
		CPU: figure.Rate(p.CPUCores), Waited: figure.Rate(p.CPUWaitCores), RSS: figure.Bytes(float64(p.RSSBytes)), Heap: figure.Bytes(float64(p.HeapBytes)), GC: figure.Duration(p.GCPauseMS, "\u00a0"),
		DB: figure.Bytes(float64(p.DBBytes)), InUse: figure.Bytes(float64(p.DBInUseBytes)), Quota: figure.Bytes(float64(p.QuotaBytes)),
		Pending: figure.Count(p.ProposalsPendingMax), Leaders: figure.Count(p.LeaderChanges), Slow: figure.Count(p.SlowApplies), Keys: figure.Count(p.Keys),
		Watchers: figure.Count(p.Watchers), Behind: figure.Count(p.SlowWatchersMax),
	}
	if p.Missed > 0 {
		row.Remarks = append(row.Remarks, fmt.Sprintf("asked %s in vain", times(p.Missed)))
	}
	if p.Restarts > 0 {
		row.Remarks = append(row.Remarks, fmt.Sprintf("began anew %s", times(p.Restarts)))
	}
	if p.ThrottledShare >= 0.01 {
		row.Remarks = append(row.Remarks, fmt.Sprintf("held up by its CPU limit for %.0f%% of the time", 100*p.ThrottledShare))
	}
	return row
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// both are p50 and p99 of a histogram that etcd keeps.
func both(d *results.ServerDistribution) [2]string {
	if d == nil {
		return [2]string{"–", "–"}
	}
	both := [2]string{serverMillis(d, d.P50), serverMillis(d, d.P99)}
	if d.P99 == nil && d.MaxMS != nil {
		both[1] = "≤" + askedDuration(*d.MaxMS, "") // of all, which is more than can be said of 99 %
	}
	return both
}

// serverMillis prints a percentile of a histogram that etcd keeps: what lies below its first bound is not known better.
func serverMillis(d *results.ServerDistribution, v *float64) string {
	switch {
	case v == nil:
		return "n/a"
	case *v < d.FinestMS:
		return "<" + askedDuration(d.FinestMS, "")
	default:
		return figure.Duration(*v, "")
	}
}

func hostFacts(h *results.HostResult) []fact {
	if h == nil {
		return nil
	}
	percent := func(share float64) string { return fmt.Sprintf("%.1f%%", 100*share) }
	facts := []fact{{"Processors busy", percent(h.CPU)}, {"taken by the hypervisor", percent(h.Steal)}, {"idle, waiting for a disk", percent(h.IOWait)}}
	if p := h.Pressure; p != nil {
		facts = append(facts, fact{"something waited for a processor", percent(p.CPU)}, fact{"for a disk", percent(p.IO)}, fact{"for memory", percent(p.Memory)})
	}
	if d := h.Disk; d != nil {
		facts = append(facts, fact{"Disk " + d.Device + " busy", percent(d.Busy)}, fact{"writes", figure.Rate(d.Writes) + "/s, " + figure.Bytes(d.WrittenBytes) + "/s"}, fact{"flushes", figure.Rate(d.Flushes) + "/s"})
		if d.FlushMS != nil {
			facts = append(facts, fact{"a flush", figure.Duration(*d.FlushMS, "\u00a0")})
		}
	}
	return append(facts, fact{"Network", figure.Bytes(h.NetworkReceivedRate) + "/s, loopback included"}, fact{"Memory to be had", figure.Bytes(float64(h.MemoryAvailableBytes))})
}

// server draws what members and the machine did, over the time axis of all other plots.
func (p *plotter) server() []picture {
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
	panel := func(caption string, unit func(float64) string, lines []figure.Line) picture {
		return p.picture(caption, figure.LinesPanel(caption+" over time: "+highest(lines, unit)+".", p.time, unit, lines...))
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

// highest says the most that each line came to.
func highest(lines []figure.Line, unit func(float64) string) string {
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
		parts = append(parts, l.Name+" at most "+unit(top))
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
	return p.picture("The machine: share of time", figure.LinesPanel("The machine over time: "+highest(lines, figure.Percent)+".", p.time, figure.Percent, lines...))
}

// findings writes what limits, each with its evidence and advice.
func (t *terminal) findings(all []results.Finding) {
	if len(all) == 0 {
		return
	}
	t.line("")
	t.line(t.paint(strong, "What limits"))
	for _, f := range all {
		t.line("  " + t.paint(confidenceTone(f.Confidence), t.text(f.Name)) + "  " + string(f.Confidence) + " confidence")
		for _, e := range f.Evidence {
			for i, part := range wrap(t.text(e), tableWidth-6) {
				t.line([]string{"    - ", "      "}[min(i, 1)] + part)
			}
		}
		for i, part := range wrap(t.text(f.Advice), tableWidth-6) {
			t.line([]string{"    → ", "      "}[min(i, 1)] + part)
		}
	}
}

func confidenceTone(c results.Confidence) tone {
	switch c {
	case results.High:
		return bad
	case results.Medium:
		return warning
	default:
		return faint
	}
}

// server writes a row for each member.
func (t *terminal) server(all []results.Server) {
	g := grid{
		over: map[int]string{1: "WAL fsync", 3: "p99"},
		head: []string{"MEMBER", "p50", "p99", "commit", "apply", "request", "CPU", "waited", "memory", "database", "pending", "leaders", "slow"},
	}
	for _, s := range all {
		p, ok := s.Phases[results.PhaseMeasure]
		if !ok {
			continue
		}
		r := newServerRow(s, p)
		g.rows = append(g.rows, gridRow{
			texts: []string{t.text(r.Name), r.Fsync[0], r.Fsync[1], r.Commit[1], r.Apply[1], r.Request[1], r.CPU, r.Waited, r.RSS, r.DB, r.Pending, r.Leaders, r.Slow},
			notes: r.Remarks,
		})
	}
	if len(g.rows) == 0 {
		return
	}
	t.line("")
	t.grid(g)
}
