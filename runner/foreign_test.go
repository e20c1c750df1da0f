package runner

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// dump is all of a cluster: each key with its value, its version, its
// revisions and its lease.
func dump(tb testing.TB, c *clientv3.Client) (all []string) {
	tb.Helper()
	r, err := c.Get(tb.Context(), "\x00", clientv3.WithFromKey())
	if err != nil {
		tb.Fatal(err)
	}
	for _, kv := range r.Kvs {
		all = append(all, kv.String())
	}
	return all
}

// leasesOf is how many leases a cluster has.
func leasesOf(tb testing.TB, c *clientv3.Client) int {
	tb.Helper()
	r, err := c.Leases(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return len(r.Leases)
}

func revisionOf(tb testing.TB, c *clientv3.Client) int64 {
	tb.Helper()
	r, err := c.Get(tb.Context(), "x", clientv3.WithCountOnly())
	if err != nil {
		tb.Fatal(err)
	}
	return r.Header.Revision
}

// occupy puts what others have into a cluster: keys right beside those of a run,
// as a Kubernetes would have them, and one with a lease.
func occupy(tb testing.TB, c *clientv3.Client) {
	tb.Helper()
	for _, key := range []string{
		"a", "compact_rev_key", "/registry/pods/default/mine", "/etcd-dyno", "/etcd-dyno/churn", "/etcd-dyno/churn.", "/etcd-dyno/churn0", "/etcd-dyno/other/registry/x", "zz",
	} {
		if _, err := c.Put(tb.Context(), key, "of "+key); err != nil {
			tb.Fatal(err)
		}
	}
	lease, err := c.Grant(tb.Context(), 3600)
	if err != nil {
		tb.Fatal(err)
	}
	if _, err := c.Put(tb.Context(), "leased", "x", clientv3.WithLease(lease.ID)); err != nil {
		tb.Fatal(err)
	}
}

func foreignOf(c *clientv3.Client) string { return fmt.Sprintf("endpoints = [%q]", c.Endpoints()[0]) }

// A run on a cluster that holds other keys leaves them as they were, byte for
// byte and revision for revision, however it ends.
func TestForeignCluster(t *testing.T) {
	t.Parallel()
	client := startEtcd(t)
	occupy(t, client)
	before, leases := dump(t, client), leasesOf(t, client)
	unchanged := func(t *testing.T) {
		t.Helper()
		if after := dump(t, client); !slices.Equal(before, after) {
			t.Errorf("there was\n  %s\nand is\n  %s", strings.Join(before, "\n  "), strings.Join(after, "\n  "))
		}
		if n := leasesOf(t, client); n != leases {
			t.Errorf("%d leases, there were %d", n, leases)
		}
	}
	t.Run("to its end", func(t *testing.T) {
		notUnderRace(t)
		job := jobOf(t, churn, foreignOf(client), "phases.warmup=1s", "phases.measure=2s")
		most, shown := int64(0), Plan{}
		job.Progress = func(Status) {
			r, err := client.Get(t.Context(), "/etcd-dyno/churn/", clientv3.WithPrefix(), clientv3.WithCountOnly())
			if err == nil {
				most = max(most, r.Count)
			}
		}
		job.Confirm = func(_ context.Context, p Plan, refused error) error {
			shown = p
			return refused
		}
		run, result := runJob(t, job)
		if w := result.Watches[0]; !result.Complete || operationOf(t, run, "puts", "put").Succeeded != 100 || w.Missing == nil || *w.Missing != 0 || w.Unmatched != 0 {
			t.Errorf("complete %v, puts %+v, watch %+v", result.Complete, operationOf(t, run, "puts", "put").Counts, w)
		}
		if most < 400 {
			t.Errorf("there were never more than %d keys", most)
		}
		if shown.Prefix != "/etcd-dyno/churn/" || len(shown.Members) != 1 || shown.Members[0].Quota != 2<<30 || shown.Members[0].Assumed || shown.Members[0].Database == 0 || shown.Load.KeysWritten < 500 {
			t.Errorf("plan %+v", shown)
		}
		unchanged(t)
	})
	for _, tc := range []struct {
		name  string
		phase results.PhaseName
		twice bool
	}{{"interrupted", results.PhaseMeasure, false}, {"interrupted twice", results.PhaseMeasure, true}, {"interrupted twice in setup", results.PhaseSetup, true}} {
		t.Run(tc.name, func(t *testing.T) {
			if !tc.twice {
				notUnderRace(t)
			}
			ctx, interrupt := context.WithCancel(t.Context())
			defer interrupt()
			cut, again := context.WithCancel(t.Context())
			defer again()
			job := jobOf(t, churn, foreignOf(client), "phases.measure=60s", "setup.pods.count=1000")
			if tc.phase == results.PhaseSetup {
				job.Scenario.Setup[0].Count = 50_000 // which takes long enough to be seen
			}
			job.Progress = func(s Status) {
				if s.Phase == tc.phase && (s.Phase != results.PhaseSetup || s.Done > 0) {
					interrupt()
					if tc.twice {
						again()
					}
				}
			}
			if _, err := Run(ctx, cut, job); err != nil && tc.phase != results.PhaseSetup || errors.Is(err, ErrLeft) {
				t.Error(err)
			}
			if ctx.Err() == nil {
				t.Error("it was never interrupted")
			}
			unchanged(t)
		})
	}
}

// What lies below the prefix decides whether a run begins, and nothing is written unless it does.
func TestPrefixOccupied(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	client := startEtcd(t)
	const prefix = "/etcd-dyno/churn/"
	mark := func(tb testing.TB, run string) *ownership {
		tb.Helper()
		o, err := newOwnership(client, prefix, run, "test")
		if err != nil {
			tb.Fatal(err)
		}
		h, err := look(tb.Context(), client, prefix)
		if err != nil {
			tb.Fatal(err)
		}
		if err := o.claim(tb.Context(), h); err != nil {
			tb.Fatal(err)
		}
		return o
	}
	unmarked := func(tb testing.TB) {
		tb.Helper()
		putKey(tb, client, prefix+"registry/x")
	}
	// crashed is what a run leaves that was killed a minute ago.
	crashed := func(tb testing.TB) {
		tb.Helper()
		o := mark(tb, "crashed")
		o.stop()
		o.wg.Wait()
		if err := revoke(tb.Context(), client, o.lease); err != nil {
			tb.Fatal(err)
		}
		for _, key := range []string{"registry/pods/ns-00/a", "registry/pods/ns-00/b", "compact_rev_key"} {
			putKey(tb, client, prefix+key)
		}
	}
	for _, tc := range []struct {
		name   string
		there  func(tb testing.TB)
		reuse  bool
		prefix string
		want   []string // in the error; none where the run begins
	}{
		{name: "keys without a marker", there: unmarked, want: []string{"1 key ", prefix + "registry/x", "--prefix"}},
		{name: "keys without a marker, to be reused", there: unmarked, reuse: true, want: []string{"1 key ", prefix + "registry/x", "--prefix"}},
		{name: "left by a crash", there: crashed, want: []string{"4 keys ", "crashed", "etcd-dyno clean", "--reuse-prefix"}},
		{name: "left by a crash, to be reused", there: crashed, reuse: true},
		{name: "left by a crash, with others' keys, to be reused", there: func(tb testing.TB) {
			tb.Helper()
			crashed(tb)
			putKey(tb, client, prefix+"zz/mine")
		}, reuse: true, want: []string{"1 key ", prefix + "zz/mine", "--prefix"}},
		{name: "a run that lives, to be reused", there: func(tb testing.TB) {
			tb.Helper()
			o := mark(tb, "living")
			tb.Cleanup(func() {
				o.stop()
				o.wg.Wait()
			})
		}, reuse: true, want: []string{"living", "wait for its end"}},
		{name: "another prefix", there: crashed, prefix: "/elsewhere/of/mine/"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.there(t)
			before, revision := dump(t, client), revisionOf(t, client)
			job := jobOf(t, churn, foreignOf(client), "phases.warmup=0s", "phases.measure=1s", "setup.pods.count=50")
			job.ReusePrefix, job.Prefix = tc.reuse, tc.prefix
			folder, err := Run(t.Context(), t.Context(), job)
			switch {
			case tc.want == nil && err != nil:
				t.Error(err)
			case tc.want != nil && !errors.Is(err, ErrPrefix):
				t.Errorf("error %v", err)
			}
			for _, word := range tc.want {
				if err != nil && !strings.Contains(err.Error(), word) {
					t.Errorf("error %q has no %q", err, word)
				}
			}
			if after := dump(t, client); tc.want != nil && (!slices.Equal(before, after) || revisionOf(t, client) != revision) {
				t.Errorf("there was\n  %s\nand is\n  %s", strings.Join(before, "\n  "), strings.Join(after, "\n  "))
			}
			if _, err := os.Stat(folder); tc.want != nil && err == nil {
				t.Errorf("a run that was refused leaves %s", folder)
			}
			if left := len(dump(t, client)); tc.want == nil && (tc.prefix == "" && left != 0 || tc.prefix != "" && left != len(before)) {
				t.Errorf("%d keys are left", left)
			}
			if _, err := client.Delete(t.Context(), "/", clientv3.WithPrefix()); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func putKey(tb testing.TB, c *clientv3.Client, key string) {
	tb.Helper()
	if _, err := c.Put(tb.Context(), key, "x"); err != nil {
		tb.Fatal(err)
	}
}

// Of two runs that begin on a prefix at once, one is refused, and what the other writes stays.
func TestPrefixClaimedAtOnce(t *testing.T) {
	client := startEtcd(t)
	const prefix = "/etcd-dyno/both/"
	h, err := look(t.Context(), client, prefix)
	if err != nil {
		t.Fatal(err)
	}
	var both [2]*ownership
	for i := range both {
		if both[i], err = newOwnership(client, prefix, fmt.Sprintf("run-%d", i), "test"); err != nil {
			t.Fatal(err)
		}
	}
	if err := both[0].claim(t.Context(), h); err != nil {
		t.Fatal(err)
	}
	if err := both[1].claim(t.Context(), h); !errors.Is(err, ErrPrefix) {
		t.Errorf("error %v", err)
	}
	putKey(t, client, prefix+"registry/x")
	before := dump(t, client)
	if err := both[1].release(t.Context()); err != nil {
		t.Error(err)
	}
	if after := dump(t, client); !slices.Equal(before, after) || len(after) != 3 {
		t.Errorf("there was %q and is %q", before, after)
	}
	if err := both[0].release(t.Context()); err != nil {
		t.Error(err)
	}
	if after := dump(t, client); len(after) != 0 || leasesOf(t, client) != 0 {
		t.Errorf("left: %q, %d leases", after, leasesOf(t, client))
	}
}

// A run whose lease has expired, since it could not be heard of, takes its prefix
// again; where another has come meanwhile it ends its load, and leaves it to that.
func TestOwnershipLost(t *testing.T) {
	client := startEtcd(t)
	const prefix = "/etcd-dyno/lost/"
	o, err := newOwnership(client, prefix, "mine", "test")
	if err != nil {
		t.Fatal(err)
	}
	if err := o.claim(t.Context(), contents{prefix: prefix}); err != nil {
		t.Fatal(err)
	}
	o.stop()
	o.wg.Wait() // from here on the test renews by itself
	for _, taken := range []bool{false, true} {
		if err := revoke(t.Context(), client, o.lease); err != nil {
			t.Fatal(err)
		}
		if taken {
			for _, key := range []string{markerKey, ownerKey} {
				putKey(t, client, prefix+key) // another's value
			}
		}
		if err := o.again(t.Context()); errors.Is(err, ErrOwnership) != taken {
			t.Errorf("taken by another run %v: error %v", taken, err)
		}
		if guards, err := o.guards(t.Context()); err != nil || (guards == nil) != taken {
			t.Errorf("taken by another run %v: guards %v, %v", taken, guards, err)
		}
	}
	if err := o.release(t.Context()); !errors.Is(err, ErrOwnership) {
		t.Errorf("error %v", err)
	}
	if n := len(dump(t, client)); n != 2 {
		t.Errorf("%d keys are left of the other run's 2", n)
	}
}

// Without a yes nothing is written, not even a lease.
func TestPlanDeclined(t *testing.T) {
	client := startEtcd(t)
	revision := revisionOf(t, client)
	job := jobOf(t, churn, foreignOf(client)+"\napply = [\"touch\", \"applied\"]")
	t.Chdir(t.TempDir())
	job.Confirm = func(_ context.Context, p Plan, _ error) error {
		if len(p.Apply) != 2 {
			t.Errorf("plan %+v", p)
		}
		return ErrNotConfirmed
	}
	if folder, err := Run(t.Context(), t.Context(), job); !errors.Is(err, ErrNotConfirmed) {
		t.Errorf("error %v", err)
	} else if _, err := os.Stat(folder); err == nil {
		t.Errorf("a run that was refused leaves %s", folder)
	}
	if _, err := os.Stat("applied"); err == nil {
		t.Error("apply was run without a yes")
	}
	if now := revisionOf(t, client); now != revision || leasesOf(t, client) != 0 {
		t.Errorf("revision %d, it was %d; %d leases", now, revision, leasesOf(t, client))
	}
}

// startSmall starts an etcd with a small quota, and returns a client of it.
func startSmall(t *testing.T, quota string) *clientv3.Client {
	t.Helper()
	c, err := scenarios.LoadConfiguration("single", []string{"etcd.quota-backend-bytes=" + quota})
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(t.Context(), lab.Spec{Run: t.TempDir(), Configuration: c})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	return clientOf(t, l.Endpoints())
}

// What others write counts too: a run ends by itself, and takes its keys away, when
// they have filled the database, here to nine tenths of 64 MiB or all of it.
func TestQuotaFilledByOthers(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	client := startSmall(t, "64MiB")
	job := jobOf(t, `
name = "slow"
[phases]
warmup = "0s"
measure = "60s"
[workload.puts]
kind = "raw"
operation = "put"
keys = { count = 10 }
size = "1KiB"
arrival = { rate = "10/s" }
`, foreignOf(client))
	others, filled := 0, false
	job.Progress = func(s Status) {
		for s.Phase == results.PhaseMeasure && !filled {
			_, err := client.Put(t.Context(), fmt.Sprintf("other-%d", others), strings.Repeat("x", 1<<20))
			if filled = err != nil || others == 58; err == nil {
				others++
			}
		}
	}
	folder, err := Run(t.Context(), t.Context(), job)
	if !errors.Is(err, ErrQuota) || errors.Is(err, ErrLeft) {
		t.Fatalf("error %v", err)
	}
	run, _ := load(t, folder)
	if countEvents(run, results.EventStopped, "quota") != 1 || countEvents(run, results.EventInterrupted, "") != 0 || run.Ended != nil && run.Ended.Complete {
		t.Errorf("events %+v, end %+v", run.Events, run.Ended)
	}
	// The put with which the quota is full is applied, and fails.
	all, err := client.Get(t.Context(), "\x00", clientv3.WithFromKey(), clientv3.WithKeysOnly())
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range all.Kvs {
		if !strings.HasPrefix(string(kv.Key), "other-") {
			t.Errorf("%s is left", kv.Key)
		}
	}
	if others < 40 || all.Count < int64(others) {
		t.Errorf("%d keys, the others' are %d", all.Count, others)
	}
}

// A plan that does not fit into the quota is refused; a load of which nobody can
// tell how much it writes ends by itself before the quota is full, and etcd still
// takes writes.
func TestQuota(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	client := startSmall(t, "32MiB")
	before := revisionOf(t, client)
	foreign := foreignOf(client)
	t.Run("a plan that does not fit", func(t *testing.T) {
		_, err := Run(t.Context(), t.Context(), jobOf(t, churn, foreign, "setup.pods.count=5000"))
		if !errors.Is(err, ErrQuota) || !strings.Contains(err.Error(), "32 MiB") {
			t.Errorf("error %v", err)
		}
		if now := revisionOf(t, client); now != before {
			t.Errorf("revision %d, it was %d", now, before)
		}
	})
	t.Run("a load without an end", func(t *testing.T) {
		job := jobOf(t, `
name = "endless"
[phases]
measure = "60s"
[workload.puts]
kind = "raw"
operation = "put"
keys = { count = 10 }
size = "12KiB"
arrival = { process = "closed", clients = 2, think = "5ms" }
`, foreign)
		folder, err := Run(t.Context(), t.Context(), job)
		if !errors.Is(err, ErrQuota) || errors.Is(err, ErrLeft) {
			t.Fatalf("error %v", err)
		}
		run, result := load(t, folder)
		if result.Complete || operationOf(t, run, "puts", "put").ErrorCount() > 0 || countEvents(run, results.EventStopped, "quota") != 1 {
			t.Errorf("complete %v, puts %+v, events %+v", result.Complete, operationOf(t, run, "puts", "put").Counts, run.Events)
		}
		if !slices.ContainsFunc(result.Warnings, func(w string) bool { return strings.HasPrefix(w, "stopped: ") }) {
			t.Errorf("warnings %q", result.Warnings)
		}
		if _, err := client.Put(t.Context(), "x", "etcd takes writes"); err != nil {
			t.Error(err)
		}
		if all := dump(t, client); len(all) != 1 {
			t.Errorf("%d keys are left", len(all)-1)
		}
	})
}

// The command of a configuration is run after the yes and before the first
// write, its output is kept, and where it fails nothing is written.
func TestApply(t *testing.T) {
	notUnderRace(t)
	client := startEtcd(t)
	t.Chdir(t.TempDir())
	script := func(text string) {
		if err := os.WriteFile("set-heartbeat", []byte("#!/bin/sh\n"+text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	configuration := foreignOf(client) + "\napply = [\"./set-heartbeat\", \"250\", \"$HOME; true\"]"
	job := jobOf(t, churn, configuration, "phases.warmup=0s", "phases.measure=1s", "setup.pods.count=50")

	script("seq 100 >&2; echo cannot reach \"$1\" >&2; exit 3")
	revision := revisionOf(t, client)
	folder, err := Run(t.Context(), t.Context(), job)
	if err == nil || !strings.Contains(err.Error(), "exit status 3") || !strings.Contains(err.Error(), "cannot reach 250") || strings.Contains(err.Error(), "\n  50\n") {
		t.Errorf("error %v", err)
	}
	if b, err := os.ReadFile(filepath.Join(folder, ApplyLog)); err != nil || !strings.Contains(string(b), "\n50\n") {
		t.Errorf("its log %q, %v", b, err)
	}
	if now := revisionOf(t, client); now != revision {
		t.Errorf("revision %d, it was %d", now, revision)
	}

	script("echo \"$@\"; touch begun")
	job.Started = func(string) {
		if _, err := os.Stat("begun"); err != nil {
			t.Error("the run began before apply")
		}
	}
	run, result := runJob(t, job)
	if b, err := os.ReadFile(filepath.Join(run.Folder, ApplyLog)); err != nil || string(b) != "250 $HOME; true\n" {
		t.Errorf("its log %q, %v", b, err)
	}
	if !result.Complete || len(dump(t, client)) > 0 {
		t.Errorf("complete %v, %d keys are left", result.Complete, len(dump(t, client)))
	}
}

// A command that does not end is ended with the run, and all that it has started.
func TestApplyInterrupted(t *testing.T) {
	client := startEtcd(t)
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	job := jobOf(t, churn, foreignOf(client)+"\napply = [\"sh\", \"-c\", \"sleep 300 & sleep 300\"]")
	job.Confirm = func(context.Context, Plan, error) error {
		time.AfterFunc(300*time.Millisecond, interrupt)
		return nil
	}
	began := time.Now()
	if _, err := Run(ctx, ctx, job); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	if took := time.Since(began); took > 10*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestCheckPrefix(t *testing.T) {
	for prefix, want := range map[string]string{
		"/etcd-dyno/x/": "", "/a/b.c/d_e-f/": "", "/registry2/": "",
		"": "begin and end", "/": "whole of the cluster", "x/": "begin and end", "/x": "begin and end", "//": "two '/'", "/a//b/": "two '/'",
		"/registry/": "Kubernetes", "/registry/pods/": "Kubernetes", "/etcd-dyno/x/registry/": "Kubernetes", "/a b/": "printable", "/a\n/": "printable", "/ä/": "printable",
		"/" + strings.Repeat("x", 200) + "/": "200 are possible",
	} {
		err := CheckPrefix(prefix)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", prefix, err, want)
		}
	}
}
