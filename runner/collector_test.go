package runner

import (
	"runtime/debug"
	"testing"
)

func TestCollector(t *testing.T) {
	for live, want := range map[uint64]int{0: 6400, 10 << 20: 640, 64 << 20: 100, 1 << 30: 100} {
		if got := percentOf(live); got != want {
			t.Errorf("%d bytes: %d %%, want %d %%", live, got, want)
		}
	}
	before := debug.SetGCPercent(100)
	defer debug.SetGCPercent(before)
	c := startCollector()
	if set := debug.SetGCPercent(100); set <= 100 {
		t.Errorf("%d %% during the load of a small heap", set)
	}
	c.stop()
	if set := debug.SetGCPercent(50); set != 100 {
		t.Errorf("%d %% after it", set)
	}
	c = startCollector() // as with GOGC=50
	if set := debug.SetGCPercent(50); set != 50 {
		t.Errorf("the user's 50 %% became %d %%", set)
	}
	c.stop()
}
