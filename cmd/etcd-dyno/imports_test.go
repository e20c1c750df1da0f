package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const (
	module = "github.com/etcd-dyno/etcd-dyno"
	root   = "../.."
)

// house is the table of the design: which of our packages a package may import.
// "x/..." is x and all below it. Rows of packages that are not built yet are
// the plan. Where a wall stands wrong, move it here, in one step, and say so.
func house() map[string][]string {
	return map[string][]string{
		"cmd/etcd-dyno": {"scenarios/...", "results/...", "runner/...", "report/..."},

		"scenarios":           {"scenarios/library", "scenarios/model", "scenarios/nearest", "scenarios/threshold", "scenarios/trace", "scenarios/unit"},
		"scenarios/library":   nil,
		"scenarios/model":     nil,
		"scenarios/nearest":   nil,
		"scenarios/threshold": {"scenarios/nearest", "scenarios/unit"},
		"scenarios/trace":     nil,
		"scenarios/unit":      {"scenarios/nearest"},

		"results":         nil,
		"results/profile": nil,
		"results/history": {"results", "results/stats"},
		"results/stats":   {"results"},
		"results/verdict": {"results", "results/stats", "scenarios/threshold"},

		"runner": {
			"runner/arrival", "runner/record", "runner/kube", "runner/lab", "runner/lab/limit", "runner/linear", "runner/telemetry", "runner/doctor",
			"scenarios", "scenarios/model", "scenarios/threshold", "scenarios/trace", "results", "results/profile", "results/verdict",
		},
		"runner/arrival":     nil,
		"runner/record":      {"results"},
		"runner/kube":        {"runner/record", "scenarios/model"},
		"runner/lab":         {"runner/lab/...", "scenarios"},
		"runner/lab/fsync":   nil,
		"runner/linear":      nil,
		"runner/lab/limit":   nil,
		"runner/lab/link":    nil,
		"runner/lab/pki":     nil,
		"runner/lab/release": nil,
		"runner/telemetry":   {"results"},
		"runner/live":        {"results", "runner/telemetry"},
		"runner/doctor":      {"results", "runner/telemetry"},
		"runner/capture":     {"scenarios", "scenarios/model", "scenarios/trace"},
		"runner/experiment":  {"scenarios", "scenarios/threshold", "scenarios/unit", "results", "results/stats", "results/verdict"},
		"runner/fleet":       {"scenarios", "results"},

		"report":        {"report/figure", "results/..."},
		"report/figure": {"results"},
	}
}

// besides is what a test may import more than its package: what lies under the
// same roof and what that roof stands on. So runner/kube's tests may start a
// lab, but no test of scenarios can run one.
func besides() map[string][]string {
	return map[string][]string{
		"cmd":       nil,
		"scenarios": {"scenarios/..."},
		"results":   {"results/..."},
		"runner":    {"runner/...", "scenarios/...", "results/..."},
		"report":    {"report/...", "results/..."},
	}
}

// outside is where some modules of others may be imported, tests included.
func outside() map[string][]string {
	return map[string][]string{
		"github.com/spf13/cobra": {"cmd/..."},
		"github.com/spf13/pflag": {"cmd/..."},
		"go.etcd.io":             {"cmd/...", "runner/..."},
		"golang.org/x/perf":      {"report/..."},
		"gonum.org/v1/plot":      {"report/..."},

		"github.com/joshdk/go-junit": {"report/..."},
		"k8s.io/api":                 {"cmd/...", "scenarios"},
		"sigs.k8s.io/yaml":           {"cmd/...", "scenarios"},
	}
}

// onlyTests are modules of others that tests of ours alone import: what checks the program is no part of it.
func onlyTests() []string {
	return []string{"github.com/joshdk/go-junit", "k8s.io/api", "sigs.k8s.io/yaml"}
}

// fault says why a file of a package of ours may not import something, or
// nothing if it may.
func fault(pkg, imported string, test bool) string {
	for prefix, where := range outside() {
		if within(imported, prefix+"/...") && !anyWithin(pkg, where) {
			return "only " + strings.Join(where, " and ") + " may import " + prefix
		}
	}
	for _, prefix := range onlyTests() {
		if within(imported, prefix+"/...") && !test {
			return "only tests may import " + prefix
		}
	}
	if !within(imported, module+"/...") {
		return ""
	}
	ours := strings.TrimPrefix(strings.TrimPrefix(imported, module), "/")
	row, known := house()[pkg]
	switch top, _, _ := strings.Cut(pkg, "/"); {
	case !known:
		return "this package is not in the table of TestImports: add a row that says what it may import"
	case anyWithin(ours, row), test && (ours == pkg || anyWithin(ours, besides()[top])):
		return ""
	case test:
		return "not even the tests of " + pkg + " may import " + ours
	default:
		return pkg + " may import of ours only [" + strings.Join(row, " ") + "]"
	}
}

func anyWithin(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool { return within(name, p) })
}

