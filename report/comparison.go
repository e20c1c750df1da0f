package report

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Comparison writes runs of one scenario on several configurations side by side,
// 100 columns wide: a column for each run in the order given, and behind each
// value its ratio to that of the first. It is an error to compare no run.
//
// Note: with one run each the differences are indicative; no test is made of them.
func Comparison(w io.Writer, all []results.Result, style Style) error {
	if len(all) == 0 {
		return errors.New("comparing runs: there are none")
	}
	t := terminal{style: style}
	rows, heads := comparisonRows(all), comparisonHeads(t.text, all)
	t.comparisonTitle(all, heads)
	for _, block := range blocks(rows, heads) {
		t.line("")
		t.block(block, rows, heads)
	}
	if slices.ContainsFunc(anyOperation(all), func(o results.Operation) bool { return o.Chain }) {
		t.line(t.paint(faint, "* whole chain, think times included; n/a: too few samples, or none"))
	}
	if _, err := w.Write(t.out.Bytes()); err != nil {
		return fmt.Errorf("writing the comparison: %w", err)
	}
	return nil
}

// comparisonTitle says what is compared, and how far that can be trusted.
func (t *terminal) comparisonTitle(all []results.Result, heads []comparisonHead) {
	first := all[0]
	t.line(t.paint(strong, t.text(first.Scenario.Name)+" on "+plural(len(all), "configuration")+", one run each"))
	if len(all) > 1 {
		t.wrapped(faint, "Differences are indicative and not a test: a second run of the same would differ too. ×1.20 is 1.20 times the value of "+heads[0].name+".")
	}
	var others []string
	for i, r := range all {
		if r.Scenario.SHA256 != first.Scenario.SHA256 {
			others = append(others, heads[i].name)
		}
	}
	if len(others) > 0 {
		t.wrapped(bad, "Not the same scenario as on "+heads[0].name+": "+strings.Join(others, ", ")+".")
	}
	switch {
	case !first.Valid && len(all) > 1:
		t.wrapped(bad, "All ratios are to a run that is NOT VALID: its numbers are not only etcd's.")
	case slices.ContainsFunc(all, func(r results.Result) bool { return !r.Valid }):
		t.wrapped(bad, "The numbers of a run that is NOT VALID are not only etcd's; its own report says why.")
	}
}

// wrapped writes a text in lines of the table's width.
func (t *terminal) wrapped(tone tone, text string) {
	for _, part := range Wrap(text, tableWidth) {
		t.line(t.paint(tone, part))
	}
}

// comparisonRow is a row, or where group is set a heading of those below it.
type comparisonRow struct {
	group, name, stat string
	cells             []comparisonCell
}

// comparisonCell is what one run has to say; ratio is empty in the first column
// and where there is none.
type comparisonCell struct {
	value, ratio string
	tone         tone
}

func comparisonRows(all []results.Result) []comparisonRow {
	var rows []comparisonRow
	for _, g := range groups(anyOperation(all)) {
		rows = append(rows, comparisonRow{group: g.Workload})
		for _, o := range g.Operations {
			rows = append(rows, operationRows(o, eachOperation(all, o))...)
		}
	}
	for _, workload := range anyWatch(all) {
		rows = append(rows, comparisonRow{group: workload}, distributionRow("delivery", 50, deliveries(all, workload)), distributionRow("", 99, deliveries(all, workload)))
	}
	rows = append(rows, actionRows(all)...)
	return append(rows, runRows(all)...)
}

// anyOperation is each operation that any run has, once.
func anyOperation(all []results.Result) []results.Operation {
	var found []results.Operation
	for _, r := range all {
		for _, o := range r.Whole() {
			if !slices.ContainsFunc(found, func(f results.Operation) bool { return f.Workload == o.Workload && f.Operation == o.Operation }) {
				found = append(found, o)
			}
		}
	}
	return found
}

// eachOperation is an operation as each run has it, the zero value where it has none.
func eachOperation(all []results.Result, of results.Operation) []results.Operation {
	each := make([]results.Operation, len(all))
	for i, r := range all {
		for _, o := range r.Whole() {
			if o.Workload == of.Workload && o.Operation == of.Operation {
				each[i] = o
			}
		}
	}
	return each
}
