package release

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"
	"time"
)

// Binary is an executable etcd.
type Binary struct {
	Path      string // absolute
	Version   string // what --version says, for example "3.6.16"
	GoVersion string // of the toolchain that built it, for example "go1.26.8"
	Revision  string // of the sources, with "+dirty" where they were changed; empty if unknown
	SHA256    string // of the file, in hex

	// Modules are the versions of those modules that make the difference
	// between etcds, by path; of a replaced one its replacement as path@version,
	// of the module that was built in place perhaps only "(devel)". Empty where
	// the binary has no list.
	Modules map[string]string
}

// notable are the modules in Binary.Modules.
var notable = []string{
	ServerModule, "go.etcd.io/etcd", "go.etcd.io/etcd/raft/v3", "go.etcd.io/raft/v3",
	"go.etcd.io/bbolt", "google.golang.org/grpc", "google.golang.org/protobuf", "github.com/gogo/protobuf",
}

// versionLine is the first that etcd --version writes.
var versionLine = regexp.MustCompile(`(?m)^etcd Version: (\S+)$`)

// Inspect says what the executable at path is, which it runs once to ask it. It
// is an error if it is no etcd.
func Inspect(ctx context.Context, path string) (Binary, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return Binary{}, fmt.Errorf("looking for the etcd binary: %w", err)
	}
	if err := checkExecutable(path); err != nil {
		return Binary{}, err
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil {
		return Binary{}, fmt.Errorf("%s is not an etcd: it is not an executable that Go has built", path)
	}
	b := Binary{Path: path, GoVersion: info.GoVersion, Revision: revision(info.Settings), Modules: Notable(info)}
	if b.Version, err = askVersion(ctx, path); err != nil {
		return Binary{}, err
	}
	if b.SHA256, err = hash(path); err != nil {
		return Binary{}, err
	}
	return b, nil
}

func checkExecutable(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no file %s", path)
	case err != nil:
		return fmt.Errorf("looking for the etcd binary: %w", err)
	case info.IsDir():
		return fmt.Errorf("%s is a directory, not an etcd binary", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s is not a file", path)
	case info.Mode().Perm()&0o111 == 0:
		return fmt.Errorf("%s is not executable: chmod +x would make it so", path)
	}
	return nil
}

// askVersion runs the binary. One that does not know --version may do anything
// but takes no time to speak of.
func askVersion(ctx context.Context, path string) (string, error) {
	const limit = 30 * time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, limit, fmt.Errorf("%s is not an etcd: with --version it does not end within %v", path, limit))
	defer cancel()
	out, err := command{argv: []string{path, "--version"}}.run(ctx)
	if err != nil {
		return "", err
	}
	said := versionLine.FindStringSubmatch(out.stdout)
	if out.code != 0 || said == nil {
		return "", fmt.Errorf("%s is not an etcd: with --version it does not say \"etcd Version: …\"", path)
	}
	return said[1], nil
}

// Notable are the versions of the modules of a program that make the difference
// between etcds, as in [Binary.Modules].
func Notable(info *debug.BuildInfo) map[string]string {
	found := map[string]string{}
	for _, m := range append([]*debug.Module{&info.Main}, info.Deps...) {
		if !slices.Contains(notable, m.Path) {
			continue
		}
		found[m.Path] = m.Version
		if m.Replace != nil { // by a module, or by a folder, which has no version
			found[m.Path] = strings.TrimSuffix(m.Replace.Path+"@"+m.Replace.Version, "@")
		}
	}
	return found
}

func revision(settings []debug.BuildSetting) string {
	of, changed := "", ""
	for _, s := range settings {
		switch {
		case s.Key == "vcs.revision":
			of = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			changed = "+dirty"
		}
	}
	if of == "" {
		return ""
	}
	return of + changed
}

func hash(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("reading the etcd binary: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("reading the etcd binary: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