func within(name, pattern string) bool {
	tree, all := strings.CutSuffix(pattern, "/...")
	return name == tree || all && strings.HasPrefix(name, tree+"/")
}

// TestImports holds the walls of the house.
func TestImports(t *testing.T) {
	fset := token.NewFileSet()
	built, arrows := map[string]bool{}, 0
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch base := d.Name(); {
		case err != nil:
			return err
		case d.IsDir() && name != root && (base[0] == '.' || base[0] == '_' || base == "testdata" || base == "bin" || base == "runs"):
			return fs.SkipDir
		case d.IsDir() || path.Ext(base) != ".go":
			return nil
		}
		file, err := parser.ParseFile(fset, name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		dir, err := filepath.Rel(root, filepath.Dir(name))
		if err != nil {
			return err
		}
		pkg, test := filepath.ToSlash(dir), strings.HasSuffix(name, "_test.go")
		if _, known := house()[pkg]; !known && !built[pkg] {
			t.Errorf("%s: package %s is not in the table of TestImports: add a row that says what it may import", name, pkg)
		}
		built[pkg] = true
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if within(imported, module+"/...") {
				arrows++
			}
			if why := fault(pkg, imported, test); why != "" {
				t.Errorf("%s imports %s: %s", fset.Position(spec.Pos()), imported, why)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range []string{"cmd/etcd-dyno", "scenarios", "results", "runner", "report"} {
		if !built[pkg] {
			t.Errorf("package %s was not found: this test looked in the wrong place", pkg)
		}
	}
	if arrows < len(built) {
		t.Errorf("only %d imports of ours in %d packages: is the module still called %s?", arrows, len(built), module)
	}
}

// TestImportsFault shows that each kind of wall stands.
func TestImportsFault(t *testing.T) {
	for _, c := range []struct {
		pkg, imported string
		test          bool
		want          bool
	}{
		{"cmd/etcd-dyno", module + "/runner/lab", false, false},
		{"cmd/etcd-dyno", "github.com/spf13/cobra", false, false},
		{"runner", module + "/runner/kube", false, false},
		{"runner", module + "/runner/experiment", false, true},
		{"runner", module + "/report", false, true},
		{"runner", module + "/report", true, true},
		{"runner", "github.com/spf13/pflag", false, true},
		{"runner/kube", module + "/runner/lab", false, true},
		{"runner/kube", module + "/runner/lab", true, false},
		{"runner/experiment", module + "/runner", false, true},
		{"runner/experiment", module + "/runner", true, false},
		{"runner/lab", "go.etcd.io/etcd/client/v3", false, false},
		{"results", module + "/results/verdict", false, true},
		{"results", module + "/results/verdict", true, false},
		{"results", module + "/scenarios", true, true},
		{"results/verdict", module + "/scenarios/threshold", false, false},
		{"results/verdict", module + "/scenarios", false, true},
		{"scenarios", module + "/results", true, true},
		{"scenarios/model", module + "/scenarios", false, true},
		{"scenarios/model", module + "/scenarios/model", true, false},
		{"scenarios", "go.etcd.io/etcd/server/v3/embed", true, true},
		{"scenarios", "github.com/BurntSushi/toml", false, false},
		{"report", module + "/results/stats", false, false},
		{"report", module + "/runner", true, true},
		{"report", "go.etcd.io/etcd/client/v3", false, true},
		{"results", "gonum.org/v1/plot", false, true},
		{"results", "gonum.org/v1/gonum/stat", false, false},
		{"report", "github.com/joshdk/go-junit", true, false},
		{"report", "github.com/joshdk/go-junit", false, true},
		{"cmd/etcd-dyno", "k8s.io/api/core/v1", true, false},
		{"cmd/etcd-dyno", "k8s.io/api/core/v1", false, true},
		{"runner", "k8s.io/api/core/v1", true, true},
		{"scenarios", "k8s.io/api/core/v1", true, false},
		{"scenarios", "sigs.k8s.io/yaml", false, true},
		{"runner/util", module + "/results", false, true},
		{"cmd/etcd-dyno", module, false, true},
	} {
		if why := fault(c.pkg, c.imported, c.test); (why != "") != c.want {
			t.Errorf("%s imports %s (in a test: %v): fault %q, wanted one: %v", c.pkg, c.imported, c.test, why, c.want)
		}
	}
}

// TestTopLevel holds what lies in the house's entrance; dotfiles are free, and
// bin and runs are what git ignores.
func TestTopLevel(t *testing.T) {
	missing := []string{"LICENSE", "Makefile", "README.md", "cmd", "go.mod", "go.sum", "report", "results", "runner", "scenarios"}
	entries, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		name := e.Name()
		if at := slices.Index(missing, name); at >= 0 {
			missing = slices.Delete(missing, at, at+1)
		} else if name[0] != '.' && name != "bin" && name != "runs" {
			t.Errorf("%s does not belong at the top level: it is fixed", name)
		}
	}
	if len(missing) > 0 {
		t.Errorf("missing at the top level: %s", strings.Join(missing, ", "))
	}
}
