package report

import (
	"bytes"
	"encoding/csv"
	"encoding/xml"
	"errors"
	"io"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/perf/benchfmt"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// runWriters are the formats of a run that are held to golden files, by the files' folder and ending.
func runWriters() map[string]func(io.Writer, Page) error {
	return map[string]func(io.Writer, Page) error{
		"markdown.md":   Markdown,
		"csv.csv":       func(w io.Writer, p Page) error { return CSV(w, p.Result) },
		"junit.xml":     JUnit,
		"benchfmt.txt":  func(w io.Writer, p Page) error { return BenchFormat(w, p.Result) },
		"perfdash.json": func(w io.Writer, p Page) error { return Perfdash(w, p.Result) },
	}
}

func comparisonWriters() map[string]func(io.Writer, results.Comparison) error {
	return map[string]func(io.Writer, results.Comparison) error{
		"markdown.md": MarkdownComparison,
		"csv.csv":     CSVComparison,
		"junit.xml":   func(w io.Writer, c results.Comparison) error { return JUnitComparison(w, c, false) },
	}
}

func TestFormatsOfRuns(t *testing.T) {
	pages := map[string]Page{"pod-churn": page(t, podChurn(20).journal(t)), "trouble": troubled(t), "streaming": streaming(t, 20), "empty": variants(t)["empty measure"]}
	for format, write := range runWriters() {
		for name, p := range pages {
			var got bytes.Buffer
			if err := write(&got, p); err != nil {
				t.Fatal(err)
			}
			golden(t, format, name, got.Bytes())
		}
	}
}

func TestFormatsOfComparisons(t *testing.T) {
	for format, write := range comparisonWriters() {
		for name, c := range comparisons() {
			var got bytes.Buffer
			if err := write(&got, c); err != nil {
				t.Fatal(err)
			}
			golden(t, format, "comparison-"+name, got.Bytes())
		}
	}
}

// golden holds what was written to the file of that name, in the folder of its format.
func golden(t *testing.T, format, name string, got []byte) {
	t.Helper()
	folder, ending, _ := strings.Cut(format, ".")
	path := filepath.Join("testdata", folder, name+"."+ending)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s changed (-want +got; -update writes it anew):\n%s", path, diff)
	}
}

func TestMarkdownText(t *testing.T) {
	for text, want := range map[string]string{
		"plain words, 1.84 ms":      "plain words, 1.84 ms",
		"<script>alert(1)</script>": "&lt;script&gt;alert(1)&lt;/script&gt;",
		"a|b":                       `a\|b`,
		`a\|b`:                      `a\\\|b`,
		"one\ntwo\r\n# three":       "one two  \\#\u200b three",
		"*bold* `code` ~~gone~~":    "\\*bold\\* \\`code\\` \\~\\~gone\\~\\~",
		"[a](http://evil.example)":  `\[a\](http\://evil.example)`,
		"![x](y) www.evil.example":  `!\[x\](y) www\.evil.example`,
		"&lt; & ok":                 "&amp;lt; &amp; ok",
		"wal_fsync _em_ __x":        `wal_fsync \_em\_ \_\_x`,
		"@everyone, see #12":        "@\u200beveryone, see \\#\u200b12",
		"- item":                    `\- item`,
		"+1":                        `\+1`,
		"12. twelve":                `12\. twelve`,
		"12.4 ms":                   "12.4 ms",
		"3)":                        `3\)`,
		"--- ":                      `\---`,
		"\x1b[2J\u202eabc":          `?\[2J?abc`,
		"$x$":                       "<span>$</span>x<span>$</span>",
		"":                          "",
	} {
		if got := markdownText(text); got != want {
			t.Errorf("%q is told as %q, want %q", text, got, want)
		}
	}
	for name, want := range map[string]string{"churn.*.errors == 0": "`churn.*.errors == 0`", "a|b": `a\|b`, "a`b": "a\\`b", "a\nb": "a b", "": "", "<b>@x": "`<b>@x`"} {
		if got := markdownCode(name); got != want {
			t.Errorf("the name %q is told as %q, want %q", name, got, want)
		}
	}
}

// What is as it was written lies within a fence that it cannot end.
func TestMarkdownBlock(t *testing.T) {
	var s sheet
	s.block("a\n````\n# b\x07")
	if want := "`````\na\n````\n# b?\n`````\n"; s.out.String() != want {
		t.Errorf("%q, want %q", s.out.String(), want)
	}
}

