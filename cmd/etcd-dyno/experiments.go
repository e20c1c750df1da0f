package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// experimentFiles are the built-in experiments and any file of one.
func experimentFiles() catalogue {
	return catalogue{
		what: "experiment", names: scenarios.ExperimentNames,
		text: func(nameOrFile string) ([]byte, error) {
			_, text, err := scenarios.ExperimentText(nameOrFile)
			return text, err
		},
		sets: func(all []string) ([]string, error) { return all, nil },
		load: func(name string, sets []string) (loaded, error) {
			e, err := scenarios.LoadExperiment(name, sets)
			if err != nil {
				return loaded{}, err
			}
			return loaded{e.Name, experiment.SHA256(e), scenarios.EncodeExperiment(e)}, nil
		},
		check: func(name string) error {
			file, text, err := scenarios.ExperimentText(name)
			if err != nil {
				return err
			}
			e, err := scenarios.LoadExperiment(name, nil)
			if err != nil {
				return err
			}
			return scenarios.RefuseExperiment(file, text, nil, experiment.Refused(e))
		},
	}
}

// listedExperiment is a built-in experiment in a list.
type listedExperiment struct {
	Name        string           `json:"name"`
	Description string           `json:"description"`
	Needs       experiment.Needs `json:"needs"`
}

func experimentList(std standard) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "list", Short: "List the built-in experiments, with what each takes", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			all := []listedExperiment{}
			for _, name := range scenarios.ExperimentNames() {
				e, err := scenarios.LoadExperiment(name, nil)
				if err != nil {
					return exitError{exitUsage, err}
				}
				all = append(all, listedExperiment{name, e.Description, experiment.NeedsOf(e)})
			}
			if output == "json" {
				return printJSON(std.out, all)
			}
			w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
			for _, l := range all {
				fmt.Fprintf(w, "%s\t%d runs\t%s\t%s\t%s\n", l.Name, l.Needs.Runs, roughly(l.Needs.Seconds), bytesOf(l.Needs.DiskBytes), l.Description)
			}
			return flushed(w)
		},
	}
	outputFlag(c, &output, "table")
	return c
}

// explainedExperiment is what an experiment would do.
type explainedExperiment struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Claim       string `json:"claim,omitempty"`
	SaidBy      string `json:"said_by,omitempty"`
	LookAt      string `json:"look_at,omitempty"`
	// Scenarios and Configurations are the names of what runs on what; of a sweep the configurations are its points.
	Scenarios      []string `json:"scenarios"`
	Configurations []string `json:"configurations"`
	Baseline       string   `json:"baseline"`
	// Design and Factors are a sweep's.
	Design  string            `json:"design,omitempty"`
	Factors []explainedFactor `json:"factors,omitempty"`
	// Gates are what decides; a sweep has an Objective, and Metrics beside it. Advises tells whether it looks for the best.
	Gates     []string `json:"gates,omitempty"`
	Objective string   `json:"objective,omitempty"`
	Advises   bool     `json:"advises,omitempty"`
	Metrics   []string `json:"metrics,omitempty"`
	// Repetitions are pairs, or the rounds of a sweep.
	Repetitions int              `json:"repetitions"`
	MaxTimeS    float64          `json:"max_time_s,omitempty"`
	MinEffect   string           `json:"min_effect"`
	Floor       string           `json:"floor"`
	Needs       experiment.Needs `json:"needs"`
	// Full are the sets of the longer form, and FullNeeds what that takes; null where there is none.
	Full      []string          `json:"full,omitempty"`
	FullNeeds *experiment.Needs `json:"full_needs,omitempty"`

	asked scenarios.Experiment
}

// explainedFactor is what varies.
type explainedFactor struct {
	Name     string   `json:"name"`
	Key      string   `json:"key,omitempty"`
	Levels   []string `json:"levels"`
	Baseline string   `json:"baseline"`
}

