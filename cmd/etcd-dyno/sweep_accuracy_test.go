//go:build accuracy

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// What is written in batches waits for a slow disk at every commit: only where neither the
// time nor the number of writes ever asks for one, nothing waits.
const batchSweep = `
name      = "batches"
scenarios = ["./puts.toml"]
set       = ["phases.measure=5s", "configuration.disk.fsync_delay=10ms"]
rounds    = 2
confirm   = false
objective = "puts.put.response.p90"

[sweep.interval]
key      = "configuration.etcd.backend-batch-interval"
values   = ["10ms", "50ms", "100ms", "10m"]
baseline = "100ms"

[sweep.limit]
key      = "configuration.etcd.backend-batch-limit"
values   = [2, 5, 10000]
baseline = 10000
`

// A planted best of twelve points is found, on real labs and however often the sweep is
// killed, and what it comes to follows from its runs alone.
func TestAccuracySweep(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"batches.toml": batchSweep, "puts.toml": putsScenario} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	folder := killedOften(t, filepath.Join(dir, "batches.toml"), 5, 5*time.Second, 30*time.Second)
	code, out, talk := tool(t, "experiment", "--resume", folder)
	t.Logf("exit %d\n%s", code, out)
	if code != exitDone {
		t.Fatalf("exit %d: %s", code, talk)
	}
	wantAsPlanned(t, folder)
	var c results.Comparison
	readJSON(t, filepath.Join(folder, results.ComparisonFile), &c)
	s := c.Sweeps[0]
	if s.Best == nil || s.Points[*s.Best].Name != "interval-10m_limit-10000" || *s.Advised != *s.Best || len(s.Tied) > 0 {
		t.Errorf("best %v, advised %v, tied %v: %s", s.Best, s.Advised, s.Tied, s.Why)
	}
	if again, repeated, _ := tool(t, "compare", folder); again != code || repeated != out {
		t.Errorf("judged again: exit %d\n%s", again, strings.SplitN(repeated, "\n", 2)[0])
	}
}
