package report

import (
	"fmt"
	"io"
	"strings"
	"unicode"
)

// sheet gathers a text in GitHub's Markdown.
type sheet struct{ out strings.Builder }

// paragraph writes a line of Markdown, apart from what comes before and after.
func (s *sheet) paragraph(format string, args ...any) {
	if s.out.Len() > 0 {
		s.out.WriteByte('\n')
	}
	fmt.Fprintf(&s.out, format+"\n", args...)
}

// list writes a heading and an item for each text, unless there is none.
func (s *sheet) list(title string, texts []string) {
	if len(texts) == 0 {
		return
	}
	s.paragraph("### %s\n", title)
	for _, text := range texts {
		s.out.WriteString("- " + markdownText(text) + "\n")
	}
}

// table writes rows of Markdown below a head, unless there are none. The first
// columns, so many, stand left, the others right.
func (s *sheet) table(head []string, left int, rows [][]string) {
	if len(rows) == 0 {
		return
	}
	rules := make([]string, len(head))
	for i := range rules {
		rules[i] = "---"
		if i >= left {
			rules[i] = "--:"
		}
	}
	s.paragraph("%s", tableRow(head))
	for _, cells := range append([][]string{rules}, rows...) {
		s.out.WriteString(tableRow(cells) + "\n")
	}
}

func tableRow(cells []string) string { return "| " + strings.Join(cells, " | ") + " |" }

// block writes a text as it is, on a few lines.
func (s *sheet) block(text string) {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	lines := strings.Split(strings.TrimSpace(text), "\n")
	for i := range lines {
		lines[i] = printable(lines[i])
	}
	s.paragraph("%s\n%s\n%s", fence, strings.Join(lines, "\n"), fence)
}

// write hands the text over.
func (s *sheet) write(w io.Writer, what string) error {
	if _, err := io.WriteString(w, s.out.String()); err != nil {
		return fmt.Errorf("writing %s: %w", what, err)
	}
	return nil
}

// printable makes a line of a text, in which control characters are shown as "?".
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return '?'
		default:
			return r
		}
	}, text)
}

// noMention stands behind a sign that would notify people or link to issues. It takes no room.
const noMention = "\u200b"

// markdownText makes a text of the user's harmless wherever it stands, in cells of
// tables too: it is shown as it is, on one line, and neither steers the layout nor
// links, nor calls anybody.
func markdownText(text string) string {
	escaped := strings.NewReplacer(
		"\\", "\\\\", "`", "\\`", "*", "\\*", "[", "\\[", "]", "\\]", "|", "\\|", "~", "\\~",
		"&", "&amp;", "<", "&lt;", ">", "&gt;", "$", "<span>$</span>", "@", "@"+noMention, "#", "\\#"+noMention,
		"://", "\\://", "www.", "www\\.",
	).Replace(strings.TrimSpace(printable(text)))
	return escapeStart(escapeUnderscores(escaped))
}

// escapeUnderscores escapes those that are not within a word, where they are no markup.
func escapeUnderscores(text string) string {
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	runes := []rune(text)
	var b strings.Builder
	for i, r := range runes {
		if r == '_' && (i == 0 || i == len(runes)-1 || !word(runes[i-1]) || !word(runes[i+1])) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// escapeStart escapes what would begin a list or a rule at the start of a line.
func escapeStart(text string) string {
	digits := len(text) - len(strings.TrimLeft(text, "0123456789"))
	switch rest := text[digits:]; {
	case digits == 0 && rest != "" && strings.ContainsAny(rest[:1], "-+="):
		return "\\" + text
	case digits > 0 && (strings.HasPrefix(rest+" ", ". ") || strings.HasPrefix(rest+" ", ") ")):
		return text[:digits] + "\\" + rest
	default:
		return text
	}
}

// markdownCode shows a name in the type of programs; one that cannot be shown so is a plain text.
func markdownCode(name string) string {
	if name == "" || name != strings.TrimSpace(printable(name)) || strings.ContainsAny(name, "`|\\") {
		return markdownText(name)
	}
	return "`" + name + "`"
}
