package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// view is the page as the template writes it: every text is ready.
type view struct {
	frame
	Page        Page
	Title       string
	Facts       []fact
	Verdict     verdict
	Thresholds  []judged
	Checks      []judged
	Actions     []actionView
	Workloads   []workloadTable
	Endpoints   endpointsView
	Links       linksView
	Members     membersView
	Findings    []findingView
	Server      serverView
	Extras      []extraRow
	Watches     []watchRow
	Slowest     []slowestTable
	MostSlow    int
	Overview    picture
	Curves      []picture
	OverTime    []picture
	Figures     map[string]*figure.Data
	Plots       []plotGroup
	Generator   generatorView
	Environment []fact
	Phases      []phaseRow
	Events      []eventRow
}

// fact is a name and what it is.
type fact struct{ Name, Value string }

// judged is a threshold or check and how it came out.
type judged struct {
	Name, Value, Status string
	Tone                tone
}

// findingView is what limits.
type findingView struct {
	Name, Confidence string
	Tone             tone
	Evidence         []string
	Advice           string
}

type workloadTable struct {
	Workload string
	Rows     []operationRow
}

type operationRow struct {
	Name, Resource                           string
	Chain                                    bool
	Intended, Achieved, Share, Errors, Codes string
	Conflicts, Remarks                       string
	Failed, Short                            bool
	Response                                 []cell
	Service                                  []cell
}

// cell is a value of a table; Needs is how many samples it would take where there is none.
type cell struct{ Text, Needs string }

type watchRow struct {
	Workload, Watchers, Expected, Delivered, Late, Missing, Duplicated, OutOfOrder, Unmatched string
	Bad                                                                                       bool
	Delivery                                                                                  []cell
}

// extraRow is a quantity that only some operations have.
type extraRow struct {
	Name, Quantity, Count, Note string
	Cells                       []cell
}

// slowestTable is the slowest operations of one kind.
type slowestTable struct {
	Name, Worst string
	Rows        []slowRow
}

type slowRow struct{ At, Response, Service, Code, Endpoint, Revision string }

type phaseRow struct{ Name, From, Length string }

type eventRow struct{ At, Kind, Detail string }

func newView(page Page) (view, error) {
	r, run := page.Result, page.Run
	v := view{
		frame: figureFrame(), Page: page, MostSlow: results.Exemplars, Title: r.Scenario.Name + " on " + r.Configuration.Name,
		Facts: headFacts(r), Verdict: judge(r),
		Actions: actionsOf(r), Environment: environment(r), Phases: phases(r.Phases), Events: events(run),
	}
	for _, t := range r.Thresholds {
		v.Thresholds = append(v.Thresholds, judged{t.Check, t.Value, statusWord(t.Status), toneOf(t.Status)})
	}
	for _, c := range r.Checks {
		v.Checks = append(v.Checks, judged{c.Name, c.Detail, statusWord(c.Status), toneOf(c.Status)})
	}
	for _, g := range groups(r.Operations) {
		v.Workloads = append(v.Workloads, newWorkloadTable(g))
	}
	v.Endpoints, v.Links, v.Members = newEndpointsView(r, run), newLinksView(r), newMembersView(r.Configuration)
	v.Server = newServerView(r, run)
	for _, f := range r.Findings {
		v.Findings = append(v.Findings, findingView{f.Name, string(f.Confidence), confidenceTone(f.Confidence), f.Evidence, f.Advice})
	}
	measuring, _ := run.Span(results.PhaseMeasure) // there is an exemplar only if there is one
	for _, o := range r.Operations {
		if len(o.Exemplars) > 0 {
			v.Slowest = append(v.Slowest, newSlowestTable(o, measuring.StartMS))
		}
	}
	for _, x := range extras(r) {
		v.Extras = append(v.Extras, extraRow{x.Name, x.Quantity, figure.Count(x.Of.Count), x.Note, cells(x.Of, 50, 95, 99, 100)})
	}
	for _, w := range r.Watches {
		v.Watches = append(v.Watches, newWatchRow(w))
	}
	return v, v.draw(run, r).err
}

func newWorkloadTable(g group) workloadTable {
	t := workloadTable{Workload: g.Workload}
	for _, o := range g.Operations {
		t.Rows = append(t.Rows, operationRow{
			Name: o.Operation, Resource: o.Resource, Chain: o.Chain,
			Intended: figure.Count(o.Intended), Achieved: figure.Rate(o.AchievedRate), Share: achievedShare(o),
			Errors: figure.Count(o.ErrorCount()), Codes: errorDetail(o), Failed: o.ErrorCount() > 0,
			Conflicts: figure.Count(o.Conflicts), Remarks: remarks(o), Short: short(o),
			Response: cells(o.Response, 50, 95, 99, 99.9, 100), Service: cells(o.Service, 50, 99),
		})
	}
	return t
}