// Hostile names, wherever they stand, leave no markup of their own.
func TestMarkdownIsHarmless(t *testing.T) {
	const evil = "<script>alert(1)</script>|@everyone\n\n# [x](y) ``` **b**"
	p := page(t, podChurn(2).journal(t))
	r := &p.Result
	r.ID, r.Scenario.Name, r.Configuration.Name, r.Configuration.EtcdVersion, r.Environment.CPUModel = evil, evil, evil, evil, evil
	r.Valid, r.InvalidReasons, r.Warnings = false, []string{evil}, []string{evil}
	r.Operations[0].Workload, r.Operations[0].Operation, r.Operations[0].Errors = evil, evil, map[string]int64{evil: 3}
	r.Watches[0].Workload = evil
	r.Checks[0] = results.Check{Name: evil, Detail: evil, Status: results.Fail}
	r.Thresholds[0] = results.ThresholdResult{Check: evil, Value: evil, Status: results.Fail}
	r.Findings = []results.Finding{{Name: evil, Confidence: results.High, Evidence: []string{evil}, Advice: evil}}
	r.Actions = happened()
	r.Actions[0].Name, r.Actions[0].Do, r.Actions[0].Failed = evil, evil, evil
	var of, compared bytes.Buffer
	if err := Markdown(&of, p); err != nil {
		t.Fatal(err)
	}
	c := decided()
	x := &c.Contrasts[0]
	x.Scenario, x.Baseline.Name, x.Candidate.Name, x.Metrics[0].Metric, x.Reasons, x.Notes = evil, evil, evil, evil+".a.response.p50", []string{evil}, []string{evil}
	x.Differences[0] = results.Difference{Key: evil, Baseline: evil, Candidate: evil}
	c.Gates[0].Scenario, c.Gates[0].Metric, c.Gates[0].Why = evil, evil, evil
	if err := MarkdownComparison(&compared, c); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{of.String(), compared.String()} {
		for _, bad := range []string{"<script", "@everyone", "[x]", "**b**", "\n# "} {
			if strings.Contains(text, bad) {
				t.Errorf("%q came through:\n%s", bad, text)
			}
		}
		rows := regexp.MustCompile(`(?m)^\|.*$`).FindAllString(text, -1)
		cells := func(row string) int { return strings.Count(strings.ReplaceAll(row, `\|`, ""), "|") }
		for i := 1; i < len(rows); i++ {
			if head := strings.Contains(rows[i], "| --"); head && cells(rows[i]) != cells(rows[i-1]) {
				t.Errorf("a row has other cells than its head: %s", rows[i-1])
			}
		}
		if n := strings.Count(text, "everyone"); n < 10 {
			t.Errorf("only %d of the names are told", n)
		}
	}
}

// Each row has a quantity's figures as result.json has them, unrounded, and no text is a formula.
func TestCSV(t *testing.T) {
	p := page(t, podChurn(20).journal(t))
	p.Result.Scenario.Name, p.Result.Operations[0].Workload = "=HYPERLINK(1)", `@a,"b"`+"\nc"
	p.Result.Configuration.Name = "-1+2"
	var out bytes.Buffer
	if err := CSV(&out, p.Result); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&out).ReadAll() // it refuses rows of unlike lengths
	if err != nil {
		t.Fatal(err)
	}
	at := func(row []string, column string) string { return row[slices.Index(rows[0], column)] }
	first, o := rows[1], p.Result.Operations[0]
	for column, want := range map[string]string{
		"scenario": "'=HYPERLINK(1)", "configuration": "'-1+2", "workload": `'@a,"b"` + "\nc", "operation": o.Operation, "quantity": "response", "kind": "operation",
		"intended": strconv.FormatInt(o.Intended, 10), "p50_ms": strconv.FormatFloat(*o.Response.P50, 'f', -1, 64), "max_ms": strconv.FormatFloat(*o.Response.Max, 'f', -1, 64),
		"achieved_rate": strconv.FormatFloat(o.AchievedRate, 'f', -1, 64), "p99_99_ms": "", "delivered": "",
	} {
		if got := at(first, column); got != want {
			t.Errorf("%s is %q, want %q", column, got, want)
		}
	}
	if want := 1 + 3*len(p.Result.Operations) + 2*len(p.Result.Watches); len(rows) != want {
		t.Errorf("%d rows, want %d", len(rows), want)
	}
	seen := map[string]bool{}
	for _, row := range rows {
		for _, text := range row {
			if text != "" && strings.ContainsAny(text[:1], "=+-@") {
				t.Errorf("a spreadsheet takes %q for a formula", text)
			}
		}
		key := strings.Join(row[:10], "\x00")
		if seen[key] {
			t.Errorf("two rows of %q", row[:10])
		}
		seen[key] = true
	}
}

func TestExact(t *testing.T) {
	for v, want := range map[float64]string{0: "0", 1.5: "1.5", 134217728: "134217728", 1.0 / 3: "0.3333333333333333", 1e-9: "1e-09", 2e22: "2e+22"} {
		if got := exact(v); got != want {
			t.Errorf("%v is told as %q, want %q", v, got, want)
		}
	}
}

