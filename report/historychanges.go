package report

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// changeRow is a change as the page tells it.
type changeRow struct {
	ID string
	// Word is its state.
	Word string
	Tone tone
	// Says is what else there is to its state.
	Says []string
	// From is the first record of the new level, Before the last of the old one.
	From, Before recordLink
	// Metric is what changed, of Subject; Chart is where its chart is, empty where it has none.
	Metric, Subject, Chart string
	Effect, Interval, P    string
	// Counts are how many measures the levels have.
	Counts string
	// Ack is the command that accepts it; empty where there is nothing to accept.
	Ack string
	// order is by what needs a look first.
	order int
}

// changes are those that were told or are to be, and those that are suspected, the most urgent first.
func (of looked) changes() (rows []changeRow) {
	for _, t := range of.page.History.Told {
		rows = append(rows, of.toldRow(t))
	}
	for _, j := range of.series {
		if !j.watched {
			continue
		}
		for _, c := range j.now().New {
			row := of.changeRow(c)
			row.Word, row.Tone, row.order = "new", toneOfChange(c), 2
			row.Says = []string{"confirmed; etcd-dyno history check tells it"}
			rows = append(rows, row)
		}
		if c := j.now().Suspected; c != nil {
			row := of.changeRow(*c)
			row.Word, row.Tone, row.order, row.P = "suspected", warning, 3, ""
			row.Says = []string{"not certain: it is told once it was measured again and is still there"}
			rows = append(rows, row)
		}
	}
	slices.SortStableFunc(rows, func(a, b changeRow) int {
		return cmp.Or(cmp.Compare(a.order, b.order), cmp.Compare(b.From.At.Datetime, a.From.At.Datetime))
	})
	return rows
}

func (of looked) toldRow(t history.Told) changeRow {
	row := of.changeRow(t.Change)
	row.Says = []string{"told " + dayOf(t.At)}
	if ack, acked := of.page.History.Acked(t.ID); acked {
		row.Word, row.Tone, row.order = "acked", faint, 4
		row.Says = append(row.Says, "acked "+dayOf(ack.At))
		if ack.Reason != "" {
			row.Says = append(row.Says, ack.Reason)
		}
		return row
	}
	row.Word, row.Tone = "open", toneOfChange(t.Change)
	if !t.Worse {
		row.order = 1
	}
	if isID(t.ID) {
		row.Ack = of.page.Ack + " " + t.ID
	}
	return row
}

// isID reports whether a text is an ID as we make them. Another may come from a file of
// somebody else's, and is not put into a command that readers copy.
func isID(s string) bool { return s != "" && strings.Trim(s, "0123456789abcdef") == "" }

func toneOfChange(c history.Change) tone {
	if c.Worse {
		return bad
	}
	return good
}

// hindsight are the changes that were neither told nor are to be told, the newest first.
func (of looked) hindsight() (rows []changeRow) {
	for _, j := range of.series {
		for i, judged := range j.judged {
			for _, c := range judged.Changes {
				fresh := j.watched && i == j.Current && isNew(j.now(), c)
				if _, told := of.told[c.ID]; !told && !fresh {
					rows = append(rows, of.changeRow(c))
				}
			}
		}
	}
	slices.SortStableFunc(rows, func(a, b changeRow) int { return cmp.Compare(b.From.At.Datetime, a.From.At.Datetime) })
	return rows
}

// mostHindsight is how many changes that were not told are listed.
const mostHindsight = 100

// changeRow tells of a change what holds of any.
func (of looked) changeRow(c history.Change) changeRow {
	row := changeRow{
		ID: c.ID, From: of.recordLink(c.From), Before: of.recordLink(c.Before), Subject: c.Of(),
		Effect: effectOf(c), Interval: rangeOf(c), P: pText(c.P), Counts: fmt.Sprintf("%d before, %d since", c.BeforeCount, c.AfterCount),
	}
	row.Metric = metricWords(c.Metric)
	if j := of.of(c.Key); j != nil {
		row.Chart = j.anchor
	}
	return row
}

// metricWords is a metric's name in words, its workload first.
func metricWords(metric string) string {
	workload, name := metricName(metric)
	return strings.TrimSpace(workload + " " + name)
}

// effectOf is a change's effect, and what that means.
func effectOf(c history.Change) string {
	word := ", better"
	if c.Worse {
		word = ", worse"
	}
	return differenceOf(c.Metric, c.Relative, c.Effect) + word
}

func rangeOf(c history.Change) string {
	if math.IsInf(c.Low, 0) || math.IsInf(c.High, 0) {
		return ""
	}
	return differenceOf(c.Metric, c.Relative, c.Low) + " … " + differenceOf(c.Metric, c.Relative, c.High)
}

// differenceOf is a difference in a metric as it is told.
func differenceOf(metric string, relative bool, v float64) string {
	return changeText(results.MetricContrast{Metric: metric, Relative: relative}, v)
}

// pText is a p-value.
func pText(p float64) string {
	if p < 0.0001 {
		return "< 0.0001"
	}
	return fmt.Sprintf("%.2g", p)
}
