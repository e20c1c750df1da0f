package report

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
	judging "github.com/etcd-dyno/etcd-dyno/results/verdict"
)

// moment is an instant as a machine and as a reader is told it; both empty where it is not known.
type moment struct{ Datetime, Text string }

func newMoment(t time.Time) moment {
	if t.IsZero() {
		return moment{}
	}
	return moment{t.UTC().Format("2006-01-02T15:04:05Z"), t.UTC().Format("2006-01-02 15:04:05")}
}

// sortable is a number as it is shown and as it is sorted by; Value is empty where there is none.
type sortable struct{ Text, Value string }

func newSortable(v float64, text string) sortable {
	return sortable{text, strconv.FormatFloat(v, 'g', 6, 64)}
}

// indexRuns is a table of runs. Only the page's own is Sortable, those of experiments lie within a row.
type indexRuns struct {
	Label    string
	Sortable bool
	Rows     []indexRunRow
}

type indexRunRow struct {
	// Link is empty where there is no report.
	Link    string
	Started moment
	Word    string
	Tone    tone
	Problem string
	// Folder is the folder's name where it is not the run's.
	Folder, Scenario, Configuration, Etcd string
	Measured, Rate                        sortable
	Operation                             string
	P50, P99, Errors                      sortable
	Failed                                bool
	Limit, Confidence                     string
	Unfinished                            bool
	at                                    time.Time
	path                                  string
}

type indexComparisonRow struct {
	Link    string
	Started moment
	Word    string
	Tone    tone
	Problem string
	Name    string
	// Folder is told only where nothing else tells the rows apart.
	Folder   string
	Compared []string
	Pairs    sortable
	Facts    []string
	// Sides are a comparison's runs, and Runs an experiment's; Count is how many there are.
	Sides []indexSide
	Runs  indexRuns
	Count string
	at    time.Time
	path  string
}

// indexSide is the runs of one side.
type indexSide struct {
	Name string
	Runs []indexSideRun
}

// indexSideRun is a run that was compared; Link is empty where the index has no report of it.
type indexSideRun struct{ ID, Link string }

func newIndexView(page Index) indexView {
	v := indexView{Page: page, Made: newMoment(page.Made), Runs: indexRuns{Label: "Runs", Sortable: true, Rows: indexRunRows(page.Runs)}}
	reports := map[string]string{}
	for _, r := range page.Runs {
		if r.Report && r.Problem == "" {
			reports[r.Result.ID] = link(r.Path, results.ReportFile)
		}
	}
	unread, experiments, runs := 0, 0, len(page.Runs)
	words := map[string]bool{}
	count := func(word, problem string) {
		words[word] = true
		if problem != "" {
			unread++
		}
	}
	for _, c := range page.Comparisons {
		row := newIndexComparisonRow(c, reports)
		v.Comparisons = append(v.Comparisons, row)
		runs += len(c.Runs)
		if c.Name != "" {
			experiments++
		}
		count(row.Word, row.Problem)
		for _, r := range row.Runs.Rows {
			count(r.Word, r.Problem)
		}
	}
	slices.SortFunc(v.Comparisons, func(a, b indexComparisonRow) int { return newer(a.at, b.at, a.path, b.path) })
	for _, r := range v.Runs.Rows {
		count(r.Word, r.Problem)
	}
	for word := range words {
		v.Verdicts = append(v.Verdicts, word)
	}
	slices.Sort(v.Verdicts)
	for _, f := range []struct {
		name string
		n    int
	}{{"Runs", runs}, {"Experiments", experiments}, {"Comparisons", len(page.Comparisons) - experiments}, {"Cannot be read", unread}} {
		if f.n > 0 || f.name == "Runs" {
			v.Facts = append(v.Facts, fact{f.name, figure.Count(int64(f.n))})
		}
	}
	return v
}

// newer orders the newest first, what is not known when last, and what is alike by its path.
func newer(a, b time.Time, pathA, pathB string) int {
	return cmp.Or(b.Compare(a), strings.Compare(pathA, pathB))
}

