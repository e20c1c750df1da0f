package lab

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/release"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Etcd is the etcd that a lab's members run.
type Etcd struct {
	// Path is the binary's; empty for the built-in etcd.
	Path string
	// Version is without "v", for example "3.6.16"; GoVersion that of the toolchain
	// that built it.
	Version, GoVersion string
	// SHA256 is of the binary, in hex; empty for the built-in etcd.
	SHA256 string
	// Modules are the versions of the modules that make the difference between etcds, by path.
	Modules map[string]string
}

// FindEtcd finds the etcd of a lab's configuration, builds it if need be, and
// asks it which of the flags it refuses: no member is started. A folder that is
// not there is refused too. progress, which may
// be nil, is told what takes long. executable is this program as in Spec, and may be empty.
func FindEtcd(ctx context.Context, c scenarios.Configuration, executable string, progress func(string)) (Etcd, []scenarios.Refused, error) {
	if missing := missingFolders(c); len(missing) > 0 {
		return Etcd{}, missing, nil
	}
	e, err := findBinary(ctx, c, progress)
	if err != nil && c.Binary != "" && ctx.Err() == nil {
		return e, []scenarios.Refused{{Key: []string{"binary"}, Message: err.Error()}}, nil
	}
	if err != nil || len(c.Flags) == 0 {
		return e, nil, err
	}
	argv := []string{e.Path}
	if e.Path == "" {
		if executable == "" {
			if executable, err = os.Executable(); err != nil {
				return e, nil, fmt.Errorf("finding this program: %w", err)
			}
		}
		argv = []string{executable, MemberCommand, "--run", os.TempDir()}
	}
	flags := make([]release.Flag, len(c.Flags))
	for i, f := range c.Flags {
		flags[i] = release.Flag(f)
	}
	faults, err := release.CheckFlags(ctx, argv, flags, nil)
	if err != nil {
		return e, nil, err
	}
	return e, refusals(e, faults), nil
}

// missingFolders are those of a configuration's disks that are not there.
func missingFolders(c scenarios.Configuration) (missing []scenarios.Refused) {
	for _, each := range []struct{ key, path string }{{"data", c.Disk.Data}, {"wal", c.Disk.WAL}} {
		if each.path == "" {
			continue
		}
		if info, err := os.Stat(each.path); err != nil || !info.IsDir() {
			missing = append(missing, scenarios.Refused{Key: []string{"disk", each.key}, Message: "there is no folder " + each.path + "; make it first"})
		}
	}
	return missing
}

// refusals are faults as sentences on flags of a configuration.
func refusals(e Etcd, faults []release.Fault) []scenarios.Refused {
	var all []scenarios.Refused
	for _, f := range faults {
		key := []string{"etcd"}
		if f.Flag != "" {
			key = append(key, f.Flag)
		}
		all = append(all, scenarios.Refused{Key: key, Message: f.Message + " (etcd " + e.Version + ")", Known: f.Known})
	}
	return all
}

// findBinary is FindEtcd without the flags.
func findBinary(ctx context.Context, c scenarios.Configuration, progress func(string)) (Etcd, error) {
	var b release.Binary
	var err error
	switch {
	case c.Version != "":
		b, err = release.Build(ctx, c.Version, progress)
	case c.Binary != "":
		b, err = release.Inspect(ctx, c.Binary)
	default:
		return builtIn(), nil
	}
	return Etcd{Path: b.Path, Version: b.Version, GoVersion: b.GoVersion, SHA256: b.SHA256, Modules: b.Modules}, err
}

// builtIn is the etcd of this program.
func builtIn() Etcd {
	e := Etcd{Version: strings.TrimPrefix(ServerModule(), "v"), GoVersion: runtime.Version()}
	if build, ok := debug.ReadBuildInfo(); ok {
		e.Modules = release.Notable(build)
	}
	return e
}
