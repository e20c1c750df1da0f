package limit

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const (
	mountsV1 = `22 1 8:1 / / rw,relatime - ext4 /dev/root rw
30 22 0:27 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
31 30 0:28 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct
34 30 0:31 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
40 30 0:37 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`
	mountsV2 = "29 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"

	ownV1 = "4:memory:/jobs/1\n1:cpu,cpuacct:/\n0::/\n"
	ownV2 = "0::/user.slice/user-1000.slice/user@1000.service/app.slice/term.scope\n"
)

func tableOf(t *testing.T, mounts, own string) table {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"mountinfo": mounts, "cgroup": own} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	read, err := readTable(dir)
	if err != nil {
		t.Fatal(err)
	}
	return read
}

func TestPlaceByTheTable(t *testing.T) {
	all := []string{cpu, memory}
	for _, c := range []struct {
		name, mounts, own string
		needs             []string
		version           int
		folders           map[string]string
		why               map[string]string
	}{
		{
			"v1, below our own groups", mountsV1, ownV1, all, 1,
			map[string]string{cpu: "/sys/fs/cgroup/cpu,cpuacct", cpuacct: "/sys/fs/cgroup/cpu,cpuacct", memory: "/sys/fs/cgroup/memory/jobs/1"},
			nil,
		},
		{
			"v2", mountsV2, ownV2, all, 2,
			map[string]string{
				cpu:    "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/term.scope",
				memory: "/sys/fs/cgroup/user.slice/user-1000.slice/user@1000.service/app.slice/term.scope",
			},
			nil,
		},
		{"only what is needed", mountsV2, "0::/\n", []string{memory}, 2, map[string]string{memory: "/sys/fs/cgroup"}, nil},
		{"nothing needed", mountsV1, ownV1, nil, 0, nil, nil},
		{
			"v1, read-only", strings.ReplaceAll(mountsV1, " rw,", " ro,"), ownV1, all, 0, nil,
			map[string]string{cpu: "the cgroup v1 hierarchy at /sys/fs/cgroup/cpu,cpuacct is mounted read-only", memory: "read-only"},
		},
		{
			"v1, the first of the two read-only", strings.Replace(mountsV1, " rw,nosuid", " ro,nosuid", 1), ownV1, all, 1,
			map[string]string{memory: "/sys/fs/cgroup/memory/jobs/1"},
			map[string]string{cpu: "read-only"},
		},
		{"v2, read-only as in a container", strings.Replace(mountsV2, " rw,", " ro,", 1), "0::/\n", all, 0, nil, map[string]string{cpu: "read-only", memory: "read-only"}},
		{
			"a part of a hierarchy, as in a container without a namespace",
			"31 30 0:28 /docker/c1 /cg/cpu rw - cgroup cgroup rw,cpu\n34 30 0:31 /docker/c1 /cg/memory rw - cgroup cgroup rw,memory\n",
			"4:memory:/docker/c1/x\n1:cpu:/docker/c1\n", all, 1,
			map[string]string{cpu: "/cg/cpu", memory: "/cg/memory/x"},
			nil,
		},
		{
			"our own group is not in the part that is mounted", "29 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "0::/../other\n", all, 0, nil,
			map[string]string{cpu: `does not show our own group "/../other"`, memory: "does not show our own group"},
		},
		{"one controller is mounted nowhere", "31 30 0:28 / /cg/cpu rw - cgroup cgroup rw,cpu\n", ownV1, all, 1, map[string]string{cpu: "/cg/cpu"}, map[string]string{memory: "no cgroup hierarchy with memory is mounted"}},
		{"no cgroups", "22 1 8:1 / / rw,relatime - ext4 /dev/root rw\n", "", all, 0, nil, map[string]string{cpu: "no cgroup hierarchy with cpu", memory: "no cgroup hierarchy with memory"}},
		{"a mount point with a blank", `29 23 0:26 / /my\040cg rw - cgroup2 cgroup2 rw` + "\n", "0::/\n", []string{cpu}, 2, map[string]string{cpu: "/my cg"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := tableOf(t, c.mounts, c.own).choose(c.needs)
			if p.version != c.version {
				t.Errorf("v%d, want v%d", p.version, c.version)
			}
			for _, controller := range []string{cpu, cpuacct, memory} {
				want, wanted := c.folders[controller]
				if s, has := p.spots[controller]; has && s.folder() != want && wanted || has != wanted {
					t.Errorf("%s at %q, want %q", controller, s.folder(), want)
				}
				if got, want := p.why[controller], c.why[controller]; !strings.Contains(got, want) || controller != cpuacct && want == "" && got != "" {
					t.Errorf("%s is not there because %q, want %q", controller, got, want)
				}
			}
		})
	}
}

// A hierarchy whose folders cannot be written is found out before anything is made.
func TestProbeFindsWhatCannotBeWritten(t *testing.T) {
	root := t.TempDir()
	for _, dir := range []string{"cpu", "elsewhere"} {
		if err := os.Mkdir(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	p := tableOf(t,
		"31 30 0:28 / "+root+"/cpu rw - cgroup cgroup rw,cpu\n34 30 0:31 / "+root+"/elsewhere rw - cgroup cgroup rw,memory\n",
		"4:memory:/\n1:cpu:/\n").choose([]string{cpu, memory})
	if p.version != 1 {
		t.Fatalf("by the table it is v%d, want v1", p.version)
	}
	p.probe()
	if p.version != 0 || !strings.Contains(p.why[cpu], "cpu/cgroup.procs cannot be written: no such file") ||
		!strings.Contains(p.why[memory], "elsewhere has no folder or link of the name memory") {
		t.Errorf("%+v", p)
	}
}
