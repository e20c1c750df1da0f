package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// actionView is something that happened to the cluster, and what it cost.
type actionView struct {
	Name string
	// What says what was done, to whom.
	What string
	// At is from the start of the measure phase; Lasted until it was over or undone.
	At, Lasted string
	// Outage is "n/a" where it is not known, Recovered "not yet" where it did not come.
	Outage, Recovered string
	// Unrecovered tells that the service was not as before within the run.
	Unrecovered bool
	Failed      string
	// Windows are before, during and after.
	Windows [3]windowView
	// Steps, and Notes on snapshots and losses, are sentences.
	Steps, Notes []string
	// Operations are those whose latency changed most first.
	Operations []changedView
}

// windowView is the load before, during or after an action.
type windowView struct {
	Name             string
	Seconds, Rate    string
	P50, P99, Errors string
	Failing          bool
}

// changedView is one operation before, during and after an action.
type changedView struct {
	Name   string
	P99    [3]string
	Errors [3]string
}

// actionsOf are the actions of a run, in the order in which they began.
func actionsOf(res results.Result) []actionView {
	start := 0.0
	for _, p := range res.Phases {
		if p.Name == results.PhaseMeasure {
			start = p.StartMS
		}
	}
	var all []actionView
	for _, a := range res.Actions {
		all = append(all, actionOf(a, start))
	}
	return all
}

func actionOf(a results.ActionResult, startMS float64) actionView {
	v := actionView{
		Name: a.Name, What: a.Do, At: duration(a.AtMS - startMS), Lasted: "n/a", Failed: a.Failed,
		Outage: optional(a.UnavailableMS), Recovered: "not yet", Unrecovered: a.RecoveredMS == nil,
	}
	if len(a.Members) > 0 {
		v.What += " " + strings.Join(a.Members, ", ")
	}
	if a.RecoveredMS != nil {
		v.Recovered = duration(*a.RecoveredMS)
	}
	if a.EndedMS != nil {
		v.Lasted = duration(*a.EndedMS - a.AtMS)
	}
	for i, w := range []*results.ActionWindow{a.Before, a.During, a.After} {
		v.Windows[i] = windowOf([]string{"before", "during", "after"}[i], w)
	}
	for _, s := range a.Steps {
		v.Steps = append(v.Steps, stepText(s))
	}
	v.Notes = actionNotes(a)
	v.Operations = changed(a)
	return v
}

func windowOf(name string, w *results.ActionWindow) windowView {
	if w == nil {
		return windowView{Name: name, Seconds: "n/a", Rate: "n/a", P50: "n/a", P99: "n/a", Errors: "n/a"}
	}
	return windowView{
		Name: name, Seconds: duration(1000 * w.Seconds), Rate: figure.Rate(w.AchievedRate), P50: percentile(w.Response, 50), P99: percentile(w.Response, 99),
		Errors: figure.Count(w.ErrorCount()), Failing: w.ErrorCount() > 0,
	}
}

// percentile is one of a distribution, or n/a. Where there are too few samples it is the highest value.
func percentile(d results.Distribution, p float64) string {
	if v := at(d, p); v != nil {
		return figure.Duration(*v, " ")
	}
	if d.Max != nil {
		return "≤ " + figure.Duration(*d.Max, " ")
	}
	return "n/a"
}

func duration(ms float64) string { return figure.Duration(max(ms, 0), " ") }

func optional(ms *float64) string {
	if ms == nil {
		return "n/a"
	}
	return duration(*ms)
}

func stepText(s results.ActionStep) string {
	text := s.Name
	if s.Member != "" {
		text = s.Member + " " + text
	}
	text += ": " + duration(s.TookMS)
	if s.Detail != "" {
		text += " (" + s.Detail + ")"
	}
	return text
}

// actionNotes tell of a snapshot, and of what was lost.
func actionNotes(a results.ActionResult) (notes []string) {
	if s := a.Snapshot; s != nil {
		notes = append(notes, fmt.Sprintf("snapshot of %s: %s in %s, %s revisions of keys up to revision %d, hash %s; etcd calls it whole",
			s.Member, figure.Bytes(float64(s.Bytes)), duration(s.TookMS), figure.Count(s.Keys), s.Revision, s.Hash))
	}
	if l := a.Loss; l != nil {
		notes = append(notes, fmt.Sprintf("lost: %s acknowledged writes to %s keys, all after revision %d of the snapshot", figure.Count(l.Acknowledged), figure.Count(l.Keys), l.Revision))
	}
	return notes
}

