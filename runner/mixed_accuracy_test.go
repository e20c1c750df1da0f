//go:build accuracy

package runner

import (
	"context"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// The control plane of ten nodes, on an etcd with kubeadm's flags, sends in
// three minutes what a kube-apiserver 1.37 with controller manager, scheduler,
// ten kubelets and 220 idle pods was recorded to send: of what comes 200 times
// or more within 10 %, of the rest within three standard deviations.
func TestAccuracyMixed10(t *testing.T) {
	const minutes = 3
	recorded := []struct {
		name      string
		perMinute float64
	}{
		// Those of the recording with idle pods, and 118 probes.
		{"Range", 84.3 + 118},
		{"RangeStream", 13.3},
		{"Txn", 138.3},
		{"LeaseGrant", 12},
		{"WatchProgressRequest", 50.3},
		{"progress messages", 744},
		{"event messages", 126},
	}
	kubeadm, err := scenarios.ParseConfiguration("kubeadm.toml", []byte("[etcd]\nsnapshot-count = 10000\nwatch-progress-notify-interval = \"5s\"\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(t.Context(), lab.Spec{Run: t.TempDir(), Configuration: kubeadm})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := l.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}()
	s := &shapes{prefix: "/etcd-dyno/mixed-10"}
	var mu sync.Mutex // guards messages
	messages := map[string][]time.Time{}
	url := startProxy(t, strings.TrimPrefix(l.Endpoints()[0], "http://"), plan{
		saw: s.saw,
		watched: func(_ context.Context, _ int, r *pb.WatchResponse) ([]*pb.WatchResponse, error) {
			mu.Lock()
			defer mu.Unlock()
			switch {
			case len(r.Events) > 0:
				messages["event messages"] = append(messages["event messages"], time.Now())
			case !r.Created && r.WatchId >= 0: // −1 answers what was asked
				messages["progress messages"] = append(messages["progress messages"], time.Now())
			}
			return []*pb.WatchResponse{r}, nil
		},
	})
	job := jobOf(t, puts, `endpoints = ["`+url+`"]`)
	if job.Scenario, err = scenarios.LoadScenario("mixed-10", []string{"phases.measure=3m", "phases.warmup=20s"}); err != nil {
		t.Fatal(err)
	}
	run, result := runJob(t, job)
	measure, _ := run.Span(results.PhaseMeasure)
	at := func(ms float64) time.Time {
		return run.Header.Started.Add(time.Duration(ms * float64(time.Millisecond)))
	}
	seen := s.between(at(measure.StartMS), at(measure.EndMS))
	for name, all := range messages {
		for _, when := range all {
			if when.After(at(measure.StartMS)) && when.Before(at(measure.EndMS)) {
				seen[name]++
			}
		}
	}
	for _, r := range recorded {
		want, got := r.perMinute*minutes, float64(seen[r.name])
		t.Logf("%-22s %5.0f recorded, %5.0f sent: %+.1f %%", r.name, want, got, 100*(got/want-1))
		allowed := 3 * math.Sqrt(want)
		if want >= 200 {
			allowed = 0.1 * want
		}
		if math.Abs(got-want) > allowed {
			t.Errorf("%s: %.0f were sent, %.0f recorded; %.0f more or less are allowed", r.name, got, want, allowed)
		}
	}
	t.Logf("%d connections; valid: %v %v", result.Generator.Connections, result.Valid, result.InvalidReasons)
	if w := result.Watches[0]; w.Missing == nil || *w.Missing > 0 || !result.Complete {
		t.Errorf("complete %v, watch %+v", result.Complete, w)
	}
}
