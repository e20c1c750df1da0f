package report

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// NewsSchema names the format of NewsJSON.
const NewsSchema = "etcd-dyno/news/v1"

// News writes what a look at a history brings as a table, 100 columns wide.
func News(w io.Writer, n history.News, style Style) error {
	t := terminal{style: style}
	word, how, text := newsHeadline(n)
	t.line(t.paint(how, "History: "+word) + "  " + text)
	for _, told := range n.Told {
		t.change(n, told.Change, toldWord(told), told.ID)
	}
	for _, c := range n.Suspected {
		t.change(n, c, "suspected", "")
	}
	for _, note := range newsNotes(n) {
		t.wrapped(warning, t.text(note))
	}
	for _, g := range newsGroups(n) {
		t.line("")
		t.line(t.paint(strong, t.text(g.title)))
		table := grid{head: []string{"metric", "last", "level", "expected", "measures", "state"}}
		for _, r := range g.rows {
			table.rows = append(table.rows, gridRow{texts: []string{t.text(r.metric), r.last, r.level, r.expected, strconv.Itoa(r.measures), r.state}, tones: map[int]tone{5: r.tone}})
		}
		t.grid(table)
	}
	for _, each := range n.Open {
		t.wrapped(faint, t.text("open: "+openSays(each)))
	}
	if _, err := w.Write(t.out.Bytes()); err != nil {
		return fmt.Errorf("writing what is new in the history: %w", err)
	}
	return nil
}

// change writes one change with both of its sides.
func (t *terminal) change(n history.News, c history.Change, word, id string) {
	tone := good
	switch {
	case id == "":
		tone = warning
	case c.Worse:
		tone = bad
	}
	t.line("")
	head := t.text(c.Metric)
	if id != "" {
		head += "  [" + id + "]"
	}
	t.line(t.paint(tone, word) + " " + head)
	t.line("  " + changeSays(c))
	for _, text := range append([]string{c.Of()}, changeSides(n, c)...) {
		for i, part := range Wrap(t.text(text), tableWidth-4) {
			indent := "  "
			if i > 0 {
				indent = "    "
			}
			t.line(indent + t.paint(faint, part))
		}
	}
}

func toldWord(t history.Told) string {
	if t.Worse {
		return "REGRESSION"
	}
	return "IMPROVEMENT"
}

// openSays says what was told before, and how to accept it.
func openSays(t history.Told) string {
	return fmt.Sprintf("%s %s, told %s; etcd-dyno history ack %s accepts it", t.Metric, changeSays(t.Change), dayOf(t.At), t.ID)
}

// NewsMarkdown writes the same as GitHub's Markdown.
func NewsMarkdown(w io.Writer, n history.News) error {
	var s sheet
	word, _, text := newsHeadline(n)
	s.paragraph("## History: %s", word)
	s.paragraph("%s", markdownText(text))
	var rows [][]string
	add := func(c history.Change, word, id string) {
		rows = append(rows, []string{word, markdownCode(c.Metric), markdownText(c.Of()), markdownText(changeSays(c)), markdownText(strings.Join(changeSides(n, c), "; ")), id})
	}
	for _, t := range n.Told {
		add(t.Change, "**"+toldWord(t)+"**", markdownCode(t.ID))
	}
	for _, c := range n.Suspected {
		add(c, "suspected", "")
	}
	s.table([]string{"", "metric", "", "change", "sides", "id"}, 6, rows)
	s.list("Beware", newsNotes(n))
	for _, g := range newsGroups(n) {
		s.paragraph("### %s", markdownText(g.title))
		rows = nil
		for _, r := range g.rows {
			rows = append(rows, []string{markdownCode(r.metric), r.last, r.level, r.expected, strconv.Itoa(r.measures), markdownText(r.state)})
		}
		s.table([]string{"metric", "last", "level", "expected", "measures", "state"}, 1, rows)
	}
	var open []string
	for _, t := range n.Open {
		open = append(open, openSays(t))
	}
	s.list("Open", open)
	return s.write(w, "the history as Markdown")
}

