package report

import (
	"strings"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// mostBorders is how many times a series may go from one segment to another and back
// until only the first measures of each are told apart.
const mostBorders = 12

// borders are where measures begin that cannot be compared with those before.
func borders(j *judgedSeries) (all []figure.TrendBorder) {
	var back []figure.TrendBorder
	segments := map[string]int{}
	for i, s := range j.Segments {
		for _, p := range s.Points {
			segments[p.Record.ID] = i
		}
	}
	last := -1
	seen := map[int]bool{}
	var before history.Record
	for _, r := range j.axis.records {
		i, there := segments[r.ID]
		if !there {
			continue
		}
		switch step := j.axis.step[r.ID]; {
		case last < 0, i == last:
		case seen[i]:
			back = append(back, figure.TrendBorder{Step: step, Label: "as before", Title: minuteOf(r.At).Text + ": goes on with what was measured before"})
		default:
			all = append(all, figure.TrendBorder{Step: step, Label: another(before, r), Title: minuteOf(r.At).Text + ": " + strings.Join(j.Segments[i].Why, "; ")})
		}
		last, seen[i], before = i, true, r
	}
	if len(back) <= mostBorders {
		all = append(all, back...)
	}
	return all
}

// another names what parts two records.
func another(a, b history.Record) string {
	var what []string
	if a.Machine != b.Machine {
		what = append(what, "machine")
	}
	if a.Scenario.SHA256 != b.Scenario.SHA256 {
		what = append(what, "scenario")
	}
	if a.Control != nil && b.Control != nil && *a.Control != *b.Control {
		what = append(what, "control")
	}
	return "another " + strings.Join(what, ", ")
}
