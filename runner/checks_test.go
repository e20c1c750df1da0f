package runner

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// exactly is how a count of keys that is known exactly ends.
const exactly = "exactly those that were acknowledged"

// wantChecks fails unless all checks were made and passed, and the keys were known exactly.
func wantChecks(tb testing.TB, result results.Result) {
	tb.Helper()
	wantPassed(tb, result)
	for _, c := range result.Checks {
		if c.Name == "live-keys" && !strings.HasSuffix(c.Detail, exactly) {
			tb.Errorf("%s %s: %s", c.Name, c.Status, c.Detail)
		}
	}
}

// wantPassed fails unless all checks were made and passed.
func wantPassed(tb testing.TB, result results.Result) {
	tb.Helper()
	made := map[string]bool{}
	for _, c := range result.Checks {
		made[c.Name] = true
		if c.Status != results.Pass {
			tb.Errorf("%s %s: %s", c.Name, c.Status, c.Detail)
		}
	}
	for _, name := range []string{"acknowledged-writes", "live-keys", "members-agree", "members-healthy"} {
		if !made[name] {
			tb.Errorf("no check %s: %+v", name, result.Checks)
		}
	}
}

// cluster is a lab whose checks can be made at any time.
type cluster struct {
	*target
	runs  string // the folder above
	store *kube.Store
	// foreign is someone else's client.
	foreign *clientv3.Client
	exam    *examination
}

