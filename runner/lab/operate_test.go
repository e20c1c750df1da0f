package lab

import (
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// A member that was killed is the same one again, on its data.
func TestKillAndRevive(t *testing.T) {
	l := start(t, Spec{Run: t.TempDir(), Configuration: scenarios.Configuration{Members: 1}})
	before := l.Members()[0].PID
	for _, do := range []func() error{
		func() error { return l.Freeze(t.Context(), "m1") },
		func() error { return l.Thaw(t.Context(), "m1") },
		func() error { return l.Freeze(t.Context(), "m1") },
		func() error { return l.Terminate(t.Context(), "m1") },
		func() error { return l.Revive(t.Context(), "m1") },
		func() error { return l.Kill(t.Context(), "m1") },
		func() error { return l.Revive(t.Context(), "m1") },
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	if after := l.Members()[0].PID; after == before || !alive(after) {
		t.Errorf("process %d after %d: want another that lives", after, before)
	}
	if e := <-l.Events(); !e.Expected || e.Process != "m1" {
		t.Errorf("event %+v, want the expected end of m1", e)
	}
	putAndGet(t, l.Endpoints())
	stop(t, l)
}

// A lab in which everything is odd at once still ends in time, and leaves nothing:
// one member frozen, one dead, one cut off, and the disk of one held.
func TestStopWhateverHappens(t *testing.T) {
	c := scenarios.Configuration{Members: 3, Links: scenarios.Links{Proxied: true}, Disk: scenarios.Disk{Filtered: true}}
	l := start(t, Spec{Run: t.TempDir(), Configuration: c})
	var pids []int
	for _, m := range l.Members() {
		pids = append(pids, m.PID)
	}
	for _, do := range []func() error{
		func() error { return l.Freeze(t.Context(), "m1") },
		func() error { return l.Kill(t.Context(), "m2") },
		func() error { return l.Cut(t.Context(), "m3", "m1") },
		func() error { return l.Cut(t.Context(), "client", "m3") },
		func() error { return l.SetLink(t.Context(), "client", "m1", scenarios.Link{RTT: time.Second}) },
		func() error {
			err := l.SetDisk(t.Context(), "m3", Disk{Held: true, Full: true})
			if len(l.Notes()) > 0 { // this machine cannot delay fsyncs, and says so
				return nil
			}
			return err
		},
	} {
		if err := do(); err != nil {
			t.Fatal(err)
		}
	}
	for what, err := range map[string]error{
		"a member that there is not": l.Kill(t.Context(), "m9"),
		"a frozen one that is dead":  l.Freeze(t.Context(), "m2"),
		"one too many":               func() error { _, err := l.Prepare(t.Context()); return err }(),
		"no snapshot":                l.Restore(t.Context(), "/no/such/file"),
	} {
		if err == nil {
			t.Errorf("%s is no error", what)
		}
	}
	stop(t, l)
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("process %d lives", pid)
		}
	}
}
