package limit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// orphaned starts an owner of groups with a member in them, and kills it.
func orphaned(t *testing.T) (run string) {
	t.Helper()
	run = t.TempDir()
	_, kill := waiting(t, ownCommand, run)
	kill()
	return run
}

// groupsOf finds the groups of a run folder in all hierarchies.
func groupsOf(t *testing.T, run string) []string {
	t.Helper()
	hierarchies, err := readTable("/proc/self")
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(groupName(run, owner{}), "_0_0_0")
	var found []string
	for _, m := range hierarchies.mounts {
		_ = filepath.WalkDir(m.point, func(path string, d os.DirEntry, err error) error {
			if err == nil && d.IsDir() && strings.HasPrefix(d.Name(), name) {
				found = append(found, path)
			}
			return nil
		})
	}
	return found
}

func TestSweepTakesTheGroupsOfAKilledOwner(t *testing.T) {
	alive := grouped(t, both(), "m1")
	run := orphaned(t)
	left := groupsOf(t, run)
	if len(left) == 0 {
		t.Fatal("the owner left no groups behind")
	}
	removed, err := Sweep(t.Context())
	if err != nil {
		t.Logf("of others: %v", err) // ours are looked at below
	}
	for _, folder := range left {
		if !slices.Contains(removed, folder) {
			t.Errorf("%s is not among those removed, %v", folder, removed)
		}
	}
	if still := groupsOf(t, run); len(still) > 0 {
		t.Errorf("%v is still there", still)
	}
	for _, folder := range alive.folders {
		if _, err := os.Stat(folder); err != nil || slices.Contains(removed, folder) {
			t.Errorf("%s of an owner that lives is gone: %v", folder, err)
		}
	}
}

// A process in the group of a dead owner need not be a member, and is not killed.
func TestSweepKillsNothing(t *testing.T) {
	g := grouped(t, both(), "m1")
	gone := deadOwner(t)
	folder := filepath.Join(filepath.Dir(g.folders[0]), groupName(t.TempDir(), gone))
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Rmdir(folder) })
	pid, end := waiting(t, holdCommand, filepath.Join(folder, procsFile))
	defer end()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	removed, err := sweep(ctx, []string{filepath.Dir(folder)})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("%s: device or resource busy by the processes [\"%d\"]", folder, pid)) || slices.Contains(removed, folder) {
		t.Errorf("error %v, want that process %d is in %s", err, pid, folder)
	}
	if !inGroup(t, filepath.Join(folder, procsFile), pid) {
		t.Errorf("process %d is gone", pid)
	}
	end()
	if removed, err := sweep(t.Context(), []string{filepath.Dir(folder)}); err != nil || !slices.Contains(removed, folder) {
		t.Errorf("removed %v with %v, want %s", removed, err, folder)
	}
}

func deadOwner(t *testing.T) owner {
	t.Helper()
	pid, end := waiting(t, holdCommand)
	o, err := readOwner(strconv.Itoa(pid))
	end()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestOwners(t *testing.T) {
	self, err := readOwner("self")
	if err != nil {
		t.Fatal(err)
	}
	later, elsewhere := self, self
	later.start++
	elsewhere.namespace, elsewhere.pid = 1, 1<<22+1 // no process has that number here
	for _, c := range []struct {
		name string
		o    owner
		dead bool
	}{
		{"this process", self, false},
		{"an earlier process of the same number", later, true},
		{"a process that ended", deadOwner(t), true},
		{"a process of another namespace", elsewhere, false},
	} {
		if got := c.o.dead(); got != c.dead {
			t.Errorf("%s (%+v) is dead: %v, want %v", c.name, c.o, got, c.dead)
		}
	}
}

func TestZombieIsDead(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^$")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	o, err := readOwner(strconv.Itoa(cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for b := make([]byte, 64); ; { // the end of its output is just before its own
		if _, err := out.Read(b); err != nil {
			break
		}
	}
	for until := time.Now().Add(5 * time.Second); !o.dead(); <-time.After(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("a process that ended and was not waited for is taken for alive")
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

func TestParseStat(t *testing.T) {
	rest := " 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 777 20 21\n"
	for _, c := range []struct {
		name, stat string
		want       owner
		fails      bool
	}{
		{"plain", "42 (etcd) S" + rest, owner{pid: 42, start: 777}, false},
		{"a name made to mislead", "42 (a) Z 1 (b) S" + rest, owner{pid: 42, start: 777}, false},
		{"a zombie", "42 (etcd) Z" + rest, owner{}, true},
		{"cut off", "42 (etcd) S 1 2 3", owner{}, true},
		{"empty", "", owner{}, true},
	} {
		if got, err := parseStat(c.stat); got != c.want || (err != nil) != c.fails {
			t.Errorf("%s: %+v, %v, want %+v", c.name, got, err, c.want)
		}
	}
}

func TestNameTellsWhose(t *testing.T) {
	o := owner{pid: 42, start: 777, namespace: 4026531836}
	name := groupName("/home/u/runs/20261124 pod_churn", o)
	if !strings.HasPrefix(name, "etcd-dyno_20261124-pod-churn_") {
		t.Errorf("%q does not tell the run folder", name)
	}
	if other := groupName("/home/v/runs/20261124 pod_churn", o); other == name {
		t.Errorf("%q is also the name of another run folder's", name)
	}
	if long := groupName("/"+strings.Repeat("x", 300), o); len(long) > 255 {
		t.Errorf("a name of %d bytes is too long for a folder", len(long))
	}
	if got, ours := parseName(name); !ours || got != o {
		t.Errorf("%q names the owner %+v (%v), want %+v", name, got, ours, o)
	}
	for _, foreign := range []string{"", "system.slice", "etcd-dyno", "etcd-dyno_run", "etcd-dyno_a_b_1_2", "etcd-dyno_a_b_x_2_3", "etcd-dyno_a_b_0_2_3", "x_a_b_1_2_3", name + "_4"} {
		if o, ours := parseName(foreign); ours {
			t.Errorf("%q is taken for a lab's, of %+v", foreign, o)
		}
	}
}
