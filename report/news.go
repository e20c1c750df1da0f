package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// newsHeadline says in a word or two what a look at a history came to, and then in a sentence.
func newsHeadline(n history.News) (word string, tone tone, text string) {
	series := fmt.Sprintf("%d series watched", len(n.Watched))
	switch worse, better := tellings(n.Told); {
	case worse > 0:
		return "REGRESSION", bad, fmt.Sprintf("%s for the worse, %s", plural(worse, "change"), series)
	case better > 0:
		return "IMPROVEMENT", good, fmt.Sprintf("%s for the better, %s", plural(better, "change"), series)
	case len(n.Suspected) > 0:
		return "SUSPECTED", warning, fmt.Sprintf("%s to be measured again before anything is told, %s", plural(len(n.Suspected), "change"), series)
	case len(n.Watched) == 0:
		return "NO DATA", warning, "the history has no measure that counts"
	case !slices.ContainsFunc(n.Watched, func(w history.Watched) bool { return !w.Young() }):
		return "TOO YOUNG", warning, fmt.Sprintf("a change can be told from %d measures on, %s", history.Settled+1, series)
	default:
		return "NOTHING NEW", good, "no change that was not told before, " + series
	}
}

// tellings counts what is told for the worse and for the better.
func tellings(all []history.Told) (worse, better int) {
	for _, t := range all {
		if t.Worse {
			worse++
		} else {
			better++
		}
	}
	return worse, better
}

// settled reports whether a series has a level from which the next measure is predicted.
func settled(w history.Watched) bool { return w.Level.Count >= history.Settled }

// newsRow is what is said of one series.
type newsRow struct {
	metric, last, level, expected string
	measures                      int
	state                         string
	tone                          tone
}

// newsGroup are the series of one experiment.
type newsGroup struct {
	title string
	rows  []newsRow
}

// newsGroups are all that is watched, in order.
func newsGroups(n history.News) (all []newsGroup) {
	for _, w := range n.Watched {
		if of := w.Of(); len(all) == 0 || all[len(all)-1].title != of {
			all = append(all, newsGroup{title: of})
		}
		g := &all[len(all)-1]
		g.rows = append(g.rows, newsRowOf(n, w))
	}
	return all
}

func newsRowOf(n history.News, w history.Watched) newsRow {
	points := w.Segments[w.Current].Points
	row := newsRow{metric: w.Metric, measures: len(points), last: natural(w, points[len(points)-1].Value), level: "–", expected: "–"}
	if w.Level.Count > 0 {
		row.level = natural(w, w.Level.Mean)
	}
	if settled(w) {
		row.expected = natural(w, w.Level.Low) + " … " + natural(w, w.Level.High)
	}
	row.state, row.tone = newsState(n, w)
	return row
}

// newsState says how a series is.
func newsState(n history.News, w history.Watched) (string, tone) {
	same := func(t history.Told) bool { return t.Key == w.Key }
	if at := slices.IndexFunc(n.Told, same); at >= 0 {
		if n.Told[at].Worse {
			return "REGRESSION", bad
		}
		return "IMPROVEMENT", good
	}
	open := slices.ContainsFunc(n.Open, func(t history.Told) bool { return same(t) && t.Worse })
	switch {
	case !w.Tonight:
		return "not measured last", faint
	case w.Suspected != nil:
		return "suspected", warning
	case open:
		return "open since " + openSince(n, w), warning
	case w.Young():
		return fmt.Sprintf("young: %d of %d", w.Measures(), history.Settled+1), faint
	default:
		return "steady", good
	}
}

// openSince is when the first change for the worse was told that is open.
func openSince(n history.News, w history.Watched) string {
	for _, t := range n.Open {
		if t.Key == w.Key && t.Worse {
			return dayOf(t.At)
		}
	}
	return ""
}

// natural is a value of a series as people say it: of a ratio to a control its percentage, of another the metric's own unit.
func natural(w history.Watched, v float64) string {
	m := results.MetricContrast{Metric: w.Metric, Relative: w.Relative}
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return "–"
	case w.Control != "":
		return changeText(m, w.Plain(v))
	default:
		return metricValue(m, w.Plain(v))
	}
}

// changeSays says of a change by how much, and how certain that is.
func changeSays(c history.Change) string {
	m := results.MetricContrast{Metric: c.Metric, Relative: c.Relative}
	return fmt.Sprintf("%s (95 %% interval %s … %s; p %.2g)", changeText(m, c.Effect), changeText(m, c.Low), changeText(m, c.High), c.P)
}

// changeSides says what was measured on both sides of a change.
func changeSides(n history.News, c history.Change) (all []string) {
	for _, side := range []struct {
		what, id string
		count    int
	}{{"before", c.Before, c.BeforeCount}, {"after", c.From, c.AfterCount}} {
		at := "the last of them "
		if side.what == "after" {
			at = "the first of them "
		}
		if side.count == 1 {
			at = ""
		}
		all = append(all, fmt.Sprintf("%s: %s, %s%s", side.what, plural(side.count, "measure"), at, recordSays(n, c.Key, side.id)))
	}
	if p, known := pointOf(n, c.Key, c.From); known && len(p.Noted) > 0 {
		all = append(all, "another then: "+strings.Join(p.Noted, "; "))
	}
	return all
}

// recordSays names a record: its time, what was measured and where it lies.
func recordSays(n history.News, k history.Key, id string) string {
	p, known := pointOf(n, k, id)
	if !known {
		return id
	}
	s := dayOf(p.Record.At)
	if p.Record.Candidate.Etcd != "" {
		s += ", etcd " + p.Record.Candidate.Etcd
	}
	if p.Record.Folder != "" {
		s += ", " + p.Record.Folder
	}
	return s
}

// pointOf is a record's point in a series that is watched.
func pointOf(n history.News, k history.Key, id string) (history.Point, bool) {
	for _, w := range n.Watched {
		if w.Key != k {
			continue
		}
		for _, s := range w.Segments {
			for _, p := range s.Points {
				if p.Record.ID == id {
					return p, true
				}
			}
		}
	}
	return history.Point{}, false
}

// newsNotes are what else a reader must know.
func newsNotes(n history.News) (all []string) {
	for _, f := range n.Faults {
		all = append(all, "the history's "+f.String()+"; it is left out, and stays in the file")
	}
	all = append(all, n.Warnings...)
	for _, w := range n.Watched {
		s := w.Segments[w.Current]
		if why := strings.Join(s.Why, "; "); why != "" && w.Young() && w.Tonight && !slices.Contains(all, why) {
			all = append(all, why)
		}
	}
	return all
}

func dayOf(t time.Time) string { return t.UTC().Format(time.DateOnly) }