// newSlowestTable lists an operation's exemplars; measuring is when that began.
func newSlowestTable(o results.Operation, measuring float64) slowestTable {
	t := slowestTable{Name: o.Workload + "." + o.Operation, Worst: figure.Duration(o.Exemplars[0].ResponseMS, "\u00a0")}
	for _, e := range o.Exemplars {
		row := slowRow{figure.Duration(e.AtMS-measuring, "\u00a0"), figure.Duration(e.ResponseMS, "\u00a0"), "never sent", e.Code, "–", "–"}
		if e.ServiceMS > 0 {
			row.Service = figure.Duration(e.ServiceMS, "\u00a0")
		}
		if e.Endpoint != "" {
			row.Endpoint = e.Endpoint
		}
		if e.Revision > 0 {
			row.Revision = figure.Count(e.Revision)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func newWatchRow(w results.Watch) watchRow {
	return watchRow{
		Workload: w.Workload, Watchers: figure.Count(int64(w.Watchers)), Expected: figure.Count(w.Expected), Delivered: figure.Count(w.Delivered),
		Late: figure.Count(w.Late), Missing: missing(w), Duplicated: figure.Count(w.Duplicated), OutOfOrder: figure.Count(w.OutOfOrder),
		Unmatched: figure.Count(w.Unmatched), Bad: missed(w), Delivery: cells(w.Delivery, 50, 99, 100),
	}
}

// at is a distribution's percentile, 100 being the maximum; nil where there are too few samples.
func at(d results.Distribution, percentile float64) *float64 {
	switch percentile {
	case 50:
		return d.P50
	case 90:
		return d.P90
	case 95:
		return d.P95
	case 99:
		return d.P99
	case 99.9:
		return d.P99_9
	case 99.99:
		return d.P99_99
	case 100:
		return d.Max
	default:
		return nil
	}
}

// cells prints percentiles of a distribution.
func cells(d results.Distribution, percentiles ...float64) []cell {
	var all []cell
	for _, p := range percentiles {
		v := at(d, p)
		switch {
		case v != nil:
			all = append(all, cell{Text: figure.Duration(*v, "\u00a0")})
		case p == 100:
			all = append(all, cell{Text: "n/a"})
		default:
			all = append(all, cell{Text: "n/a", Needs: figure.Count(results.Needed(p))})
		}
	}
	return all
}

func headFacts(r results.Result) []fact {
	facts := []fact{
		{"Run", r.ID},
		{"Started", started(r.Started)},
		{"Took", r.Ended.Sub(r.Started).Round(100 * time.Millisecond).String()},
		{"etcd", target(r.Configuration)},
	}
	for _, p := range r.Phases {
		if p.Name == results.PhaseMeasure {
			facts = append(facts, fact{"Measured", figure.Duration(p.EndMS-p.StartMS, " ")})
		}
	}
	return facts
}

// started is when a run began; that is not known where its journal has lost its header.
func started(at time.Time) string {
	if at.IsZero() {
		return "not known"
	}
	return at.Format("2006-01-02 15:04:05 MST")
}

// target says what was benchmarked.
func target(c results.ConfigurationRef) string {
	text := versionAndSize(c)
	if c.Lab {
		text += ", local lab"
	}
	if c.Pin != "" {
		text += ", requests to " + c.Pin + " only"
	}
	return text
}

// versionAndSize says which etcd was benchmarked, and of how many members or endpoints.
func versionAndSize(c results.ConfigurationRef) string {
	return cmp.Or(c.EtcdVersion, "version not known") + ", " + size(c)
}

// size says how many members or endpoints were benchmarked.
func size(c results.ConfigurationRef) string {
	if !c.Lab {
		return plural(len(c.Endpoints), "endpoint")
	}
	learners := 0
	for _, m := range c.MemberList {
		if m.Learner {
			learners++
		}
	}
	members := plural(c.Members, "member")
	if learners > 0 {
		members += " + " + plural(learners, "learner")
	}
	return members
}

// plural counts things: "1 member", "3 members".
func plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func environment(r results.Result) []fact {
	c := r.Configuration
	facts := append(machineFacts(r.Environment), fact{"etcd", target(c)}, fact{"Endpoints", strings.Join(c.Endpoints, " ")})
	for _, name := range sortedKeys(c.Flags) {
		if len(c.MemberList) == 0 { // else the members' own table has them
			facts = append(facts, fact{"etcd --" + name, c.Flags[name]})
		}
	}
	facts = append(facts, fact{"Scenario's SHA-256", r.Scenario.SHA256}, fact{"Configuration's SHA-256", c.SHA256})
	return slices.DeleteFunc(facts, func(f fact) bool { return f.Value == "" })
}

// machineFacts are what measured, and on what machine; some may have no value.
func machineFacts(e results.Environment) []fact {
	return []fact{
		{"Machine", strings.TrimSpace(fmt.Sprintf("%d CPUs %s", e.CPUs, e.CPUModel))},
		{"Memory", figure.Bytes(float64(e.MemoryBytes))},
		{"System", e.OS + " " + e.Kernel},
		{"Data directory on", e.DataFilesystem},
		{"etcd-dyno", e.Tool},
		{"Go", e.Go},
	}
}

func phases(all []results.PhaseSpan) []phaseRow {
	var rows []phaseRow
	for _, p := range all {
		rows = append(rows, phaseRow{string(p.Name), figure.Duration(p.StartMS, "\u00a0"), figure.Duration(p.EndMS-p.StartMS, "\u00a0")})
	}
	return rows
}

func events(run *results.Run) []eventRow {
	var rows []eventRow
	for _, e := range run.Events {
		rows = append(rows, eventRow{figure.Duration(e.AtMS, "\u00a0"), string(e.Kind), e.Detail})
	}
	return rows
}