func experimentExplain(std standard) *cobra.Command {
	var output string
	var sets []string
	var full bool
	c := &cobra.Command{
		Use: "explain EXPERIMENT", Short: "Say what an experiment looks at, what it takes and how it is judged, without running anything",
		Example: "  etcd-dyno experiment explain disk\n  etcd-dyno experiment explain disk --full\n  etcd-dyno experiment explain ./mine.toml --set experiment.rounds=4",
		Args:    exactlyOne("EXPERIMENT", scenarios.ExperimentNames),
		RunE: func(_ *cobra.Command, args []string) error {
			x, err := explainExperiment(args[0], sets, full)
			if err != nil {
				return exitError{exitUsage, err}
			}
			if output == "json" {
				return printJSON(std.out, x)
			}
			return x.print(std.out)
		},
	}
	c.Flags().BoolVar(&full, "full", false, "the longer form of the experiment")
	c.Flags().StringArrayVar(&sets, "set", nil, "PATH=VALUE changes all scenarios, configuration.PATH=VALUE all configurations, experiment.PATH=VALUE the experiment; may be repeated")
	outputFlag(c, &output, "table")
	return c
}

// explainExperiment reads an experiment, and says what it would do.
func explainExperiment(nameOrFile string, sets []string, full bool) (x explainedExperiment, err error) {
	file, text, err := scenarios.ExperimentText(nameOrFile)
	if err != nil {
		return x, err
	}
	longer, failed := scenarios.LongerForm(file, text)
	if full && failed != nil {
		return x, failed
	}
	of := func(sets []string) (scenarios.Experiment, error) {
		own, ofScenarios, ofConfigurations := scenarios.SplitExperimentSets(sets)
		return scenarios.ParseExperiment(file, text, own, ofScenarios, ofConfigurations)
	}
	if full {
		sets = append(longer, sets...)
	}
	if x.asked, err = of(sets); err != nil {
		return x, err
	}
	if failed == nil && !full {
		more, err := of(append(longer, sets...))
		if err != nil {
			return x, err
		}
		needs := experiment.NeedsOf(more)
		x.Full, x.FullNeeds = longer, &needs
	}
	x.fill()
	return x, nil
}

// fill takes all from the experiment.
func (x *explainedExperiment) fill() {
	e := x.asked
	x.Name, x.Description, x.Claim, x.SaidBy, x.LookAt = e.Name, e.Description, e.Claim, e.SaidBy, e.LookAt
	for _, s := range e.Scenarios {
		x.Scenarios = append(x.Scenarios, s.Name)
	}
	for _, c := range e.Configurations {
		x.Configurations = append(x.Configurations, c.Name)
	}
	x.Baseline, x.Repetitions, x.Needs = e.Configurations[e.Baseline].Name, e.Pairs, experiment.NeedsOf(e)
	x.MinEffect, x.Floor = e.MinEffect.String(), e.Floor.String()
	x.Gates = metricNames(e.Gates)
	if s := e.Sweep; s != nil {
		x.Design, x.Objective, x.Metrics, x.MaxTimeS = string(s.Design), s.Objective.String(), metricNames(s.Metrics), s.MaxTime.Seconds()
		x.Advises = s.Advise
		for _, f := range s.Factors {
			factor := explainedFactor{Name: f.Name, Key: f.Key, Baseline: f.Levels[f.Baseline].Name}
			for _, l := range f.Levels {
				factor.Levels = append(factor.Levels, l.Name)
			}
			x.Factors = append(x.Factors, factor)
		}
	}
}

func metricNames(all []threshold.Metric) (names []string) {
	for _, m := range all {
		names = append(names, m.String())
	}
	return names
}

