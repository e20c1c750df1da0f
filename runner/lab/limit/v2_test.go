package limit

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/containerd/cgroups/v3/cgroup2"
	"golang.org/x/sys/unix"
)

// plain makes a folder with files as a cgroup has them, of which only what is
// read from them and written to them can be seen.
func plain(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestV2LimitsAsWritten(t *testing.T) {
	for _, c := range []struct {
		name      string
		resources Resources
		held      []string
		swap      bool
		want      map[string]string
	}{
		{
			"all",
			Resources{RequestCPU: 500, LimitCPU: 1500, LimitMemory: 1 << 30},
			[]string{cpu, memory},
			true,
			map[string]string{"cpu.weight": "59", "cpu.max": "150000 100000", "memory.max": "1073741824", "memory.swap.max": "0"},
		},
		{"without accounting of swap", Resources{LimitMemory: 1 << 30}, []string{memory}, false, map[string]string{"memory.max": "1073741824"}},
		{"a request alone", Resources{RequestCPU: 1000}, []string{cpu, memory}, true, map[string]string{"cpu.weight": "100", "memory.swap.max": "max"}},
		{"one controller alone", Resources{RequestCPU: 1000, LimitCPU: 5, LimitMemory: 1 << 30}, []string{cpu}, false, map[string]string{"cpu.weight": "100", "cpu.max": "1000 100000"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			group := filepath.Join(root, "m1")
			for name := range c.want { // those that are not there would be made unreadable
				plain(t, group, map[string]string{name: ""})
			}
			if c.swap {
				plain(t, group, map[string]string{"memory.swap.max": "max"})
			}
			m, err := cgroup2.Load("/m1", cgroup2.WithMountpoint(root))
			if err != nil {
				t.Fatal(err)
			}
			if err := m.Update(resourcesV2(c.resources, c.held, group)); err != nil {
				t.Fatal(err)
			}
			entries, err := os.ReadDir(group)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				if _, wanted := c.want[e.Name()]; !wanted {
					t.Errorf("%s was written", e.Name())
				}
			}
			for name, want := range c.want {
				if got := contents(t, filepath.Join(group, name)); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
}

// The kernel lets no group with processes in it pass controllers on, so the
// lab's group stands beside our own and not in it.
func TestV2SettlesInTheClosestGroupThatPassesOn(t *testing.T) {
	const slice, scope = "/user.slice", "/user.slice/term.scope"
	for _, c := range []struct {
		name             string
		root, mid, own   string // what the three groups pass on; "none" cannot be made to
		group            string
		missing, refusal string
	}{
		{"the group above", "cpu memory", "cpu memory pids", "none", slice, "", ""},
		{"one farther up rather than a change", "cpu memory", "memory", "none", "/", "", ""},
		{"a change where none passes on", "memory", "memory", "none", slice, "", ""},
		{"our own if it can", "", "cpu memory", "cpu memory", scope, "", ""},
		{"none", "none", "none", "none", "", "cpu memory", "no cgroup from"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := t.TempDir()
			for group, passed := range map[string]string{"/": c.root, slice: c.mid, scope: c.own} {
				plain(t, filepath.Join(root, group), map[string]string{procsFile: ""})
				if passed != "none" {
					plain(t, filepath.Join(root, group), map[string]string{subtreeFile: passed})
				}
			}
			own := spot{point: root, group: scope}
			p := place{version: 2, spots: map[string]spot{cpu: own, memory: own}, why: map[string]string{}}
			if s := p.settle(); s.group != c.group {
				t.Errorf("it settles in %q, want %q", s.group, c.group)
			}
			for controller := range strings.FieldsSeq(c.missing) {
				if !strings.Contains(p.why[controller], c.refusal) || p.version != 0 {
					t.Errorf("%s: %q with v%d, want %q", controller, p.why[controller], p.version, c.refusal)
				}
			}
		})
	}
}

// groupV2 makes a group in a real hierarchy of v2, which needs no controller.
func groupV2(t *testing.T) (group *Group, folder string) {
	t.Helper()
	hierarchies, err := readTable("/proc/self")
	if err != nil {
		t.Skip(err)
	}
	s, err := hierarchies.find(2, cpu)
	if err != nil {
		t.Skip(err)
	}
	self, err := readOwner("self")
	if err != nil {
		t.Fatal(err)
	}
	name := groupName(t.TempDir(), self)
	folder = filepath.Join(s.folder(), name)
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Skipf("no cgroup can be made here: %v", err)
	}
	t.Cleanup(func() { _ = unix.Rmdir(folder) })
	control, err := cgroup2.Load(filepath.Join(s.group, name), cgroup2.WithMountpoint(s.point))
	if err != nil {
		t.Fatal(err)
	}
	return &Group{folders: []string{folder}, usage: func() (Usage, error) { return usageV2(control, folder) }}, folder
}

func TestV2CountsWhatAMemberUses(t *testing.T) {
	g, folder := groupV2(t)
	cmd := child(t, burnCommand, g.Procs()...)
	if err := cmd.Run(); err != nil {
		if errors.Is(writable(filepath.Dir(folder)), unix.EACCES) {
			t.Skip("processes cannot be moved here: the group above is another user's")
		}
		t.Fatal(err)
	}
	u, err := g.Usage()
	used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if err != nil || u.CPU < used/2 || u.CPU > used*3/2 {
		t.Errorf("the group used %v of CPU (%v), the child says %v", u.CPU, err, used)
	}
	if err := remove(t.Context(), folder); err != nil {
		t.Error(err)
	}
	if _, err := g.Usage(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the usage of a group that is gone: %v, want that it does not exist", err)
	}
}
