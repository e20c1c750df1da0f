package lab

import (
	"testing"

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
