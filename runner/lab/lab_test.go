package lab

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/limit"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// startTimeout allows for a machine that is busy with other tests, and for the
// race detector.
const startTimeout = time.Minute

func TestStartAndStop(t *testing.T) {
	for name, members := range map[string]int{"one member": 1, "three members": 3} {
		t.Run(name, func(t *testing.T) {
			run := t.TempDir()
			began := time.Now()
			l := start(t, Spec{Run: run, Configuration: scenarios.Configuration{
				Members: members,
				Flags:   []scenarios.Flag{{Name: "heartbeat-interval", Value: "50"}},
			}})
			t.Logf("healthy after %v", time.Since(began).Round(time.Millisecond))
			if got := len(l.Endpoints()); got != members {
				t.Fatalf("%d endpoints, want %d", got, members)
			}
			for _, m := range l.Members() {
				if !strings.HasPrefix(m.Version, "3.") || !alive(m.PID) {
					t.Errorf("member %+v: want a version and a living process", m)
				}
				if command := commandLine(m.PID); !strings.Contains(command, run) || !strings.Contains(command, "--heartbeat-interval=50") {
					t.Errorf("command line %q lacks the run folder or the flag", command)
				}
			}
			putAndGet(t, l.Endpoints())

			stop(t, l)
			mustBeGone(t, run)
			mustNotExist(t, dataFolder(run))
			if _, err := os.Stat(memberLog(run, "m1")); err != nil {
				t.Errorf("the log of m1: %v", err)
			}
			if e, open := <-l.Events(); open {
				t.Errorf("event %+v of an orderly stop", e)
			}
			if err := l.Stop(t.Context()); err != nil {
				t.Errorf("second Stop: %v", err)
			}
		})
	}
}

func TestKeep(t *testing.T) {
	notUnderRace(t)
	runs := t.TempDir()
	run := filepath.Join(runs, "kept")
	l := start(t, Spec{Run: run, Configuration: scenarios.Configuration{Members: 1}, Keep: true})
	stop(t, l)
	mustBeGone(t, run)
	if removed, err := Sweep(runs); len(removed) > 0 || err != nil {
		t.Errorf("Sweep removed %v, %v", removed, err)
	}
	if _, err := os.Stat(filepath.Join(memberData(run, "m1"), "member", "wal")); err != nil {
		t.Errorf("the kept data: %v", err)
	}
}

func TestMembersInheritNoEnvironment(t *testing.T) {
	t.Setenv("ETCD_NAME", "from-the-environment")
	t.Setenv("ETCD_HEARTBEAT_INTERVAL", "nonsense")
	l := start(t, Spec{Run: t.TempDir(), Configuration: scenarios.Configuration{Members: 1}})
	environment, err := os.ReadFile(procFile(l.Members()[0].PID, "environ"))
	if err != nil || len(environment) > 0 {
		t.Errorf("the member's environment is %q, %v; want none", environment, err)
	}
	stop(t, l)
}

func TestStartErrors(t *testing.T) {
	notUnderRace(t)
	one := scenarios.Configuration{Members: 1}
	with := func(name, value string) scenarios.Configuration {
		return scenarios.Configuration{Members: 1, Flags: []scenarios.Flag{{Name: name, Value: value}}}
	}
	tests := map[string]struct {
		spec Spec
		want string
	}{
		"relative folder":     {Spec{Run: "relative/run-folder", Configuration: one}, "not an absolute path"},
		"two members":         {Spec{Run: t.TempDir(), Configuration: scenarios.Configuration{Members: 2}}, "1, 3 or 5 members"},
		"the lab's own flag":  {Spec{Run: t.TempDir(), Configuration: with("data-dir", "/x")}, `"data-dir" is the lab's own`},
		"not a flag's name":   {Spec{Run: t.TempDir(), Configuration: with("data-dir=/x", "")}, "not the name of an etcd flag"},
		"no such program":     {Spec{Run: t.TempDir(), Configuration: one, Executable: "/nonexistent"}, "no such file"},
		"not this program":    {Spec{Run: t.TempDir(), Configuration: one, Executable: "/bin/false"}, "the lab host ended (exit status 1)"},
		"a bad value":         {Spec{Run: t.TempDir(), Configuration: with("heartbeat-interval", "fast")}, `invalid value "fast" for flag -heartbeat-interval`},
		"an unknown flag":     {Spec{Run: t.TempDir(), Configuration: with("heartbeats", "1")}, "flag provided but not defined: -heartbeats"},
		"values at odds":      {Spec{Run: t.TempDir(), Configuration: with("heartbeat-interval", "900")}, "should be at least as 5 times"},
		"an unknown gate":     {Spec{Run: t.TempDir(), Configuration: with("feature-gates", "Warp=true")}, "unrecognized feature gate: Warp"},
		"too short a timeout": {Spec{Run: t.TempDir(), Configuration: one, StartTimeout: time.Millisecond}, "giving up after 1ms: member m1 is not healthy"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := Start(t.Context(), test.spec)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("error %v, want one with %q", err, test.want)
			}
			if strings.Contains(err.Error(), "Usage") {
				t.Errorf("etcd's usage is in the error: %v", err)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("told after %v", took)
			}
			mustBeGone(t, test.spec.Run)
			mustNotExist(t, dataFolder(test.spec.Run))
		})
	}
}

func TestFolderInUse(t *testing.T) {
	run := t.TempDir()
	l := start(t, Spec{Run: run, Configuration: scenarios.Configuration{Members: 1}})
	if _, err := Start(t.Context(), Spec{Run: run, Configuration: scenarios.Configuration{Members: 1}}); !errors.Is(err, os.ErrExist) {
		t.Errorf("a second lab in the folder: %v, want that the data exist", err)
	}
	putAndGet(t, l.Endpoints())
	stop(t, l)
}