// Whatever names are, the file is XML that a parser reads whole, and the counts are those of its cases.
func TestJUnit(t *testing.T) {
	const evil = "\x00\x1b]]>\"<b>&\xff\n\ufffe"
	p := troubled(t)
	p.Result.Thresholds[0].Check, p.Result.Checks[0].Detail, p.Result.Scenario.Name, p.Result.InvalidReasons[0] = evil, evil, evil, evil
	c := decided()
	c.Contrasts[0].Scenario, c.Gates[0].Scenario, c.Gates[0].Why = evil, evil, evil
	for name, write := range map[string]func(io.Writer) error{
		"run": func(w io.Writer) error { return JUnit(w, p) }, "comparison": func(w io.Writer) error { return JUnitComparison(w, c, false) },
	} {
		var out bytes.Buffer
		if err := write(&out); err != nil {
			t.Fatal(err)
		}
		var read junitSuites
		if err := xml.Unmarshal(out.Bytes(), &read); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out.String())
		}
		for _, s := range read.Suites {
			if s.Tests != len(s.Cases) || s.Failures == 0 || s.Tests < 2 || !strings.Contains(s.Name, "\ufffd") {
				t.Errorf("%s: %+v", name, s)
			}
		}
	}
}

// What is open fails or is skipped as the exit code has it.
func TestJUnitOpen(t *testing.T) {
	count := func(write func(io.Writer) error) (failures, skipped int) {
		var out bytes.Buffer
		var read junitSuites
		if err := errors.Join(write(&out), xml.Unmarshal(out.Bytes(), &read)); err != nil {
			t.Fatal(err)
		}
		return read.Suites[0].Failures, read.Suites[0].Skipped
	}
	p := troubled(t) // one of each, a failed and a skipped check, and it is neither valid nor complete
	for strict, want := range map[bool][2]int{false: {4, 3}, true: {5, 2}} {
		p.Run.Header.Strict = strict
		if failures, skipped := count(func(w io.Writer) error { return JUnit(w, p) }); [2]int{failures, skipped} != want {
			t.Errorf("strict %v: %d failures and %d skipped, want %v", strict, failures, skipped, want)
		}
	}
	for passes, want := range map[bool][2]int{false: {2, 0}, true: {1, 1}} {
		if failures, skipped := count(func(w io.Writer) error { return JUnitComparison(w, decided(), passes) }); [2]int{failures, skipped} != want {
			t.Errorf("inconclusive passes %v: %d failures and %d skipped, want %v", passes, failures, skipped, want)
		}
	}
}

// benchstat's own reader takes every line, with its figures, and knows which way each unit is better.
func TestBenchFormat(t *testing.T) {
	p := page(t, podChurn(20).journal(t))
	p.Result.Operations[0].Workload, p.Result.Operations[0].Operation = "a b/c\n%", "x 1 y/op\nUnit p50-sec better=higher"
	p.Result.Scenario.Name = "two\nlines: 1"
	var out bytes.Buffer
	if err := BenchFormat(&out, p.Result); err != nil {
		t.Fatal(err)
	}
	found := map[string]*benchfmt.Result{}
	reader := benchfmt.NewReader(&out, "run")
	for reader.Scan() {
		switch r := reader.Result().(type) {
		case *benchfmt.Result:
			if found[r.Name.String()] != nil {
				t.Errorf("%s comes twice", r.Name)
			}
			found[r.Name.String()] = r.Clone()
			for _, v := range r.Values {
				if way := reader.Units().Get(v.Unit, "better"); way == nil || way.Value != map[bool]string{true: "higher", false: "lower"}[v.Unit == rateUnit] {
					t.Errorf("%s: %+v", v.Unit, way)
				}
			}
		case *benchfmt.SyntaxError:
			t.Error(r)
		}
	}
	if err := reader.Err(); err != nil {
		t.Error(err)
	}
	o := p.Result.Operations[0]
	first, rate := found["A%20b%2Fc%0A%25/x%201%20y%2Fop%0AUnit%20p50-sec%20better=higher/service-2"], found["A%20b%2Fc%0A%25/x%201%20y%2Fop%0AUnit%20p50-sec%20better=higher-2"]
	if first == nil || rate == nil {
		t.Fatalf("there are %v", slices.Sorted(maps.Keys(found)))
	}
	if got, _ := first.Value("p50-sec"); math.Abs(got-*o.Service.P50/1000) > 1e-9 {
		t.Errorf("the median is %v, want %v ms", got, *o.Service.P50)
	}
	if got, _ := rate.Value(rateUnit); got != o.AchievedRate {
		t.Errorf("the rate is %v, want %v", got, o.AchievedRate)
	}
	if first.GetConfig("scenario") != "two lines: 1" || first.GetConfig("valid") != "true" || first.GetConfig("etcd") != "3.7.3" {
		t.Errorf("%v", first.Config)
	}
	if want := 4*len(p.Result.Operations) + len(p.Result.Watches); len(found) != want {
		t.Errorf("%d lines, want %d", len(found), want)
	}
}
