package report

import (
	"bytes"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
	judging "github.com/etcd-dyno/etcd-dyno/results/verdict"
)

// The benchstat of golang.org/x/perf reads the runs of two sides without a warning, and wherever
// our verdict is that one of them is better, it says so too, and that it is the same one.
func TestBenchstat(t *testing.T) {
	fast, other := byTurns(t, 8)
	folder := t.TempDir()
	before, after := filepath.Join(folder, "old.txt"), filepath.Join(folder, "new.txt")
	ours := judging.Compare(benchSide(t, before, fast), benchSide(t, after, other), true, judging.Rules{MinEffect: judging.DefaultMinEffect, FloorMS: judging.DefaultFloorMS})
	theirs := benchstat(t, before, after)
	planted := map[string]results.Verdict{
		"churn.create.response.p50": results.Regression, "churn.create.service.p50": results.Regression, "heartbeats.renew-lease.achieved_rate": results.Regression,
		"churn.create-event.response.p50": results.Improvement, "churn.create-event.response.p95": results.Improvement, "informers.delivery.p50": results.Equivalent,
	}
	for _, m := range ours.Metrics {
		if want, is := planted[m.Metric]; is {
			if m.Verdict != want {
				t.Errorf("our verdict on %s is %s, want %s", m.Metric, m.Verdict, want)
			}
			delete(planted, m.Metric)
		}
		unit, name := benchLine(m.Metric)
		change, told := theirs[unit+" "+name]
		if unit == rateUnit {
			change = -change // more of it is better
		}
		switch {
		case m.Verdict == results.Regression && change <= 0, m.Verdict == results.Improvement && change >= 0, m.Verdict == results.Equivalent && max(change, -change) > 0.05:
			t.Errorf("%s: our verdict is %s, benchstat's change for the worse %+.3f (told: %v)", m.Metric, m.Verdict, change, told)
		case unit != "" && !told && m.Verdict != results.Inconclusive:
			t.Errorf("%s: our verdict is %s, and benchstat has no %s of %s", m.Metric, m.Verdict, unit, name)
		}
	}
	if len(planted) > 0 {
		t.Errorf("there is no verdict on %v", planted)
	}
}

// byTurns are runs of two configurations in pairs. In the other's, creates take half as
// long again, events half as long, and fewer leases are renewed.
func byTurns(t *testing.T, pairs int) (fast, other []Page) {
	t.Helper()
	for pair := range pairs {
		f := podChurn(8)
		f.configuration, f.stall, f.seed = "as-it-is", 0, uint64(2*pair)
		f.loads = []load{f.loads[2], f.loads[9], f.loads[11]}
		f.loads[0].rate = 8 // so that no percentile is near too few samples, and all runs tell the same ones
		fast = append(fast, page(t, f.journal(t)))

		f.configuration, f.seed = "other", f.seed+1
		f.loads[0].p50 *= 1.5
		f.loads[1].p50 /= 2
		f.loads[2].rate *= 0.8
		other = append(other, page(t, f.journal(t)))
	}
	return fast, other
}

// benchSide writes a side's runs into a file, and returns it for a comparison of ours.
func benchSide(t *testing.T, file string, pages []Page) judging.Side {
	t.Helper()
	var all bytes.Buffer
	side := judging.Side{Name: pages[0].Result.Configuration.Name}
	for _, p := range pages {
		if err := BenchFormat(&all, p.Result); err != nil {
			t.Fatal(err)
		}
		side.Samples = append(side.Samples, judging.SampleOf(p.Run, p.Result))
	}
	if err := os.WriteFile(file, all.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return side
}

// benchLine is where benchstat has a metric: its unit, and the benchmark's name. Both are empty for what is not told to it.
func benchLine(metric string) (unit, name string) {
	parts := strings.Split(metric, ".")
	last := parts[len(parts)-1]
	switch {
	case last == "achieved_rate":
		return rateUnit, benchTitle(parts[:len(parts)-1])
	case last[0] == 'p' && parts[0] != "server":
		return last + "-sec", benchTitle(parts[:len(parts)-1])
	default:
		return "", ""
	}
}

func benchTitle(parts []string) string { return string(benchName(2, parts)) }

// benchstat compares two files as the README says. It returns the changes by unit and name, as shares, 0 where benchstat
// takes them for chance. As CSV it writes each of its warnings to stderr.
func benchstat(t *testing.T, before, after string) map[string]float64 {
	t.Helper()
	var out, talk bytes.Buffer
	command := exec.CommandContext(t.Context(), "go", "run", "golang.org/x/perf/cmd/benchstat", "-ignore", "etcd,configuration", "-format", "csv", before, after)
	command.Stdout, command.Stderr = &out, &talk
	if err := command.Run(); err != nil || talk.Len() > 0 {
		t.Fatalf("benchstat: %v\n%s", err, talk.String())
	}
	_, tables, _ := strings.Cut(out.String(), "\n,") // behind the lines that all have in common
	r := csv.NewReader(strings.NewReader("," + tables))
	r.FieldsPerRecord = -1
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	changes := map[string]float64{}
	unit := ""
	for _, row := range rows {
		switch {
		case len(row) < 7:
			t.Fatalf("benchstat has not set the two files side by side: %q", row)
		case row[0] == "":
			unit = row[1]
		case row[5] == "~":
			changes[unit+" "+row[0]] = 0
		default:
			percent, err := strconv.ParseFloat(strings.TrimSuffix(row[5], "%"), 64)
			if err != nil {
				t.Fatalf("%q: %v", row, err)
			}
			changes[unit+" "+row[0]] = percent / 100
		}
	}
	return changes
}