func TestCancelledStart(t *testing.T) {
	reason := errors.New("changed my mind")
	for name, when := range map[string]func(run string) bool{
		"at once":               func(string) bool { return true },
		"when members start":    func(run string) bool { return exists(memberLog(run, "m1")) },
		"when members have WAL": func(run string) bool { return exists(filepath.Join(memberData(run, "m3"), "member", "wal")) },
	} {
		t.Run(name, func(t *testing.T) {
			run := t.TempDir()
			ctx, cancel := context.WithCancelCause(t.Context())
			var waiting sync.WaitGroup
			waiting.Go(func() {
				eventually(t, startTimeout, name, func() bool { return when(run) })
				cancel(reason)
			})
			l, err := Start(ctx, Spec{Run: run, Configuration: scenarios.Configuration{Members: 3}, StartTimeout: startTimeout})
			left := processesOf(run)
			waiting.Wait()
			if err == nil { // it was faster than the test
				stop(t, l)
				return
			}
			if !errors.Is(err, reason) {
				t.Errorf("error %v, want the reason of the cancellation", err)
			}
			if len(left) > 0 {
				t.Errorf("Start returned with processes %v left", left)
			}
			mustNotExist(t, dataFolder(run))
		})
	}
}

func TestMemberKilled(t *testing.T) {
	l := start(t, Spec{Run: t.TempDir(), Configuration: scenarios.Configuration{Members: 3}})
	victim := l.Members()[1]
	killed := time.Now()
	kill(t, victim.PID)
	e := nextEvent(t, l)
	if e.Process != victim.Name || e.State != "signal: killed" || e.At.Before(killed) {
		t.Errorf("event %+v, want that %s was killed", e, victim.Name)
	}
	putAndGet(t, l.Endpoints()[:1]) // two of three still have a quorum
	stop(t, l)
}

func TestHostKilled(t *testing.T) {
	l := configured(t, all)
	run := l.spec.Run
	if a := l.Resources(); a.Mode == limit.V1 && len(ownGroups(t, run)) == 0 {
		t.Error("the lab has no cgroup that could be left")
	}
	kill(t, l.host.pid())
	if e := nextEvent(t, l); e.Process != HostCommand || e.State != "signal: killed" {
		t.Errorf("event %+v, want that the lab host was killed", e)
	}
	mustBeGone(t, run)
	stop(t, l)
	mustNotExist(t, dataFolder(run))
	if left := ownGroups(t, run); len(left) > 0 {
		t.Errorf("left: %v", left)
	}
}

// A host that hangs must not keep Stop from ending everything.
func TestHostHangs(t *testing.T) {
	run := t.TempDir()
	l := start(t, Spec{Run: run, Configuration: scenarios.Configuration{Members: 1}, StopTimeout: time.Millisecond})
	l.host.signal(syscall.SIGSTOP)
	stop(t, l)
	mustBeGone(t, run)
	mustNotExist(t, dataFolder(run))
}

// A member that does not heed SIGTERM is killed.
func TestMemberHangs(t *testing.T) {
	notUnderRace(t)
	run := t.TempDir()
	l := start(t, Spec{Run: run, Configuration: scenarios.Configuration{Members: 1}, StopTimeout: 100 * time.Millisecond})
	if err := syscall.Kill(l.Members()[0].PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	stop(t, l)
	mustBeGone(t, run)
}

func TestTenLabsAtOnce(t *testing.T) {
	notUnderRace(t)
	runs := t.TempDir()
	var labs sync.WaitGroup
	for name := range strings.SplitSeq("a b c d e f g h i j", " ") {
		labs.Go(func() {
			l, err := Start(t.Context(), Spec{
				Run: filepath.Join(runs, name), Configuration: scenarios.Configuration{Members: 1}, StartTimeout: startTimeout,
			})
			if err != nil {
				t.Errorf("lab %s: %v", name, err)
				return
			}
			putAndGet(t, l.Endpoints())
			if err := l.Stop(t.Context()); err != nil {
				t.Errorf("lab %s: %v", name, err)
			}
		})
	}
	labs.Wait()
	mustBeGone(t, runs)
}

func start(t *testing.T, spec Spec) *Lab {
	t.Helper()
	if spec.StartTimeout == 0 {
		spec.StartTimeout = startTimeout
	}
	l, err := Start(t.Context(), spec)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Stop(context.Background()) }) // for a test that fails half-way
	return l
}

func stop(t *testing.T, l *Lab) {
	t.Helper()
	began := time.Now()
	if err := l.Stop(t.Context()); err != nil {
		t.Errorf("Stop: %v", err)
	}
	t.Logf("stopped after %v", time.Since(began).Round(time.Millisecond))
}

func nextEvent(t *testing.T, l *Lab) Event {
	t.Helper()
	select {
	case e := <-l.Events():
		return e
	case <-time.After(5 * time.Second):
		t.Fatal("no event after 5 s")
		return Event{}
	}
}

// putAndGet uses a cluster as a user would. It may be called from any goroutine.
func putAndGet(t *testing.T, endpoints []string) {
	t.Helper()
	client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, Logger: zap.NewNop()})
	if err != nil {
		t.Error(err)
		return
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	// A put that a dying leader took is lost; the next one finds its successor.
	eventually(t, 20*time.Second, "a put", func() bool {
		_, err := client.Put(ctx, "/registry/pods/a", "b")
		return err == nil
	})
	got, err := client.Get(ctx, "/registry/pods/a")
	if err != nil || len(got.Kvs) != 1 || string(got.Kvs[0].Value) != "b" {
		t.Errorf("get: %v, %v", got, err)
	}
}
