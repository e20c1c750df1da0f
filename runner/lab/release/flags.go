package release

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Flag is one flag of etcd, for example {"snapshot-count", "10000"}.
type Flag struct{ Name, Value string }

// Fault is what an etcd has against a flag.
type Fault struct {
	Flag    string   // the name; empty where no single flag is to blame
	Message string   // one line, which does not begin with the name
	Known   []string // the flags that this etcd has, in its help's order, where it does not know Flag; else nil
}

// helpFlag is how etcd's help names a flag.
var helpFlag = regexp.MustCompile(`(?m)^\s+--([a-z0-9-]+)`)

// Flags are the names of the flags that an etcd tells of in its help, in its
// order. argv is the command that runs it, without flags, and env all that it
// inherits.
func Flags(ctx context.Context, argv, env []string) ([]string, error) {
	argv, err := resolve(argv)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeoutCause(ctx, answerTimeout, errLate)
	defer cancel()
	out, err := command{argv: append(argv, "--help"), env: env}.run(ctx)
	if err != nil {
		return nil, fmt.Errorf("asking etcd for its flags: %w", err)
	}
	var names []string
	for _, found := range helpFlag.FindAllStringSubmatch(out.stdout, -1) {
		if !slices.Contains(names, found[1]) {
			names = append(names, found[1])
		}
	}
	if out.code != 0 || !slices.Contains(names, "data-dir") {
		return nil, fmt.Errorf("asking etcd for its flags: %s --help does not answer as etcd does", strings.Join(argv, " "))
	}
	return names, nil
}

// resolve makes a command of argv that means the same in any folder, and that
// may be appended to.
func resolve(argv []string) ([]string, error) {
	if len(argv) == 0 {
		return nil, errors.New("no command is given that runs etcd")
	}
	program, err := exec.LookPath(argv[0])
	if err != nil {
		return nil, fmt.Errorf("looking for the etcd binary: %w", err)
	}
	if program, err = filepath.Abs(program); err != nil {
		return nil, fmt.Errorf("looking for the etcd binary: %w", err)
	}
	return append([]string{program}, argv[1:]...), nil
}

// CheckFlags says which of the flags an etcd does not know and which values it
// refuses, in the order of the flags; none if it takes them all. argv is the
// command that runs etcd, without flags, and env all that it inherits.
//
// It starts etcd once if nothing is wrong, and once or more for each fault. Such
// an etcd listens on no port and can neither write data nor serve. What etcd
// judges only when it has its data, the value of --auth-token for one, and files
// of certificates are not seen.
func CheckFlags(ctx context.Context, argv []string, flags []Flag, env []string) (faults []Fault, err error) {
	argv, err = resolve(argv)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "etcd-dyno-flags-")
	if err != nil {
		return nil, fmt.Errorf("making a folder to check etcd's flags in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	c := checker{argv: argv, env: env, folder: folder}
	faults, err = c.check(ctx, flags)
	if err != nil {
		return nil, fmt.Errorf("checking etcd's flags: %w", err)
	}
	return faults, nil
}

// checker asks an etcd about flags.
type checker struct {
	argv, env []string
	folder    string // an empty one to run etcd in
}

// check finds one fault after the other: etcd tells only the first.
func (c checker) check(ctx context.Context, flags []Flag) ([]Fault, error) {
	faults, rest := unaskable(flags)
	for {
		v, err := c.judge(ctx, rest)
		if err != nil {
			return nil, err
		}
		if v.reason == "" {
			return inOrder(faults, flags), nil
		}
		guilty := v.guilty
		if len(guilty) == 0 {
			if guilty, err = c.blame(ctx, rest, v.reason); err != nil {
				return nil, err
			}
		}
		fault := Fault{Message: v.reason}
		if len(guilty) == 0 { // nothing to leave out and look further
			return inOrder(append(faults, fault), flags), nil
		}
		left := slices.DeleteFunc(slices.Clone(rest), func(f Flag) bool { return slices.Contains(guilty, f.Name) })
		if len(left) == len(rest) { // a flag of the command's or the check's own
			return nil, fmt.Errorf("%s: %s", guilty[0], v.reason)
		}
		rest = left
		fault.Flag = guilty[0]
		if v.unknown {
			if fault.Known, err = Flags(ctx, c.argv, c.env); err != nil {
				return nil, err
			}
			fault.Message += renamed(fault.Flag, fault.Known)
		}
		faults = append(faults, fault)
	}
}

// blame finds the flag without which etcd does not say the same.
func (c checker) blame(ctx context.Context, flags []Flag, reason string) ([]string, error) {
	for i, f := range flags {
		v, err := c.judge(ctx, slices.Delete(slices.Clone(flags), i, i+1))
		if err != nil {
			return nil, err
		}
		if v.reason != reason {
			return []string{f.Name}, nil
		}
	}
	return nil, nil
}

// unaskable takes those out of flags with which etcd would not judge the others,
// or would not see as flags.
func unaskable(flags []Flag) (faults []Fault, rest []Flag) {
	for _, f := range flags {
		switch {
		case f.Name == "" || strings.HasPrefix(f.Name, "-") || strings.Contains(f.Name, "="):
			faults = append(faults, Fault{Flag: f.Name, Message: "not the name of a flag: it is written without dashes and without its value"})
		case f.Name == "config-file":
			faults = append(faults, Fault{Flag: f.Name, Message: "etcd would read its flags from the file and no others: write them out"})
		case f.Name == "version" || f.Name == "help" || f.Name == "h":
			faults = append(faults, Fault{Flag: f.Name, Message: "etcd would answer and not run"})
		default:
			rest = append(rest, f)
		}
	}
	return faults, rest
}

// renamed is the other name of a flag that was or became an experimental one.
func renamed(name string, known []string) string {
	const experimental = "experimental-"
	other, found := strings.CutPrefix(name, experimental)
	if !found {
		other = experimental + name
	}
	if !slices.Contains(known, other) {
		return ""
	}
	return fmt.Sprintf(": here it is called %q", other)
}

// inOrder sorts faults as their flags are; those without a flag come last.
func inOrder(faults []Fault, flags []Flag) []Fault {
	place := func(f Fault) int {
		at := slices.IndexFunc(flags, func(flag Flag) bool { return flag.Name == f.Flag })
		if at < 0 {
			return len(flags)
		}
		return at
	}
	slices.SortStableFunc(faults, func(a, b Fault) int { return place(a) - place(b) })
	return faults
}
