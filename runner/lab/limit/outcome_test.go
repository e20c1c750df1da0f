package limit

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Open gives what it can where cgroups cannot be written, and says what it cannot.
func TestWithoutCgroups(t *testing.T) {
	readOnly := tableOf(t, strings.ReplaceAll(mountsV1, " rw,", " ro,"), ownV1)
	for _, c := range []struct {
		name      string
		resources Resources
		applied   Applied
		why       []string
		env       []string
	}{
		{
			"whole cores and memory",
			Resources{LimitCPU: 2000, LimitMemory: 4 << 30},
			Applied{Mode: Environment, CPU: true, Memory: true},
			[]string{"The CPU limit of 2000m is only GOMAXPROCS", "The memory limit of 4Gi is only GOMEMLIMIT at 90 % of it", "is mounted read-only"},
			[]string{"GOMAXPROCS=2", "GOMEMLIMIT=3865470566"},
		},
		{
			"half a core",
			Resources{LimitCPU: 500, LimitMemory: 1000},
			Applied{Mode: Environment, Memory: true},
			[]string{"The CPU limit of 500m is not in force: the cgroup v1 hierarchy at", "and GOMAXPROCS counts whole cores", "1000 bytes"},
			[]string{"GOMEMLIMIT=900"},
		},
		{"one core and a half", Resources{LimitCPU: 1500}, Applied{Mode: None}, []string{"limit of 1500m is not in force"}, nil},
		{"a request", Resources{RequestCPU: 1000}, Applied{Mode: None}, []string{"The CPU request of 1000m is not in force: the cgroup v1"}, nil},
		{"a memory request", Resources{RequestMemory: 1 << 20}, Applied{Mode: None}, []string{"The memory request of 1Mi bounds nothing."}, nil},
		{"nothing", Resources{}, Applied{Mode: None}, nil, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			g, err := open(Spec{Run: "/runs/r", Members: []string{"m1"}, Resources: c.resources}, readOnly, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range c.why {
				if !strings.Contains(g.Applied.Why, want) {
					t.Errorf("it says %q, want it to say %q", g.Applied.Why, want)
				}
			}
			if len(c.why) == 0 && g.Applied.Why != "" {
				t.Errorf("it says %q, want nothing", g.Applied.Why)
			}
			g.Applied.Why = ""
			if env := g.Of("m1").Env(); g.Applied != c.applied || !slices.Equal(env, c.env) || len(g.Of("m1").Procs()) > 0 {
				t.Errorf("applied %+v with %v, want %+v with %v", g.Applied, env, c.applied, c.env)
			}
			if err := g.Close(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}

// What the table promises and the kernel then refuses is taken back: here the
// folders are those of an ordinary file system, which has no files of a cgroup.
func TestWhatFailsHalfwayIsTakenBack(t *testing.T) {
	root := t.TempDir()
	own := filepath.Join(root, "own")
	plain(t, own, map[string]string{procsFile: "", subtreeFile: "cpu memory"})
	hierarchies := tableOf(t, "29 23 0:26 / "+root+" rw - cgroup2 cgroup2 rw\n", "0::/own\n")
	g, err := open(Spec{Run: "/runs/r", Members: []string{"m1"}, Resources: Resources{LimitCPU: 1000, LimitMemory: 1 << 30}}, hierarchies, nil)
	if err != nil {
		t.Fatal(err)
	}
	if g.Applied.Mode != Environment || !strings.Contains(g.Applied.Why, subtreeFile+": no such file") || len(g.Of("m1").Procs()) > 0 {
		t.Errorf("applied %+v with %v", g.Applied, g.Of("m1").Procs())
	}
	if left, _ := filepath.Glob(filepath.Join(own, namePrefix+"*")); len(left) > 0 {
		t.Errorf("%v is still there", left)
	}
}
