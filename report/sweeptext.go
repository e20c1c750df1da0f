package report

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// sweepTable is a table of a sweep for a terminal and for Markdown: its first column stands left, the others right.
type sweepTable struct {
	Title string
	Head  []string
	Rows  []sweepLine
	// Below explains the table.
	Below string
}

type sweepLine struct {
	Texts []string
	// Tones colour columns by index.
	Tones map[int]tone
}

// mostPoints is how many points a terminal shows.
const mostPoints = 24

// sweepTables are the tables of a sweep, those without rows left out. A map of two
// factors takes the place of the list of points if it is not wider than widest.
func sweepTables(c results.Comparison, s results.Sweep, widest int) []sweepTable {
	if !sweptAnything(s) {
		return nil
	}
	of := []results.SweptMetric{objective(s)}
	if asked, _ := beside(s); !s.Advises { // else they are told of what is best
		of = append(of, asked...)
	}
	var all []sweepTable
	for _, m := range of {
		points := pointTable(c, s, m)
		if heat, ok := heatTable(s, m); ok && heat.width() <= widest {
			points = heat
		}
		all = append(all, points)
	}
	all = append(all, besideTable(c, s))
	if s.Design == results.Grid && len(s.Factors) > 1 {
		all = append(all, partTable(s), mainTable(c, s))
	}
	return slices.DeleteFunc(all, func(t sweepTable) bool { return len(t.Rows) == 0 })
}

// width is how many columns the table takes.
func (t sweepTable) width() (sum int) {
	for i := range t.Head {
		widest := width(t.Head[i])
		for _, r := range t.Rows {
			widest = max(widest, width(r.Texts[i]))
		}
		sum += widest + 1
	}
	return sum - 1
}

// ranked are the places of the points, the best first, or where none is looked for the lowest, and those that were not measured last.
func ranked(s results.Sweep, m results.SweptMetric) (all []int) {
	for i := range s.Points {
		all = append(all, i)
	}
	loss := func(i int) float64 {
		switch {
		case i >= len(m.Centres) || m.Centres[i] == nil:
			return math.Inf(1)
		case m.Better == "higher" && s.Advises:
			return -*m.Centres[i]
		default:
			return *m.Centres[i]
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(loss(a), loss(b)) })
	return all
}

// pointName is a point in a list of points.
func pointName(s results.Sweep, i int) string {
	if s.Design != results.Grid {
		return shortTitle(s, i)
	}
	var names []string
	for f, level := range s.Points[i].Levels {
		if f < len(s.Factors) {
			names = append(names, levelName(s.Factors[f], level))
		}
	}
	return strings.Join(names, " / ")
}

// pointTable lists the points by a metric.
func pointTable(c results.Comparison, s results.Sweep, m results.SweptMetric) sweepTable {
	first := ", the best first"
	if !s.Advises {
		first = ", the lowest first"
	}
	t := sweepTable{Title: m.Metric + first, Head: []string{factorNames(s, " / "), "value", "effect", confidenceText(c) + " interval", "verdict", ""}}
	if s.Design != results.Grid {
		t.Head[0] = "what differs from the baseline"
	}
	order := ranked(s, m)
	for _, i := range order[:min(len(order), mostPoints)] {
		e := effectAt(m, i)
		line := sweepLine{Texts: []string{pointName(s, i), sweptCentre(m, i), "–", "–", "–", strings.Join(marksOf(s, i), ", ")}, Tones: map[int]tone{4: verdictTone(e.Verdict)}}
		if i != s.Baseline && e.Effect != nil {
			x := plainOf(m, e)
			line.Texts[2], line.Texts[3], line.Texts[4] = effectText(x), intervalText(x), verdictWord(x)
		}
		t.Rows = append(t.Rows, line)
	}
	if n := len(order) - mostPoints; n > 0 {
		t.Below = plural(n, "more point") + "; the page and CSV have all"
	}
	return t
}

// heatTable is a grid of two factors as a map.
func heatTable(s results.Sweep, m results.SweptMetric) (t sweepTable, ok bool) {
	if s.Design != results.Grid || len(s.Factors) != 2 {
		return t, false
	}
	across := s.Factors[1]
	t = sweepTable{
		Title: m.Metric + " by " + s.Factors[0].Name + " (down) and " + across.Name + " (across)", Head: []string{""},
		Below: "o baseline, ? too few runs to tell from the baseline",
	}
	if s.Advises {
		t.Below = "* best, = cannot be told from it, " + t.Below
	}
	if slices.ContainsFunc(s.Points, func(p results.SweepPoint) bool { return len(p.Failed) > 0 }) {
		t.Below += ", ! failed a check or breached a threshold"
	}
	for _, l := range across.Levels {
		t.Head = append(t.Head, l+"   ")
	}
	for i, l := range s.Factors[0].Levels {
		line := sweepLine{Texts: []string{l}, Tones: map[int]tone{}}
		for j := range across.Levels {
			at := placeOf(s, []int{i, j})
			text := sweptCentre(m, at)
			if e := effectAt(m, at); e.Effect != nil {
				if at != s.Baseline {
					text += " " + effectText(plainOf(m, e))
				}
				if tone := verdictTone(e.Verdict); tone == good || tone == bad {
					line.Tones[j+1] = tone
				}
			}
			line.Texts = append(line.Texts, text+" "+left(signsOf(s, m, at), 2))
		}
		t.Rows = append(t.Rows, line)
	}
	return t, true
}

