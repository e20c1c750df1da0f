package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/etcd-dyno/etcd-dyno/report"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// The formats, the usual one first: of one run, of several at once, and of a comparison.
var (
	runFormats        = []string{"table", "json", "csv", "markdown", "html", "hlog", "openmetrics", "junit", "benchfmt", "perfdash"}
	severalFormats    = []string{"table", "json"}
	comparisonFormats = []string{"table", "json", "csv", "markdown", "html", "junit"}
)

// formatsHelp is what a command's help says of formats.
const formatsHelp = `-o says in which format it is told: table, json, csv, markdown, html, hlog,
openmetrics, junit, benchfmt or perfdash. FORMAT goes to stdout, FORMAT=FILE
into a file; -o may be repeated, and the table goes to stdout unless another does.`

// comparisonFormatsHelp is the same of comparisons.
const comparisonFormatsHelp = `-o says in which format it is told: table, json, csv, markdown, html or junit.
FORMAT goes to stdout, FORMAT=FILE into a file; -o may be repeated, and the
table goes to stdout unless another does. Each run can be told in more formats:
etcd-dyno report RUN -o FORMAT.`

// outputsFlag registers -o.
func outputsFlag(flags *pflag.FlagSet, into *[]string, formats []string) {
	flags.StringArrayVarP(into, "output", "o", nil, "FORMAT to stdout, or FORMAT=FILE: "+strings.Join(formats, ", ")+" (table to stdout unless another goes there); may be repeated")
}

// output is one form of what is told, and where it goes.
type output struct {
	format string
	// file is empty for stdout.
	file string
}

// outputs are all that were asked for; exactly one goes to stdout.
type outputs []output

// outputsOf reads all -o, and says everything that is wrong with them. Nothing is written.
func outputsOf(args, formats []string) (outputs, error) {
	var all outputs
	var faults []error
	for _, arg := range args {
		o, err := outputOf(arg, formats)
		if err == nil {
			err = all.clash(arg, o)
		}
		if err != nil {
			faults = append(faults, err)
			continue
		}
		all = append(all, o)
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(all, func(o output) bool { return o.file == "" }) {
		all = append(outputs{{format: formats[0]}}, all...)
	}
	return all, nil
}

// outputOf reads one -o.
func outputOf(arg string, formats []string) (output, error) {
	format, file, named := strings.Cut(arg, "=")
	switch {
	case !slices.Contains(formats, format) && slices.Contains(runFormats, format):
		return output{}, fmt.Errorf("-o %s: only one run alone can be told so: etcd-dyno report RUN -o %s; here it can be %s", arg, format, oneOf(formats))
	case !slices.Contains(formats, format):
		return output{}, fmt.Errorf("-o %s: unknown; it can be %s", arg, oneOf(formats))
	case named && file == "":
		return output{}, fmt.Errorf("-o %s: the file has no name; write %s=FILE, or %s alone for stdout", arg, format, format)
	case !named, file == "-", file == "/dev/stdout":
		return output{format: format}, nil
	}
	return output{format, file}, checkFile(arg, file)
}

// checkFile refuses a file that cannot be written, or must not be.
func checkFile(arg, file string) error {
	info, err := os.Stat(file)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("-o %s: %s is a folder; name a file in it", arg, file)
	case err == nil && slices.Contains([]string{results.JournalFile, results.ExperimentJournal}, filepath.Base(file)):
		return fmt.Errorf("-o %s: %s is a journal, from which all else is made: it is not written over", arg, file)
	case err == nil:
		return nil
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("-o %s: looking at the file: %w", arg, err)
	}
	if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
		return fmt.Errorf("-o %s: there is no folder %s", arg, filepath.Dir(file))
	}
	return nil
}

// clash refuses an output into where another goes already.
func (all outputs) clash(arg string, o output) error {
	for _, other := range all {
		switch {
		case o.file == "" && other.file == "":
			return fmt.Errorf("-o %s: %s goes to stdout already, and only one can; give the other a file, as %s=FILE", arg, other.format, o.format)
		case o.file != "" && other.file != "" && sameFile(o.file, other.file):
			return fmt.Errorf("-o %s: %s goes into that file already", arg, other.format)
		}
	}
	return nil
}

// sameFile reports whether two names are of one file, which need not be there yet.
func sameFile(a, b string) bool {
	return resolved(a) == resolved(b)
}

// resolved is a file's path without symbolic links, as far as it is there.
func resolved(file string) string {
	if path, err := filepath.EvalSymlinks(file); err == nil {
		file = path
	} else if folder, err := filepath.EvalSymlinks(filepath.Dir(file)); err == nil {
		file = filepath.Join(folder, filepath.Base(file))
	}
	if path, err := filepath.Abs(file); err == nil {
		return path
	}
	return file
}

// oneOf lists words of which one can be chosen.
func oneOf(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// table reports whether stdout has the table.
func (all outputs) table() bool {
	return slices.Contains(all, output{format: "table"})
}

// rendering writes what is told in one format.
type rendering func(w io.Writer, format string, style report.Style) error

// write writes all outputs, also after one that fails, and tells of the files.
func (all outputs) write(std standard, render rendering) error {
	var failed []error
	for _, o := range all {
		if o.file == "" {
			failed = append(failed, render(std.out, o.format, report.Style{Color: colourOn(std)}))
			continue
		}
		err := o.writeFile(std, render)
		if err == nil {
			fmt.Fprintf(std.err, "report: %s\n", o.file)
		}
		failed = append(failed, err)
	}
	return errors.Join(failed...)
}

// writeFile writes into the output's file. One that is no regular file, as a pipe, is
// written to as it is.
func (o output) writeFile(std standard, render rendering) error {
	var content bytes.Buffer
	if err := render(&content, o.format, report.Style{}); err != nil {
		return fmt.Errorf("-o %s=%s: %w", o.format, o.file, err)
	}
	if o.file == "/dev/stderr" { // what is told there may be a regular file, which stays open
		_, err := std.err.Write(content.Bytes())
		return err
	}
	if info, err := os.Stat(o.file); err == nil && !info.Mode().IsRegular() {
		return o.append(content.Bytes())
	}
	return results.WriteFile(resolved(o.file), content.Bytes())
}

// append writes to what is there already.
func (o output) append(content []byte) error {
	f, err := os.OpenFile(o.file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return fmt.Errorf("-o %s: %w", o.format, err)
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("-o %s: %w", o.format, err)
	}
	return nil
}
