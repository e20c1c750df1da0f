package limit

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func both() Resources { return Resources{LimitCPU: 500, LimitMemory: 64 << 20} }

// The bounds are loose, as a period may be cut at both ends. A child that nothing
// limits uses two cores, or what a busy machine leaves it: less than the limit may be.
func TestLimitOfCPUHolds(t *testing.T) {
	for _, c := range []struct {
		millicores int
		bound      float64 // in cores
	}{{500, 0.6}, {100, 0.15}} {
		t.Run(fmt.Sprintf("%dm", c.millicores), func(t *testing.T) {
			g := grouped(t, Resources{LimitCPU: c.millicores, LimitMemory: 64 << 20}, "m1", "m2")
			cmd := child(t, burnCommand, g.Of("m1").Procs()...)
			began := time.Now()
			if err := cmd.Run(); err != nil {
				t.Fatal(err)
			}
			wall, used := time.Since(began), cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
			u, err := g.Of("m1").Usage()
			if err != nil {
				t.Fatal(err)
			}
			cores := u.CPU.Seconds() / wall.Seconds()
			t.Logf("%.3f cores over %v; %+v", cores, wall, u)
			if cores > c.bound {
				t.Errorf("the child used %.3f cores under a limit of %dm, want at most %v", cores, c.millicores, c.bound)
			}
			if u.Periods == 0 || u.Periods < u.ThrottledPeriods {
				t.Errorf("usage %+v, want periods, and no more throttled ones", u)
			}
			// What the child used before it entered is not in the group's account.
			if before := used - u.CPU; before < -50*time.Millisecond || before > 300*time.Millisecond {
				t.Errorf("the group used %v of CPU, the child says %v", u.CPU, used)
			}
			if other, err := g.Of("m2").Usage(); err != nil || other.CPU != 0 {
				t.Errorf("the other member used %v of CPU (%v), want none", other.CPU, err)
			}
			if u.Throttled == 0 {
				t.Skip("the machine is so busy that the child did not come to its limit")
			}
		})
	}
}

func TestLimitOfMemoryKills(t *testing.T) {
	g := grouped(t, both(), "m1")
	cmd := child(t, eatCommand, g.Of("m1").Procs()...)
	err := cmd.Run()
	status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		t.Fatalf("the child ended with %v, want that the kernel killed it", err)
	}
	u, err := g.Of("m1").Usage()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", u)
	limit := uint64(both().LimitMemory)
	const page = 1 << 16 // the kernel lets a few through at the last moment
	if u.OOMKills != 1 || u.MaxMemory > limit+page || u.MaxMemory != 0 && u.MaxMemory < limit/2 {
		t.Errorf("usage %+v, want one kill at %d bytes", u, limit)
	}
}

// The race detector takes several times as much again.
func TestMemoryBelowTheLimitIsLeftAlone(t *testing.T) {
	g := grouped(t, Resources{LimitCPU: 2000, LimitMemory: 2 << 30}, "m1")
	out, err := child(t, eatCommand, g.Of("m1").Procs()...).Output()
	if err != nil || string(out) != "ate 96\n" {
		t.Fatalf("the child says %q, %v", out, err)
	}
	if u, err := g.Of("m1").Usage(); err != nil || u.OOMKills != 0 || u.MaxMemory != 0 && u.MaxMemory < eating {
		t.Errorf("usage %+v, %v, want %d bytes at most and no kill", u, err, eating)
	}
}

func TestMemberIsInItsGroupsAlone(t *testing.T) {
	g := grouped(t, both(), "m1", "m2")
	pid, end := waiting(t, holdCommand, g.Of("m2").Procs()...)
	defer end()
	for _, procs := range g.Of("m2").Procs() {
		if !inGroup(t, procs, pid) {
			t.Errorf("%s does not hold the member", procs)
		}
		if inGroup(t, filepath.Join(filepath.Dir(procs), "..", procsFile), pid) {
			t.Errorf("the group above %s holds the member too", procs)
		}
	}
	for _, procs := range g.Of("m1").Procs() {
		if inGroup(t, procs, pid) {
			t.Errorf("%s holds another's member", procs)
		}
	}
}

func TestRequestsWeigh(t *testing.T) {
	g := grouped(t, Resources{RequestCPU: 200, LimitCPU: 1500, LimitMemory: 64 << 20}, "m1", "m2", "m3")
	file, one, all := "cpu.shares", "204", "614"
	if g.Applied.Mode == V2 {
		file, one, all = "cpu.weight", "29", "67"
	}
	found := false
	for _, folder := range g.Of("m1").folders {
		if _, err := os.Stat(filepath.Join(folder, file)); err != nil {
			continue
		}
		found = true
		if got := contents(t, filepath.Join(folder, file)); got != one {
			t.Errorf("a member weighs %s, want %s", got, one)
		}
		if got := contents(t, filepath.Join(folder, "..", file)); got != all {
			t.Errorf("the lab weighs %s, want %s", got, all)
		}
	}
	if !found {
		t.Errorf("no group of %v has %s", g.Of("m1").folders, file)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	g := grouped(t, both(), "m1", "m2")
	pid, end := waiting(t, holdCommand, g.Of("m1").Procs()...)
	folders := g.folders
	ended := make(chan struct{})
	go func() { // the member is still dying when the groups are closed
		defer close(ended)
		<-time.After(100 * time.Millisecond)
		end()
	}()
	if err := g.Close(t.Context()); err != nil {
		t.Error(err)
	}
	<-ended
	for _, folder := range folders {
		if _, err := os.Stat(folder); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there (%v)", folder, err)
		}
	}
	if _, err := g.Of("m1").Usage(); err == nil {
		t.Errorf("a group that is gone has a usage (process %d)", pid)
	}
	if err := g.Close(t.Context()); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

func TestNothingAskedForIsNothingDone(t *testing.T) {
	g, err := Open(Spec{Run: t.TempDir(), Members: []string{"m1"}})
	if err != nil {
		t.Fatal(err)
	}
	m1 := g.Of("m1")
	if g.Applied != (Applied{Mode: None}) || len(m1.Procs()) > 0 || len(m1.Env()) > 0 || len(g.folders) > 0 {
		t.Errorf("applied %+v with %v and %v, want nothing", g.Applied, m1.Procs(), m1.Env())
	}
	if _, err := m1.Usage(); !errors.Is(err, ErrNoGroup) {
		t.Errorf("usage: %v, want %v", err, ErrNoGroup)
	}
	if g.Of("m2") != nil {
		t.Error("a member that was not named has been given something")
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, c := range []struct {
		name string
		spec Spec
		want string
	}{
		{"less than nothing", Spec{Run: "/r", Resources: Resources{LimitCPU: -1}}, "cannot be negative"},
		{"a CPU request above its limit", Spec{Run: "/r", Resources: Resources{RequestCPU: 2000, LimitCPU: 500}}, "request of 2000m is above the limit of 500m"},
		{"a memory request above its limit", Spec{Run: "/r", Resources: Resources{RequestMemory: 2, LimitMemory: 1}}, "request of 2 bytes is above the limit of 1"},
		{"a relative run folder", Spec{Run: "r"}, `"r" is not an absolute path`},
		{"a path for a member", Spec{Run: "/r", Members: []string{"../m1"}}, `"../m1" cannot be the name of a group`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Open(c.spec); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}

func TestEnterSaysWhere(t *testing.T) {
	path := filepath.Join(t.TempDir(), procsFile)
	if err := Enter([]string{path}); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), path) {
		t.Errorf("error %v, want that %s does not exist", err, path)
	}
}