// changed are the operations of an action, those first that became slowest beside what they were.
func changed(a results.ActionResult) []changedView {
	windows := [3]*results.ActionWindow{a.Before, a.During, a.After}
	type row struct {
		view   changedView
		factor float64
	}
	var rows []row
	for _, name := range operationNames(windows) {
		r := row{view: changedView{Name: name}}
		var highest [3]float64
		for i, w := range windows {
			r.view.P99[i], r.view.Errors[i] = "n/a", "0"
			if o := findOperation(w, name); o != nil {
				r.view.P99[i], r.view.Errors[i] = percentile(o.Response, 99), figure.Count(errorsIn(o.Errors))
				if o.Response.Max != nil {
					highest[i] = *o.Response.Max
				}
			}
		}
		r.factor = highest[1] / max(highest[0], 0.1)
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(x, y row) int { return cmp.Compare(y.factor, x.factor) })
	views := make([]changedView, len(rows))
	for i, r := range rows {
		views[i] = r.view
	}
	return views
}

func operationNames(windows [3]*results.ActionWindow) (names []string) {
	for _, w := range windows {
		if w == nil {
			continue
		}
		for _, o := range w.Operations {
			if name := o.Workload + "." + o.Operation; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func findOperation(w *results.ActionWindow, name string) *results.WindowOperation {
	if w == nil {
		return nil
	}
	for i, o := range w.Operations {
		if o.Workload+"."+o.Operation == name {
			return &w.Operations[i]
		}
	}
	return nil
}

func errorsIn(errors map[string]int64) (n int64) {
	for _, c := range errors {
		n += c
	}
	return n
}

// actions writes what happened to the cluster.
func (t *terminal) actions(all []actionView) {
	if len(all) == 0 {
		return
	}
	g := grid{
		over: map[int]string{5: "p99 of all requests", 8: "errors"},
		head: []string{"WHAT HAPPENED", "at", "lasted", "no writes", "recovered", "before", "during", "after", "before", "during", "after"},
	}
	for _, a := range all {
		row := gridRow{texts: []string{t.text(a.Name), a.At, a.Lasted, a.Outage, a.Recovered}, tones: map[int]tone{}}
		for _, w := range a.Windows {
			row.texts = append(row.texts, w.P99)
		}
		for i, w := range a.Windows {
			row.texts = append(row.texts, w.Errors)
			if w.Failing {
				row.tones[8+i] = bad
			}
		}
		if a.Unrecovered {
			row.tones[4] = bad
		}
		row.notes = append(row.notes, t.text(a.What))
		if a.Failed != "" {
			row.notes = append(row.notes, t.text("FAILED: "+a.Failed))
		}
		if len(a.Steps) > 0 {
			row.notes = append(row.notes, t.text(strings.Join(a.Steps, " · ")))
		}
		for _, n := range a.Notes {
			row.notes = append(row.notes, t.text(n))
		}
		g.rows = append(g.rows, row)
	}
	t.line("")
	t.grid(g)
	t.line(t.paint(faint, "no writes: the longest time in which none was acknowledged; recovered: when writes were as before"))
}

// actionRows are, for each action of any run, how long no write was acknowledged
// and after how long the service was as before.
func actionRows(all []results.Result) (rows []comparisonRow) {
	var names []string
	for _, r := range all {
		for _, a := range r.Actions {
			if !slices.Contains(names, a.Name) {
				names = append(names, a.Name)
			}
		}
	}
	if len(names) > 0 {
		rows = append(rows, comparisonRow{group: "what happened"})
	}
	for _, name := range names {
		outage, recovered := comparisonRow{name: name, stat: "no writes"}, comparisonRow{stat: "recovered"}
		for _, r := range all {
			gone, back := comparisonCell{value: "n/a"}, comparisonCell{value: "n/a"}
			if i := slices.IndexFunc(r.Actions, func(a results.ActionResult) bool { return a.Name == name }); i >= 0 {
				v := actionOf(r.Actions[i], 0)
				gone.value, back = v.Outage, comparisonCell{value: v.Recovered, tone: toneIf(v.Unrecovered)}
			}
			outage.cells, recovered.cells = append(outage.cells, gone), append(recovered.cells, back)
		}
		rows = append(rows, outage, recovered)
	}
	return rows
}
