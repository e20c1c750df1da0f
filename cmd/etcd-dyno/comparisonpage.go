package main

import (
	"bytes"
	"cmp"
	"fmt"
	"path/filepath"
	"slices"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// comparisonPage is the file of a comparison's report.
const comparisonPage = "comparison.html"

// writeComparisonPage writes the report of a comparison into a folder, and says where it is.
func writeComparisonPage(std standard, folder, title, reproduce string, c results.Comparison) error {
	page := report.ComparisonPage{Title: title, Comparison: c, Reproduce: reproduce}
	for _, each := range c.Contrasts {
		curves, err := curvesOf(each)
		if err != nil {
			return err
		}
		page.Curves = append(page.Curves, curves)
	}
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
