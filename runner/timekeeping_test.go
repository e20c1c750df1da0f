package runner

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// A suspended machine and a clock that is set are noticed once each; slewing,
// busy processors and a kernel that does not tell are not taken for either.
func TestTimekeeping(t *testing.T) {
	start := readings{monotonic: time.Hour, boot: 2 * time.Hour, wall: 1000 * time.Hour}
	after := func(monotonic, boot, wall time.Duration) readings {
		return readings{start.monotonic + monotonic, start.boot + boot, start.wall + wall}
	}
	const s, ms = time.Second, time.Millisecond
	for _, tc := range []struct {
		name string
		next readings
		err  error
		want []string // how the details begin
		kind results.EventKind
	}{
		{name: "nothing happened", next: after(s, s, s)},
		{name: "looked late", next: after(30*s, 30*s, 30*s)},
		{name: "read between other work", next: after(s, s+40*ms, s+40*ms)},
		{name: "slewed", next: after(60*s, 60*s, 60*s+30*ms)},
		{name: "suspended", next: after(s, 13*s, 13*s), want: []string{"the machine was suspended for 12.0 s"}, kind: results.EventInvalid},
		{name: "set back", next: after(s, s, -2200*ms), want: []string{"the machine's clock was set back by 3.2 s"}, kind: results.EventWarning},
		{name: "set forward", next: after(s, s, s+time.Hour), want: []string{"the machine's clock was set forward by 3600.0 s"}, kind: results.EventWarning},
		{name: "suspended, and set afterwards", next: after(s, 13*s, 14*s), want: []string{"the machine was suspended", "the machine's clock was set forward by 1.0 s"}},
		{name: "not told", err: errors.New("no such clock")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			now, err := start, error(nil)
			k := newTimekeeping(func() (readings, error) { return now, err })
			now, err = tc.next, tc.err
			events := k.look()
			if len(events) != len(tc.want) {
				t.Fatalf("events %+v, want %q", events, tc.want)
			}
			for i, e := range events {
				if !strings.HasPrefix(e.Detail, tc.want[i]) || len(events) == 1 && e.Kind != tc.kind {
					t.Errorf("event %+v, want %q, %s", e, tc.want[i], tc.kind)
				}
			}
			if again := k.look(); len(again) > 0 {
				t.Errorf("told twice: %+v", again)
			}
		})
	}
}

// The kernel's own clocks go on together.
func TestKernelClocks(t *testing.T) {
	k := newTimekeeping(kernelClocks)
	if k.last.monotonic <= 0 || k.last.boot < k.last.monotonic || k.last.wall < 50*365*24*time.Hour {
		t.Errorf("readings %+v", k.last)
	}
	if events := k.look(); len(events) > 0 {
		t.Errorf("events %+v", events)
	}
}
