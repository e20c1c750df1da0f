package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/pflag"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// foreignFlags are what a run asks of those who point it at a cluster that exists.
type foreignFlags struct {
	prefix          string
	reuse, yes      bool
	allowDisruptive bool
}

func (f *foreignFlags) register(flags *pflag.FlagSet) {
	flags.StringVar(&f.prefix, "prefix", "", "on a cluster that exists: what every key begins with; "+runner.DefaultPrefix("SCENARIO")+" unless given")
	flags.BoolVar(&f.reuse, "reuse-prefix", false, "on a cluster that exists: delete what an earlier run has left below the prefix, and begin")
	flags.BoolVar(&f.yes, "yes", false, "on a cluster that exists: carry the plan out without asking")
	flags.BoolVar(&f.allowDisruptive, "allow-disruptive", false, "on a cluster that exists: let the scenario do what others notice: compact the history, defragment, move the leader, take snapshots")
}

// check refuses flags that a lab has no use for, and a prefix that is none.
func (f foreignFlags) check(foreign bool) error {
	switch {
	case !foreign && f.prefix != "":
		return fmt.Errorf("--prefix is for a cluster that exists: it needs --endpoints")
	case !foreign && f.reuse:
		return fmt.Errorf("--reuse-prefix is for a cluster that exists: it needs --endpoints")
	case f.prefix == "":
		return nil
	}
	if err := runner.CheckPrefix(f.prefix); err != nil {
		return fmt.Errorf("--prefix %s: %w", f.prefix, err)
	}
	return nil
}

// confirmer shows a run's plan and asks for it.
func confirmer(std standard, yes bool) func(context.Context, runner.Plan, error) error {
	return func(ctx context.Context, p runner.Plan, refused error) error {
		if err := printPlan(std.err, p); err != nil {
			return err
		}
		if refused != nil {
			return refused
		}
		return confirm(ctx, std, "Carry this plan out?", yes)
	}
}

// planRow is a line of a plan: what it is about, and what it says.
type planRow struct{ about, text string }

// printPlan says what a run would do to a cluster that exists.
func printPlan(out io.Writer, p runner.Plan) error {
	fmt.Fprint(out, "This run writes to a cluster that exists. Nothing has been written yet.\n\n")
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, rows := range [][]planRow{clusterRows(p), loadRows(p), databaseRows(p), endRows(p)} {
		for _, r := range rows {
			fmt.Fprintf(w, "  %s\t%s\n", r.about, r.text)
		}
	}
	for _, warning := range p.Load.Warnings {
		fmt.Fprintf(w, "  warning\t%s\n", warning)
	}
	fmt.Fprintln(w)
	return flushed(w)
}

// clusterRows say which cluster it is, and where in it.
func clusterRows(p runner.Plan) []planRow {
	var rows []planRow
	for i, m := range p.Members {
		about := ""
		if i == 0 {
			about = "cluster"
		}
		if m.Err != nil {
			rows = append(rows, planRow{about, m.URL + "  DOES NOT ANSWER"})
			continue
		}
		rows = append(rows, planRow{about, fmt.Sprintf("%s  etcd %s, database %s", m.URL, m.Version, bytesOf(float64(m.Database)))})
	}
	if p.Client != scenarios.ClientAll {
		rows = append(rows, planRow{"client", "sends its requests to " + p.Client + " only"})
	}
	if len(p.Apply) > 0 {
		rows = append(rows, planRow{"first", "runs " + quoted(p.Apply) + " on this machine, and waits until the cluster is healthy"})
	}
	rows = append(rows, planRow{"prefix", p.Prefix + "  (no other key is written or deleted)"})
	if p.Leftovers > 0 {
		rows = append(rows, planRow{"", fmt.Sprintf("first deletes the %d keys that were left there by", p.Leftovers)}, planRow{"", p.LeftBy.String()})
	}
	return rows
}

// quoted is a command as one would type it.
func quoted(argv []string) string {
	words := slices.Clone(argv)
	for i, w := range words {
		if w == "" || strings.ContainsAny(w, " \t\n\"'\\$`*?;&|<>()") {
			words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
		}
	}
	return strings.Join(words, " ")
}

