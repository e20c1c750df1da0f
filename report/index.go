package report

import (
	_ "embed"
	"fmt"
	"io"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Index is what the page of a folder of runs shows.
type Index struct {
	// Folder is where the page lies, as a reader is told it.
	Folder string
	// Made is when the folder was looked at.
	Made time.Time
	// Runs and Comparisons may be in any order; those of experiments are not among Runs.
	Runs        []IndexRun
	Comparisons []IndexComparison
}

// IndexRun is a run in an index.
type IndexRun struct {
	// Path is its folder, as seen from the index's, with slashes.
	Path string
	// Started orders what cannot be read; zero where that is not known. Of what can be, Result tells it.
	Started time.Time
	// Report tells that the folder has a report.html.
	Report bool
	// Problem says why the run cannot be read; empty where Result is known.
	Problem string
	Result  results.Result
	// Unfinished tells that there is no result.json, and Result is of what the journal has so far.
	Unfinished bool
}

// IndexComparison is an experiment or a comparison in an index.
type IndexComparison struct {
	// Path is its folder, as seen from the index's, with slashes.
	Path string
	// Name is an experiment's; empty for a comparison.
	Name string
	// Started is when the experiment began or the comparison was made; zero where that is not known.
	Started time.Time
	// Page is the name of its page in the folder; empty where there is none.
	Page string
	// Problem says why it cannot be read.
	Problem string
	// Comparison is what came of it; nil while an experiment is not finished. Asked then says what it compares.
	Comparison *results.Comparison
	Asked      []string
	// Runs are an experiment's own.
	Runs []IndexRun
}

//go:embed index.html.tmpl
var indexTemplate string

//go:embed index.js
var indexScript string

// indexView is the page as the template writes it.
type indexView struct {
	frame
	Page        Index
	Made        moment
	Facts       []fact
	Verdicts    []string
	Comparisons []indexComparisonRow
	Runs        indexRuns
}

// HTMLIndex writes an index as one self-contained page, the newest first. It
// links what it lists relatively, and loads nothing. Its script only sorts and
// filters: without it the page is whole.
func HTMLIndex(w io.Writer, page Index) error {
	v := newIndexView(page)
	v.frame = newFrame(pageStyle, indexScript)
	if err := execute(w, indexTemplate, v); err != nil {
		return fmt.Errorf("writing the index: %w", err)
	}
	return nil
}
