package report

import (
	_ "embed"
	"fmt"
	"io"
	"time"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// HistoryPage is what the page of a history shows.
type HistoryPage struct {
	// File is the history's, as a reader is told it.
	File string
	// Made is when it was looked at.
	Made    time.Time
	History *history.History
	// Reports are, by the ID of a record, the files of the reports that are still there, as
	// seen from the page's folder, with slashes. Other records are not linked.
	Reports map[string]string
	// Ack is the command line that accepts a change, but for the change's ID behind it.
	Ack string
}

//go:embed history.html.tmpl
var historyTemplate string

// historyView is the page as the template writes it.
type historyView struct {
	frame
	Page      HistoryPage
	Made      moment
	Facts     []fact
	State     verdict
	Faults    []string
	Warnings  []string
	Changes   []changeRow
	Hindsight []changeRow
	// Seen is how many changes are seen in hindsight; the older ones may not be listed.
	Seen     int
	Subjects []subjectView
	Records  []recordRow
	// Older is how many records are not listed.
	Older int
	// Few is how many measures a level has from which the next is predicted.
	Few int
}

// HTMLHistory writes the page of a history as one self-contained file: what changed, and
// how each series came to where it is. It loads nothing and has no script; it links
// relatively to reports that are there.
func HTMLHistory(w io.Writer, page HistoryPage) error {
	v, err := newHistoryView(page)
	if err == nil {
		v.frame = newFrame(pageStyle, "")
		err = execute(w, historyTemplate, v)
	}
	if err != nil {
		return fmt.Errorf("writing the page of the history: %w", err)
	}
	return nil
}

func newHistoryView(page HistoryPage) (historyView, error) {
	of := look(page)
	v := historyView{
		Page: page, Made: newMoment(page.Made), Facts: of.facts(), State: of.state(), Warnings: page.History.Warnings,
		Changes: of.changes(), Hindsight: of.hindsight(), Few: history.Settled,
	}
	for _, f := range page.History.Faults {
		v.Faults = append(v.Faults, f.String())
	}
	v.Seen = len(v.Hindsight)
	v.Hindsight = v.Hindsight[:min(v.Seen, mostHindsight)]
	v.Records, v.Older = of.records()
	var err error
	v.Subjects, err = of.draw()
	return v, err
}

// facts are what was remembered, and where.
func (of looked) facts() []fact {
	records := of.page.History.Records
	all := []fact{{"Records", figure.Count(int64(len(records)))}}
	if len(records) == 0 {
		return all
	}
	first, last := records[0], records[len(records)-1]
	all = append(all, fact{"From", dayOf(first.At)}, fact{"To", dayOf(last.At)})
	valid := 0
	for _, r := range records {
		if r.Valid {
			valid++
		}
	}
	if n := len(records) - valid; n > 0 {
		all = append(all, fact{"Not valid", figure.Count(int64(n))})
	}
	all = append(all, fact{"Series", figure.Count(int64(len(of.series)))}, fact{"Machine", machineText(last.Machine)})
	return all
}

// machineText names a machine.
func machineText(m history.Machine) string {
	s := fmt.Sprintf("%s %s, %s", m.OS, m.Kernel, plural(m.CPUs, "CPU"))
	if m.CPUModel != "" {
		s += " (" + m.CPUModel + ")"
	}
	s += fmt.Sprintf(", %d GiB", m.MemoryGiB)
	if m.Filesystem != "" {
		s += ", " + m.Filesystem
	}
	return s
}