// loadRows say what is sent.
func loadRows(p runner.Plan) []planRow {
	l := p.Load
	rows := []planRow{{"scenario", fmt.Sprintf("%s: %g s warm-up, %g s measured, up to %g s drain", l.Name, l.WarmupS, l.MeasureS, l.DrainS)}}
	n, bytes := 0, 0.0
	for _, s := range l.Setup {
		n, bytes = n+s.Count, bytes+s.Bytes
	}
	if n > 0 {
		rows = append(rows, planRow{"setup", fmt.Sprintf("%d objects, %s", n, bytesOf(bytes))})
	}
	about := "requests"
	for _, line := range ratesOf(l) {
		rows = append(rows, planRow{about, line})
		about = ""
	}
	return append(rows,
		planRow{"writes", fmt.Sprintf("about %.0f in all, %s of keys and values", l.KeysWritten, bytesOf(l.BytesWritten))},
		planRow{"leases", fmt.Sprintf("about %.0f", p.Leases)})
}

// ratesWide is how many bytes a line of rates has at most.
const ratesWide = 72

// ratesOf is how often each kind of request is sent, most often first, in lines.
func ratesOf(l scenarios.Explanation) (lines []string) {
	rates, free := map[string]float64{}, map[string]bool{}
	for _, o := range l.Operations {
		if o.PerSecond == nil {
			free[o.Operation] = true
		} else {
			rates[o.Operation] += *o.PerSecond
		}
	}
	names := slices.SortedFunc(maps.Keys(rates), func(a, b string) int { return cmp.Or(cmp.Compare(rates[b], rates[a]), cmp.Compare(a, b)) })
	parts := make([]string, 0, len(names)+len(free))
	for _, name := range slices.Sorted(maps.Keys(free)) {
		parts = append(parts, name+" as fast as it goes")
	}
	for _, name := range names {
		rate := rates[name]
		parts = append(parts, name+" "+rateOf(&rate))
	}
	for i, part := range parts {
		if i < len(parts)-1 {
			part += ","
		}
		if n := len(lines); n > 0 && len(lines[n-1])+len(part) < ratesWide {
			lines[n-1] += " " + part
		} else {
			lines = append(lines, part)
		}
	}
	return lines
}

// databaseRows say what becomes of the database.
func databaseRows(p runner.Plan) []planRow {
	m, limited := p.Tightest()
	grows := fmt.Sprintf("grows by %s", bytesOf(p.Load.DatabaseBytes))
	if !limited {
		return []planRow{{"database", grows + "; the cluster has no quota, so that only you see to its disk"}}
	}
	after, quota := m.After(p.Load.DatabaseBytes), "the quota of "+bytesOf(float64(m.Quota))
	if m.Assumed {
		quota = "etcd's default quota of " + bytesOf(float64(m.Quota)) + " (this etcd does not tell its own)"
	}
	return []planRow{
		{"database", fmt.Sprintf("%s, to about %s: %.2g %% of %s", grows, bytesOf(after), 100*after/float64(m.Quota), quota)},
		{"", fmt.Sprintf("the load ends by itself when it reaches %s (90 %%)", bytesOf(float64(m.Limit())))},
	}
}

// endRows say what others notice, and what is left.
func endRows(p runner.Plan) []planRow {
	wide := "nothing"
	switch {
	case p.Compacts:
		wide = "the history of ALL keys is compacted (--allow-disruptive)"
	case p.WouldCompact:
		wide = "nothing; the scenario's compactions are left out without --allow-disruptive"
	}
	if len(p.Load.Actions) > 0 && !p.Compacts {
		wide = "what the actions do" + strings.TrimPrefix(wide, "nothing")
	}
	rows := []planRow{{"cluster-wide", wide + ", besides the load itself"}}
	for _, a := range p.Load.Actions {
		rows = append(rows, planRow{"", a.What + "  (--allow-disruptive)"})
	}
	return append(rows, planRow{"afterwards", "all keys below the prefix are deleted, 500 at a time, and all leases revoked,"},
		planRow{"", "also after Ctrl-C; the file shrinks only by compaction and defragmentation"},
	)
}

// reproduceForeign is the part of a command line that names a cluster that exists, and where to write in it.
func reproduceForeign(f runFlags, job runner.Job) (words []string) {
	c := job.Configuration
	rest := [...][2]string{{"--cacert", c.CACert}, {"--cert", c.Cert}, {"--key", c.Key}, {"--user", job.Credentials.Username}, {"--prefix", f.prefix}}
	if words = []string{"--endpoints", strings.Join(c.Endpoints, ",")}; len(c.Apply) > 0 {
		words = []string{"--configuration", "./" + results.ConfigurationFile}
		copy(rest[:3], make([][2]string, 3)) // they are in the file
	}
	for _, each := range rest {
		if each[1] != "" {
			words = append(words, each[0], each[1])
		}
	}
	if f.allowDisruptive {
		words = append(words, "--allow-disruptive")
	}
	return words
}
