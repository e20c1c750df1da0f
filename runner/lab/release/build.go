package release

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// executableName is the file's name in its folder of the cache.
const executableName = "etcd"

// Build returns the binary of an etcd release, for example "v3.6.16", which it
// builds with the Go toolchain in PATH unless the user's cache has it. Modules
// come from where the Go environment says, the toolchain's own variables for
// other purposes (GOFLAGS, GOOS…) are without effect. It takes minutes of CPU;
// progress, which may be nil, is told what takes long. Of several that build
// the same at a time, processes too, one builds and the others wait for it.
func Build(ctx context.Context, version string, progress func(string)) (Binary, error) {
	if progress == nil {
		progress = func(string) {}
	}
	if err := CheckVersion(version); err != nil {
		return Binary{}, err
	}
	cache, err := cacheFolder()
	if err != nil {
		return Binary{}, fmt.Errorf("building etcd %s: %w", version, err)
	}
	program, err := exec.LookPath("go")
	if err != nil {
		return Binary{}, fmt.Errorf("building etcd %s needs Go in PATH (https://go.dev/dl); or give the path of its binary instead%s", version, built(cache, version))
	}
	b, err := build(ctx, program, cache, version, progress)
	if err != nil {
		return Binary{}, fmt.Errorf("building etcd %s: %w", version, err)
	}
	return b, nil
}

// cacheFolder is where all built releases are.
func cacheFolder() (string, error) {
	user, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("looking for the user's cache: %w", err)
	}
	cache := filepath.Join(user, "etcd-dyno", "etcd")
	if err := os.MkdirAll(cache, 0o755); err != nil {
		return "", fmt.Errorf("making the cache of built releases: %w", err)
	}
	return cache, nil
}

// built names a binary of the version that another Go has built, if there is one.
func built(cache, version string) string {
	found, err := filepath.Glob(filepath.Join(escape(cache), version+"-go*", executableName))
	if err != nil || len(found) == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s was built before)", found[len(found)-1])
}

// build builds in a folder for the release, the toolchain and the architecture.
func build(ctx context.Context, program, cache, version string, progress func(string)) (Binary, error) {
	tool, err := readToolchain(ctx, program, cache)
	if err != nil {
		return Binary{}, err
	}
	folder := filepath.Join(cache, folderName(version, tool.version))
	if b, ok := cached(ctx, folder, version); ok {
		return b, nil
	}
	progress("fetching etcd " + version)
	goLine, err := tool.goLine(ctx, cache, version)
	if err != nil {
		return Binary{}, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return Binary{}, fmt.Errorf("making its folder in the cache: %w", err)
	}
	lock, err := lockFolder(ctx, folder, func() { progress("waiting for another process that builds etcd " + version) })
	if err != nil {
		return Binary{}, err
	}
	defer lock.Close()
	if b, ok := cached(ctx, folder, version); ok { // the other process has built it
		return b, nil
	}
	progress("compiling etcd " + version + " with " + tool.version + ": once, a minute or several")
	return compile(ctx, tool, folder, version, goLine)
}

// folderName tells apart what may differ in a built release.
func folderName(version, goVersion string) string {
	name := version + "-" + goVersion + "-" + runtime.GOARCH
	return regexp.MustCompile(`[^A-Za-z0-9._-]`).ReplaceAllString(name, "_")
}

// cached returns the built release in folder if it is whole and what it is
// called; ok is false if it has to be built.
func cached(ctx context.Context, folder, version string) (b Binary, ok bool) {
	b, err := Inspect(ctx, filepath.Join(folder, executableName))
	return b, err == nil && b.Modules[ServerModule] == version
}

// compile builds the release in a folder of its own, which it removes, and moves
// the binary to its place. The caller holds the lock of the folder.
func compile(ctx context.Context, tool toolchain, folder, version, goLine string) (b Binary, err error) {
	if err := sweep(folder); err != nil {
		return Binary{}, err
	}
	work, err := os.MkdirTemp(folder, workPrefix)
	if err != nil {
		return Binary{}, fmt.Errorf("making a folder to build in: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(work)) }()
	if err := writeModule(work, version, goLine); err != nil {
		return Binary{}, err
	}
	if _, err := tool.run(ctx, work, "build", "-mod=mod", "-trimpath", "-buildvcs=false", "-o", executableName, "."); err != nil {
		return Binary{}, err
	}
	made, err := Inspect(ctx, filepath.Join(work, executableName))
	if err != nil {
		return Binary{}, fmt.Errorf("looking at what was built: %w", err)
	}
	if got := made.Modules[ServerModule]; got != version {
		return Binary{}, fmt.Errorf("what was built holds %s %s", ServerModule, got)
	}
	path := filepath.Join(folder, executableName)
	if err := os.Rename(filepath.Join(work, executableName), path); err != nil {
		return Binary{}, fmt.Errorf("moving it into the cache: %w", err)
	}
	made.Path = path
	return made, nil
}

// workPrefix begins the names of folders that are built in.
const workPrefix = "build-"

// sweep removes what a killed build left behind.
func sweep(folder string) error {
	left, err := filepath.Glob(filepath.Join(escape(folder), workPrefix+"*"))
	if err != nil {
		return fmt.Errorf("looking for what an earlier build left: %w", err)
	}
	for _, path := range left {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("removing what an earlier build left: %w", err)
		}
	}
	return nil
}

// escape makes a pattern of a path that means the path.
func escape(path string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(path)
}
