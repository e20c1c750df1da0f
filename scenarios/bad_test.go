package scenarios_test

import (
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// TestBad reads each file of testdata/bad, scenario-*.toml, configuration-*.toml
// and experiment-*.toml. The first line of a file is a comment with all of its
// faults, as "line:column: message", several with " | " between them. Run with
// -update to write what is found, and read the difference.
func TestBad(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/bad/*.toml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".toml")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			switch sort, _, _ := strings.Cut(name, "-"); sort {
			case "configuration":
				_, err = scenarios.ParseConfiguration("bad.toml", text, nil)
			case "experiment":
				_, err = scenarios.ParseExperiment("bad.toml", text, nil, nil, nil)
			default:
				_, err = scenarios.ParseScenario("bad.toml", text, nil)
			}
			got := strings.Join(faultLines(t, err), " | ")
			comment, rest, _ := strings.Cut(string(text), "\n")
			if *update {
				writeFile(t, file, "# "+got+"\n"+rest)
			} else if want := strings.TrimPrefix(comment, "# "); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

var update = flag.Bool("update", false, "write what is found into testdata")

// faultLines are the faults of an error without the file's name.
func faultLines(t *testing.T, err error) []string {
	t.Helper()
	var faults scenarios.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("error %v of type %T, want Faults", err, err)
	}
	lines := make([]string, len(faults))
	for i, f := range faults {
		if f.Where != "bad.toml" || f.Line < 1 || f.Column < 1 {
			t.Errorf("fault %+v has no place in bad.toml", f)
		}
		lines[i] = strings.TrimPrefix(f.String(), "bad.toml:")
	}
	return lines
}

func writeFile(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
