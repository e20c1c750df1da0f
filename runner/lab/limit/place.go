package limit

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// The controllers of which something can be asked.
const (
	cpu    = "cpu"
	memory = "memory"

	cpuacct = "cpuacct" // of v1 alone: it limits nothing but counts
)

const procsFile = "cgroup.procs"

// table is what a process sees of cgroups.
type table struct {
	mounts []mount
	own    map[string]string // its own group by controller of v1; that of v2 by ""
}

// mount is one hierarchy, or a part of one, that is mounted.
type mount struct {
	version     int      // 1 or 2
	controllers []string // of v1
	root        string   // which group of the hierarchy is mounted
	point       string   // where
	readOnly    bool
}

// readTable reads the table from a process's folder in /proc.
func readTable(proc string) (table, error) {
	var t table
	for name, parse := range map[string]func(io.Reader) error{"mountinfo": t.parseMounts, "cgroup": t.parseOwn} {
		f, err := os.Open(filepath.Join(proc, name))
		if err != nil {
			return table{}, fmt.Errorf("finding the cgroups: %w", err)
		}
		if err := errors.Join(parse(f), f.Close()); err != nil {
			return table{}, fmt.Errorf("reading %s: %w", f.Name(), err)
		}
	}
	return t, nil
}

// parseMounts reads /proc/PID/mountinfo (proc_pid_mountinfo(5)).
func (t *table) parseMounts(r io.Reader) error {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		before, after, _ := strings.Cut(lines.Text(), " - ")
		at, kind := strings.Fields(before), strings.Fields(after)
		if len(at) < 6 || len(kind) < 3 {
			continue
		}
		m := mount{root: unescape(at[3]), point: unescape(at[4])}
		options := strings.Split(kind[2], ",")
		m.readOnly = slices.Contains(strings.Split(at[5], ","), "ro") || slices.Contains(options, "ro")
		switch kind[0] {
		case "cgroup":
			m.version, m.controllers = 1, options
		case "cgroup2":
			m.version = 2
		default:
			continue
		}
		t.mounts = append(t.mounts, m)
	}
	return lines.Err()
}

func unescape(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// parseOwn reads /proc/PID/cgroup (cgroups(7)).
func (t *table) parseOwn(r io.Reader) error {
	t.own = map[string]string{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		parts := strings.SplitN(lines.Text(), ":", 3)
		if len(parts) != 3 {
			continue
		}
		for controller := range strings.SplitSeq(parts[1], ",") {
			t.own[controller] = parts[2]
		}
	}
	return lines.Err()
}

// spot is our own group in a hierarchy that is mounted at point.
type spot struct {
	point, group string
}

func (s spot) folder() string { return filepath.Join(s.point, s.group) }

// place is where the groups of a lab can be, and what cannot be there.
type place struct {
	version int               // of cgroups; 0 is nowhere
	spots   map[string]spot   // by controller; that of v2 by all of them
	why     map[string]string // by controller, what stands in the way
}

// nowhere is no place, for one reason.
func nowhere(needs []string, why string) place {
	p := place{spots: map[string]spot{}, why: map[string]string{}}
	for _, c := range needs {
		p.why[c] = why
	}
	return p
}

// without takes a controller from the place.
func (p *place) without(controller, why string) {
	delete(p.spots, controller)
	p.why[controller] = why
	if !p.has(cpu) && !p.has(memory) {
		p.version = 0
	}
}

func (p *place) has(controller string) bool { _, ok := p.spots[controller]; return ok }

// choose finds the place of what is needed by the table alone. The kernel gives a
// controller to either v1 or v2, so where v1 has one of those needed, v2 has not.
func (t table) choose(needs []string) place {
	p := nowhere(nil, "")
	version, wanted := 2, needs
	for _, c := range needs {
		if slices.ContainsFunc(t.mounts, func(m mount) bool { return slices.Contains(m.controllers, c) }) {
			version, wanted = 1, append(slices.Clone(needs), cpuacct)
		}
	}
	for _, c := range wanted {
		if s, err := t.find(version, c); err == nil {
			p.spots[c] = s
		} else {
			p.why[c] = err.Error()
		}
	}
	if p.has(cpu) || p.has(memory) {
		p.version = version
	}
	return p
}

// find finds our own group in the hierarchy of a controller.
func (t table) find(version int, controller string) (spot, error) {
	var m mount
	var own string
	for _, m = range t.mounts {
		if m.version == 2 && version == 2 {
			own = t.own[""]
			break
		}
		if version == 1 && slices.Contains(m.controllers, controller) {
			own = t.own[controller]
			break
		}
		m = mount{}
	}
	if m.version == 0 {
		return spot{}, fmt.Errorf("no cgroup hierarchy with %s is mounted", controller)
	}
	what := fmt.Sprintf("the cgroup v%d hierarchy at %s", version, m.point)
	if m.readOnly {
		return spot{}, fmt.Errorf("%s is mounted read-only", what)
	}
	// The kernel writes /.. for a group above the root of our namespace, which Rel would clean away.
	group, err := filepath.Rel(m.root, own)
	if err != nil || strings.HasPrefix(group, "..") || strings.HasPrefix(own, "/..") {
		return spot{}, fmt.Errorf("%s does not show our own group %q", what, own)
	}
	return spot{point: m.point, group: filepath.Join("/", group)}, nil
}

// probe takes from a place of v1 what the file system refuses. A place of v2 has
// more than one folder to choose from, and is probed there.
func (p *place) probe() {
	if p.version != 1 {
		return
	}
	for _, c := range []string{cpu, cpuacct, memory} {
		if !p.has(c) {
			continue
		}
		err := ownName(p.spots[c].point, c)
		if err == nil {
			err = writable(p.spots[c].folder())
		}
		if err != nil {
			p.without(c, err.Error())
		}
	}
}

// ownName checks that a hierarchy is, if only by a link, where
// github.com/containerd/cgroups looks for it.
func ownName(point, controller string) error {
	here, err := os.Stat(point)
	if err != nil {
		return err
	}
	there, err := os.Stat(filepath.Join(filepath.Dir(point), controller))
	if err != nil || !os.SameFile(here, there) {
		return fmt.Errorf("the cgroup v1 hierarchy at %s has no folder or link of the name %s", point, controller)
	}
	return nil
}

// writable checks that groups can be made in the group of folder and processes
// moved into them. Root passes where the kernel would refuse: mkdir tells then.
func writable(folder string) error {
	for _, path := range []string{folder, filepath.Join(folder, procsFile)} {
		if err := unix.Access(path, unix.W_OK); err != nil {
			return fmt.Errorf("%s cannot be written: %w", path, err)
		}
	}
	return nil
}
