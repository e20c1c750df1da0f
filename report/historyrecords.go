package report

import (
	"cmp"
	"path"
	"slices"
	"time"
)

// recordLink is a record as the page tells it; Link is empty where its report is not there.
type recordLink struct {
	Link string
	At   moment
	ID   string
}

// recordLink finds a record's report.
func (of looked) recordLink(id string) recordLink {
	r, known := of.page.History.Record(id)
	l := recordLink{ID: id}
	if known {
		l.At, l.Link = minuteOf(r.At), of.link(id)
	}
	return l
}

// minuteOf is an instant, to the minute.
func minuteOf(t time.Time) moment {
	m := newMoment(t)
	m.Text = m.Text[:max(len(m.Text)-len(":00"), 0)]
	return m
}

// link is where a record's report is; empty where it is not there.
func (of looked) link(id string) string {
	file, there := of.page.Reports[id]
	if !there || file == "" {
		return ""
	}
	return link(path.Dir(file), path.Base(file))
}

// recordRow is a record in the list of all.
type recordRow struct {
	recordLink

	Subject string
	Says    []string
	Valid   bool
}

// mostRecords is how many records are listed.
const mostRecords = 500

// records are the newest first, and how many more there are.
func (of looked) records() (rows []recordRow, older int) {
	all := of.page.History.Records
	for i, r := range slices.Backward(all) {
		if len(rows) == mostRecords {
			return rows, i + 1
		}
		row := recordRow{recordLink: of.recordLink(r.ID), Subject: r.Of(), Valid: r.Valid}
		if r.Again != "" {
			row.Says = append(row.Says, "measured again")
		}
		row.Says = append(row.Says, r.Reasons...)
		row.Says = append(row.Says, cmp.Or(r.Candidate.Etcd, "etcd of a version that is not known")+", "+plural(r.Pairs, "pair"))
		rows = append(rows, row)
	}
	return rows, 0
}
