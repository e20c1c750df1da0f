package main

import (
	"bytes"
	"cmp"
	"fmt"
	"path/filepath"
	"time"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// historyPage is the file of a history's page; it lies beside the history unless another is asked for.
const historyPage = "history.html"

// writeHistoryPage writes the page of a history to out, beside the history where that
// is empty, and says where it is.
func writeHistoryPage(std standard, historyFile, out string) error {
	out = cmp.Or(out, filepath.Join(filepath.Dir(historyFile), historyPage))
	if err := checkFile(out, out); err != nil {
		return exitError{exitUsage, err}
	}
	if err := ownPage(out); err != nil {
		return exitError{exitUsage, fmt.Errorf("-o: %w; move it away, or name another file", err)}
	}
	h, err := readHistory(historyFile, nil)
	if err != nil {
		return err
	}
	page := report.HistoryPage{File: historyFile, Made: time.Now(), History: h, Reports: reportsOf(h, historyFile, out), Ack: "etcd-dyno history ack --history " + shellQuoted(historyFile)}
	var html bytes.Buffer
	if err := report.HTMLHistory(&html, page); err != nil {
		return exitError{exitCannotRun, err}
	}
	if err := results.WriteFile(out, html.Bytes()); err != nil {
		return exitError{exitCannotRun, err}
	}
	fmt.Fprintf(std.err, "report: %s\n", out)
	return nil
}

// reportsOf are the reports of records that are still there, as seen from where the page lies.
func reportsOf(h *history.History, historyFile, out string) map[string]string {
	all := map[string]string{}
	for _, r := range h.Records {
		if file := reportOf(r, filepath.Dir(historyFile)); file != "" {
			all[r.ID] = seenFrom(filepath.Dir(out), file)
		}
	}
	return all
}

// reportOf is the report of a record of a history in that folder: of the whole, else of
// the first of its runs that has one; empty where none is there.
func reportOf(r history.Record, folder string) string {
	if r.Folder == "" {
		return ""
	}
	at := filepath.FromSlash(r.Folder)
	if !filepath.IsAbs(at) {
		at = filepath.Join(folder, at)
	}
	for _, name := range []string{comparisonPage, results.ReportFile} {
		if there(at, name) {
			return filepath.Join(at, name)
		}
	}
	for _, run := range r.Runs {
		if run := filepath.Join(at, filepath.FromSlash(run)); there(run, results.ReportFile) {
			return filepath.Join(run, results.ReportFile)
		}
	}
	return ""
}