// openCluster starts a lab of so many members, with 100 keys of ours.
func openCluster(t *testing.T, members int) *cluster {
	t.Helper()
	job := jobOf(t, puts, fmt.Sprintf("name = \"lab\"\nmembers = %d", members))
	c := &cluster{runs: t.TempDir()}
	target, err := open(t.Context(), filepath.Join(c.runs, "run"), job)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := target.close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	c.target = target
	c.foreign, err = clientv3.New(clientv3.Config{Endpoints: target.lab.Endpoints(), Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.foreign.Close() })
	pods, _ := model.ResourceNamed("pods")
	if c.store, err = target.api.Store(pods, 1); err != nil {
		t.Fatal(err)
	}
	if c.exam, err = newExamination(t.Context(), target, t.TempDir()); err != nil {
		t.Fatal(err)
	}
	for i := range 100 {
		if _, err := c.store.Create(t.Context(), c.store.Key("ns", fmt.Sprintf("pod-%03d", i)), []byte("value"), 0); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// want makes the checks, compares those that do not pass with what is wanted, by
// name a part of the detail, and returns all.
func (c *cluster) want(t *testing.T, failed map[string]string) []results.Check {
	t.Helper()
	failed = maps.Clone(failed)
	all := c.exam.checks(t.Context())
	for _, made := range all {
		part, fails := failed[made.Name]
		delete(failed, made.Name)
		if (made.Status == results.Fail) != fails || !strings.Contains(made.Detail, part) {
			t.Errorf("%s %s: %s", made.Name, made.Status, made.Detail)
		}
	}
	if len(failed) > 0 {
		t.Errorf("not made: %v", failed)
	}
	return all
}

// What someone else does behind the run's back is noticed.
func TestChecksNoticeWhatOthersDo(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	c := openCluster(t, 1)
	ctx := t.Context()
	c.want(t, nil)

	stranger := c.store.Key("ns", "stranger")
	do(t, func() error { _, err := c.foreign.Put(ctx, stranger, "x"); return err })
	c.want(t, map[string]string{"live-keys": "101 keys, where 100 were acknowledged"})
	do(t, func() error { _, err := c.foreign.Delete(ctx, stranger); return err })
	c.want(t, nil)

	changed, deleted := c.store.Key("ns", "pod-007"), c.store.Key("ns", "pod-008")
	do(t, func() error { _, err := c.foreign.Put(ctx, changed, "x"); return err })
	c.want(t, map[string]string{"acknowledged-writes": "1 of 100 keys that were read back are not as acknowledged: " + changed + " is of revision"})
	do(t, func() error { _, err := c.foreign.Delete(ctx, deleted); return err })
	c.want(t, map[string]string{"acknowledged-writes": deleted + " is absent", "live-keys": "99 keys, where 100 were acknowledged"})

	// What we write after it counts again.
	for _, key := range []string{changed, deleted} {
		do(t, func() error { _, err := c.store.Put(ctx, key, []byte("x")); return err })
	}
	c.want(t, nil)
	do(t, func() error { _, err := c.store.Remove(ctx, deleted); return err })
	c.want(t, nil)
	do(t, func() error { _, err := c.foreign.Put(ctx, deleted, "x"); return err })
	c.want(t, map[string]string{"acknowledged-writes": deleted, "live-keys": "100 keys, where 99 were acknowledged"})
	do(t, func() error { _, err := c.store.Remove(ctx, deleted); return err })

	alarm := &pb.AlarmRequest{Action: pb.AlarmRequest_ACTIVATE, Alarm: pb.AlarmType_NOSPACE, MemberID: c.exam.members[0].ID}
	do(t, func() error {
		_, err := pb.NewMaintenanceClient(c.foreign.ActiveConnection()).Alarm(ctx, alarm)
		return err
	})
	c.want(t, map[string]string{"members-healthy": "alarm NOSPACE"})
}

func do(t *testing.T, what func() error) {
	t.Helper()
	if err := what(); err != nil {
		t.Fatal(err)
	}
}

// The keys of leases that end, by themselves or not, are expected to go.
func TestChecksKnowLeases(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	c := openCluster(t, 1)
	ctx := t.Context()
	attach := func(ttl int64, name string) kube.Granted {
		lease, err := c.store.Grant(ctx, ttl)
		if err != nil {
			t.Fatal(err)
		}
		do(t, func() error {
			_, err := c.store.Attach(ctx, c.store.Key("ns", name), []byte("x"), lease.ID)
			return err
		})
		return lease
	}
	attach(2, "short")
	lives, revoked := attach(600, "lives"), attach(600, "revoked")
	do(t, func() error { _, err := c.store.Revoke(ctx, revoked.ID); return err })
	within(t, 20*time.Second, "the lease ends", func() bool {
		all, err := c.foreign.Leases(ctx)
		return err == nil && len(all.Leases) == 1
	})
	for _, made := range c.exam.checks(ctx) {
		if made.Status != results.Pass || made.Name == "live-keys" && made.Detail != "101 keys, "+exactly {
			t.Errorf("%s %s: %s", made.Name, made.Status, made.Detail)
		}
	}
	// A lease that ends before its time takes an acknowledged write with it.
	do(t, func() error { _, err := c.foreign.Revoke(ctx, lives.ID); return err })
	c.want(t, map[string]string{"acknowledged-writes": "lives is absent", "live-keys": "100 keys, where 101 were acknowledged"})
}

// Members that hold the same, and members of two clusters, which do not.
func TestChecksCompareMembers(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	c := openCluster(t, 3)
	for _, made := range c.want(t, nil) {
		if made.Name == "members-agree" && !strings.HasPrefix(made.Detail, "3 members hold the same at revision 101: HashKV ") {
			t.Error(made.Detail)
		}
	}
	// A member of another cluster has the same revision, but not the same values.
	other := openCluster(t, 1)
	do(t, func() error { _, err := c.store.Put(t.Context(), c.store.Key("ns", "a"), []byte("this")); return err })
	do(t, func() error {
		_, err := other.store.Put(t.Context(), c.store.Key("ns", "a"), []byte("that"))
		return err
	})
	c.exam.examiner.Endpoints = append(c.exam.examiner.Endpoints[:1:1], other.exam.examiner.Endpoints...)
	c.want(t, map[string]string{"members-agree": "the members differ at revision 102", "members-healthy": "the members see different leaders"})
	// And one that has compacted elsewhere cannot be compared.
	do(t, func() error { _, err := other.foreign.Compact(t.Context(), 50); return err })
	hashes, err := c.exam.hashes(t.Context(), 102)
	if err != nil {
		t.Fatal(err)
	}
	if status, detail := compare(hashes); status != results.Skipped || !strings.Contains(detail, "not compacted at the same") {
		t.Errorf("%s: %s", status, detail)
	}
}

// A dead member is told of, and does not keep the others from being asked.
func TestChecksMissAMember(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	c := openCluster(t, 3)
	if err := syscall.Kill(membersOf(t, c.runs)[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	for _, made := range c.want(t, map[string]string{"members-healthy": " does not answer"}) {
		if made.Name == "members-agree" && made.Status != results.Skipped || made.Name == "live-keys" && made.Detail != "100 keys, "+exactly {
			t.Errorf("%s %s: %s", made.Name, made.Status, made.Detail)
		}
	}
}
