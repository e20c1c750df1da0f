package report

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

func TestTable(t *testing.T) {
	for name, p := range map[string]Page{
		"pod-churn": page(t, podChurn(20).journal(t)),
		"trouble":   troubled(t),
		"empty":     variants(t)["empty measure"],
	} {
		t.Run(name, func(t *testing.T) {
			got := table(t, p, Style{})
			path := filepath.Join("testdata", "table", name+".txt")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got); diff != "" {
				t.Errorf("the summary changed (-want +got; -update writes it anew):\n%s", diff)
			}
			for line := range strings.Lines(got) {
				if n := width(strings.TrimRight(line, "\n")); n > tableWidth {
					t.Errorf("a line takes %d columns, want %d at most: %s", n, tableWidth, line)
				}
			}
		})
	}
}

// TestTableColour holds that colours change nothing but colour.
func TestTableColour(t *testing.T) {
	p := troubled(t)
	plain, coloured := table(t, p, Style{}), table(t, p, Style{Color: true})
	if plain == coloured || strings.Contains(plain, "\x1b") {
		t.Error("colour must come with the style that allows it, and only then")
	}
	if bare := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(coloured, ""); bare != plain {
		t.Errorf("without its colours the coloured summary differs:\n%s", cmp.Diff(plain, bare))
	}
}

// TestTableIsHarmless holds that a name cannot steer the terminal.
func TestTableIsHarmless(t *testing.T) {
	f := podChurn(2)
	f.scenario = "\x1b]0;owned\x07\x1b[2J"
	f.loads[0].workload = "a\x1b[31mb\n"
	got := table(t, page(t, f.journal(t)), Style{})
	if strings.ContainsAny(got, "\x1b\x07") {
		t.Errorf("control characters came through: %q", got)
	}
}

func table(t *testing.T, p Page, style Style) string {
	t.Helper()
	var b bytes.Buffer
	if err := Table(&b, p.Result, style); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
