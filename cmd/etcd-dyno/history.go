package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results/history"
)

// newsFormats are those in which a look at a history is told.
var newsFormats = []string{"table", "json", "markdown", "junit"}

func historyCommand(std standard) *cobra.Command {
	c := &cobra.Command{
		Use:   "history",
		Short: "Remember experiments night by night, and tell what changed, once",
		Long: `Remember experiments night by night, and tell what changed: once, and only then.

A history is one file of lines of JSON, fit for git: it is only added to, lines of
two branches can be put together in any order (` + "`history.ndjson merge=union`" + ` in
.gitattributes), and who adds at the same time waits.

A series is one metric of a candidate against a control that never changes, whose
ratio takes the machine's drift out. It begins anew where the scenario, the control
or the machine is another.

The nightly job is one command, which does all of it:

  etcd-dyno experiment nightly --history history.ndjson`,
	}
	c.AddCommand(historyAddCommand(std), historyShowCommand(std), historyCheckCommand(std), historyAckCommand(std), historyHTMLCommand(std))
	return c
}

// historyFlag registers --history.
func historyFlag(flags *pflag.FlagSet, into *string) {
	flags.StringVar(into, "history", cmp.Or(os.Getenv("ETCD_DYNO_HISTORY"), "history.ndjson"), "the file of the history")
}

// watching are the flags that choose series.
type watching struct {
	metrics []string
	all     bool
}

func (w *watching) register(flags *pflag.FlagSet) {
	flags.StringSliceVar(&w.metrics, "metric", nil, "watch these metrics, as churn.*.response.p50, instead of those that gate")
	flags.BoolVar(&w.all, "all", false, "watch all metrics")
}

// check refuses what chooses nothing.
func (w watching) check() error {
	if w.all && len(w.metrics) > 0 {
		return errors.New("--all watches all metrics: leave --metric out")
	}
	for _, m := range w.metrics {
		if _, err := path.Match(m, ""); err != nil {
			return fmt.Errorf("--metric %s: %w; write for example churn.*.response.p50", m, err)
		}
	}
	return nil
}

// choose chooses series of the experiments named, of all where none is.
func (w watching) choose(experiments []string) func(*history.History) func(history.Series) bool {
	return func(h *history.History) func(history.Series) bool {
		gating := h.Gating()
		return func(s history.Series) bool {
			switch {
			case len(experiments) > 0 && !slices.Contains(experiments, s.Name):
				return false
			case w.all:
				return true
			case len(w.metrics) > 0:
				return slices.ContainsFunc(w.metrics, func(m string) bool { ok, _ := path.Match(m, s.Metric); return ok })
			default:
				return gating(s)
			}
		}
	}
}

// readHistory reads a history, and refuses experiments that it does not know.
func readHistory(file string, experiments []string) (*history.History, error) {
	h, err := history.Read(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, exitError{exitUsage, fmt.Errorf("there is no history %s; etcd-dyno history add FOLDER --history %s begins it", file, file)}
	case err != nil:
		return nil, exitError{exitCannotRun, err}
	}
	var names []string
	for _, r := range h.Records {
		if !slices.Contains(names, r.Name) {
			names = append(names, r.Name)
		}
	}
	for _, e := range experiments {
		if !slices.Contains(names, e) {
			return nil, exitError{exitUsage, fmt.Errorf("%s has no experiment %q; it has %s", file, e, cmp.Or(strings.Join(names, ", "), "none"))}
		}
	}
	return h, nil
}

// warnFaults tells of lines that cannot be read, where nothing else does.
func warnFaults(std standard, file string, h *history.History) {
	for _, fault := range h.Faults {
		fmt.Fprintf(std.err, "warning: %s: %s; it is left out, and stays in the file\n", file, fault)
	}
}

// ofNews tells what a look at a history brings, in any of its formats.
func ofNews(n history.News, suspectedFails bool) rendering {
	return func(w io.Writer, format string, style report.Style) error {
		switch format {
		case "json":
			return report.NewsJSON(w, n)
		case "markdown":
			return report.NewsMarkdown(w, n)
		case "junit":
			return report.NewsJUnit(w, n, suspectedFails)
		default:
			return report.News(w, n, style)
		}
	}
}

