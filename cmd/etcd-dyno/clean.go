package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcd-dyno/etcd-dyno/runner"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// cleanFlags are the flags of clean.
type cleanFlags struct {
	target                targetFlags
	configuration, prefix string
	output                string
	yes                   bool
}

func cleanCommand(std standard) *cobra.Command {
	var f cleanFlags
	c := &cobra.Command{
		Use: "clean", Short: "Remove what a killed run has left on a cluster that exists",
		Long: `Remove what a killed run has left on a cluster that exists.

Shows each prefix below /etcd-dyno/ that a run has marked as its own, and asks
before it deletes anything. It never touches a prefix whose run is still alive,
nor a key that etcd-dyno has not written. Labs leave nothing behind that the next
run would not remove by itself.`,
		Example: `  etcd-dyno clean --endpoints https://10.0.0.1:2379 --cacert ca.pem --cert me.pem --key me.key
  etcd-dyno clean --endpoints env --prefix /etcd-dyno/mine/ --yes`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return clean(std, f) },
	}
	f.target.register(c.Flags())
	c.Flags().StringVar(&f.configuration, "configuration", "", "a TOML file with the endpoints, instead of --endpoints")
	c.Flags().StringVar(&f.prefix, "prefix", "", "only this prefix, as it was given to run; all below "+runner.DefaultParent+" unless given")
	c.Flags().BoolVar(&f.yes, "yes", false, "remove it without asking")
	outputFlag(c, &f.output, "table")
	return c
}

// cleaned is what clean has found and done.
type cleaned struct {
	Found   []runner.Leftover `json:"found"`
	Removed []runner.Removed  `json:"removed"`
	// Unmarked is how many keys lie there that belong to no run, and stay.
	Unmarked int64 `json:"unmarked"`
}

// clean does the clean command.
func clean(std standard, f cleanFlags) error {
	against, err := f.cluster()
	if err != nil {
		return exitError{exitUsage, err}
	}
	credentials, err := credentialsOf(std, f.target, true)
	if err != nil {
		return exitError{exitUsage, err}
	}
	ctx, _, stop := untilSignals(std, cleanInterrupted())
	defer stop()
	cleaner, err := runner.OpenCleaner(ctx, against, credentials)
	if err != nil {
		return exitError{exitCannotRun, err}
	}
	done, err := cleanBy(ctx, std, cleaner, f)
	err = errors.Join(err, cleaner.Close())
	if f.output == "json" {
		err = errors.Join(err, printJSON(std.out, done))
	}
	if err != nil {
		return exitError{exitOfRefusal(err), err}
	}
	return nil
}

// cluster is the cluster that the flags name.
func (f cleanFlags) cluster() (c scenarios.Configuration, err error) {
	if f.prefix != "" {
		if err := runner.CheckPrefix(f.prefix); err != nil {
			return c, fmt.Errorf("--prefix %s: %w", f.prefix, err)
		}
	}
	run := runFlags{targetFlags: f.target}
	if f.configuration != "" {
		run.configurations = []string{f.configuration}
	}
	if len(f.target.endpoints) == 0 && f.configuration == "" {
		return c, errors.New("clean is for a cluster that exists: it needs --endpoints, or a --configuration with endpoints")
	}
	all, err := configurationsOf(run, scenarios.Scenario{}, nil)
	if err != nil {
		return c, err
	}
	c = all[0]
	if len(c.Endpoints) == 0 {
		return c, fmt.Errorf("the configuration %s is a lab, which leaves nothing behind; name one with endpoints", c.Name)
	}
	return c, runner.CheckFiles(c)
}

// cleanBy finds, shows, asks and removes.
func cleanBy(ctx context.Context, std standard, c *runner.Cleaner, f cleanFlags) (cleaned, error) {
	done := cleaned{Found: []runner.Leftover{}, Removed: []runner.Removed{}}
	if err := done.find(ctx, c, f.prefix); err != nil {
		return done, err
	}
	talk := std.err
	if f.output == "table" {
		talk = std.out
	}
	if err := done.show(talk, f.prefix); err != nil {
		return done, err
	}
	removable := 0
	for _, l := range done.Found {
		if !l.Alive {
			removable++
		}
	}
	if removable > 0 {
		if err := confirm(ctx, std, "Remove these keys?", f.yes); err != nil {
			return done, err
		}
	}
	return done, done.remove(ctx, talk, c)
}

// find finds what was left.
func (d *cleaned) find(ctx context.Context, c *runner.Cleaner, prefix string) error {
	if prefix == "" {
		found, unmarked, err := c.Below(ctx, runner.DefaultParent)
		d.Found, d.Unmarked = append(d.Found, found...), unmarked
		return err
	}
	left, found, unmarked, err := c.At(ctx, prefix)
	if found {
		d.Found = append(d.Found, left)
	}
	d.Unmarked = unmarked
	return err
}

// show says what was found.
func (d *cleaned) show(out io.Writer, prefix string) error {
	if prefix == "" {
		prefix = runner.DefaultParent
	}
	if len(d.Found) == 0 {
		fmt.Fprintf(out, "No run has left anything below %s\n", prefix)
	} else {
		w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
		fmt.Fprintln(w, "PREFIX\tKEYS\tSINCE\tRUN\tSTATE")
		for _, l := range d.Found {
			state := "left"
			if l.Alive {
				state = "alive"
			}
			fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\n", l.Prefix, l.Keys, l.By.Started.Local().Format(time.DateTime), l.By.Run, state)
		}
		if err := flushed(w); err != nil {
			return err
		}
	}
	for _, l := range d.Found {
		if l.Others > 0 {
			fmt.Fprintf(out, "other keys below %s: %d, for example %s; they stay\n", l.Prefix, l.Others, l.Example)
		}
	}
	if d.Unmarked > 0 {
		fmt.Fprintf(out, "keys below %s that no run of etcd-dyno has marked: %d; they stay\n", prefix, d.Unmarked)
	}
	return nil
}

// remove removes what was found, except what is alive; that is an error.
func (d *cleaned) remove(ctx context.Context, out io.Writer, c *runner.Cleaner) error {
	var failed []error
	for _, l := range d.Found {
		removed, err := c.Remove(ctx, l)
		if removed.Keys > 0 {
			d.Removed = append(d.Removed, removed)
			fmt.Fprintf(out, "removed %s: keys %d, leases %d\n", removed.Prefix, removed.Keys, removed.Leases)
		}
		if err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}
