//go:build accuracy

package release

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// A release is built once, however many ask for it, and then found without a
// network; nothing but the binary is left.
func TestAccuracyBuildRelease(t *testing.T) {
	const version = "v3.6.16"
	useCache(t)
	var building sync.WaitGroup
	var built [2]Binary
	start := time.Now()
	for i := range built {
		building.Go(func() {
			var err error
			built[i], err = Build(t.Context(), version, func(s string) { t.Logf("%.1f s: builder %d: %s", time.Since(start).Seconds(), i, s) })
			if err != nil {
				t.Error(err)
			}
		})
	}
	building.Wait()
	if t.Failed() {
		return
	}
	t.Logf("built in %v: %+v", time.Since(start), built[0])
	if built[0].Version != "3.6.16" || built[0].Modules[ServerModule] != version || built[0].SHA256 != built[1].SHA256 {
		t.Errorf("the builds differ, or are of another version:\n%+v\n%+v", built[0], built[1])
	}
	entries, err := os.ReadDir(filepath.Dir(built[0].Path))
	if err != nil || len(entries) != 1 {
		t.Errorf("left in the cache beside the binary: %v (%v)", entries, err)
	}

	t.Setenv("GOPROXY", "off")
	t.Setenv("GOMODCACHE", t.TempDir())
	t.Setenv("GOFLAGS", "-mod=vendor")
	t.Setenv("GOOS", "plan9")
	start = time.Now()
	again, err := Build(t.Context(), version, nil)
	t.Logf("from the cache in %v", time.Since(start))
	if err != nil || again.Path != built[0].Path {
		t.Errorf("without a network: %+v, %v", again, err)
	}
	if faults, err := CheckFlags(t.Context(), []string{again.Path}, []Flag{{"quota-backend-bytes", "8GiB"}, {"snapshot-count", "5"}}, nil); err != nil || len(faults) != 1 {
		t.Errorf("its flags: %v, %v", faults, err)
	}
}

// A build that is given up leaves nothing.
func TestAccuracyBuildCancelled(t *testing.T) {
	cache := useCache(t)
	t.Setenv("GOCACHE", t.TempDir()) // so that it takes long
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	start := time.Now()
	if b, err := Build(ctx, "v3.6.16", nil); err == nil {
		t.Fatalf("built in %v: %+v", time.Since(start), b)
	}
	if took := time.Since(start); took > 17*time.Second {
		t.Errorf("it ended after %v", took)
	}
	if left := files(t, cache); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}
