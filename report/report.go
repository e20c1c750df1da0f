// Package report explains a run or a comparison: to a terminal, as one HTML page, and in the
// formats of others.
//
// All are written from the same rows of the same results.Result, printed by
// the same functions, so that they never tell different figures.
package report

import (
	_ "embed"
	"fmt"
	"io"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Page is what a run's report shows.
type Page struct {
	Run    *results.Run
	Result results.Result
	// Scenario and Configuration are the resolved TOML texts; empty where they are not known.
	Scenario, Configuration string
	// Reproduce is the command line that does the same run again; empty where it is not known.
	Reproduce string
}

//go:embed page.html.tmpl
var pageTemplate string

// HTML writes the report as one self-contained page: no network access, no
// inline style, every text escaped, and whole where scripts and styles are blocked.
func HTML(w io.Writer, page Page) error {
	v, err := newView(page)
	if err == nil {
		err = execute(w, pageTemplate, v)
	}
	if err != nil {
		return fmt.Errorf("writing the HTML report: %w", err)
	}
	return nil
}

// Figures draws all figures of a run's report, in their order.
func Figures(page Page) []Drawing {
	var v view
	return v.draw(page.Run, page.Result).all
}
