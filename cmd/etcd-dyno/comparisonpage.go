package main

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// comparisonPage is the file of a comparison's report.
const comparisonPage = "comparison.html"

// pageOf is the page of a comparison's report, made when it is first asked for: it wants all runs' journals.
type pageOf func() (report.ComparisonPage, error)

// comparisonPageOf is the page of a comparison.
func comparisonPageOf(title, reproduce string, c results.Comparison) pageOf {
	return sync.OnceValues(func() (report.ComparisonPage, error) {
		page := report.ComparisonPage{Title: title, Comparison: c, Reproduce: reproduce}
		for _, each := range c.Contrasts {
			curves, err := curvesOf(each)
			if err != nil {
				return page, err
			}
			page.Curves = append(page.Curves, curves)
		}
		return page, nil
	})
}

// ofComparison tells of a comparison in any of its formats.
func ofComparison(c results.Comparison, inconclusivePasses bool, page pageOf) rendering {
	return func(w io.Writer, format string, style report.Style) error {
		switch format {
		case "json":
			return printJSON(w, c)
		case "csv":
			return report.CSVComparison(w, c)
		case "markdown":
			return report.MarkdownComparison(w, c)
		case "html":
			p, err := page()
			if err != nil {
				return err
			}
			return report.HTMLComparison(w, p)
		case "junit":
			return report.JUnitComparison(w, c, inconclusivePasses)
		default:
			return report.Verdicts(w, c, style)
		}
	}
}

// writeComparisonPage writes the report of a comparison into a folder, and says where it is.
func writeComparisonPage(std standard, folder string, of pageOf) error {
	page, err := of()
	if err != nil {
		return err
	}
	page.Folders = foldersFrom(folder, page.Comparison)
	var html bytes.Buffer
	if err := report.HTMLComparison(&html, page); err != nil {
		return err
	}
	path := filepath.Join(folder, comparisonPage)
	if err := results.WriteFile(path, html.Bytes()); err != nil {
		return err
	}
	fmt.Fprintf(std.err, "report: %s\n", path)
	return nil
}

// foldersFrom are the folders of all compared runs as seen from a folder, as far as they can be.
func foldersFrom(folder string, c results.Comparison) map[string]string {
	var runs []results.ComparedRun
	for _, x := range c.Contrasts {
		runs = append(runs, slices.Concat(x.Baseline.Runs, x.Candidate.Runs)...)
	}
	for _, s := range c.Sweeps {
		for _, p := range s.Points {
			runs = append(runs, p.Runs...)
		}
	}
	all := map[string]string{}
	for _, r := range runs {
		from, err := filepath.Abs(folder)
		to, failed := filepath.Abs(r.Folder)
		if errors.Join(err, failed) != nil || r.Folder == "" {
			continue
		}
		if path, err := filepath.Rel(from, to); err == nil {
			all[r.Folder] = filepath.ToSlash(path)
		}
	}
	return all
}

// curvesOf are the latencies of a contrast's runs, those of a side together.
func curvesOf(c results.Contrast) ([]report.SideCurves, error) {
	baseline, names, err := pooled(c.Baseline.Runs)
	if err != nil {
		return nil, err
	}
	candidate, more, err := pooled(c.Candidate.Runs)
	if err != nil {
		return nil, err
	}
	var all []report.SideCurves
	for _, name := range slices.Concat(names, more) {
		if !slices.ContainsFunc(all, func(s report.SideCurves) bool { return s.Name == name }) {
			all = append(all, report.SideCurves{Name: name, Baseline: baseline[name], Candidate: candidate[name]})
		}
	}
	slices.SortFunc(all, func(a, b report.SideCurves) int { return cmp.Compare(a.Name, b.Name) })
	return all, nil
}

// pooled are the latencies of runs together, and their names.
func pooled(runs []results.ComparedRun) (all map[string]*hdr.Histogram, names []string, err error) {
	all = map[string]*hdr.Histogram{}
	add := func(name string, h *hdr.Histogram) {
		if h == nil || h.TotalCount() == 0 {
			return
		}
		if all[name] == nil {
			all[name], names = results.NewHistogram(results.Figures), append(names, name)
		}
		all[name].Merge(h)
	}
	for _, r := range runs {
		run, err := results.Load(r.Folder)
		if err != nil {
			return nil, nil, err
		}
		for _, o := range run.Operations {
			add(o.Workload+" "+o.Operation+" response", o.Quantities[results.Response])
		}
		for _, w := range run.Watches {
			add(w.Workload+" delivery", w.Quantities[results.Delivery])
		}
	}
	return all, names, nil
}
