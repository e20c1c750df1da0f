package report

import (
	"fmt"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// serverView is what members told of themselves; empty where nothing was asked.
type serverView struct {
	Rows []serverRow
	// Below tells that some figure is below what etcd's histograms tell.
	Below bool
	Host  []fact
	Logs  []logRow
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
			for i, part := range Wrap(t.text(e), tableWidth-6) {
				t.line([]string{"    - ", "      "}[min(i, 1)] + part)
			}
		}
		for i, part := range Wrap(t.text(f.Advice), tableWidth-6) {
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
