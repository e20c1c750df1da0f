package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/verdict"
)

func reportCommand(std standard) *cobra.Command {
	var output string
	var index bool
	c := &cobra.Command{
		Use:   "report RUN | --index [FOLDER]",
		Short: "Compute a run's result and report anew from its journal, or list all runs on one page",
		Long: `Compute a run's result.json and report.html anew from its journal, also for a
run that was killed: it is told up to its last full second.

RUN is a run folder.

With --index, write FOLDER/index.html instead: one page that lists, sorts, filters
and links all runs, experiments and comparisons in a folder, which is the usual
one of runs unless it is named. Nothing else is written.`,
		Example: `  etcd-dyno report runs/20260102T150405Z-pod-churn-single
  etcd-dyno report --index runs`,
		Args: func(c *cobra.Command, args []string) error {
			switch {
			case !index:
				return exactlyOne("RUN", nil)(c, args)
			case len(args) > 1:
				return exitError{exitUsage, fmt.Errorf("--index takes one FOLDER, there are %d arguments", len(args))}
			case c.Flags().Changed("output"):
				return exitError{exitUsage, errors.New("--index writes a page and prints nothing: leave -o out")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if index {
				return writeIndex(std, append(args, usualRunsDir())[0])
			}
			if !slices.Contains([]string{"table", "json", "openmetrics"}, output) {
				return exitError{exitUsage, fmt.Errorf("-o %s: unknown; it can be table, json or openmetrics", output)}
			}
			if info, err := os.Stat(args[0]); err != nil || !info.IsDir() {
				return exitError{exitUsage, fmt.Errorf("%s is not a run folder", args[0])}
			}
			w, err := writeOut(args[0], "")
			if err != nil {
				return exitError{exitCannotRun, err}
			}
			if output == "openmetrics" {
				err = report.OpenMetrics(std.out, w.run)
			} else {
				err = printResult(std, w.result, output)
			}
			if err != nil {
				return exitError{exitCannotRun, err}
			}
			fmt.Fprintf(std.err, "report: %s\n", filepath.Join(args[0], results.ReportFile))
			return nil
		},
	}
	c.Flags().BoolVar(&index, "index", false, "write the page of a folder of runs, index.html, instead of a run's report")
	c.Flags().StringVarP(&output, "output", "o", "table", "what to print: table, json, or openmetrics: all over time, for Prometheus")
	return c
}

// written is what writeOut has made of a journal.
type written struct {
	run    *results.Run
	result results.Result
}

// writeOut computes result.json and report.html from a run's journal. invalid
// says what else makes the run invalid that the journal itself cannot tell.
func writeOut(folder, reproduce string, invalid ...string) (written, error) {
	loaded, err := results.Load(folder)
	if err != nil {
		return written{}, err
	}
	for _, reason := range invalid {
		loaded.Events = append(loaded.Events, results.Event{AtMS: loaded.LastMS, Kind: results.EventInvalid, Detail: reason})
	}
	w := written{run: loaded, result: verdict.Judge(loaded)}
	page := report.Page{Run: loaded, Result: w.result, Reproduce: reproduce}
	if page.Scenario, err = textOf(filepath.Join(folder, results.ScenarioFile)); err != nil {
		return w, err
	}
	if page.Configuration, err = textOf(filepath.Join(folder, results.ConfigurationFile)); err != nil {
		return w, err
	}
	var html bytes.Buffer
	if err := report.HTML(&html, page); err != nil {
		return w, err
	}
	return w, errors.Join(
		results.WriteResult(folder, w.result),
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

// printResult prints the summary in the form that was asked for.
func printResult(std standard, r results.Result, output string) error {
	if output == "json" {
		e := json.NewEncoder(std.out)
		e.SetIndent("", "  ")
		return e.Encode(r)
	}
	return report.Table(std.out, r, report.Style{Color: colourOn(std)})
}

// colourOn reports whether results are printed to a terminal that is to have colours.
func colourOn(std standard) bool {
	f, ok := std.out.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
