//go:build accuracy

package lab

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/limit"
)

// From nothing to healthy: one member within 2 s, three within 5 s, at the median of five starts.
func TestAccuracyStart(t *testing.T) {
	for _, c := range []struct {
		text string
		most time.Duration
	}{{"members = 1\n", 2 * time.Second}, {"members = 3\n", 5 * time.Second}} {
		var took []time.Duration
		for range 5 {
			began := time.Now()
			l := configured(t, c.text)
			took = append(took, time.Since(began))
			stop(t, l)
		}
		slices.Sort(took)
		t.Logf("%q: healthy after %v", c.text, took)
		if took[2] > c.most {
			t.Errorf("%q: healthy after %v at the median, want at most %v", c.text, took[2], c.most)
		}
	}
}

// Where 10 ms are added to each fsync, etcd's own histogram of its WAL has a mean of 10 to 13 ms.
func TestAccuracySlowDisk(t *testing.T) {
	l := configured(t, "[disk]\nfsync_delay = \"10ms\"\n")
	mean := walFsync(t, l, func() { puts(t, l, 300) })
	t.Logf("WAL fsync %v on average", mean)
	if mean < 10*time.Millisecond || mean > 13*time.Millisecond {
		t.Errorf("WAL fsync %v on average, want 10 to 13 ms", mean)
	}
	stop(t, l)
}

// Links between members are as slow as was asked, as the lab host's own echo sees
// them: at the median and over 30 s.
func TestAccuracyLinks(t *testing.T) {
	for _, c := range []struct {
		asked, least, most time.Duration
	}{
		{20 * time.Millisecond, 20 * time.Millisecond, 24 * time.Millisecond},
		{time.Millisecond, time.Millisecond, 1300 * time.Microsecond},
	} {
		l := configured(t, "members = 3\n[links]\npeer_rtt = \""+c.asked.String()+"\"\n")
		seen := newEchoes(l)
		<-time.After(30 * time.Second)
		for _, name := range []string{"m1-m2", "m1-m3", "m2-m3"} {
			got := seen.median(name)
			t.Logf("%v asked, %s: median %v", c.asked, name, got)
			if got < c.least || got > c.most {
				t.Errorf("%v asked, %s: median %v, want %v to %v", c.asked, name, got, c.least, c.most)
			}
		}
		stop(t, l)
	}
}

func (e *echoes) median(name string) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	all := slices.Sorted(slices.Values(e.all[name]))
	if len(all) == 0 {
		return 0
	}
	return all[len(all)/2]
}

// A member limited to half a processor uses no more of it, however much there is to do.
func TestAccuracyResources(t *testing.T) {
	l := configured(t, "[resources]\nlimits = { cpu = \"500m\" }\n")
	if a := l.Resources(); a.Mode != limit.V1 && a.Mode != limit.V2 {
		t.Fatalf("cgroups cannot be written here: %s", a.Why)
	}
	used := cores(t, l, 20*time.Second, func(ctx context.Context) { load(ctx, t, l, 64) })
	t.Logf("%.3f cores used", used)
	if used > 0.505 {
		t.Errorf("%.3f cores used, want at most 0.5", used)
	}
	stop(t, l)
}
