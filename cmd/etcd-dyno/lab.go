package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

func labCommand(std standard) *cobra.Command {
	c := &cobra.Command{
		Use: "lab", Short: "Start a local etcd cluster; list, show and check configurations",
		Long: `Start a local etcd cluster; list, show and check configurations.

A configuration is a TOML file that says what is benchmarked: how many members,
which etcd and flags, on which disks and links, with which resources.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 0 {
				return exitError{exitUsage, fmt.Errorf("lab %s: unknown; it can be up, list, show or validate", args[0])}
			}
			return nil
		},
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(labUp(std), labList(std), showCommand(std, configurationFiles()), validateCommand(std, configurationFiles()))
	return c
}

// configurationFiles are the built-in configurations and any file of one.
func configurationFiles() catalogue {
	return catalogue{
		what: "configuration", names: scenarios.ConfigurationNames, text: scenarios.ConfigurationText, sets: ownSets,
		load: func(name string, sets []string) (loaded, error) {
			c, err := scenarios.LoadConfiguration(name, sets)
			return loaded{c.Name, c.SHA256, scenarios.EncodeConfiguration(c)}, err
		},
		check: flagsTaken,
	}
}

// flagsTaken has a configuration's own etcd judge its flags. One that would have to be
// built first is not asked.
func flagsTaken(name string) error {
	c, err := scenarios.LoadConfiguration(name, nil)
	if err != nil || c.Version != "" || len(c.Endpoints) > 0 {
		return err
	}
	_, refused, err := lab.FindEtcd(context.Background(), c, "", nil)
	if err != nil {
		return err
	}
	return scenarios.Refuse(name, nil, refused)
}

// ownSets takes --set with and without the prefix that it has where there is a scenario too.
func ownSets(all []string) ([]string, error) {
	own := make([]string, len(all))
	for i, s := range all {
		own[i] = strings.TrimPrefix(s, "configuration.")
	}
	return own, nil
}

// listedLab is a built-in configuration in a list.
type listedLab struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Members     int    `json:"members"`
}

func labList(std standard) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "list", Short: "List the built-in configurations", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			all := []listedLab{}
			for _, name := range scenarios.ConfigurationNames() {
				c, err := scenarios.LoadConfiguration(name, nil)
				if err != nil {
					return exitError{exitUsage, err}
				}
				all = append(all, listedLab{Name: name, Description: c.Description, Members: c.Members})
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

// upFlags are the flags of lab up.
type upFlags struct {
	runsDir, output string
	sets            []string
	keep            bool
}

func labUp(std standard) *cobra.Command {
	var f upFlags
	c := &cobra.Command{
		Use: "up CONFIGURATION", Short: "Start the cluster that a configuration describes, until Ctrl-C",
		Long: `Start the cluster that a configuration describes, until Ctrl-C.

Its endpoints are printed, and the environment by which etcdctl finds it. When it
ends, its data, certificates and users are gone.`,
		Example: "  etcd-dyno lab up three\n  etcd-dyno lab up ./mine.toml --set disk.fsync_delay=10ms",
		Args:    exactlyOne("CONFIGURATION", scenarios.ConfigurationNames),
		RunE:    func(_ *cobra.Command, args []string) error { return up(std, args[0], f) },
	}
	c.Flags().StringArrayVar(&f.sets, "set", nil, "PATH=VALUE changes the configuration; may be repeated")
	c.Flags().StringVar(&f.runsDir, "runs-dir", usualRunsDir(), "where the lab's folder is made")
	c.Flags().BoolVar(&f.keep, "keep", false, "leave the lab's data and logs where they are")
	outputFlag(c, &f.output, "table")
	return c
}

// up starts a lab and waits.
func up(std standard, name string, f upFlags) error {
	sets, err := ownSets(f.sets)
	if err != nil {
		return err
	}
	c, err := scenarios.LoadConfiguration(name, sets)
	if err != nil {
		return exitError{exitUsage, err}
	}
	if len(c.Endpoints) > 0 {
		return exitError{exitUsage, fmt.Errorf("%s has endpoints: that cluster is up already", name)}
	}
	ctx, cut, stop := untilSignals(std, labInterrupted())
	defer stop()
	etcd, err := findEtcd(ctx, std, c, name, sets)
	if err != nil {
		return err
	}
	sweep(std, f.runsDir)
	folder, err := runner.MakeFolder(f.runsDir, "lab", c.Name, time.Now())
	if err != nil {
		return exitError{exitCannotRun, err}
	}
	fmt.Fprintln(std.err, starting(c))
	l, err := lab.Start(ctx, lab.Spec{Run: folder, Configuration: c, Etcd: etcd, Keep: f.keep})
	if err != nil {
		return notUp(folder, ctx.Err() != nil, err)
	}
	for _, note := range l.Notes() {
		fmt.Fprintf(std.err, "warning: %s\n", note)
	}
	err = printLab(std, l, f.output)
	if err == nil {
		fmt.Fprintf(std.err, "%s is up, its logs in %s; Ctrl-C ends it\n", c.Name, folder)
		err = stay(ctx, std, l)
	}
	// The first Ctrl-C is the normal end here.
	if left := l.Stop(cut); left != nil {
		return exitError{exitCannotRun, errors.Join(err, left)}
	}
	if !f.keep && err == nil {
		err = os.RemoveAll(folder)
	}
	if err != nil {
		return exitError{exitCannotRun, err}
	}
	return nil
}

// notUp is why a lab is not up. Its folder stays where something in it may be
// needed: logs, or the note of data that could not be removed.
func notUp(folder string, interrupted bool, err error) error {
	switch _, left := os.Stat(filepath.Join(folder, results.DataFolder)); {
	case left == nil:
		return exitError{exitCannotRun, fmt.Errorf("%w\nwhat is left lies in %s, and is removed by the next start", err, folder)}
	case interrupted:
		return exitError{exitInterrupted, errors.Join(errors.New("interrupted before the lab was up"), os.RemoveAll(folder))}
	}
	return exitError{exitCannotRun, fmt.Errorf("%w\nits logs are in %s", err, folder)}
}

// starting says that a lab is on its way.
func starting(c scenarios.Configuration) string {
	members := "1 member"
	if c.Members > 1 {
		members = fmt.Sprintf("%d members", c.Members)
	}
	if c.Learners > 0 {
		members += fmt.Sprintf(" and %d that learn", c.Learners)
	}
	return "starting the lab " + c.Name + ", " + members
}

// stay waits for the signal, and tells which members end meanwhile.
func stay(ctx context.Context, std standard, l *lab.Lab) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case e, ok := <-l.Events():
			if !ok {
				return errors.New("the lab host is gone, and the members with it")
			}
			fmt.Fprintf(std.err, "%s ended: %s\n", e.Process, e.State)
			for _, line := range e.Log {
				fmt.Fprintf(std.err, "    %s\n", line)
			}
		}
	}
}

// lab as it is printed.
type printedLab struct {
	Endpoints []string          `json:"endpoints"`
	Members   []lab.Member      `json:"members"`
	Etcdctl   map[string]string `json:"etcdctl"`
}

// printLab prints where a lab is and how etcdctl gets there.
func printLab(std standard, l *lab.Lab, output string) error {
	p := printedLab{Endpoints: l.Endpoints(), Members: l.Members(), Etcdctl: map[string]string{"ETCDCTL_ENDPOINTS": strings.Join(l.Endpoints(), ",")}}
	certs := l.Certificates()
	user, password := l.User()
	if user != "" {
		user += ":" + password
	}
	names := []string{"ETCDCTL_ENDPOINTS"}
	for _, each := range [][2]string{{"ETCDCTL_CACERT", certs.CACert}, {"ETCDCTL_CERT", certs.Cert}, {"ETCDCTL_KEY", certs.Key}, {"ETCDCTL_USER", user}} {
		if each[1] != "" {
			p.Etcdctl[each[0]] = each[1]
			names = append(names, each[0])
		}
	}
	if output == "json" {
		return printJSON(std.out, p)
	}
	for _, name := range names {
		fmt.Fprintf(std.out, "export %s=%s\n", name, shellQuoted(p.Etcdctl[name]))
	}
	w := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	for _, m := range p.Members {
		role := "member"
		if m.Learner {
			role = "learner"
		}
		fmt.Fprintf(w, "# %s\t%s\t%s\tetcd %s\tmetrics %s\tpid %d\n", role, m.Name, m.Endpoint, m.Version, m.Metrics, m.PID)
	}
	return flushed(w)
}

// shellQuoted is a text as a shell's word.
func shellQuoted(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:,@=", r)
	}) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
