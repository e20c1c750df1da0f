package report

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// measureColumns are those of CSVHistory.
var measureColumns = []string{
	"at", "name", "scenario", "candidate", "control", "metric", "better", "gates", "pairs", "value", "control_value", "relative", "effect", "low", "high",
	"again", "etcd", "tool", "segment", "record", "folder",
}

// CSVHistory writes a row for each measure of the series that are watched, as CSV does a
// run. Effects are shares where they are relative, else differences.
func CSVHistory(w io.Writer, n history.News) error {
	rows := [][]string{measureColumns}
	for _, s := range n.Watched {
		for i, segment := range s.Segments {
			for _, p := range segment.Points {
				r, m := p.Record, p.Metric
				rows = append(rows, []string{
					r.At.UTC().Format(time.RFC3339), harmless(s.Name), harmless(s.Scenario), harmless(s.Candidate), harmless(s.Control), harmless(s.Metric), m.Better,
					strconv.FormatBool(m.Gates), strconv.Itoa(r.Pairs), exact(m.Value), exactOrNone(m.Control), strconv.FormatBool(m.Relative),
					exactOrNone(m.Effect), exactOrNone(m.Low), exactOrNone(m.High), strconv.FormatBool(r.Again != ""), harmless(r.Candidate.Etcd), harmless(r.Tool),
					strconv.Itoa(i + 1), harmless(r.ID), harmless(r.Folder),
				})
			}
		}
	}
	return writeCSV(w, rows)
}

// Accepted lists the changes that were told and acked, as text or as GitHub's Markdown; nothing where there is none.
func Accepted(w io.Writer, h *history.History, n history.News, markdown bool, style Style) error {
	watched := map[history.Key]bool{}
	for _, s := range n.Watched {
		watched[s.Key] = true
	}
	var lines []string
	for _, t := range h.Told {
		ack, acked := h.Acked(t.ID)
		if !acked || !watched[t.Key] {
			continue
		}
		line := fmt.Sprintf("%s: %s %s, told %s, acked %s", t.ID, t.Metric, changeSays(t.Change), dayOf(t.At), dayOf(ack.At))
		if ack.Reason != "" {
			line += ": " + ack.Reason
		}
		lines = append(lines, line)
	}
	if markdown {
		var s sheet
		s.list("Acked", lines)
		return s.write(w, "the changes that were acked")
	}
	t := terminal{style: style}
	for _, line := range lines {
		t.wrapped(faint, t.text("acked "+line))
	}
	if _, err := w.Write(t.out.Bytes()); err != nil {
		return fmt.Errorf("writing the changes that were acked: %w", err)
	}
	return nil
}
