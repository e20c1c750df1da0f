//go:build accuracy

package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Killed at any moment, a run leaves no process, each finished second in its
// journal, and a result that can be computed again and equals the journal.
func TestAccuracyDurability(t *testing.T) {
	const kills, seed = 20, 7
	rng := rand.New(rand.NewPCG(seed, seed))
	for i := range kills {
		runs := t.TempDir()
		command := exec.CommandContext(context.Background(), os.Args[0], "run", "pod-churn", "--runs-dir", runs,
			"--set", "phases.warmup=1s", "--set", "phases.measure=4s", "--set", "phases.drain=1s", "--set", "setup.pods.count=300")
		command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := command.Start(); err != nil {
			t.Fatal(err)
		}
		after := time.Duration(300+rng.IntN(8200)) * time.Millisecond
		<-time.After(after)
		killed := time.Now()
		_ = command.Process.Kill() // it may have ended
		_ = command.Wait()
		eventually(t, 6*time.Second, "every process of the lab is gone", func() bool { return len(processesOf(t, runs)) == 0 })
		t.Logf("%2d: killed after %v: %s", i, after, afterKill(t, runs, killed))
	}
}

// afterKill checks what a killed run has left, and says what it was doing.
func afterKill(t *testing.T, runs string, killed time.Time) string {
	t.Helper()
	folders, err := filepath.Glob(filepath.Join(runs, "*"))
	if err != nil || len(folders) > 1 {
		t.Fatalf("run folders %v, %v", folders, err)
	}
	if len(folders) == 0 {
		return "there was no run folder yet"
	}
	rebuilt := func() (result []byte, code int, talk string) {
		var out, errs bytes.Buffer
		code = execute([]string{"report", folders[0]}, standard{in: os.Stdin, out: &out, err: &errs})
		b, err := os.ReadFile(filepath.Join(folders[0], results.ResultFile))
		if err != nil && code == exitDone {
			t.Error(err)
		}
		return b, code, errs.String()
	}
	first, code, talk := rebuilt()
	journal, err := os.ReadFile(filepath.Join(folders[0], results.JournalFile))
	if err != nil || len(bytes.TrimSpace(journal)) == 0 {
		if code != exitCannotRun || talk == "" {
			t.Errorf("no journal yet, and report exits with %d: %s", code, talk)
		}
		return "there was no journal yet"
	}
	if code != exitDone {
		t.Fatalf("report exits with %d: %s", code, talk)
	}
	if second, _, _ := rebuilt(); !bytes.Equal(first, second) {
		t.Error("a result computed again differs")
	}
	var result results.Result
	if err := json.Unmarshal(first, &result); err != nil {
		t.Fatal(err)
	}
	sums, phase, from, to, started := sumsOf(t, journal)
	for _, o := range result.Whole() {
		if sum := sums[o.Workload+"."+o.Operation]; sum.intended != o.Intended || sum.succeeded != o.Succeeded {
			t.Errorf("%s.%s: the result has %d intended and %d succeeded, the journal %+v", o.Workload, o.Operation, o.Intended, o.Succeeded, sum)
		}
	}
	ended := bytes.Contains(journal, []byte(`{"end":`))
	if loading := phase != "setup" && from >= 0; loading && !ended {
		// A second ends with a tick; what encoding and writing take comes on top.
		if behind := killed.Sub(started).Seconds() - to/1000; behind > 1.6 {
			t.Errorf("killed in %s, %.2f s after the end of the last second in the journal", phase, behind)
		}
	}
	if ended {
		return "it had ended"
	}
	return fmt.Sprintf("in %s, %.1f s of intervals", phase, max(to-from, 0)/1000)
}

type sum struct{ intended, succeeded int64 }

