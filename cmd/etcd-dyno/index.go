package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
)

// indexPage is the file that lists a folder of runs.
const indexPage = "index.html"

// writeIndex writes the page of a folder of runs into it, and says where it is.
func writeIndex(std standard, folder string) error {
	if err := isIndexed(folder); err != nil {
		return exitError{exitUsage, err}
	}
	if err := ownPage(filepath.Join(folder, indexPage)); err != nil {
		return exitError{exitUsage, fmt.Errorf("--index: %w; move it away, or name another folder", err)}
	}
	index, err := indexOf(folder, time.Now())
	if err != nil {
		return exitError{exitCannotRun, err}
	}
	var html bytes.Buffer
	if err := report.HTMLIndex(&html, index); err != nil {
		return exitError{exitCannotRun, err}
	}
	file := filepath.Join(folder, indexPage)
	if err := results.WriteFile(file, html.Bytes()); err != nil {
		return exitError{exitCannotRun, err}
	}
	fmt.Fprintf(std.err, "report: %s\n", file)
	return nil
}

// ownPage refuses to write over a page of somebody else's.
func ownPage(file string) error {
	b, err := os.ReadFile(file)
	if err == nil && !bytes.Contains(b, []byte(`<meta name="generator" content="etcd-dyno">`)) {
		return fmt.Errorf("%s is there, and etcd-dyno did not write it", file)
	}
	return nil
}

// isIndexed refuses what is no folder of runs. Nothing is written into a run's folder, nor into an experiment's.
func isIndexed(folder string) error {
	info, err := os.Stat(folder)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("--index %s: there is no such folder; name the one that runs are made in", folder)
	case err != nil:
		return fmt.Errorf("--index: looking at %s: %w", folder, err)
	case !info.IsDir():
		return fmt.Errorf("--index %s: it is a file; name the folder that runs are made in", folder)
	case isRun(folder):
		return fmt.Errorf("--index %s: it is a run folder; name the one that it lies in, or leave --index out", folder)
	case isExperiment(folder):
		return fmt.Errorf("--index %s: it is an experiment's folder; name the one that it lies in, or %s for its runs alone", folder, filepath.Join(folder, results.RunsFolder))
	}
	return nil
}

// indexOf is what lies in a folder. What is neither a run, nor an experiment, nor a comparison is left out.
func indexOf(folder string, now time.Time) (report.Index, error) {
	index := report.Index{Folder: folder, Made: now}
	entries, err := os.ReadDir(folder)
	if err != nil {
		return index, fmt.Errorf("listing the runs: %w", err)
	}
	for _, e := range entries {
		at := filepath.Join(folder, e.Name())
		switch {
		case isExperiment(at):
			index.Comparisons = append(index.Comparisons, report.IndexComparison{Path: e.Name(), Name: experimentName(e.Name()), Runs: runsIn(folder, path.Join(e.Name(), results.RunsFolder))})
		case there(at, results.ComparisonFile):
			index.Comparisons = append(index.Comparisons, report.IndexComparison{Path: e.Name()})
		case isRun(at), there(at, results.ResultFile):
			index.Runs = append(index.Runs, report.IndexRun{Path: e.Name()})
		}
	}
	read(folder, &index)
	return index, nil
}

// runsIn are the runs in a folder below the index's.
func runsIn(folder, below string) (all []report.IndexRun) {
	entries, err := os.ReadDir(filepath.Join(folder, filepath.FromSlash(below)))
	if err != nil {
		return nil // it has none
	}
	for _, e := range entries {
		if at := path.Join(below, e.Name()); isRun(filepath.Join(folder, filepath.FromSlash(at))) {
			all = append(all, report.IndexRun{Path: at})
		}
	}
	return all
}

// read reads all that an index lists, several at a time.
func read(folder string, index *report.Index) {
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	runs := func(of []report.IndexRun) {
		for i := range of {
			all.Go(func() error { readRun(folder, &of[i]); return nil })
		}
	}
	runs(index.Runs)
	for i := range index.Comparisons {
		c := &index.Comparisons[i]
		runs(c.Runs)
		all.Go(func() error { readComparison(folder, c); return nil })
	}
	_ = all.Wait() // what cannot be read is told in its row
}

