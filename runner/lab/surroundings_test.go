package lab

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/fsync"
	"github.com/etcd-dyno/etcd-dyno/runner/lab/limit"
)

// The figures of the lab, which `make accuracy` holds, are tested with bounds
// three times as wide.

func TestSlowDisk(t *testing.T) {
	notUnderRace(t)
	if err := fsync.Supported(); err != nil {
		t.Skip(err)
	}
	l := configured(t, "[disk]\nfsync_delay = \"10ms\"\n")
	mean := walFsync(t, l, func() { puts(t, l, 30) })
	t.Logf("WAL fsync %v on average where 10 ms are added", mean)
	if mean < 10*time.Millisecond || mean > 30*time.Millisecond {
		t.Errorf("WAL fsync %v on average, want 10 to 30 ms", mean)
	}
	if len(l.Notes()) > 0 {
		t.Errorf("notes %q", l.Notes())
	}
	stop(t, l)
}

func TestLinks(t *testing.T) {
	l := configured(t, "members = 3\n[links]\nclient_rtt = \"2ms\"\npeer_rtt = \"20ms\"\n[links.pair.m1-m3]\nrtt = \"40ms\"\n")
	seen := newEchoes(l)
	for name, want := range map[string]time.Duration{
		"client-m1": 2 * time.Millisecond, "client-m3": 2 * time.Millisecond, "m1-m2": 20 * time.Millisecond, "m2-m3": 20 * time.Millisecond, "m1-m3": 40 * time.Millisecond,
	} {
		// The fastest says what the link adds; a busy machine adds more, so it may take a while.
		eventually(t, startTimeout, "a round trip from "+name, func() bool { return seen.fastest(name) <= 3*want })
		if got := seen.fastest(name); got < want {
			t.Errorf("%s: the fastest round trip took %v, less than %v", name, got, want)
		}
	}
	if n := seen.links(); n != 6 {
		t.Errorf("%d links are measured, want 6", n)
	}
	putAndGet(t, l.Endpoints())
	stop(t, l)
}

func TestResources(t *testing.T) {
	notUnderRace(t)
	l := configured(t, "[resources]\nlimits = { cpu = \"500m\", memory = \"1Gi\" }\n")
	if a := l.Resources(); a.Mode != limit.V1 && a.Mode != limit.V2 {
		stop(t, l)
		t.Skipf("cgroups cannot be written here: %s", a.Why)
	}
	if got := l.Members()[0].Settings["max-cpu-set"]; got != float64(2) && got != float64(1) {
		t.Logf("Go's own view of the limit: max-cpu-set %v", got)
	}
	if len(ownGroups(t, l.spec.Run)) == 0 {
		t.Error("the lab has no cgroup")
	}
	used := cores(t, l, time.Second, func(ctx context.Context) { load(ctx, t, l, 16) })
	t.Logf("%.2f cores used where 0.5 are allowed", used)
	if used > 0.6 {
		t.Errorf("%.2f cores used, want at most 0.6", used)
	}
	stop(t, l)
	if left := ownGroups(t, l.spec.Run); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// A member may be any etcd; here the same one, as a file that knows nothing of labs.
func TestBinary(t *testing.T) {
	notUnderRace(t)
	binary := filepath.Join(t.TempDir(), "etcd")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Link(self, binary); err != nil {
		if err := os.Symlink(self, binary); err != nil {
			t.Fatal(err)
		}
	}
	l := configured(t, "binary = \""+binary+"\"\n[disk]\nfsync_delay = \"0s\"\n[env]\nGOGC = 70\n")
	m := l.Members()[0]
	if exe, err := os.Readlink(procFile(m.PID, "exe")); err != nil || exe != binary && exe != self {
		t.Errorf("it runs %s, %v", exe, err)
	}
	if command := commandLine(m.PID); !strings.Contains(command, l.Data()) {
		t.Errorf("the command line %q lacks the run folder", command)
	}
	putAndGet(t, l.Endpoints())
	stop(t, l)
}

func puts(t *testing.T, l *Lab, n int) {
	t.Helper()
	c := clientOf(t, l, l.Certificates(), "", "")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for i := range n {
		if _, err := c.Put(ctx, fmt.Sprintf("key%d", i), "value"); err != nil {
			t.Fatal(err)
		}
	}
}

// load puts as fast as it goes until ctx ends.
func load(ctx context.Context, t *testing.T, l *Lab, clients int) {
	t.Helper()
	c := clientOf(t, l, l.Certificates(), "", "")
	var wg sync.WaitGroup
	for i := range clients {
		wg.Go(func() {
			for ctx.Err() == nil {
				_, _ = c.Put(ctx, fmt.Sprintf("key%d", i), strings.Repeat("x", 1000)) // the end of ctx ends it
			}
		})
	}
	wg.Wait()
}

// cores is how many processors a lab's members use together while something is done.
func cores(t *testing.T, l *Lab, d time.Duration, do func(context.Context)) float64 {
	t.Helper()
	cpu := func() (sum float64) {
		for _, m := range l.Members() {
			sum += metric(t, m, "process_cpu_seconds_total").GetCounter().GetValue()
		}
		return sum
	}
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	began, before := time.Now(), cpu()
	do(ctx)
	return (cpu() - before) / time.Since(began).Seconds()
}

// walFsync is how long an fsync of the WAL took on average while something was
// done, by etcd's own histogram.
func walFsync(t *testing.T, l *Lab, do func()) time.Duration {
	t.Helper()
	const name = "etcd_disk_wal_fsync_duration_seconds"
	before := metric(t, l.Members()[0], name).GetHistogram()
	do()
	after := metric(t, l.Members()[0], name).GetHistogram()
	n := after.GetSampleCount() - before.GetSampleCount()
	if n == 0 {
		t.Fatal("there was no fsync")
	}
	return time.Duration((after.GetSampleSum() - before.GetSampleSum()) / float64(n) * float64(time.Second))
}

// metric is one of a member's that has no labels.
func metric(t *testing.T, m Member, name string) *dto.Metric {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, m.Metrics, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	if families[name] == nil {
		t.Fatalf("%s tells of no %s", m.Name, name)
	}
	return families[name].GetMetric()[0]
}

// echoes gathers the round trips of a lab's links.
type echoes struct {
	mu  sync.Mutex // guards all
	all map[string][]time.Duration
}

func newEchoes(l *Lab) *echoes {
	e := &echoes{all: map[string][]time.Duration{}}
	l.OnEcho(func(one Echo) {
		e.mu.Lock()
		defer e.mu.Unlock()
		name := one.From + "-" + one.To
		e.all[name] = append(e.all[name], one.RTT)
	})
	return e
}

func (e *echoes) links() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.all)
}

func (e *echoes) fastest(name string) time.Duration {
	e.mu.Lock()
	defer e.mu.Unlock()
	fastest := time.Hour
	for _, d := range e.all[name] {
		fastest = min(fastest, d)
	}
	return fastest
}

// ownGroups are a lab's cgroups, in whose names its run folder's is.
func ownGroups(t *testing.T, run string) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/*", "/sys/fs/cgroup/*/*", "/sys/fs/cgroup/*/*/*"} {
		found, err := filepath.Glob(pattern + "/etcd-dyno_" + filepath.Base(run) + "_*")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, found...)
	}
	return all
}
