package report

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Style is how a terminal is written to. The zero value is plain text.
type Style struct {
	// Color allows ANSI colours.
	Color bool
}

// tableWidth is how many columns the summary takes.
const tableWidth = 100

// Tones that only a terminal has.
const (
	faint  tone = "faint"
	strong tone = "strong"
)

// terminal gathers the lines of a summary.
type terminal struct {
	style Style
	out   bytes.Buffer
}

func (t *terminal) line(s string) { t.out.WriteString(strings.TrimRight(s, " ") + "\n") }

// paint colours a text if the style allows it.
func (t *terminal) paint(tone tone, s string) string {
	if !t.style.Color {
		return s
	}
	code := "0"
	switch tone {
	case good:
		code = "1;32"
	case warning:
		code = "1;33"
	case bad:
		code = "1;31"
	case faint:
		code = "2"
	case strong:
		code = "1"
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}

// text makes a text of the user's harmless: control characters, which could
// steer the terminal, are shown as "?".
func (t *terminal) text(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// grid is a table: the first column left, the others right.
type grid struct {
	// over stands above groups of columns, by the first column of each.
	over map[int]string
	head []string
	rows []gridRow
}

// gridRow is a row, or where group is set a heading of those below it.
type gridRow struct {
	group string
	texts []string
	// tones colour columns by index.
	tones map[int]tone
	notes []string
}

// grid writes g. Where it would be too wide, the first column is shortened.
func (t *terminal) grid(g grid) {
	widths := g.widths()
	t.line(t.paint(faint, overText(g.over, widths)))
	t.line(t.paint(faint, rowText(g.head, widths, nil)))
	for _, row := range g.rows {
		if row.group != "" {
			t.line(t.paint(strong, row.group))
			continue
		}
		t.line(rowText(row.texts, widths, func(i int, s string) string {
			if tone, ok := row.tones[i]; ok {
				return t.paint(tone, s)
			}
			return s
		}))
		for _, note := range row.notes {
			for _, part := range Wrap(note, tableWidth-6) {
				t.line("      " + t.paint(faint, part))
			}
		}
	}
}

func (g grid) widths() []int {
	widths := make([]int, len(g.head))
	measure := func(texts []string) {
		for i, s := range texts {
			widths[i] = max(widths[i], width(s))
		}
	}
	measure(g.head)
	for _, row := range g.rows {
		measure(row.texts)
	}
	total := len(widths) - 1
	for _, w := range widths {
		total += w
	}
	widths[0] = max(12, widths[0]-max(0, total-tableWidth))
	return widths
}

// overText puts texts at the starts of columns.
func overText(over map[int]string, widths []int) string {
	var b strings.Builder
	column := 0
	for i, w := range widths {
		if s, ok := over[i]; ok {
			b.WriteString(strings.Repeat(" ", max(0, column-width(b.String()))) + s)
		}
		column += w + 1
	}
	return b.String()
}

// rowText puts texts into columns; paint, if given, colours one without changing its width.
func rowText(texts []string, widths []int, paint func(int, string) string) string {
	var b strings.Builder
	for i, s := range texts {
		padded := left(s, widths[i])
		if i > 0 {
			b.WriteByte(' ')
			padded = strings.Repeat(" ", max(0, widths[i]-width(s))) + s
		}
		if paint != nil {
			padded = paint(i, padded)
		}
		b.WriteString(padded)
	}
	return b.String()
}

// width is how many columns a text takes.
func width(s string) int { return utf8.RuneCountInString(s) }

// left pads or shortens a text to n columns.
func left(s string, n int) string {
	if excess := width(s) - n; excess > 0 {
		return string([]rune(s)[:max(0, n-1)]) + "…"
	}
	return s + strings.Repeat(" ", n-width(s))
}

// Wrap breaks a text at spaces into lines of at most n columns; a longer word stands alone.
func Wrap(s string, n int) []string {
	var lines []string
	for word := range strings.FieldsSeq(s) {
		last := len(lines) - 1
		if last >= 0 && width(lines[last])+1+width(word) <= n {
			lines[last] += " " + word
			continue
		}
		lines = append(lines, word)
	}
	return lines
}
