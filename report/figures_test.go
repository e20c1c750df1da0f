package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
)

// What the figures of a run show, as numbers and as words, is held; how they are drawn is not.
func TestFiguresShow(t *testing.T) {
	var b bytes.Buffer
	for _, d := range Figures(streaming(t, 4)) {
		fmt.Fprintf(&b, "%s: %s\n  %s\n", d.Name, d.Caption, d.Figure.Message)
		data := d.Figure.Data()
		if data == nil {
			continue
		}
		line, err := json.Marshal([]figure.Axis{data.X, data.Y})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "  axes %s\n", line)
		for _, s := range data.Series {
			if line, err = json.Marshal(s); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "  %s\n", line)
		}
		for _, c := range data.Heat {
			fmt.Fprintf(&b, "  heat from %g s to %g s: %v\n", c.From, c.To, c.Spread)
		}
	}
	golden(t, "figures.txt", "streaming", b.Bytes())
}

// Each figure has a name of its own that is fit for a file, units on both axes and a message that tells a figure.
func TestFiguresAreNamed(t *testing.T) {
	for name, p := range variants(t) {
		seen := map[string]bool{}
		for _, d := range Figures(p) {
			if seen[d.Name] || !regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`).MatchString(d.Name) {
				t.Errorf("%s: a figure is named %q", name, d.Name)
			}
			seen[d.Name] = true
			if data := d.Figure.Data(); data != nil && (data.X.Unit == "" || data.Y.Unit == "" && data.Y.Log) {
				t.Errorf("%s: the axes of %s are %+v and %+v", name, d.Name, data.X, data.Y)
			}
			if !strings.Contains(d.Figure.Message, ":") {
				t.Errorf("%s: %s says only %q", name, d.Name, d.Figure.Message)
			}
		}
	}
}

// A workload whose name no file could have does not hide another's figures.
func TestFileNames(t *testing.T) {
	var d drawings
	for _, name := range []string{"Pods/List ../..", "pods list", "pods: list", "päds", "$"} {
		d.add(name, "", figure.Figure{})
	}
	got := ""
	for _, each := range d.all {
		got += each.Name + " "
	}
	if want := "pods-list pods-list-2 pods-list-3 p-ds figure "; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