func historyCheckCommand(std standard) *cobra.Command {
	var file, suspected string
	var asked []string
	var watch watching
	var dry bool
	c := &cobra.Command{
		Use:   "check [EXPERIMENT...]",
		Short: "Tell what has changed and was not told before",
		Long: `Tell what has changed and was not told before, and note that it is told.

Each series that is watched is judged by its change points, and its last measure by
what the level before it predicts. What lies outside is suspected first; it is told
when two more measures agree with it, of the same night or of later ones. To
measure a suspected night again is best: experiment --history does so by itself.

The exit code is 4 when a change for the worse is told, and 0 after that. Changes
stay open until they are acked.`,
		Example: `  etcd-dyno history check
  etcd-dyno history check nightly --history /data/history.ndjson -o markdown
  etcd-dyno history check --metric 'churn.*.response.p99' --dry-run`,
		RunE: func(_ *cobra.Command, args []string) error {
			all, err := outputsOf(asked, newsFormats)
			if err = errors.Join(err, watch.check(), oneOfFlag("suspected", suspected, "pass", "fail")); err != nil {
				return exitError{exitUsage, err}
			}
			h, err := readHistory(file, args)
			if err != nil {
				return err
			}
			choose := watch.choose(args)
			n := h.Look(choose(h), time.Now())
			if len(n.Watched) == 0 && len(watch.metrics) > 0 {
				return exitError{exitUsage, fmt.Errorf("--metric %s: no series has such a metric; etcd-dyno history show --all lists them", strings.Join(watch.metrics, ","))}
			}
			write := func(now history.News) error {
				n = now
				return all.write(std, ofNews(n, suspected == "fail"))
			}
			if dry {
				err = write(n)
			} else {
				err = history.Check(file, time.Now(), choose, write)
			}
			if err != nil {
				return exitError{exitCannotRun, err}
			}
			return codeOfNews(n, suspected == "fail")
		},
	}
	historyFlag(c.Flags(), &file)
	watch.register(c.Flags())
	c.Flags().BoolVar(&dry, "dry-run", false, "note nothing: what is told now is told again")
	c.Flags().StringVar(&suspected, "suspected", "pass", "what a change does that is only suspected: pass, or fail (exit 5), for who measures again")
	outputsFlag(c.Flags(), &asked, newsFormats)
	return c
}

// oneOfFlag refuses another value than those.
func oneOfFlag(flag, value string, values ...string) error {
	if slices.Contains(values, value) {
		return nil
	}
	return fmt.Errorf("--%s %s: unknown; it can be %s", flag, value, oneOf(values))
}

// codeOfNews ends with the exit code of what is told.
func codeOfNews(n history.News, suspectedFails bool) error {
	switch {
	case n.Worse():
		return exitError{code: exitRegression}
	case suspectedFails && len(n.Suspected) > 0:
		return exitError{code: exitOpen}
	default:
		return nil
	}
}

func historyAckCommand(std standard) *cobra.Command {
	var file, reason string
	c := &cobra.Command{
		Use:     "ack ID...",
		Short:   "Accept changes, so that they are not open any more",
		Example: `  etcd-dyno history ack 1a2b3c4d --reason "etcd 3.7.4 syncs twice, see the issue"`,
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			h, err := readHistory(file, nil)
			if err != nil {
				return err
			}
			unknown, err := history.Accept(file, time.Now(), reason, args...)
			if err != nil {
				return exitError{exitCannotRun, err}
			}
			if len(unknown) > 0 {
				warnFaults(std, file, h)
				return exitError{exitUsage, fmt.Errorf("no change of %s has the id %s; nothing was acked: %s", file, strings.Join(unknown, ", "), toldIDs(h))}
			}
			for _, id := range args {
				at := slices.IndexFunc(h.Told, func(t history.Told) bool { return t.ID == id })
				fmt.Fprintf(std.out, "acked %s: %s\n", id, h.Told[at].Key)
			}
			return nil
		},
	}
	historyFlag(c.Flags(), &file)
	c.Flags().StringVar(&reason, "reason", "", "why it is accepted")
	return c
}

// toldIDs lists the changes that can be acked.
func toldIDs(h *history.History) string {
	var open []string
	for _, t := range h.Told {
		if _, acked := h.Acked(t.ID); !acked {
			open = append(open, t.ID+" ("+t.Metric+")")
		}
	}
	if len(open) == 0 {
		return "none is open"
	}
	return "open are " + strings.Join(open, ", ")
}
