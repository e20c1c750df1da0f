//go:build accuracy

package runner

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/procfs"

	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/runner/telemetry"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// A look at a member costs it and the generator together less than 10 ms of a
// processor, so that one a second costs less than 1 % of a core.
func TestAccuracyTelemetryCost(t *testing.T) {
	c, err := scenarios.LoadConfiguration("three", nil)
	if err != nil {
		t.Fatal(err)
	}
	run := filepath.Join(t.TempDir(), "run")
	l, err := lab.Start(t.Context(), lab.Spec{Run: run, Configuration: c})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	m := l.Members()[0]
	client := telemetry.Client(nil)
	defer client.CloseIdleConnections()
	at := telemetry.Member{Name: m.Name, URL: m.Metrics, Client: client}
	logs := telemetry.Log{Member: m.Name, Path: filepath.Join(run, lab.LogFolder, m.Name+".log"), Zero: time.Now()}
	zero := time.Now()
	used := func() (member, own time.Duration) { return processTime(t, m.PID), processTime(t, os.Getpid()) }
	const looks = 100
	measure := func(n int) (member, own time.Duration) {
		m0, o0 := used()
		for range n {
			if said := at.Look(t.Context(), m.PID, func() time.Duration { return time.Since(zero) }); said.Error != "" {
				t.Fatal(said.Error)
			}
			if _, err := logs.Read(); err != nil {
				t.Fatal(err)
			}
		}
		m1, o1 := used()
		return m1 - m0, o1 - o0
	}
	measure(10)
	began := time.Now()
	member, own := measure(looks)
	// What a member does of itself in that time is not the look's.
	t.Logf("a look takes %v: %v of the member's processor time and %v of the generator's", time.Since(began)/looks, member/looks, own/looks)
	if sum := (member + own) / looks; sum > 10*time.Millisecond {
		t.Errorf("a look costs %v of a processor; one a second is more than 1 %% of a core", sum)
	}
}

// processTime is what a process has used of the processors so far.
func processTime(tb testing.TB, pid int) time.Duration {
	tb.Helper()
	p, err := procfs.NewProc(pid)
	if err != nil {
		tb.Fatal(err)
	}
	s, err := p.Stat()
	if err != nil {
		tb.Fatal(err)
	}
	return time.Duration(s.CPUTime() * float64(time.Second))
}
