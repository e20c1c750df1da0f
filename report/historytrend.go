package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results/history"
	"github.com/etcd-dyno/etcd-dyno/results/stats"
)

// trend is what the chart of a series shows.
func (of looked) trend(j *judgedSeries) figure.Trend {
	n := newReading(j.Series)
	t := figure.Trend{Nights: j.axis.nights(), Unit: n.unit, Signed: n.signed}
	for i, segment := range j.Segments {
		for _, p := range segment.Points {
			t.Points = append(t.Points, of.trendPoint(j, n, p, i != j.Current))
		}
		t.Levels = append(t.Levels, levels(j, n, i)...)
	}
	slices.SortFunc(t.Points, func(a, b figure.TrendPoint) int { return a.Step - b.Step })
	t.Expected = expected(j, n)
	t.Changes, t.Borders = of.marks(j), borders(j)
	for _, r := range j.axis.records {
		if !r.Valid {
			t.Asides = append(t.Asides, figure.TrendAside{Step: j.axis.step[r.ID], Cross: true, Title: minuteOf(r.At).Text + ": does not count: " + strings.Join(r.Reasons, "; ")})
		}
	}
	for _, segment := range j.Segments {
		for _, p := range segment.Points {
			if len(p.Noted) > 0 {
				t.Asides = append(t.Asides, figure.TrendAside{Step: j.axis.step[p.Record.ID], Title: minuteOf(p.Record.At).Text + ": " + strings.Join(p.Noted, "; ")})
			}
		}
	}
	return t
}

func (of looked) trendPoint(j *judgedSeries, n reading, p history.Point, past bool) figure.TrendPoint {
	at := figure.TrendPoint{Step: j.axis.step[p.Record.ID], Value: n.on(p.Value), Again: p.Record.Again != "", Past: past, Link: of.link(p.Record.ID)}
	at.Low, at.High = n.interval(p.Metric)
	at.Title = minuteOf(p.Record.At).Text + ": " + n.text(p.Value) + n.pairs(p.Metric)
	if at.Again {
		at.Title += ", measured again"
	}
	at.Title += ", record " + p.Record.ID
	return at
}

// levels are the means between the changes of a segment.
func levels(j *judgedSeries, n reading, segment int) (all []figure.TrendLevel) {
	points := j.Segments[segment].Points
	from := 0
	end := func(to int) {
		if to <= from {
			return
		}
		mean, _ := stats.MeanAndSD(history.Segment{Points: points[from:to]}.Values())
		all = append(all, figure.TrendLevel{
			From: j.axis.step[points[from].Record.ID], To: j.axis.step[points[to-1].Record.ID], Value: n.on(mean), Past: segment != j.Current,
		})
		from = to
	}
	for _, c := range j.judged[segment].Changes {
		end(slices.IndexFunc(points, func(p history.Point) bool { return p.Record.ID == c.From }))
	}
	end(len(points))
	return all
}

// expected is where the last measure was expected; nil where its level is too young.
func expected(j *judgedSeries, n reading) *figure.TrendRange {
	l, points := j.now().Level, j.points()
	if l.Count < history.Settled || math.IsInf(l.Low, 0) || math.IsInf(l.High, 0) {
		return nil
	}
	return &figure.TrendRange{From: j.axis.step[points[l.From].Record.ID], To: j.axis.step[points[len(points)-1].Record.ID], Low: n.on(l.Low), High: n.on(l.High)}
}

// marks are the changes of a series: those that were told, and those that are seen, each once.
func (of looked) marks(j *judgedSeries) (all []figure.TrendChange) {
	seen := map[string]bool{}
	put := func(c history.Change) {
		step, known := j.axis.step[c.From]
		if seen[c.ID] || !known {
			return
		}
		seen[c.ID] = true
		all = append(all, of.mark(j, c, step))
	}
	for _, judged := range j.judged {
		for _, c := range judged.Changes {
			put(c)
		}
	}
	if s := j.now().Suspected; s != nil && j.watched {
		put(*s)
	}
	for _, t := range of.page.History.Told {
		if t.Key == j.Key {
			put(t.Change)
		}
	}
	slices.SortStableFunc(all, func(a, b figure.TrendChange) int { return a.Step - b.Step })
	return all
}

// mark is how a change stands in its chart.
func (of looked) mark(j *judgedSeries, c history.Change, step int) figure.TrendChange {
	m := figure.TrendChange{Step: step, Mark: figure.MarkBetter, Label: effectOf(c)}
	if c.Worse {
		m.Mark = figure.MarkWorse
	}
	state := "open"
	_, told := of.told[c.ID]
	_, acked := of.page.History.Acked(c.ID)
	isNew := isNew(j.now(), c)
	isSuspected := j.now().Suspected != nil && j.now().Suspected.ID == c.ID
	switch {
	case acked:
		m.Quiet, state = true, "acked"
		m.Label += ", acked"
	case told:
	case isSuspected:
		m.Mark, state = figure.MarkOpen, "suspected"
		m.Label += "?"
	case isNew && j.watched:
		state = "new"
	default:
		m.Quiet, state = true, "seen in hindsight"
		m.Label = differenceOf(c.Metric, c.Relative, c.Effect)
	}
	m.Title = fmt.Sprintf("%s from %s on, 95 %% interval %s, %s", effectOf(c), minuteOf(j.axis.records[step].At).Text, rangeOf(c), state)
	if told {
		m.Link = "#change-" + c.ID
	}
	return m
}

// isNew reports whether a change is one that is to be told.
func isNew(j history.Judgement, c history.Change) bool {
	return slices.ContainsFunc(j.New, func(n history.Change) bool { return n.ID == c.ID })
}