// readRun reads a run's result; where there is none, its journal. Nothing is written.
func readRun(folder string, r *report.IndexRun) {
	at := filepath.Join(folder, filepath.FromSlash(r.Path))
	r.Started, r.Report = startedBy(r.Path), there(at, results.ReportFile)
	err := readFile(at, results.ResultFile, &r.Result)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		run, failed := results.Load(at)
		if failed != nil {
			r.Problem = failed.Error()
			return
		}
		r.Result, r.Unfinished = verdict.Judge(run), true
	case err != nil:
		r.Problem = err.Error() + "; etcd-dyno report writes it anew from the journal"
	case r.Result.Schema != results.ResultSchema:
		r.Problem = fmt.Sprintf("reading %s: its schema is %q, this program reads %q", results.ResultFile, r.Result.Schema, results.ResultSchema)
	}
}

// readComparison reads what came of an experiment or a comparison.
func readComparison(folder string, c *report.IndexComparison) {
	at := filepath.Join(folder, c.Path)
	if c.Started = startedBy(c.Path); there(at, comparisonPage) {
		c.Page = comparisonPage
	}
	if err := readOutcome(at, c); err != nil {
		c.Problem, c.Comparison = err.Error(), nil
	}
}

func readOutcome(at string, c *report.IndexComparison) error {
	if c.Name != "" {
		h, err := experimentHeader(at)
		if err != nil {
			return err
		}
		c.Started = h.Started
	}
	var of results.Comparison
	switch err := readFile(at, results.ComparisonFile, &of); {
	case errors.Is(err, fs.ErrNotExist) && c.Name != "":
		return readAsked(at, c)
	case err != nil:
		return err
	case of.Schema != results.ComparisonSchema:
		return fmt.Errorf("reading %s: its schema is %q, this program reads %q", results.ComparisonFile, of.Schema, results.ComparisonSchema)
	}
	c.Comparison = &of
	return nil
}

// readAsked reads what an experiment that is not finished compares.
func readAsked(at string, c *report.IndexComparison) error {
	x, err := experiment.Open(at)
	if err != nil {
		return err
	}
	c.Name = x.Name
	if x.Sweep != nil {
		var factors []string
		for _, f := range x.Sweep.Factors {
			factors = append(factors, f.Name)
		}
		c.Asked = []string{fmt.Sprintf("%s: %d points of %s", x.Scenarios[0].Name, len(x.Configurations), strings.Join(factors, " × "))}
		return nil
	}
	for _, s := range x.Scenarios {
		for i, candidate := range x.Configurations {
			if i != x.Baseline {
				c.Asked = append(c.Asked, s.Name+": "+candidate.Name+" against "+x.Configurations[x.Baseline].Name)
			}
		}
	}
	return nil
}

// experimentHeader is the first line of an experiment's journal.
func experimentHeader(folder string) (*results.ExperimentHeader, error) {
	f, err := os.Open(filepath.Join(folder, results.ExperimentJournal))
	if err != nil {
		return nil, fmt.Errorf("reading the experiment's journal: %w", err)
	}
	defer f.Close()
	line, err := bufio.NewReader(f).ReadBytes('\n')
	var record results.ExperimentRecord
	if err == nil {
		err = json.Unmarshal(line, &record)
	}
	if errors.Is(err, io.EOF) || err == nil && record.Header == nil {
		err = errors.New("no header in it: not a journal of an experiment, or cut off as it began")
	}
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", results.ExperimentJournal, err)
	}
	return record.Header, nil
}

// readFile reads a file of JSON in a folder.
func readFile(folder, name string, into any) error {
	b, err := os.ReadFile(filepath.Join(folder, name))
	if err == nil {
		err = json.Unmarshal(b, into)
	}
	if err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	return nil
}

// there reports whether a folder has a file of that name.
func there(folder, name string) bool {
	info, err := os.Stat(filepath.Join(folder, name))
	return err == nil && info.Mode().IsRegular()
}

// folderTime is how a folder's name begins that a run, an experiment or a comparison has made.
const folderTime = "20060102T150405Z"

// startedBy is the time in a folder's name; zero where there is none.
func startedBy(folder string) time.Time {
	name := path.Base(folder)
	t, err := time.Parse(folderTime, name[:min(len(name), len(folderTime))])
	if err != nil {
		return time.Time{}
	}
	return t
}

// experimentName is an experiment's name in that of its folder; the whole where it is not of the usual form.
func experimentName(folder string) string {
	if startedBy(folder).IsZero() {
		return folder
	}
	name := strings.TrimPrefix(folder[len(folderTime):], "-")
	if at := strings.LastIndex(name, "-experiment"); at > 0 {
		return name[:at]
	}
	return folder
}
