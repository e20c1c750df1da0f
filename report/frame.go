package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
)

//go:embed parts.html.tmpl
var partsTemplate string

//go:embed page.css
var pageStyle string

// The library with which figures are explored, with its style, and our use of it.
var (
	//go:embed uplot/uPlot.iife.min.js
	plotScript string
	//go:embed uplot/uPlot.min.css
	plotStyle string
	//go:embed explore.js
	exploreScript string
)

// frame is what every page has: one style sheet, one script, and the policy that
// allows these two and nothing else.
type frame struct {
	Style  template.CSS
	Script template.JS
	Policy string
}

// figureFrame is the frame of a page with figures. The script is an enhancement; a
// page says all that it has to say without it.
func figureFrame() frame { return newFrame(pageStyle+plotStyle, plotScript+exploreScript) }

func newFrame(style, script string) frame {
	return frame{Style: template.CSS(style), Script: template.JS(script), Policy: policy(style, script)} //nolint:gosec // both are our own files
}

// execute writes a page from its template.
func execute(w io.Writer, text string, view any) error {
	t, err := template.New("page").Parse(text)
	if err == nil {
		_, err = t.Parse(partsTemplate)
	}
	if err == nil {
		err = t.Execute(w, view)
	}
	if err != nil {
		return fmt.Errorf("writing the page: %w", err)
	}
	return nil
}