// newsJSON is what NewsJSON writes.
type newsJSON struct {
	Schema    string           `json:"schema"`
	Outcome   string           `json:"outcome"`
	Told      []history.Told   `json:"told"`
	Suspected []history.Change `json:"suspected"`
	Open      []history.Told   `json:"open"`
	Series    []seriesJSON     `json:"series"`
	Notes     []string         `json:"notes"`
}

// seriesJSON is a series in numbers: shares of the control where it has one and they are relative, else the metric's unit.
type seriesJSON struct {
	history.Key
	Better   string    `json:"better"`
	Gates    bool      `json:"gates"`
	Relative bool      `json:"relative"`
	State    string    `json:"state"`
	Measures int       `json:"measures"`
	LastAt   time.Time `json:"last_at"`
	Last     *float64  `json:"last"`
	Level    *float64  `json:"level"`
	Low      *float64  `json:"low"`
	High     *float64  `json:"high"`
}

// NewsJSON writes the same for programs. What is not known is null.
func NewsJSON(w io.Writer, n history.News) error {
	word, _, _ := newsHeadline(n)
	out := newsJSON{Schema: NewsSchema, Outcome: strings.ToLower(word), Told: orEmpty(n.Told), Suspected: orEmpty(n.Suspected), Open: orEmpty(n.Open), Series: []seriesJSON{}, Notes: orEmpty(newsNotes(n))}
	for _, each := range n.Watched {
		points := each.Segments[each.Current].Points
		state, _ := newsState(n, each)
		last := points[len(points)-1]
		out.Series = append(out.Series, seriesJSON{
			Key: each.Key, Better: each.Better, Gates: each.Gates, Relative: each.Relative, State: state, Measures: len(points), LastAt: last.Record.At,
			Last: number(each, last.Value), Level: number(each, each.Level.Mean), Low: number(each, each.Level.Low), High: number(each, each.Level.High),
		})
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(out); err != nil {
		return fmt.Errorf("writing the history as JSON: %w", err)
	}
	return nil
}

func orEmpty[T any](all []T) []T {
	if all == nil {
		return []T{}
	}
	return all
}

// number is a value of a series as its share, or in the metric's unit; nil where there is none.
func number(w history.Watched, v float64) *float64 {
	if v = w.Plain(v); math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// NewsJUnit writes a case for each series that is watched: one fails for which a change for
// the worse is told now, and where that fails, one that is suspected.
func NewsJUnit(w io.Writer, n history.News, suspectedFails bool) error {
	return writeJUnit(w, newsSuites(n, suspectedFails))
}

func newsSuites(n history.News, suspectedFails bool) (all []junitSuite) {
	for _, w := range n.Watched {
		name := "history: " + w.Of()
		if len(all) == 0 || all[len(all)-1].Name != name {
			s := junitSuite{Name: name}
			for _, note := range newsNotes(n) {
				s.Properties = append(s.Properties, junitProperty{"note", note})
			}
			all = append(all, s)
		}
		all[len(all)-1].add(newsCase(n, w, suspectedFails))
	}
	return all
}

func newsCase(n history.News, w history.Watched, suspectedFails bool) junitCase {
	row := newsRowOf(n, w)
	figures := fmt.Sprintf("%s: %s, level %s, expected %s, %s", row.state, row.last, row.level, row.expected, plural(row.measures, "measure"))
	c := junitCase{Class: "history: " + w.Of(), Name: w.Metric, Out: figures}
	for _, t := range n.Told {
		if t.Key == w.Key {
			figures = fmt.Sprintf("%s %s [%s]", toldWord(t), changeSays(t.Change), t.ID)
			c.Out = figures
			if t.Worse {
				c.Out, c.Failure = "", &junitFailure{"regression", figures, strings.Join(changeSides(n, t.Change), "\n")}
			}
			return c
		}
	}
	if w.Suspected == nil || !w.Tonight {
		return c
	}
	figures = "suspected, to be measured again: " + changeSays(*w.Suspected)
	if c.Out = ""; suspectedFails {
		c.Failure = &junitFailure{"suspected", figures, ""}
	} else {
		c.Skipped = &junitSkipped{figures}
	}
	return c
}
