//go:build accuracy

package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results/history"
	"github.com/etcd-dyno/etcd-dyno/results/stats"
)

const (
	// nightsBefore are nights before the history decides and some more, quietNights a week in which nothing may be told.
	nightsBefore = 11
	quietNights  = 7
	// diskMS is what an fsync takes longer on both sides, and plantedMS on the candidate's in
	// the last night: so much that a put takes a tenth longer.
	diskMS = 20.0
)

// A week of real short runs in which nothing changes stays silent; then the candidate's disk
// becomes slower, so that its puts take 10 % longer, and that very night tells it.
func TestAccuracyNightlyPlanted(t *testing.T) {
	dir := t.TempDir()
	store := filepath.Join(dir, "history.ndjson")
	write := func(candidateMS float64) string {
		t.Helper()
		text := fmt.Sprintf(`
name      = "night"
scenarios = ["./puts.toml"]
pairs     = 2
set       = ["configuration.etcd.backend-batch-interval=10m", "configuration.etcd.backend-batch-limit=1000000"] # commits share the disk with puts
baseline  = "control"
gate      = ["puts.put.response.p50"]
[configuration.control]
from = "single"
set  = ["disk.fsync_delay=%.2fms"]
[configuration.candidate]
from = "single"
set  = ["disk.fsync_delay=%.2fms"]
`, diskMS, candidateMS)
		file := filepath.Join(dir, "night.toml")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return file
	}
	puts := strings.NewReplacer(`measure = "1s"`, `measure = "3s"`, "40/s", "25/s").Replace(putsScenario)
	if err := os.WriteFile(filepath.Join(dir, "puts.toml"), []byte(puts), 0o644); err != nil {
		t.Fatal(err)
	}
	night := func(file string) (int, string, string) {
		return tool(t, "experiment", file, "--force", "--history", store, "--runs-dir", filepath.Join(dir, "runs"))
	}
	file := write(diskMS)
	for n := range nightsBefore + quietNights {
		if code, out, talk := night(file); code != exitDone {
			t.Errorf("night %d, in which nothing changed: exit %d\n%s\n%s", n, code, out, talk)
		}
	}
	h, err := history.Read(store)
	if err != nil {
		t.Fatal(err)
	}
	s := h.Series()[0]
	_, noise := stats.MeanAndSD(s.Segments[s.Current].Values())
	tookMS := s.Segments[s.Current].Points[0].Metric.Value
	t.Logf("%d measures in %d nights: noise %.2f %%, %d changes told, a put takes %.1f ms", len(h.Records), nightsBefore+quietNights, 100*noise, len(h.Told), tookMS)
	if len(h.Told) > 0 || noise > 0.03 {
		t.Errorf("told %+v; noise %.2f %%, the promise is for 3 %% at most", h.Told, 100*noise)
	}
	code, out, talk := night(write(diskMS + 0.1*tookMS))
	if h, err = history.Read(store); err != nil {
		t.Fatal(err)
	}
	t.Logf("the night of the change: exit %d\n%s", code, out)
	if code != exitRegression || len(h.Told) != 1 || h.Told[0].Metric != "puts.put.response.p50" || math.Abs(h.Told[0].Effect-0.1) > 0.04 {
		t.Errorf("exit %d, told %+v\n%s", code, h.Told, talk)
	}
	if code, out, talk := night(file); code != exitDone {
		t.Errorf("the night after it: exit %d; what was told is told again\n%s\n%s", code, out, talk)
	}
}
