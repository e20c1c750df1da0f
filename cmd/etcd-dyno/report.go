package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
)

func reportCommand(std standard) *cobra.Command {
	var asked []string
	var figures string
	var index bool
	c := &cobra.Command{
		Use:   "report RUN | --index [FOLDER]",
		Short: "Compute a run's result and report anew from its journal, in any format, or list all runs on one page",
		Long: `Compute a run's result.json and report.html anew from its journal, also for a
run that was killed: it is told up to its last full second.

RUN is a run folder.

` + formatsHelp + `

With --figures, write each figure of the report as SVG and PNG into a folder too.

With --index, write FOLDER/index.html instead: one page that lists, sorts, filters
and links all runs, experiments and comparisons in a folder, which is the usual
one of runs unless it is named. Nothing else is written.`,
		Example: `  etcd-dyno report runs/20260102T150405Z-pod-churn-single
  etcd-dyno report runs/20260102T150405Z-pod-churn-single -o csv
  etcd-dyno report runs/20260102T150405Z-pod-churn-single -o markdown=summary.md -o junit=junit.xml
  etcd-dyno report runs/20260102T150405Z-pod-churn-single --figures figures
  etcd-dyno report --index runs`,
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case !index:
				return exactlyOne("RUN", nil)(c, args)
			case len(args) > 1:
				return exitError{exitUsage, fmt.Errorf("--index takes one FOLDER, there are %d arguments", len(args))}
			case c.Flags().Changed("output"), c.Flags().Changed("figures"):
				return exitError{exitUsage, errors.New("--index writes a page and nothing else: leave -o and --figures out")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if index {
				return writeIndex(std, append(args, usualRunsDir())[0])
			}
			return reportAnew(std, args[0], asked, figures)
		},
	}
	c.Flags().BoolVar(&index, "index", false, "write the page of a folder of runs, index.html, instead of a run's report")
	outputsFlag(c.Flags(), &asked, runFormats)
	figuresFlag(c.Flags(), &figures)
	return c
}

// reportAnew does the report command.
func reportAnew(std standard, folder string, asked []string, figures string) error {
	all, err := outputsOf(asked, runFormats)
	if err != nil {
		return exitError{exitUsage, err}
	}
	if err := checkFiguresFolder(figures); err != nil {
		return err
	}
	if info, err := os.Stat(folder); err != nil || !info.IsDir() {
		return exitError{exitUsage, fmt.Errorf("%s is not a run folder", folder)}
	}
	page, err := writeOut(folder)
	if err == nil {
		fmt.Fprintf(std.err, "report: %s\n", filepath.Join(folder, results.ReportFile))
	}
	if page.Run != nil {
		err = errors.Join(err, all.write(std, ofRun(page)))
		if figures != "" {
			err = errors.Join(err, writeFigures(std, figures, report.Figures(page)))
		}
	}
	if err != nil {
		return exitError{exitCannotRun, err}
	}
	return nil
}

// writeOut computes result.json and report.html from a run's journal, and returns the
// page, whose Run is nil where the journal cannot be read. invalid says what else makes
// the run invalid that the journal itself cannot tell.
func writeOut(folder string, invalid ...string) (report.Page, error) {
	loaded, err := results.Load(folder)
	if err != nil {
		return report.Page{}, err
	}
	for _, reason := range invalid {
		loaded.Events = append(loaded.Events, results.Event{AtMS: loaded.LastMS, Kind: results.EventInvalid, Detail: reason})
	}
	page := report.Page{Run: loaded, Result: verdict.Judge(loaded), Reproduce: loaded.Header.Reproduce}
	if page.Scenario, err = textOf(filepath.Join(folder, results.ScenarioFile)); err != nil {
		return page, err
	}
	if page.Configuration, err = textOf(filepath.Join(folder, results.ConfigurationFile)); err != nil {
		return page, err
	}
	var html bytes.Buffer
	if err := report.HTML(&html, page); err != nil {
		return page, err
	}
	return page, errors.Join(
		results.WriteResult(folder, page.Result),
		results.WriteFile(filepath.Join(folder, results.ReportFile), html.Bytes()),
	)
}

// textOf is a file's content; empty where there is no such file.
func textOf(path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("reading the run folder: %w", err)
	}
	return string(b), nil
}

// ofRun tells of one run in any format.
func ofRun(page report.Page) rendering {
	return func(w io.Writer, format string, style report.Style) error {
		switch format {
		case "json":
			e := json.NewEncoder(w)
			e.SetIndent("", "  ")
			return e.Encode(page.Result)
		case "csv":
			return report.CSV(w, page.Result)
		case "markdown":
			return report.Markdown(w, page)
		case "html":
			return report.HTML(w, page)
		case "junit":
			return report.JUnit(w, page)
		case "benchfmt":
			return report.BenchFormat(w, page.Result)
		case "perfdash":
			return report.Perfdash(w, page.Result)
		case "hlog":
			return report.HLog(w, page)
		case "openmetrics":
			return report.OpenMetrics(w, page.Run)
		default:
			return report.Table(w, page.Result, style)
		}
	}
}

// colourOn reports whether results are printed to a terminal that is to have colours.
func colourOn(std standard) bool {
	f, ok := std.out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
