package profile

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/pprof"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestGrown(t *testing.T) {
	t.Parallel()
	if got := Grown(Usage{"a": 1}, Usage{"a": 1.05}, 0.1, 5); got != nil {
		t.Errorf("too little to tell: %v", got)
	}
	before := Usage{"a": 1, "b": 2, "c": 0.5}
	now := Usage{"a": 1.5, "b": 1, "c": 0.5, "d": 2}
	want := []Growth{{"d", 0, 2}, {"a", 1, 1.5}}
	if diff := cmp.Diff(want, Grown(before, now, 0.1, 5)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(want[:1], Grown(before, now, 0.1, 1)); diff != "" {
		t.Error(diff)
	}
}

// A real profile of this process tells of the function that was busy.
func TestLoad(t *testing.T) {
	folder := t.TempDir()
	if u, err := Load(folder, CPU); u != nil || err != nil {
		t.Errorf("without profiles: %v %v", u, err)
	}
	var cpu, heap bytes.Buffer
	if err := pprof.StartCPUProfile(&cpu); err != nil {
		t.Fatal(err)
	}
	rounds := burn(300 * time.Millisecond)
	pprof.StopCPUProfile()
	if err := pprof.WriteHeapProfile(&heap); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(folder, Folder), 0o755); err != nil {
		t.Fatal(err)
	}
	for kind, content := range map[Kind][]byte{CPU: cpu.Bytes(), Heap: heap.Bytes()} {
		if err := os.WriteFile(Path(folder, "m1", kind), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	u, err := Load(folder, CPU)
	if err != nil {
		t.Fatal(err)
	}
	busy := 0.0
	for name, v := range u {
		if strings.Contains(name, "burn") || strings.Contains(name, "time.") || strings.Contains(name, "runtime.") {
			busy += v
		}
	}
	if busy < 0.1 || u.Total() > 4 {
		t.Errorf("%v of %v cores in %v, after %d rounds", busy, u.Total(), u, rounds)
	}
	if h, err := Load(folder, Heap); err != nil || h == nil {
		t.Errorf("heap %v %v", h, err)
	}
	if err := os.WriteFile(Path(folder, "m2", CPU), []byte("no profile"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(folder, CPU); err == nil || !strings.Contains(err.Error(), "m2-cpu.pb.gz") {
		t.Errorf("error %v", err)
	}
}

//go:noinline
func burn(d time.Duration) (rounds int) {
	for end := time.Now().Add(d); time.Now().Before(end); rounds++ {
		_ = strings.Repeat("x", 1000)
	}
	return rounds
}
