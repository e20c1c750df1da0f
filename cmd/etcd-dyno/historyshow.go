package main

import (
	"errors"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results/history"
)

func historyShowCommand(std standard) *cobra.Command {
	var file string
	var asked []string
	var watch watching
	formats := []string{"table", "json", "csv", "markdown"}
	c := &cobra.Command{
		Use:   "show [EXPERIMENT...]",
		Short: "Show the series of a history, and all changes that were told",
		Long: `Show the series of a history, and all changes that were told. Nothing is noted.

Of each series it tells the last measure, the level before it, and between which
values that level lets a next measure be expected. With -o csv it writes a row for
each measure.`,
		Example: `  etcd-dyno history show
  etcd-dyno history show nightly --metric 'churn.*.response.p99'
  etcd-dyno history show --all -o csv=measures.csv`,
		RunE: func(_ *cobra.Command, args []string) error {
			all, err := outputsOf(asked, formats)
			if err = errors.Join(err, watch.check()); err != nil {
				return exitError{exitUsage, err}
			}
			h, err := readHistory(file, args)
			if err != nil {
				return err
			}
			if err := all.write(std, ofHistory(h, h.Look(watch.choose(args)(h), time.Now()))); err != nil {
				return exitError{exitCannotRun, err}
			}
			return nil
		},
	}
	historyFlag(c.Flags(), &file)
	watch.register(c.Flags())
	outputsFlag(c.Flags(), &asked, formats)
	return c
}

func historyHTMLCommand(std standard) *cobra.Command {
	var file, out string
	c := &cobra.Command{
		Use:   "html",
		Short: "Write a history as a page: trends, changes, and links to the runs behind them",
		Long: `Write a history as a page: a trend for each series, the changes that were told and
those that are suspected, and links to the reports that are still there. It is one
file without scripts and without network access.`,
		Example: `  etcd-dyno history html
  etcd-dyno history html --history /data/history.ndjson -o /srv/www/history.html`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return writeHistoryPage(std, file, out) },
	}
	historyFlag(c.Flags(), &file)
	c.Flags().StringVarP(&out, "output", "o", "", "the file of the page (history.html beside the history)")
	return c
}

// ofHistory tells of a history in any of its formats.
func ofHistory(h *history.History, n history.News) rendering {
	news := ofNews(n, false)
	return func(w io.Writer, format string, style report.Style) error {
		switch format {
		case "csv":
			return report.CSVHistory(w, n)
		case "table", "markdown":
			return errors.Join(news(w, format, style), report.Accepted(w, h, n, format == "markdown", style))
		default:
			return news(w, format, style)
		}
	}
}
