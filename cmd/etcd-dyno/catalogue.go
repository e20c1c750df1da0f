package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// catalogue is the files of one sort: those that are built in, and any other.
type catalogue struct {
	// what they are, as in "scenario".
	what  string
	names func() []string
	// text is a file as it is written.
	text func(nameOrFile string) ([]byte, error)
	// sets takes from --set what changes such a file.
	sets func(all []string) ([]string, error)
	load func(nameOrFile string, sets []string) (loaded, error)
	// check, if given, is what else must hold of a file that could be read.
	check func(nameOrFile string) error
}

// loaded is a file that was read.
type loaded struct {
	name, sha256 string
	// resolved is its text with every default filled in.
	resolved []byte
}

// placeholder stands for a name or file in usage texts.
func (c catalogue) placeholder() string { return strings.ToUpper(c.what) }

// article is what a file is, with its article.
func (c catalogue) article() string {
	if strings.ContainsAny(c.what[:1], "aeiou") {
		return "an " + c.what
	}
	return "a " + c.what
}

func showCommand(std standard, files catalogue) *cobra.Command {
	var output string
	var resolved bool
	var sets []string
	c := &cobra.Command{
		Use: "show " + files.placeholder(), Short: "Print " + files.article() + " as it is written, or with every value filled in",
		Args: exactlyOne(files.placeholder(), files.names),
		RunE: func(_ *cobra.Command, args []string) error {
			own, err := files.sets(sets)
			if err != nil {
				return err
			}
			l, err := files.load(args[0], own)
			if err != nil {
				return exitError{exitUsage, err}
			}
			text, err := files.text(args[0])
			if err != nil {
				return exitError{exitUsage, err}
			}
			if resolved || len(sets) > 0 {
				text = l.resolved
			}
			if output == "json" {
				return printJSON(std.out, map[string]string{"name": l.name, "sha256": l.sha256, "toml": string(text)})
			}
			_, err = std.out.Write(text)
			return err
		},
	}
	c.Flags().BoolVar(&resolved, "resolved", false, "fill in every default and what follows from other values")
	c.Flags().StringArrayVar(&sets, "set", nil, "PATH=VALUE changes the "+files.what+", which is then printed resolved; may be repeated")
	outputFlag(c, &output, "toml")
	return c
}

// validated is how the check of one file came out.
type validated struct {
	File   string           `json:"file"`
	OK     bool             `json:"ok"`
	Faults scenarios.Faults `json:"faults"`
}

func validateCommand(std standard, files catalogue) *cobra.Command {
	var output string
	c := &cobra.Command{
		Use: "validate " + files.placeholder() + "…", Short: "Check " + files.what + "s, and tell every mistake with its line",
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return exitError{exitUsage, fmt.Errorf("at least one %s is needed: a file's name, or a built-in's", files.placeholder())}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			wrong := 0
			all := []validated{}
			for _, name := range args {
				v := validated{File: name, OK: true, Faults: scenarios.Faults{}}
				if err := files.valid(name); err != nil {
					wrong++
					v.OK = false
					if !errors.As(err, &v.Faults) {
						v.Faults = scenarios.Faults{{Where: name, Message: err.Error()}}
					}
				}
				all = append(all, v)
			}
			if err := printValidated(std, all, output); err != nil {
				return err
			}
			if wrong > 0 {
				return exitError{code: exitUsage}
			}
			return nil
		},
	}
	outputFlag(c, &output, "table")
	return c
}

func (c catalogue) valid(name string) error {
	if _, err := c.load(name, nil); err != nil {
		return err
	}
	if c.check == nil {
		return nil
	}
	return c.check(name)
}

func printValidated(std standard, all []validated, output string) error {
	if output == "json" {
		return printJSON(std.out, all)
	}
	for _, v := range all {
		if v.OK {
			fmt.Fprintf(std.out, "%s: ok\n", v.File)
			continue
		}
		for _, f := range v.Faults {
			fmt.Fprintln(std.out, f)
		}
	}
	return nil
}

// outputFlag adds -o, which can be table or json.
func outputFlag(c *cobra.Command, output *string, otherwise string) {
	c.Flags().StringVarP(output, "output", "o", otherwise, "what to print: "+otherwise+" or json")
	run := c.RunE
	c.RunE = func(c *cobra.Command, args []string) error {
		if *output != otherwise && *output != "json" {
			return exitError{exitUsage, fmt.Errorf("-o %s: unknown; it can be %s or json", *output, otherwise)}
		}
		return run(c, args)
	}
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return exitError{exitCannotRun, fmt.Errorf("writing the output: %w", err)}
	}
	return nil
}

func flushed(w *tabwriter.Writer) error {
	if err := w.Flush(); err != nil {
		return exitError{exitCannotRun, fmt.Errorf("writing the output: %w", err)}
	}
	return nil
}