// sumsOf adds up a journal without the program's own reading of it: each line is
// looked at as any JSON. Intervals must follow one another without a gap.
func sumsOf(t *testing.T, journal []byte) (sums map[string]sum, phase string, from, to float64, started time.Time) {
	t.Helper()
	sums, from = map[string]sum{}, -1
	lines := bufio.NewScanner(bytes.NewReader(journal))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var line struct {
			Header   *struct{ Started time.Time }
			Phase    *struct{ Name string }
			Interval *struct {
				StartMS    float64 `json:"start_ms"`
				EndMS      float64 `json:"end_ms"`
				Operations []struct {
					Workload, Operation, Phase string
					Intended, Succeeded        int64
				}
			}
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			continue // the last one, cut short
		}
		switch {
		case line.Header != nil:
			started = line.Header.Started
		case line.Phase != nil:
			phase = line.Phase.Name
		case line.Interval != nil:
			in := line.Interval
			if from < 0 {
				from, to = in.StartMS, in.StartMS
			}
			if in.StartMS == in.EndMS {
				continue // the watches' seal, an instant
			}
			if in.StartMS != to {
				t.Errorf("a gap between %v and %v ms", to, in.StartMS)
			}
			to = in.EndMS
			for _, o := range in.Operations {
				if o.Phase == "measure" {
					s := sums[o.Workload+"."+o.Operation]
					sums[o.Workload+"."+o.Operation] = sum{s.intended + o.Intended, s.succeeded + o.Succeeded}
				}
			}
		}
	}
	return sums, phase, from, to, started
}

// Result and report of an hour's run of 12 operations take at most 3 s and 300 MB, and the report 5 MB.
func TestAccuracyHour(t *testing.T) {
	folder := t.TempDir()
	writeHour(t, filepath.Join(folder, results.JournalFile))
	var seconds []float64
	for range 3 {
		var errs bytes.Buffer
		command := exec.CommandContext(t.Context(), os.Args[0], "report", folder)
		command.Stderr = &errs
		begin := time.Now()
		if err := command.Run(); err != nil {
			t.Fatalf("%v: %s", err, errs.String())
		}
		seconds = append(seconds, time.Since(begin).Seconds())
		usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage)
		if !ok {
			t.Fatal("the kernel tells nothing of the process")
		}
		t.Logf("%.2f s, %d MiB", seconds[len(seconds)-1], usage.Maxrss>>10)
		if usage.Maxrss<<10 > 300e6 {
			t.Errorf("it took %d kB of memory", usage.Maxrss)
		}
	}
	info, err := os.Stat(filepath.Join(folder, results.ReportFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("the report has %.2f MB", float64(info.Size())/1e6)
	if info.Size() > 5e6 {
		t.Errorf("the report has %d bytes", info.Size())
	}
	slices.Sort(seconds)
	if seconds[1] > 3 {
		t.Errorf("it took %.2f s", seconds[1])
	}
}

// writeHour writes the journal of an hour of 12 operations at 400 a second each.
func writeHour(t *testing.T, file string) {
	t.Helper()
	rng := rand.New(rand.NewPCG(1, 2))
	var encoded []results.Histogram
	for range 200 {
		h := results.NewHistogram(results.Figures)
		for range 400 {
			if err := h.RecordValue(int64(900 * (1 + rng.ExpFloat64()*rng.ExpFloat64()))); err != nil {
				t.Fatal(err)
			}
		}
		e, err := results.EncodeHistogram(h)
		if err != nil {
			t.Fatal(err)
		}
		encoded = append(encoded, e)
	}
	some := func() results.Histogram { return encoded[rng.IntN(len(encoded))] }
	j, err := results.CreateJournal(file)
	if err != nil {
		t.Fatal(err)
	}
	appended := func(r results.Record) {
		if err := j.Append(r); err != nil {
			t.Fatal(err)
		}
	}
	appended(results.Record{Header: &results.Header{Schema: results.JournalSchema, ID: "hour", Started: time.Now(), Scenario: results.ScenarioRef{Name: "hour"}, Configuration: results.ConfigurationRef{Name: "none"}}})
	appended(results.Record{Phase: &results.Phase{Name: results.PhaseMeasure}})
	for second := range 3600 {
		in := results.Interval{StartMS: float64(second) * 1000, EndMS: float64(second+1) * 1000}
		for i := range 12 {
			in.Operations = append(in.Operations, results.OperationInterval{
				Workload: "w", Operation: fmt.Sprintf("operation-%d", i), Phase: results.PhaseMeasure,
				Counts:     results.Counts{Intended: 400, Sent: 400, Succeeded: 400, Achieved: 400},
				Quantities: map[string]results.Histogram{results.Response: some(), results.Turnaround: some(), results.Service: some()},
			})
		}
		appended(results.Record{Interval: &in})
	}
	appended(results.Record{End: &results.End{AtMS: 3_600_000, Complete: true}})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
}
