package report

import (
	"slices"
	"strconv"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// longHead is how wide the head of a column may be; a longer name takes several lines.
const longHead = 16

// comparisonHead stands above a column of a comparison.
type comparisonHead struct {
	name  string
	lines []string // the name, broken
	// doubt says why the run is no full one; empty where it is.
	doubt string
}

// comparisonHeads are the configurations' names, made harmless by text; those of the same name are numbered.
func comparisonHeads(text func(string) string, all []results.Result) []comparisonHead {
	var heads []comparisonHead
	n := map[string]int{}
	for _, r := range all {
		name := text(r.Configuration.Name)
		if n[name]++; n[name] > 1 {
			name += " #" + strconv.Itoa(n[name])
		}
		h := comparisonHead{name: name, lines: breakName(name, longHead)}
		switch {
		case !r.Valid:
			h.doubt = "NOT VALID"
		case !r.Complete:
			h.doubt = "INCOMPLETE"
		}
		heads = append(heads, h)
	}
	return heads
}

// breakName breaks a name into lines of at most n columns, behind a sign where there is one.
func breakName(name string, n int) []string {
	var lines []string
	rest := []rune(name)
	for len(rest) > n {
		cut := n
		for i := n; i > n/2; i-- {
			if strings.ContainsRune(" -_.", rest[i-1]) {
				cut = i
				break
			}
		}
		lines, rest = append(lines, string(rest[:cut])), rest[cut:]
	}
	return append(lines, string(rest))
}

// columns is a part of a comparison that fits beside one another: which runs, and how wide each is.
type columns struct {
	name, stat int // widths of the first two columns
	runs       []runColumn
}

// runColumn is a run's column: values right, ratios behind them.
type runColumn struct{ run, value, ratio, total int }

// columnGap stands between two columns.
const columnGap = 2

// blocks parts the runs so that each block fits into the table's width. The
// first run begins each of them, since the ratios are to it.
func blocks(rows []comparisonRow, heads []comparisonHead) []columns {
	empty := columns{}
	for _, row := range rows {
		empty.name, empty.stat = max(empty.name, width(row.name)+2, width(row.group)), max(empty.stat, width(row.stat))
	}
	empty.name = min(empty.name, tableWidth/4)
	used := func(c columns) int {
		n := empty.name + 1 + empty.stat
		for _, r := range c.runs {
			n += columnGap + r.total
		}
		return n
	}
	var all []columns
	block := empty
	block.runs = []runColumn{newRunColumn(0, rows, heads[0])}
	for i := 1; i < len(heads); i++ {
		c := newRunColumn(i, rows, heads[i])
		if len(block.runs) > 1 && used(block)+columnGap+c.total > tableWidth {
			all = append(all, block)
			block.runs = slices.Clone(block.runs[:1])
		}
		block.runs = append(block.runs, c)
	}
	return append(all, block)
}

func newRunColumn(run int, rows []comparisonRow, head comparisonHead) runColumn {
	c := runColumn{run: run}
	for _, row := range rows {
		if row.group == "" {
			c.value, c.ratio = max(c.value, width(row.cells[run].value)), max(c.ratio, width(row.cells[run].ratio))
		}
	}
	c.total = c.value
	if c.ratio > 0 {
		c.total += 1 + c.ratio
	}
	for _, s := range append(slices.Clone(head.lines), head.doubt) {
		c.total = max(c.total, width(s))
	}
	return c
}

// block writes a part of a comparison.
func (t *terminal) block(c columns, rows []comparisonRow, heads []comparisonHead) {
	deepest := 0
	for _, r := range c.runs {
		deepest = max(deepest, len(heads[r.run].lines))
	}
	for i := range deepest {
		t.headLine(c, strong, func(run int) string {
			lines := heads[run].lines
			if skip := deepest - len(lines); i >= skip {
				return lines[i-skip]
			}
			return ""
		})
	}
	if slices.ContainsFunc(c.runs, func(r runColumn) bool { return heads[r.run].doubt != "" }) {
		t.headLine(c, bad, func(run int) string { return heads[run].doubt })
	}
	for _, row := range rows {
		t.comparisonRow(c, row)
	}
}

// headLine writes one line above the columns.
func (t *terminal) headLine(c columns, tone tone, text func(run int) string) {
	var line strings.Builder
	line.WriteString(strings.Repeat(" ", c.name+1+c.stat))
	for _, r := range c.runs {
		s := text(r.run)
		line.WriteString(strings.Repeat(" ", columnGap+r.total-width(s)))
		if s != "" {
			line.WriteString(t.paint(tone, s))
		}
	}
	t.line(line.String())
}

func (t *terminal) comparisonRow(c columns, row comparisonRow) {
	if row.group != "" {
		t.line(t.paint(strong, t.text(row.group)))
		return
	}
	var line strings.Builder
	line.WriteString(left("  "+t.text(row.name), c.name) + " " + left(row.stat, c.stat))
	for _, r := range c.runs {
		cell := row.cells[r.run]
		value := strings.Repeat(" ", columnGap+r.total-r.valueEnd()-width(cell.value)) + cell.value
		if cell.tone != "" {
			value = t.paint(cell.tone, value)
		}
		line.WriteString(value)
		if r.ratio > 0 {
			line.WriteString(" " + strings.Repeat(" ", r.ratio-width(cell.ratio)) + cell.ratio)
		}
	}
	t.line(line.String())
}

// valueEnd is how many columns stand behind a value.
func (r runColumn) valueEnd() int {
	if r.ratio == 0 {
		return 0
	}
	return 1 + r.ratio
}