// signsOf are what is to be known of a point, in a sign or two.
func signsOf(s results.Sweep, m results.SweptMetric, i int) (signs string) {
	switch {
	case i == s.Baseline:
		signs = "o"
	case effectAt(m, i).Verdict == results.Inconclusive:
		signs = "?"
	}
	if i >= 0 && i < len(s.Points) && len(s.Points[i].Failed) > 0 {
		signs += "!"
	}
	switch {
	case s.Best != nil && *s.Best == i:
		return "*" + signs
	case slices.Contains(s.Tied, i):
		return "=" + signs
	default:
		return signs
	}
}

// shownPoint is the one that is told of beside the objective: what is advised, or else the best; nil where that is the baseline.
func shownPoint(s results.Sweep) *int {
	for _, at := range []*int{s.Advised, s.Best} {
		if at != nil && *at != s.Baseline && *at >= 0 && *at < len(s.Points) {
			return at
		}
	}
	return nil
}

// besideTable is what the other metrics that were asked for come to there.
func besideTable(c results.Comparison, s results.Sweep) sweepTable {
	at := shownPoint(s)
	if at == nil {
		return sweepTable{}
	}
	t := sweepTable{Title: "What else changes with " + besideTitle(s, *at), Head: []string{"metric", "baseline", "there", "effect", confidenceText(c) + " interval", "verdict"}}
	asked, _ := beside(s)
	for _, m := range asked {
		r := besideRow(s, m, *at)
		t.Rows = append(t.Rows, sweepLine{Texts: []string{r.Name, r.Baseline, r.Candidate, r.Effect, r.Interval, r.Verdict}, Tones: map[int]tone{5: r.Tone}})
	}
	return t
}

// besideTitle is the point that is told of beside the objective, and in which runs.
func besideTitle(s results.Sweep, at int) string {
	title := shortTitle(s, at)
	asked, _ := beside(s)
	if slices.ContainsFunc(asked, func(m results.SweptMetric) bool { return freshMetric(s, m.Metric, at) != nil }) {
		title += ", in fresh runs"
	}
	return title
}

// mainTable are the main effects.
func mainTable(c results.Comparison, s results.Sweep) sweepTable {
	m := objective(s)
	t := sweepTable{Title: "Each factor by itself, in the mean over the levels of the others", Head: []string{"factor and level", "effect", confidenceText(c) + " interval", "verdict"}}
	for f, factor := range s.Factors {
		for l := range factor.Levels {
			line := sweepLine{Texts: []string{factor.Name + " = " + levelName(factor, l), "baseline", "–", "–"}}
			if l != factor.Baseline {
				e := levelEffect(s, m, f, l)
				x := plainOf(m, e)
				line.Texts[1], line.Texts[2], line.Texts[3], line.Tones = effectText(x), intervalText(x), verdictWord(x), map[int]tone{3: verdictTone(e.Verdict)}
			}
			t.Rows = append(t.Rows, line)
		}
	}
	return t
}

// partTable is how the differences divide.
func partTable(s results.Sweep) sweepTable {
	t := sweepTable{Title: "What matters", Head: []string{"factor", "share of the differences", "by chance alone (p)"}}
	for _, p := range objective(s).Parts {
		t.Rows = append(t.Rows, sweepLine{Texts: []string{partName(s, p), strconv.FormatFloat(100*p.Share, 'f', 0, 64) + " %", chanceText(p.P)}})
	}
	return t
}

// sweep writes one sweep.
func (t *terminal) sweep(c results.Comparison, s results.Sweep) {
	t.line("")
	t.line(t.paint(strong, t.text(s.Scenario)))
	for _, each := range sweepSays(s) {
		t.wrapped(each.Tone, t.text(each.Text))
	}
	const indent = 24
	for _, f := range sweepAnswer(c, s) {
		name := f.Name
		for _, part := range Wrap(t.text(f.Value), tableWidth-indent-2) {
			t.line("  " + t.paint(strong, left(name, indent)) + part)
			name = ""
		}
	}
	for _, table := range sweepTables(c, s, tableWidth) {
		t.line("")
		g := grid{over: map[int]string{0: left(t.text(table.Title), tableWidth)}}
		for _, h := range table.Head {
			g.head = append(g.head, t.text(h))
		}
		for _, r := range table.Rows {
			row := gridRow{tones: r.Tones}
			for _, s := range r.Texts {
				row.texts = append(row.texts, t.text(s))
			}
			g.rows = append(g.rows, row)
		}
		t.grid(g)
		if table.Below != "" {
			t.wrapped(faint, table.Below)
		}
	}
}

// sweep writes one sweep, with the tables of a terminal.
func (s *sheet) sweep(c results.Comparison, of results.Sweep) {
	s.paragraph("### %s", markdownText(of.Scenario))
	for _, each := range sweepSays(of) {
		s.paragraph("%s", markdownText(each.Text))
	}
	var answer []string
	for _, f := range sweepAnswer(c, of) {
		answer = append(answer, "- **"+f.Name+":** "+markdownText(f.Value))
	}
	s.paragraph("%s", strings.Join(answer, "\n"))
	for _, table := range sweepTables(c, of, 200) {
		s.paragraph("#### %s", markdownText(table.Title))
		var head []string
		for _, h := range table.Head {
			head = append(head, markdownText(h))
		}
		var rows [][]string
		for _, r := range table.Rows {
			var cells []string
			for i, text := range r.Texts {
				cell := markdownText(text)
				if r.Tones[i] == bad {
					cell = "**" + cell + "**"
				}
				cells = append(cells, cell)
			}
			rows = append(rows, cells)
		}
		s.table(head, 1, rows)
		if table.Below != "" {
			s.paragraph("%s", markdownText(table.Below))
		}
	}
}
