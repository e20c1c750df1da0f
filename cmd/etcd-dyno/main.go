// Etcd-dyno puts the load of a Kubernetes control plane on an etcd
// configuration and tells what it carries.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// version is set by the build of `make`.
var version = "devel"

// toolVersion names this program and its version: that of the build, or of the module that `go install` has built.
func toolVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && version == "devel" && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return "etcd-dyno " + info.Main.Version
	}
	return "etcd-dyno " + version
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == lab.MemberCommand {
		if err := lab.MemberMain(os.Args[2:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(exitCannotRun) // an etcd has ended the process
	}
	os.Exit(execute(os.Args[1:], standard{in: os.Stdin, out: os.Stdout, err: os.Stderr}))
}

// standard is the files that a command talks to: results go to out, and nothing else; talk goes to err.
type standard struct {
	in       *os.File
	out, err io.Writer
}

// execute runs one command line and returns its exit code.
func execute(args []string, std standard) int {
	if len(args) > 0 && args[0] == lab.HostCommand {
		// The tool tells its host when to end; a signal meant for the tool is not for it.
		signal.Ignore(syscall.SIGINT, syscall.SIGHUP)
		if err := lab.HostMain(context.Background(), args[1:], std.in, std.out); err != nil {
			fmt.Fprintln(std.err, err)
			return exitCannotRun
		}
		return exitDone
	}
	root := rootCommand(std)
	root.SetArgs(args)
	err := root.Execute()
	if err == nil {
		return exitDone
	}
	var exit exitError
	if !errors.As(err, &exit) {
		exit = exitError{code: exitUsage, err: err} // cobra's own: an unknown command or flag
	}
	var faults scenarios.Faults
	switch {
	case errors.As(err, &faults):
		fmt.Fprintln(std.err, faults) // a line each, as editors read them: file:line:column: what
	case exit.err != nil:
		fmt.Fprintf(std.err, "etcd-dyno: %v\n", exit.err)
	}
	return exit.code
}

func rootCommand(std standard) *cobra.Command {
	root := &cobra.Command{
		Use:   "etcd-dyno",
		Short: "Put the load of a Kubernetes control plane on an etcd and see what it carries",
		Long: `etcd-dyno replays Kubernetes-like load against etcd and reports latency as
users would feel it: from the instant at which each request was due.

Without a cluster of your own it starts a real etcd by itself:

  etcd-dyno run pod-churn`,
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetIn(std.in)
	root.SetOut(std.out)
	root.SetErr(std.err)
	root.AddCommand(runCommand(std), compareCommand(std), experimentCommand(std), historyCommand(std), reportCommand(std), cleanCommand(std), scenariosCommand(std), labCommand(std), doctorCommand(std), versionCommand(std))
	return root
}

func versionCommand(std standard) *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version of this program and of its built-in etcd", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintf(std.out, "%s, etcd %s\n", toolVersion(), lab.ServerModule())
			return err
		},
	}
}
