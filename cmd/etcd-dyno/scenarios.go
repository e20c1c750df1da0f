package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// defaultQuota is etcd's, in bytes, where a configuration names none.
const defaultQuota = 2 << 30

func scenariosCommand(std standard) *cobra.Command {
	c := &cobra.Command{
		Use: "scenarios", Short: "List, show, check and explain scenarios",
		Long: `List, show, check and explain scenarios. Nothing is sent to any cluster.

A scenario is a TOML file that says which load is put on an etcd: which
Kubernetes-like workloads, for how long, within which thresholds.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return exitError{exitUsage, fmt.Errorf("scenarios %s: unknown; it can be list, show, validate, explain or schema", args[0])}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(scenariosList(std), showCommand(std, scenarioFiles()), validateCommand(std, scenarioFiles()), scenariosExplain(std), scenariosSchema(std))
	return c
}

// listed is a built-in scenario in a list.
type listed struct {
	Name          string   `json:"name"`
	Description   string   `json:"description"`
	Configuration string   `json:"configuration"`
	Workloads     []string `json:"workloads"`
}

// scenarioFiles are the built-in scenarios and any file of one.
func scenarioFiles() catalogue {
	return catalogue{
		what: "scenario", names: scenarios.ScenarioNames, text: scenarios.ScenarioText, sets: onlyScenarioSets,
		load: func(name string, sets []string) (loaded, error) {
			s, err := scenarios.LoadScenario(name, sets)
			return loaded{s.Name, s.SHA256, scenarios.EncodeScenario(s)}, err
		},
	}
}

// onlyScenarioSets refuses what --set would change in something else than a scenario.
func onlyScenarioSets(sets []string) ([]string, error) {
	ofScenario, ofConfiguration, err := scenarios.SplitSets(sets)
	if err == nil && len(ofConfiguration) > 0 {
		err = fmt.Errorf("--set configuration.%s: there is no configuration here, only a scenario", ofConfiguration[0])
	}
	if err != nil {
		return nil, exitError{exitUsage, err}
	}
	return ofScenario, nil
}

func scenariosList(std standard) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "list", Short: "List the built-in scenarios", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			all := []listed{}
			for _, name := range scenarios.ScenarioNames() {
				s, err := scenarios.LoadScenario(name, nil)
				if err != nil {
					return exitError{exitUsage, err}
				}
				l := listed{Name: name, Description: s.Description, Configuration: s.Configuration}
				for _, w := range s.Workloads {
					l.Workloads = append(l.Workloads, w.Name+" ("+w.KindName()+")")
				}
				all = append(all, l)
			}
			if output == "json" {
				return printJSON(std.out, all)
			}
			w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
			for _, l := range all {
				fmt.Fprintf(w, "%s\t%s\n", l.Name, l.Description)
			}
			return flushed(w)
		},
	}
	outputFlag(c, &output, "table")
	return c
}

func scenariosSchema(std standard) *cobra.Command {
	return &cobra.Command{
		Use: "schema", Short: "Print the JSON Schema of scenario files, for editors", Args: cobra.NoArgs,
		Long: `Print the JSON Schema of scenario files, for editors.

An editor with a TOML language server (Taplo, Even Better TOML) completes and
checks a scenario whose first line names the schema:

  #:schema ./scenario.schema.json`,
		RunE: func(*cobra.Command, []string) error {
			schema, err := scenarios.Schema()
			if err != nil {
				return exitError{exitCannotRun, err}
			}
			_, err = std.out.Write(schema)
			return err
		},
	}
}

func scenariosExplain(std standard) *cobra.Command {
	var output, configuration string
	var sets []string
	c := &cobra.Command{
		Use: "explain SCENARIO", Short: "Say what a scenario would do, without sending anything",
		Example: "  etcd-dyno scenarios explain pod-churn\n  etcd-dyno scenarios explain ./mine.toml --set cluster.nodes=5000",
		Args:    exactlyOne("SCENARIO", scenarios.ScenarioNames),
		RunE: func(_ *cobra.Command, args []string) error {
			ofScenario, ofConfiguration, err := scenarios.SplitSets(sets)
			if err != nil {
				return exitError{exitUsage, err}
			}
			e, err := scenarios.ExplainScenario(args[0], ofScenario)
			if err != nil {
				return exitError{exitUsage, err}
			}
			s, err := scenarios.LoadScenario(args[0], ofScenario)
			if err != nil {
				return exitError{exitUsage, err}
			}
			if configuration == "" {
				configuration = s.Configuration
			}
			against, err := scenarios.LoadConfiguration(configuration, ofConfiguration)
			if err != nil {
				return exitError{exitUsage, err}
			}
			x := explained{Explanation: e, Configuration: against.Name, QuotaBytes: quotaOf(against)}
			if x.DatabaseBytes > float64(x.QuotaBytes) {
				x.Warnings = append(x.Warnings, fmt.Sprintf("the database would come to %s, beyond the quota of %s: etcd then refuses writes; set configuration.etcd.quota-backend-bytes",
					bytesOf(x.DatabaseBytes), bytesOf(float64(x.QuotaBytes))))
			}
			if output == "json" {
				return printJSON(std.out, x)
			}
			return x.print(std.out)
		},
	}
	c.Flags().StringVar(&configuration, "configuration", "", "whose quota the database is compared with; the scenario's own unless given")
	c.Flags().StringArrayVar(&sets, "set", nil, "PATH=VALUE changes the scenario, configuration.PATH=VALUE the configuration; may be repeated")
	outputFlag(c, &output, "table")
	return c
}

