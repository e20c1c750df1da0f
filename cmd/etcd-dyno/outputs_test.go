package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/report"
)

func TestOutputsOf(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	for _, err := range []error{
		os.Mkdir("folder", 0o755), os.Symlink("folder", "link"), os.WriteFile("run.jsonl", []byte("{}\n"), 0o644), os.WriteFile("old.json", nil, 0o644),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		args    string
		formats []string
		want    string // the outputs, or what the error says
	}{
		{"", runFormats, "table"},
		{"json", runFormats, "json"},
		{"json=-", runFormats, "json"},
		{"csv=/dev/stdout", runFormats, "csv"},
		{"json=a.json", runFormats, "table json=a.json"},
		{"json=old.json html=folder/a=b.html", runFormats, "table json=old.json html=folder/a=b.html"},
		{"json=a.json csv", runFormats, "json=a.json csv"},
		{"json=a.json json=b.json table=c", runFormats, "table json=a.json json=b.json table=c"},
		{"json=/dev/stderr csv=/dev/null", runFormats, "table json=/dev/stderr csv=/dev/null"},
		{"yaml", runFormats, "-o yaml: unknown; it can be table, json, csv, markdown, html, hlog, openmetrics, junit, benchfmt or perfdash"},
		{"yaml=a", severalFormats, "-o yaml=a: unknown; it can be table or json"},
		{"JSON", runFormats, "-o JSON: unknown"},
		{"=a", runFormats, "-o =a: unknown"},
		{"hlog", comparisonFormats, "-o hlog: only one run alone can be told so: etcd-dyno report RUN -o hlog; here it can be table, json, csv, markdown, html or junit"},
		{"perfdash=a", comparisonFormats, "-o perfdash=a: only one run alone can be told so: etcd-dyno report RUN -o perfdash; here it can be table, json"},
		{"csv=a", severalFormats, "etcd-dyno report RUN -o csv; here it can be table or json"},
		{"json=", runFormats, "-o json=: the file has no name"},
		{"json csv", runFormats, "-o csv: json goes to stdout already, and only one can"},
		{"table json=-", runFormats, "-o json=-: table goes to stdout already"},
		{"json=a csv=./a", runFormats, "-o csv=./a: json goes into that file already"},
		{"json=folder/a csv=link/a", runFormats, "-o csv=link/a: json goes into that file already"},
		{"json=folder", runFormats, "-o json=folder: folder is a folder; name a file in it"},
		{"json=nowhere/a", runFormats, "-o json=nowhere/a: there is no folder nowhere"},
		{"json=old.json/a", runFormats, "-o json=old.json/a: "},
		{"json=run.jsonl", runFormats, "run.jsonl is a journal"},
		{"yaml json= csv=folder", runFormats, "-o csv=folder: folder is a folder"}, // all at once
		{"yaml json= csv=folder", runFormats, "-o yaml: unknown"},
	} {
		all, err := outputsOf(strings.Fields(c.args), c.formats)
		if err != nil {
			if !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(c.want, "-o ") && !strings.Contains(err.Error(), "-o ") {
				t.Errorf("-o %s: %v, want %q", c.args, err, c.want)
			}
			continue
		}
		var got []string
		for _, o := range all {
			got = append(got, strings.TrimSuffix(o.format+"="+o.file, "="))
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("-o %s: %q, want %q", c.args, got, c.want)
		}
	}
}

// Every command refuses what is wrong with -o, with 2, before it looks at anything else.
func TestOutputsAreUsage(t *testing.T) {
	for _, command := range [][]string{
		{"run", "no-such-scenario", "-o", "yaml"},
		{"report", "nowhere", "-o", "json", "-o", "csv"},
		{"compare", "a", "b", "-o", "benchfmt"},
		{"experiment", "no-such", "-o", "json=nowhere/a"},
		{"run", "pod-churn", "--configuration", "single,three", "-o", "junit=a.xml"},
	} {
		var out, talk bytes.Buffer
		if code := execute(command, standard{in: os.Stdin, out: &out, err: &talk}); code != exitUsage || !strings.Contains(talk.String(), "-o ") || out.Len() > 0 {
			t.Errorf("%v: exit %d, %s", command, code, talk.String())
		}
	}
}

// Each output is written, also after one that fails; a pipe stays one, a link leads on, and nothing is left half written.
func TestOutputsWrite(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	pipe := filepath.Join(dir, "pipe")
	if err := errors.Join(os.WriteFile("old", []byte("old"), 0o600), os.Symlink("old", "link"), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	read := make(chan string)
	go func() {
		b, err := os.ReadFile(pipe)
		read <- fmt.Sprint(string(b), err)
	}()
	all, err := outputsOf([]string{"junit=broken", "json=link", "html=" + pipe, "markdown=new", "hlog=/dev/stderr"}, runFormats)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("it is broken")
	var out, talk bytes.Buffer
	err = all.write(standard{in: os.Stdin, out: &out, err: &talk}, func(w io.Writer, format string, _ report.Style) error {
		if format == "junit" {
			return broken
		}
		_, err := io.WriteString(w, "as "+format+"\n")
		return err
	})
	if !errors.Is(err, broken) || !strings.Contains(err.Error(), "-o junit=broken: ") {
		t.Errorf("%v", err)
	}
	if got := <-read; got != "as html\n<nil>" {
		t.Errorf("the pipe had %q", got)
	}
	for file, want := range map[string]string{"old": "as json\n", "link": "as json\n", "new": "as markdown\n"} {
		if b, err := os.ReadFile(file); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", file, b, err)
		}
	}
	names, err := filepath.Glob("*")
	if want := []string{"link", "new", "old", "pipe"}; err != nil || !slices.Equal(names, want) {
		t.Errorf("there are %v, want %v", names, want)
	}
	if info, err := os.Lstat("link"); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link is none any more: %v", err)
	}
	if out.String() != "as table\n" || talk.String() != "report: link\nreport: "+pipe+"\nreport: new\nas hlog\nreport: /dev/stderr\n" {
		t.Errorf("stdout %q, stderr %q", out.String(), talk.String())
	}
}
