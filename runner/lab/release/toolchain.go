package release

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// toolchain is the go command with an environment in which only what says where
// modules come from and where they are kept is the user's.
type toolchain struct {
	program string
	version string // "go1.26.8"
	env     []string
}

// variables are the settings of the go command that are kept, whether they come
// from the environment or from `go env -w`.
var variables = []string{
	"GOPROXY", "GOPRIVATE", "GONOPROXY", "GONOSUMDB", "GOSUMDB", "GOINSECURE", "GOAUTH", "GOVCS",
	"GOMODCACHE", "GOPATH", "GOCACHE", "GOCACHEPROG", "GOTOOLCHAIN",
}

// readToolchain asks the go command for its version and its settings. It runs
// in folder, since a go.mod or go.work around the current one could change both.
func readToolchain(ctx context.Context, program, folder string) (toolchain, error) {
	kept := slices.DeleteFunc(os.Environ(), func(e string) bool {
		name, _, _ := strings.Cut(e, "=")
		return strings.HasPrefix(name, "GO") && name != "GOENV" && name != "GOROOT" && !slices.Contains(variables, name)
	})
	kept = append(kept, "GOWORK=off")
	t := toolchain{program: program, env: kept}
	out, err := t.run(ctx, folder, append([]string{"env", "-json", "GOVERSION"}, variables...)...)
	if err != nil {
		return toolchain{}, err
	}
	settings := map[string]string{}
	if err := json.Unmarshal([]byte(out), &settings); err != nil {
		return toolchain{}, fmt.Errorf("reading the answer of go env: %w", err)
	}
	t.version = settings["GOVERSION"]
	t.env = append(t.env, "GOENV=off", "GO111MODULE=on", "CGO_ENABLED=0")
	for _, name := range variables {
		if settings[name] != "" {
			t.env = append(t.env, name+"="+settings[name])
		}
	}
	return t, nil
}

// run runs the go command in folder, its temporary files there too, and returns
// what it writes to stdout. The error is its complaint in one line.
func (t toolchain) run(ctx context.Context, folder string, args ...string) (string, error) {
	out, err := command{
		argv: append([]string{t.program}, args...),
		dir:  folder,
		env:  append(slices.Clone(t.env), "GOTMPDIR="+folder),
	}.run(ctx)
	switch {
	case err != nil:
		return "", err
	case out.code != 0:
		return "", fmt.Errorf("go %s: %s", args[0], complaint(out.stderr))
	}
	return out.stdout, nil
}

// complaint makes one line of what the go command wrote to stderr.
func complaint(stderr string) string {
	const longest = 600
	var parts []string
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(line), "go: "))
		if line != "" && !strings.HasPrefix(line, "downloading ") {
			parts = append(parts, line)
		}
	}
	whole := strings.Join(parts, "; ")
	if len(whole) > longest {
		whole = whole[:longest] + "…"
	}
	if whole == "" {
		return "it failed and did not say why"
	}
	return whole
}

// mainFile is etcd's own main package, which its module cannot be asked to
// install: go install refuses a module with replace directives.
const mainFile = `package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
`

// goLine asks what Go a release says that it is for; it is an error if there is
// no such release.
func (t toolchain) goLine(ctx context.Context, folder, version string) (string, error) {
	out, err := t.run(ctx, folder, "list", "-m", "-json", ServerModule+"@"+version)
	if err != nil {
		return "", fmt.Errorf("there is no such release, or it cannot be fetched (one is written as %q): %w", "v3.6.16", err)
	}
	var module struct{ GoVersion string }
	if err := json.Unmarshal([]byte(out), &module); err != nil {
		return "", fmt.Errorf("reading the answer of go list: %w", err)
	}
	if module.GoVersion == "" {
		return "", errors.New("its module does not say which Go it is for")
	}
	return module.GoVersion, nil
}

// writeModule writes a main module that requires exactly the release. Its go
// line is the release's own, on which defaults of the runtime depend.
func writeModule(folder, version, goLine string) error {
	module := fmt.Sprintf("module etcd\n\ngo %s\n\nrequire %s %s\n", goLine, ServerModule, version)
	err := errors.Join(
		os.WriteFile(filepath.Join(folder, "go.mod"), []byte(module), 0o644),
		os.WriteFile(filepath.Join(folder, "main.go"), []byte(mainFile), 0o644))
	if err != nil {
		return fmt.Errorf("writing its module: %w", err)
	}
	return nil
}
