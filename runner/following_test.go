package runner

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// A leader that hands over in mid-run is on the time line, and each change once.
func TestLeaderChange(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	job := jobOf(t, puts, "name = \"three\"\nmembers = 3", "phases.warmup=1s", "phases.measure=4s", "workload.puts.arrival.rate=20/s")
	var folder string
	job.Started = func(f string) { folder = f }
	moved := false
	job.Progress = func(s Status) {
		if s.Phase == results.PhaseMeasure && s.Elapsed > 500*time.Millisecond && !moved {
			moved = true
			moveLeader(t, folder)
		}
	}
	run, result := runJob(t, job)
	if !moved || !result.Complete {
		t.Fatalf("moved %v, complete %v", moved, result.Complete)
	}
	told := map[string]int{} // a busy machine may elect one more, in a term of its own
	for _, e := range run.Events {
		if e.Kind == results.EventLeader {
			told[e.Detail]++
		}
	}
	if len(told) == 0 || slices.Max(slices.Collect(maps.Values(told))) > 1 {
		t.Errorf("of the leader is told %v: %+v", told, run.Events)
	}
	// Three for the store, three to ask the members, and one that setup asks with.
	if n := result.Generator.Connections; n < 6 {
		t.Errorf("%d connections to three members", n)
	}
	if n := countEvents(run, results.EventConnection, ""); n > 0 {
		t.Errorf("connections broke: %+v", run.Events)
	}
}

// moveLeader makes the leader of a run's lab hand over to another member.
func moveLeader(t *testing.T, folder string) {
	t.Helper()
	run, err := results.Load(folder)
	if err != nil {
		t.Error(err)
		return
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	urls := run.Header.Configuration.Endpoints
	client, err := clientv3.New(clientv3.Config{Endpoints: urls, Logger: zap.NewNop()})
	if err != nil {
		t.Error(err)
		return
	}
	defer client.Close()
	for _, url := range urls {
		status, err := client.Status(ctx, url)
		if err != nil || status.Leader != status.Header.MemberId {
			continue
		}
		members, err := client.MemberList(ctx)
		if err != nil {
			t.Error(err)
			return
		}
		i := slices.IndexFunc(members.Members, func(m *pb.Member) bool { return m.ID != status.Leader })
		client.SetEndpoints(url) // only the leader can hand over
		if _, err := client.MoveLeader(ctx, members.Members[i].ID); err != nil {
			t.Error(err)
		}
		return
	}
	t.Error("no member leads")
}

func countEvents(run *results.Run, kind results.EventKind, detail string) (n int) {
	for _, e := range run.Events {
		if e.Kind == kind && strings.Contains(e.Detail, detail) {
			n++
		}
	}
	return n
}
