package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
)

// Examined is what a look at a cluster found, the worst first.
type Examined struct {
	Endpoints []string
	Findings  []ExaminedFinding
	// Prefixes are what lies in the cluster, those with most keys first.
	Prefixes []ExaminedPrefix
}

// ExaminedFinding is one thing that was looked at; Status is fail, warn, skipped or ok.
type ExaminedFinding struct {
	Name, Status string
	Evidence     []string
	Remedy       string
}

// ExaminedPrefix is what lies below a prefix; MeanBytes is 0 where it is not known.
type ExaminedPrefix struct {
	Prefix    string
	Keys      int64
	MeanBytes float64
}

// verdict says how it stands in a few words.
func (e Examined) verdict() (word string, counts string) {
	n := map[string]int{}
	for _, f := range e.Findings {
		n[f.Status]++
	}
	word = "WELL"
	switch {
	case n["fail"] > 0:
		word = "NOT WELL"
	case n["warn"] > 0:
		word = "WELL, BUT"
	}
	var parts []string
	for _, s := range []string{"fail", "warn", "skipped", "ok"} {
		if n[s] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n[s], s))
		}
	}
	return word, strings.Join(parts, " · ")
}

func examinedTone(status string) tone {
	switch status {
	case "fail":
		return bad
	case "warn":
		return warning
	case "ok":
		return good
	default:
		return faint
	}
}

// examinedWidth is how many columns an examination takes.
const examinedWidth = 80

// Examination writes what was found for a terminal, 80 columns wide.
func Examination(w io.Writer, e Examined, style Style) error {
	t := terminal{style: style}
	word, counts := e.verdict()
	overall := map[string]tone{"WELL": good, "WELL, BUT": warning, "NOT WELL": bad}[word]
	t.line(t.paint(overall, word) + "  " + counts)
	name := 0
	for _, f := range e.Findings {
		name = max(name, width(f.Name))
	}
	indent := 9 + name + 2
	for _, f := range e.Findings {
		head := t.paint(examinedTone(f.Status), left(f.Status, 7)) + "  " + left(f.Name, name) + "  "
		for _, text := range f.Evidence {
			for _, part := range Wrap(t.text(text), examinedWidth-indent) {
				t.line(head + part)
				head = strings.Repeat(" ", indent)
			}
		}
		for i, part := range Wrap(t.text(f.Remedy), examinedWidth-indent-2) {
			t.line(strings.Repeat(" ", indent) + []string{"→ ", "  "}[min(i, 1)] + part)
		}
	}
	if len(e.Prefixes) > 0 {
		t.line("")
		g := grid{head: []string{"BELOW", "keys", "each", "together"}}
		for _, p := range e.Prefixes {
			g.rows = append(g.rows, gridRow{texts: []string{t.text(p.Prefix), figure.Count(p.Keys), figure.Bytes(p.MeanBytes), figure.Bytes(p.MeanBytes * float64(p.Keys))}})
		}
		t.grid(g)
	}
	if _, err := w.Write(t.out.Bytes()); err != nil {
		return fmt.Errorf("writing what was found: %w", err)
	}
	return nil
}

// ExaminationMarkdown writes what was found as Markdown.
func ExaminationMarkdown(w io.Writer, e Examined) error {
	var b strings.Builder
	word, counts := e.verdict()
	fmt.Fprintf(&b, "## %s\n\n%s\n\n| | finding | evidence | remedy |\n|---|---|---|---|\n", word, counts)
	for _, f := range e.Findings {
		var evidence []string
		for _, text := range f.Evidence {
			evidence = append(evidence, markdownText(text))
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", f.Status, f.Name, strings.Join(evidence, "<br>"), markdownText(f.Remedy))
	}
	if len(e.Prefixes) > 0 {
		b.WriteString("\n| below | keys | each | together |\n|---|--:|--:|--:|\n")
		for _, p := range e.Prefixes {
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", markdownCode(p.Prefix), figure.Count(p.Keys), figure.Bytes(p.MeanBytes), figure.Bytes(p.MeanBytes*float64(p.Keys)))
		}
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("writing what was found: %w", err)
	}
	return nil
}