// print writes the explanation as text.
func (x explainedExperiment) print(out io.Writer) error {
	fmt.Fprintf(out, "%s\n", strings.TrimSuffix(x.Name+": "+x.Description, ": "))
	for _, p := range []struct{ about, text string }{{"The claim", x.Claim}, {"Said by", x.SaidBy}, {"Look at", x.LookAt}} {
		if p.text != "" {
			fmt.Fprintf(out, "\n%s\n", strings.Join(report.Wrap(p.about+": "+p.text, explainWidth), "\n"))
		}
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(x.Factors) > 0 {
		fmt.Fprintln(w, "\nWhat varies:")
		for _, f := range x.Factors {
			fmt.Fprintf(w, "  %s\t%s\t%s\t(the baseline has %s)\n", f.Name, f.Key, strings.Join(f.Levels, ", "), f.Baseline)
		}
		if err := w.Flush(); err != nil {
			return exitError{exitCannotRun, err}
		}
		for _, f := range x.asked.Sweep.Factors {
			for _, l := range f.Levels {
				if f.Key == "" && len(l.Sets) > 0 {
					fmt.Fprintf(out, "  %s %s: %s\n", f.Name, l.Name, strings.Join(l.Sets, ", "))
				}
			}
		}
		fmt.Fprintf(w, "\n%d points (%s), each in each of %d rounds of %s, in an order that the next round turns round.\n", len(x.Configurations), x.Design, x.Repetitions, x.Scenarios[0])
		chosen := "The effects are of interest, and no best is looked for: first on %s; shown beside it: %s."
		if x.Advises {
			chosen = "The best is chosen by %s; shown beside it: %s."
		}
		fmt.Fprintln(w, strings.Join(report.Wrap(fmt.Sprintf(chosen, x.Objective, strings.Join(x.Metrics, ", ")), explainWidth), "\n"))
	} else {
		fmt.Fprintf(w, "\n%s on %s, %d pairs by turns; the baseline is %s.\n", strings.Join(x.Scenarios, ", "), strings.Join(x.Configurations, ", "), x.Repetitions, x.Baseline)
		if len(x.Gates) > 0 {
			fmt.Fprintf(w, "What decides: %s.\n", strings.Join(x.Gates, ", "))
		}
	}
	fmt.Fprintf(w, "A change matters from %s and %s on.\n", x.MinEffect, x.Floor)
	fmt.Fprintln(w, "\nWhat it takes:")
	for _, line := range needsLines(x) {
		fmt.Fprintf(w, "  %s\t%s\n", line[0], line[1])
	}
	if n := x.FullNeeds; n != nil {
		fmt.Fprintf(w, "  --full\t%d runs, about %s, %s of the disk: %s\n", n.Runs, roughly(n.Seconds), bytesOf(n.DiskBytes), strings.Join(x.Full, ", "))
	}
	return flushed(w)
}

// explainWidth is how wide a paragraph is.
const explainWidth = 100

// needsLines say what an experiment takes.
func needsLines(x explainedExperiment) (lines [][2]string) {
	n := x.Needs
	runs, time := fmt.Sprint(n.Runs), "about "+roughly(n.Seconds)
	if n.ConfirmRuns > 0 {
		runs += fmt.Sprintf(", and up to %d more to show again what was found", n.ConfirmRuns)
		time += ", and " + roughly(n.ConfirmSeconds) + " more"
	}
	if n.MostRuns > n.Runs {
		runs += fmt.Sprintf("; up to %d while it is inconclusive", n.MostRuns)
	}
	if x.MaxTimeS > 0 {
		time += "; it ends after " + roughly(x.MaxTimeS) + " of runs"
	}
	lines = append(lines, [2]string{"runs", runs}, [2]string{"time", time})
	if n.DiskBytes > 0 {
		lines = append(lines, [2]string{"disk", fmt.Sprintf("about %s at a time; with --keep about %s", bytesOf(n.DiskBytes), bytesOf(n.KeptBytes))})
	}
	if n.Build {
		lines = append(lines, [2]string{"also", "a Go toolchain and its module proxy, if that version of etcd was not built here before"})
	}
	if n.Limits {
		lines = append(lines, [2]string{"also", "cgroups that can be written (root, or delegated), for limits of CPU and memory"})
	}
	return lines
}
