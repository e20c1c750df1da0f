package report

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// side is a run on one configuration, factor times as slow as the first: 1,500
// creates that range from 2 to 5 ms, 300 lists, 30 chains and 5 compactions.
func side(configuration string, factor float64) results.Result {
	operation := func(workload, operation string, n int, millis float64) results.Operation {
		h := results.NewHistogram(results.Figures)
		for i := range n {
			record(h, factor*millis*(1+1.5*float64(i)/float64(n)))
		}
		rate := float64(n) / 20
		return results.Operation{
			Workload: workload, Operation: operation, Intended: int64(n), TargetRate: rate, AchievedRate: rate,
			Response: results.Distribute(h), Service: results.Distribute(h),
		}
	}
	r := results.Result{
		Valid: true, Complete: true, Scenario: results.ScenarioRef{Name: "pod-churn", SHA256: "5f0c"}, Configuration: results.ConfigurationRef{Name: configuration},
		Operations: []results.Operation{
			operation("churn", "create", 1500, 2), operation("churn", "pod-start", 30, 1400),
			operation("relist", "list", 300, 60), operation("compactor", "compact", 5, 10),
		},
		Thresholds: []results.ThresholdResult{{Status: results.Pass}, {Status: results.Pass}},
		Checks:     []results.Check{{Name: "acknowledged-writes", Status: results.Pass}, {Name: "members-agree", Status: results.Skipped}},
	}
	r.Operations[1].Chain = true
	part := r.Operations[0]
	part.Endpoint = "http://127.0.0.1:1"
	r.Operations = append(r.Operations, part)
	h := results.NewHistogram(results.Figures)
	for range 2000 {
		record(h, 1.9*factor)
	}
	r.Watches = []results.Watch{{Workload: "informers", Delivery: results.Distribute(h)}}
	return r
}

// sides are comparisons with all that can be different in them.
func sides() map[string][]results.Result {
	wrong := side("slow-disk", 18.4)
	wrong.Valid = false
	wrong.Operations[0].AchievedRate *= 0.61
	wrong.Operations[0].Errors = map[string]int64{"DeadlineExceeded": 1203}
	wrong.Operations = wrong.Operations[:3] // no compaction
	wrong.Watches = nil
	wrong.Thresholds[1].Status = results.Fail
	wrong.Checks[0].Status = results.Fail
	wrong.Findings = []results.Finding{{Name: "disk-fsync", Confidence: results.High}, {Name: "raft", Confidence: results.Medium}}
	short := side("three", 0.5)
	short.Complete, short.Thresholds, short.Checks = false, nil, nil
	short.Operations[0].Response.P99 = nil
	other := side("three", 130)
	other.Scenario.SHA256 = "another"
	many := []results.Result{side("single", 1)}
	for _, name := range []string{"three", "five", "slow-disk", "tuned-wan", "small-memory", "a-name-that-is-longer-than-a_column_of_any_table-could-be"} {
		many = append(many, side(name, 1.95))
	}
	return map[string][]results.Result{
		"two":     {side("single", 1), side("three", 1.95)},
		"trouble": {side("single", 1), wrong, short, other},
		"many":    many,
		"one":     {wrong},
	}
}

func TestComparison(t *testing.T) {
	for name, all := range sides() {
		t.Run(name, func(t *testing.T) {
			got := comparison(t, all, Style{})
			path := filepath.Join("testdata", "comparison", name+".txt")
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
				t.Errorf("the comparison changed (-want +got; -update writes it anew):\n%s", diff)
			}
			for line := range strings.Lines(got) {
				if n := width(strings.TrimRight(line, "\n")); n > tableWidth {
					t.Errorf("a line takes %d columns, want %d at most: %s", n, tableWidth, line)
				}
			}
		})
	}
}

// Every run has its column once, behind the first of all, which begins each block.
func TestComparisonBlocks(t *testing.T) {
	all := sides()["many"]
	rows, heads := comparisonRows(all), comparisonHeads(strings.Clone, all)
	next := 1
	for _, b := range blocks(rows, heads) {
		if b.runs[0].run != 0 {
			t.Errorf("a block begins with run %d, want the first", b.runs[0].run)
		}
		for _, r := range b.runs[1:] {
			if r.run != next {
				t.Errorf("run %d comes where run %d is due", r.run, next)
			}
			next++
		}
	}
	if next != len(all) {
		t.Errorf("%d of %d runs have a column", next, len(all))
	}
}

func TestComparisonColour(t *testing.T) {
	all := sides()["trouble"]
	plain, coloured := comparison(t, all, Style{}), comparison(t, all, Style{Color: true})
	if plain == coloured {
		t.Error("nothing is coloured")
	}
	if bare := regexp.MustCompile("\x1b\\[[0-9;]*m").ReplaceAllString(coloured, ""); bare != plain {
		t.Errorf("without its colours the coloured comparison differs:\n%s", cmp.Diff(plain, bare))
	}
}

func TestComparisonIsHarmless(t *testing.T) {
	r := side("\x1b[2J", 1)
	r.Scenario.Name, r.Operations[0].Workload, r.Operations[0].Operation, r.Watches[0].Workload = "\x1b]0;owned\x07", "a\x1b[31m", "b\n", "c\x07"
	if got := comparison(t, []results.Result{r, r}, Style{}); strings.ContainsAny(got, "\x1b\x07") {
		t.Errorf("control characters came through: %q", got)
	}
}

func TestComparisonOfNothing(t *testing.T) {
	if err := Comparison(&bytes.Buffer{}, nil, Style{}); err == nil {
		t.Error("no run at all was compared")
	}
}

func TestToldPercentiles(t *testing.T) {
	v := 1.0
	few, some := results.Distribution{Count: 5, Max: &v}, results.Distribution{Count: 30, P50: &v, Max: &v}
	more, most := results.Distribution{Count: 300, P50: &v, P95: &v}, results.Distribution{Count: 1500, P50: &v, P95: &v, P99: &v}
	for _, test := range []struct {
		name string
		of   []results.Distribution
		want []float64
	}{
		{"enough for p99", []results.Distribution{most, most}, []float64{50, 99}},
		{"an operation that one run lacks", []results.Distribution{most, {}}, []float64{50, 99}},
		{"p99 in one only", []results.Distribution{most, more}, []float64{50, 95}},
		{"p95 in one only", []results.Distribution{some, more}, []float64{50, 95}},
		{"a median alone", []results.Distribution{some, few}, []float64{50}},
		{"no median", []results.Distribution{few, few}, []float64{100}},
	} {
		if diff := cmp.Diff(test.want, toldPercentiles(test.of)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", test.name, diff)
		}
	}
}

func comparison(t *testing.T, all []results.Result, style Style) string {
	t.Helper()
	var b bytes.Buffer
	if err := Comparison(&b, all, style); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