// explained is a scenario's explanation against a configuration.
type explained struct {
	scenarios.Explanation
	Configuration string `json:"configuration"`
	// QuotaBytes is the most that etcd's database may hold.
	QuotaBytes int64 `json:"quota_bytes"`
}

// quotaOf is the configuration's quota of the database.
func quotaOf(c scenarios.Configuration) int64 {
	for _, f := range c.Flags {
		var n int64
		if f.Name == "quota-backend-bytes" {
			if _, err := fmt.Sscanf(f.Value, "%d", &n); err == nil && n > 0 {
				return n
			}
		}
	}
	return defaultQuota
}

// print writes the explanation as text.
func (x explained) print(out io.Writer) error {
	fmt.Fprintf(out, "%s\n\n", strings.TrimSuffix(x.Name+": "+x.Description, ": "))
	fmt.Fprintf(out, "Phases: setup, then %g s warm-up, %g s measured, up to %g s drain.\n", x.WarmupS, x.MeasureS, x.DrainS)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	if len(x.Setup) > 0 {
		fmt.Fprintln(w, "\nIn etcd before the load begins:")
		for _, p := range x.Setup {
			fmt.Fprintf(w, "  %s\t%d objects\t%s\n", p.Name, p.Count, bytesOf(p.Bytes))
		}
	}
	fmt.Fprintln(w, "\nWorkloads:")
	for _, l := range x.Workloads {
		bound := ""
		if l.MaxInFlight > 0 {
			bound = fmt.Sprintf("at most %d in flight", l.MaxInFlight)
		}
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", l.Workload, l.Kind, l.Arrivals, bound)
	}
	if len(x.Actions) > 0 {
		fmt.Fprintln(w, "\nWhat happens to the cluster:")
		for _, a := range x.Actions {
			fmt.Fprintf(w, "  %s\t%s\n", a.Name, a.What)
		}
	}
	fmt.Fprintln(w, "\nRequests in the measure phase, expected:")
	for _, o := range x.Operations {
		fmt.Fprintf(w, "  %s.%s\t%s\t%s\t%s\n", o.Workload, o.Operation, rateOf(o.PerSecond), totalOf(o.Total), valueOf(o.ValueBytes))
	}
	fmt.Fprintf(w, "  together\t%s\t%s\n", rateOf(&x.OperationsPerSecond), totalOf(&x.OperationsTotal))
	fmt.Fprintf(w, "\nWritten, setup and warm-up included: %.0f revisions, %s of keys and values.\n", x.KeysWritten, bytesOf(x.BytesWritten))
	fmt.Fprintf(w, "Database in the end: about %s with all of its history, %.1f %% of the quota of %s (configuration %s).\n",
		bytesOf(x.DatabaseBytes), 100*x.DatabaseBytes/float64(x.QuotaBytes), bytesOf(float64(x.QuotaBytes)), x.Configuration)
	if len(x.Derived) > 0 {
		fmt.Fprintln(w, "\nNot stated, and what it follows from:")
		for _, d := range x.Derived {
			fmt.Fprintf(w, "  %s = %s\t%s\n", d.Key, d.Value, d.Why)
		}
	}
	for _, warning := range x.Warnings {
		fmt.Fprintf(w, "\nWarning: %s\n", warning)
	}
	return flushed(w)
}

func rateOf(perSecond *float64) string {
	switch {
	case perSecond == nil:
		return "as fast as it goes"
	case *perSecond >= 100:
		return fmt.Sprintf("%.0f/s", *perSecond)
	default:
		return fmt.Sprintf("%.3g/s", *perSecond)
	}
}

func totalOf(n *float64) string {
	if n == nil {
		return ""
	}
	return fmt.Sprintf("%.0f", *n)
}

func valueOf(bytes float64) string {
	if bytes == 0 {
		return ""
	}
	return "values of " + bytesOf(bytes)
}

// bytesOf is a number of bytes with three figures.
func bytesOf(n float64) string {
	for _, unit := range []string{"B", "KiB", "MiB", "GiB"} {
		if n < 1000 || unit == "GiB" {
			return strings.TrimSuffix(fmt.Sprintf("%.3g", n), ".0") + " " + unit
		}
		n /= 1024
	}
	return ""
}