// link is a relative URL of a file in a folder below the page's. It begins with a
// dot, so that no name is taken for a scheme.
func link(folder, file string) string {
	parts := strings.Split(folder, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return "./" + strings.Join(parts, "/") + "/" + url.PathEscape(file)
}

// unreadable is the verdict on what cannot be read.
const unreadable = "UNREADABLE"

func indexRunRows(all []IndexRun) (rows []indexRunRow) {
	for _, r := range all {
		rows = append(rows, newIndexRunRow(r))
	}
	slices.SortFunc(rows, func(a, b indexRunRow) int { return newer(a.at, b.at, a.path, b.path) })
	return rows
}

func newIndexRunRow(of IndexRun) indexRunRow {
	row := indexRunRow{path: of.Path, at: of.Started, Problem: of.Problem, Folder: path.Base(of.Path)}
	if of.Report {
		row.Link = link(of.Path, results.ReportFile)
	}
	if of.Problem != "" {
		row.Word, row.Tone, row.Started = unreadable, bad, newMoment(row.at)
		return row
	}
	r := of.Result
	row.at, row.Started = r.Started, newMoment(r.Started)
	if row.Folder == r.ID {
		row.Folder = ""
	}
	v := judge(r)
	row.Word, row.Tone = v.Word, v.Tone
	if row.Unfinished = of.Unfinished && !r.Complete; row.Unfinished && nothingMeasured(r) {
		row.Word, row.Tone = "INCOMPLETE", warning
	}
	row.Scenario, row.Configuration, row.Etcd = r.Scenario.Name, r.Configuration.Name, versionAndSize(r.Configuration)
	for _, p := range r.Phases {
		if p.Name == results.PhaseMeasure {
			row.Measured = newSortable(p.EndMS-p.StartMS, figure.Duration(p.EndMS-p.StartMS, "\u00a0"))
		}
	}
	if len(r.Findings) > 0 {
		row.Limit, row.Confidence = r.Findings[0].Name, string(r.Findings[0].Confidence)
	}
	row.operations(r)
	return row
}

// operations tells what all operations did together, and one of them by itself.
func (row *indexRunRow) operations(r results.Result) {
	var rate float64
	var errors int64
	requests := 0
	for _, o := range r.Whole() {
		if o.Chain || o.ExpiryLateness != nil { // a chain's operations have rows of their own, and an expiry is no request
			continue
		}
		requests++
		rate += o.AchievedRate * arrivalShare(o, r)
		errors += o.ErrorCount()
	}
	if requests == 0 {
		return
	}
	row.Rate, row.Errors, row.Failed = newSortable(rate, figure.Rate(rate)), newSortable(float64(errors), figure.Count(errors)), errors > 0
	o := foremost(r)
	row.Operation = o.Workload + "." + o.Operation
	row.P50, row.P99 = quantile(o.Response, 50), quantile(o.Response, 99)
}

// arrivalShare is the part of the measure phase in which an operation was due: rates are per second of that.
func arrivalShare(o results.Operation, r results.Result) float64 {
	for _, p := range r.Phases {
		if p.Name == results.PhaseMeasure && p.EndMS > p.StartMS && o.TargetRate > 0 {
			return min(float64(o.Intended)/o.TargetRate/((p.EndMS-p.StartMS)/1000), 1)
		}
	}
	return 1
}

// foremost is the most frequent write; where nothing writes, the most frequent of all operations.
func foremost(r results.Result) (found results.Operation) {
	for _, o := range r.Whole() {
		if o.Chain || o.ExpiryLateness != nil {
			continue
		}
		isWrite, is := judging.Writes(o.Operation), judging.Writes(found.Operation)
		if found.Operation == "" || isWrite && !is || isWrite == is && o.Response.Count > found.Response.Count {
			found = o
		}
	}
	return found
}

func quantile(d results.Distribution, p float64) sortable {
	v := at(d, p)
	if v == nil {
		return sortable{Text: "n/a"}
	}
	return newSortable(*v, figure.Duration(*v, "\u00a0"))
}

func newIndexComparisonRow(of IndexComparison, reports map[string]string) indexComparisonRow {
	row := indexComparisonRow{
		path: of.Path, at: of.Started, Started: newMoment(of.Started), Problem: of.Problem, Name: of.Name, Folder: path.Base(of.Path),
		Runs: indexRuns{Label: "Runs of " + cmp.Or(of.Name, of.Path), Rows: indexRunRows(of.Runs)},
	}
	if of.Page != "" {
		row.Link = link(of.Path, of.Page)
	}
	switch c := of.Comparison; {
	case of.Problem != "":
		row.Word, row.Tone = unreadable, bad
	case c == nil:
		row.Word, row.Tone, row.Compared, row.Folder = "UNFINISHED", warning, of.Asked, ""
		row.Facts = []string{"experiment --resume goes on with it"}
	default:
		row.Word, row.Tone, row.Facts = outcomeOf(*c)
		row.Pairs, row.Folder = pairsOf(*c), ""
		for _, x := range c.Contrasts {
			row.Compared = append(row.Compared, contrastTitle(x))
			if of.Name == "" {
				row.Sides = append(row.Sides, newIndexSide(x.Baseline, reports), newIndexSide(x.Candidate, reports))
			}
		}
		for _, s := range c.Sweeps {
			row.Compared = append(row.Compared, s.Scenario+": "+designText(s))
		}
		if x := c.Contrasts; len(x) > 0 && x[0].Method != results.Paired {
			row.Facts = append(row.Facts, fmt.Sprintf("%s against %d, not in pairs", plural(len(x[0].Candidate.Runs), "run"), len(x[0].Baseline.Runs)))
		}
	}
	n := len(row.Runs.Rows)
	for _, s := range row.Sides {
		n += len(s.Runs)
	}
	row.Count = plural(n, "run")
	return row
}

func newIndexSide(s results.Side, reports map[string]string) indexSide {
	side := indexSide{Name: s.Name}
	for _, r := range s.Runs {
		side.Runs = append(side.Runs, indexSideRun{r.ID, reports[r.ID]})
	}
	return side
}

// pairsOf is how many pairs a comparison has, the fewest and the most where that varies; nothing where there are none.
func pairsOf(c results.Comparison) sortable {
	var all []int
	for _, x := range c.Contrasts {
		if x.Method == results.Paired {
			all = append(all, x.Pairs)
		}
	}
	if len(all) == 0 {
		return sortable{}
	}
	least, most := slices.Min(all), slices.Max(all)
	q := newSortable(float64(least), strconv.Itoa(least))
	if most > least {
		q.Text += " to " + strconv.Itoa(most)
	}
	return q
}
