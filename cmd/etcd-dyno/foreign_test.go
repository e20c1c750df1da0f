package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/etcd-dyno/etcd-dyno/runner"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// startForeign starts an etcd and returns a client of it.
func startForeign(t *testing.T) *clientv3.Client {
	t.Helper()
	single, err := scenarios.LoadConfiguration("single", nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(t.Context(), lab.Spec{Run: t.TempDir(), Configuration: single})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	c, err := clientv3.New(clientv3.Config{Endpoints: l.Endpoints(), Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

// keysOf are all keys of a cluster, and revision is its own.
func keysOf(t *testing.T, c *clientv3.Client) (keys []string, revision int64) {
	t.Helper()
	r, err := c.Get(t.Context(), "\x00", clientv3.WithFromKey(), clientv3.WithKeysOnly())
	if err != nil {
		t.Fatal(err)
	}
	for _, kv := range r.Kvs {
		keys = append(keys, string(kv.Key))
	}
	return keys, r.Header.Revision
}

// called runs a command line without a terminal, and returns its exit code and what it said.
func called(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	var stdout, stderr bytes.Buffer
	code = execute(args, standard{in: null, out: &stdout, err: &stderr})
	return code, stdout.String(), stderr.String()
}

// Where nobody can be asked, the plan is shown and nothing is written; a plan
// that nobody could carry out is refused in spite of --yes.
func TestPlanWithoutTerminal(t *testing.T) {
	c := startForeign(t)
	_, before := keysOf(t, c)
	runs := t.TempDir()
	for _, tc := range []struct {
		name string
		args []string
		code int
		want []string
	}{
		{"nobody to ask", nil, exitUsage, []string{"--yes", "/etcd-dyno/pod-churn/", "3200 objects", c.Endpoints()[0] + "  etcd 3.7", "quota of 2 GiB", "create 5/s"}},
		{"beyond the quota", []string{"--yes", "--set", "setup.pods.count=1000000"}, exitCannotRun, []string{"too near to its quota", "1000200 objects"}},
		{"a prefix of a Kubernetes", []string{"--yes", "--prefix", "/registry/"}, exitUsage, []string{"--prefix /registry/"}},
		{"a prefix that is none", []string{"--yes", "--prefix", "x"}, exitUsage, []string{"begin and end with '/'"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			code, out, errs := called(t, append([]string{"run", "pod-churn", "--runs-dir", runs, "--endpoints", c.Endpoints()[0]}, tc.args...)...)
			if code != tc.code || out != "" {
				t.Errorf("exit code %d, want %d; on stdout %q", code, tc.code, out)
			}
			for _, word := range tc.want {
				if !strings.Contains(errs, word) {
					t.Errorf("it has no word of %q:\n%s", word, errs)
				}
			}
			if _, now := keysOf(t, c); now != before {
				t.Errorf("revision %d, it was %d", now, before)
			}
			if left, err := os.ReadDir(runs); err != nil || len(left) > 0 {
				t.Errorf("left in the runs' folder: %v, %v", left, err)
			}
		})
	}
}

// Killed in mid-run, the tool leaves its keys; clean shows and removes them when
// the run counts as dead, and nothing else.
func TestKilledThenCleaned(t *testing.T) {
	c := startForeign(t)
	for _, key := range []string{"/etcd-dyno/mine/registry/a", "/registry/pods/x"} {
		if _, err := c.Put(t.Context(), key, "x"); err != nil {
			t.Fatal(err)
		}
	}
	others, _ := keysOf(t, c)
	const prefix = "/etcd-dyno/pod-churn/"
	killMidRun(t, c, prefix)

	clean := func(want int, words []string, args ...string) string {
		t.Helper()
		code, out, errs := called(t, append([]string{"clean", "--endpoints", c.Endpoints()[0]}, args...)...)
		if code != want {
			t.Errorf("clean %v: exit code %d, want %d; it said:\n%s%s", args, code, want, out, errs)
		}
		for _, word := range words {
			if !strings.Contains(out+errs, word) {
				t.Errorf("clean %v has no word of %q:\n%s%s", args, word, out, errs)
			}
		}
		return out
	}
	left, revision := keysOf(t, c)
	clean(exitCannotRun, []string{prefix, "alive", "wait for its end"}, "--yes")
	if now, then := keysOf(t, c); !slices.Equal(now, left) || then != revision {
		t.Errorf("clean changed a run that counts as alive: %d keys, there were %d", len(now), len(left))
	}
	expireOwner(t, c, prefix)
	left, revision = keysOf(t, c)
	clean(exitUsage, []string{"PREFIX", prefix, "--yes"})
	clean(exitDone, []string{"marked: 1; they stay"}, "--yes", "--prefix", "/etcd-dyno/mine/")
	if now, then := keysOf(t, c); !slices.Equal(now, left) || then != revision {
		t.Errorf("clean changed something without a yes: %d keys, there were %d", len(now), len(left))
	}

	var done struct {
		Found    []runner.Leftover
		Removed  []runner.Removed
		Unmarked int64
	}
	out := clean(exitDone, nil, "--yes", "-o", "json")
	if err := json.Unmarshal([]byte(out), &done); err != nil {
		t.Fatalf("%v in\n%s", err, out)
	}
	want := int64(len(left) - len(others))
	if len(done.Found) != 1 || done.Found[0].Keys != want || done.Found[0].By.Run == "" || len(done.Removed) != 1 || done.Removed[0].Keys != want || done.Removed[0].Leases == 0 || done.Unmarked != 1 {
		t.Errorf("%d keys were left; it says %+v", want, done)
	}
	if now, _ := keysOf(t, c); !slices.Equal(now, others) {
		t.Errorf("keys %q, want %q", now, others)
	}
	if leases, err := c.Leases(t.Context()); err != nil || len(leases.Leases) > 0 {
		t.Errorf("leases %v, %v", leases, err)
	}
	clean(exitDone, []string{"No run has left anything", "marked: 1; they stay"})
}

// killMidRun starts the tool on a cluster, and kills it when it has measured a while.
func killMidRun(t *testing.T, c *clientv3.Client, prefix string) {
	t.Helper()
	runs := t.TempDir()
	command := exec.CommandContext(context.Background(), os.Args[0], "run", "pod-churn", "--endpoints", c.Endpoints()[0], "--yes", "--runs-dir", runs,
		"--set", "phases.warmup=0s", "--set", "phases.measure=60s", "--set", "setup.pods.count=700", "--set", "workload.churn.arrival.rate=20/s")
	var talk bytes.Buffer
	command.Stderr, command.SysProcAttr = &talk, &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = command.Process.Kill() }()
	eventually(t, 60*time.Second, "events with a lease in etcd", func() bool {
		r, err := c.Get(t.Context(), prefix+"registry/events/", clientv3.WithPrefix(), clientv3.WithCountOnly())
		return err == nil && r.Count > 20
	})
	if err := command.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = command.Wait() // it was killed
	if folders, err := filepath.Glob(filepath.Join(runs, "*", "run.jsonl")); err != nil || len(folders) != 1 {
		t.Errorf("journals %v, %v; it said:\n%s", folders, err, talk.String())
	}
}

// expireOwner does what a minute does: the lease of a prefix's owner ends.
func expireOwner(t *testing.T, c *clientv3.Client, prefix string) {
	t.Helper()
	r, err := c.Get(t.Context(), prefix+".etcd-dyno/owner")
	if err != nil || len(r.Kvs) != 1 || r.Kvs[0].Lease == 0 {
		t.Fatalf("the owner's key: %v, %v", r, err)
	}
	ttl, err := c.TimeToLive(t.Context(), clientv3.LeaseID(r.Kvs[0].Lease))
	if err != nil || ttl.GrantedTTL != 60 {
		t.Errorf("its lease: %v, %v", ttl, err)
	}
	if _, err := c.Revoke(t.Context(), clientv3.LeaseID(r.Kvs[0].Lease)); err != nil {
		t.Fatal(err)
	}
}

// etcdctl's variables fill in what is missing, and never choose a cluster.
func TestEtcdctlVariables(t *testing.T) {
	for _, tc := range []struct {
		name        string
		environment map[string]string
		flags       targetFlags
		want        string // the configuration, or the error
		user        string
	}{
		{"without env", map[string]string{"ETCDCTL_ENDPOINTS": "http://9.9.9.9:2379", "ETCDCTL_USER": "root:x"}, targetFlags{}, `members = 1`, ""},
		{"env, not set", nil, targetFlags{endpoints: []string{"env"}}, "ETCDCTL_ENDPOINTS is not set", ""},
		{"env, plain", map[string]string{"ETCDCTL_ENDPOINTS": "10.0.0.1:2379, http://10.0.0.2:2379", "ETCDCTL_KEY": "k"}, targetFlags{endpoints: []string{"env"}}, `endpoints = ["http://10.0.0.1:2379", "http://10.0.0.2:2379"]`, ""},
		{
			"env, with certificates",
			map[string]string{"ETCDCTL_ENDPOINTS": "10.0.0.1:2379", "ETCDCTL_CACERT": "ca", "ETCDCTL_CERT": "c", "ETCDCTL_KEY": "k", "ETCDCTL_USER": "root", "ETCDCTL_PASSWORD": "x"},
			targetFlags{endpoints: []string{"env"}},
			`endpoints = ["https://10.0.0.1:2379"] cacert = "ca" cert = "c" key = "k"`, "root:x",
		},
		{
			"flags come first",
			map[string]string{"ETCDCTL_CACERT": "ca", "ETCDCTL_CERT": "c", "ETCDCTL_KEY": "k", "ETCDCTL_USER": "root:x", "ETCDCTL_PASSWORD": "y"},
			targetFlags{endpoints: []string{"https://10.0.0.1:2379"}, cert: "mine", key: "mine", user: "me:p:w"},
			`endpoints = ["https://10.0.0.1:2379"] cacert = "ca" cert = "mine" key = "mine"`, "me:p:w",
		},
		{"plain text needs none", map[string]string{"ETCDCTL_CACERT": "ca"}, targetFlags{endpoints: []string{"http://10.0.0.1:2379"}}, `endpoints = ["http://10.0.0.1:2379"]`, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			for _, name := range []string{"ETCDCTL_ENDPOINTS", "ETCDCTL_CACERT", "ETCDCTL_CERT", "ETCDCTL_KEY", "ETCDCTL_USER", "ETCDCTL_PASSWORD", "ETCD_DYNO_PASSWORD"} {
				t.Setenv(name, tc.environment[name])
			}
			all, err := configurationsOf(runFlags{targetFlags: tc.flags}, scenarios.Scenario{Configuration: "single"}, nil)
			got := fmt.Sprint(err)
			if err == nil {
				got = strings.ReplaceAll(string(scenarios.EncodeConfiguration(all[0])), "\n", " ")
			}
			if got = strings.Join(strings.Fields(got), " "); !strings.Contains(got, tc.want) {
				t.Errorf("got %s, want %s", got, tc.want)
			}
			if err != nil {
				return
			}
			credentials, err := credentialsOf(standard{in: os.Stdin, err: os.Stderr}, tc.flags, len(all[0].Endpoints) > 0)
			user := strings.Trim(credentials.Username+":"+credentials.Password, ":")
			if err != nil || user != tc.user {
				t.Errorf("user %q, %v, want %q", user, err, tc.user)
			}
		})
	}
}
