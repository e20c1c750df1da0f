package release

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// useCache gives the test a user's cache of its own, and leaves Go's where it is.
func useCache(t *testing.T) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "env", "GOCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	cache := t.TempDir()
	t.Setenv("GOCACHE", strings.TrimSpace(string(out)))
	t.Setenv("XDG_CACHE_HOME", cache)
	return cache
}

// files are the paths of all that is below folder and no directory.
func files(t *testing.T, folder string) []string {
	t.Helper()
	var found []string
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			found = append(found, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestCheckVersion(t *testing.T) {
	for version, want := range map[string]string{
		"v3.6.16":            "",
		"v3.5.0":             "",
		"v3.7.0-rc.0":        "",
		"v3.8.0-alpha.0":     "",
		"":                   "write it as",
		"3.6.16":             "write it as",
		"v3.6":               "write it as",
		"v3.6.16+dirty":      "write it as",
		"v3.06.1":            "write it as",
		"v3.6.16\n":          "write it as",
		"v3.6.99999999999":   "write it as",
		"latest":             "write it as",
		"v3.6.16/../../../x": "write it as",
		"v3.4.30":            "only releases from v3.5.0",
		"v2.3.8":             "only releases from v3.5.0",
		"v4.0.0":             "only releases from v3.5.0",
	} {
		if err := CheckVersion(version); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", version, err, want)
		}
	}
}

// A release that can be neither found nor fetched is told in one line, and
// nothing is left of the attempt. GOFLAGS could not be parsed by the go command.
func TestBuildOffline(t *testing.T) {
	cache := useCache(t)
	t.Setenv("GOPROXY", "off")
	t.Setenv("GOFLAGS", "nonsense")
	t.Setenv("GOOS", "nonsense")
	_, err := Build(t.Context(), "v3.6.9999", nil)
	if err == nil || strings.Contains(err.Error(), "\n") {
		t.Fatalf("%v", err)
	}
	for _, want := range []string{"building etcd v3.6.9999", "cannot be fetched", "GOPROXY=off", `"v3.6.16"`} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q lacks %q", err, want)
		}
	}
	if left := files(t, cache); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}

// Without Go nothing can be built, not even found, but what was built is named.
func TestBuildWithoutGo(t *testing.T) {
	cache := useCache(t)
	t.Setenv("PATH", t.TempDir())
	_, err := Build(t.Context(), "v3.6.16", nil)
	if err == nil || !strings.Contains(err.Error(), "needs Go in PATH (https://go.dev/dl)") || strings.Contains(err.Error(), "built before") {
		t.Errorf("%v", err)
	}
	earlier := filepath.Join(cache, "etcd-dyno", "etcd", "v3.6.16-go1.25.0-amd64", executableName)
	put(t, earlier, nil, 0o755)
	if _, err = Build(t.Context(), "v3.6.16", nil); err == nil || !strings.Contains(err.Error(), earlier) {
		t.Errorf("%v does not name %s", err, earlier)
	}
}

// A file in the cache that is not the release does not count as one.
func TestBuildDistrustsCache(t *testing.T) {
	cache := useCache(t)
	t.Setenv("GOPROXY", "off")
	tool, err := readToolchain(t.Context(), "go", cache)
	if err != nil {
		t.Fatal(err)
	}
	folder := filepath.Join(cache, "etcd-dyno", "etcd", folderName("v3.6.9999", tool.version))
	itself, err := os.ReadFile(os.Args[0]) // a Go executable, and no etcd
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"cut short": itself[:len(itself)/2], "not an etcd": itself} {
		put(t, filepath.Join(folder, executableName), content, 0o755)
		if b, err := Build(t.Context(), "v3.6.9999", nil); err == nil || !strings.Contains(err.Error(), "cannot be fetched") {
			t.Errorf("%s: %+v, %v", name, b, err)
		}
	}
}

// Who waits for the lock says so, gets it when it is free, and can give up.
func TestLockFolder(t *testing.T) {
	folder := t.TempDir()
	first, err := lockFolder(t.Context(), folder, func() { t.Error("the first waits") })
	if err != nil {
		t.Fatal(err)
	}
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	if _, err := lockFolder(ctx, folder, func() { cancel(why) }); !errors.Is(err, why) {
		t.Errorf("%v, want %v", err, why)
	}
	waited := 0
	second, err := lockFolder(t.Context(), folder, func() { waited++; first.Close() })
	if err != nil || waited != 1 {
		t.Fatalf("%v after %d waits", err, waited)
	}
	second.Close()
}

// A build sweeps what a killed one has left in its folder, whose name may hold
// what is special in a pattern, and nothing else.
func TestSweep(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a[b]*")
	put(t, filepath.Join(folder, workPrefix+"1", "go-build2", "b001", "x.a"), nil, 0o444)
	kept := filepath.Join(folder, executableName)
	put(t, kept, nil, 0o755)
	if err := sweep(folder); err != nil {
		t.Fatal(err)
	}
	if left := files(t, folder); len(left) != 1 || left[0] != kept {
		t.Errorf("left: %q", left)
	}
}

// The end of ctx ends a command and its children.
func TestRunEndsChildren(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	pid := filepath.Join(t.TempDir(), "pid")
	start := time.Now()
	_, err := command{argv: []string{"/bin/sh", "-c", `sleep 60 & echo $! > "$0"; wait`, pid}}.run(ctx)
	if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 10*time.Second {
		t.Errorf("%v after %v", err, time.Since(start))
	}
	child, err := os.ReadFile(pid)
	if err != nil {
		t.Fatal(err)
	}
	stat, err := os.ReadFile(filepath.Join("/proc", strings.TrimSpace(string(child)), "stat"))
	if err == nil && !strings.Contains(string(stat), ") Z ") {
		t.Errorf("the child lives: %s", stat)
	}
}

// put writes a file and the folders that it is in.
func put(t *testing.T, path string, content []byte, mode fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, content, mode); err != nil {
		t.Fatal(err)
	}
}
