package runner

import (
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results/profile"
)

// Members are profiled over the measure phase, and the profiles are theirs.
func TestProfiles(t *testing.T) {
	t.Parallel()
	job := jobOf(t, strings.Replace(beatsWatched, `measure = "500ms"`, `measure = "2s"`, 1), "members = 1\n[tls]\nclient = true\nmutual = true\n")
	job.Profile, job.Configuration = true, job.Configuration.Profiled()
	folder, err := Run(t.Context(), t.Context(), job)
	if err != nil {
		t.Fatal(err)
	}
	_, result := load(t, folder)
	for _, w := range result.Warnings {
		if strings.Contains(w, "there is no") {
			t.Error(w)
		}
	}
	cpu, err := profile.Load(folder, profile.CPU)
	if err != nil || cpu.Total() <= 0 || cpu.Total() > 4 {
		t.Errorf("%v cores, %v", cpu.Total(), err)
	}
	heap, err := profile.Load(folder, profile.Heap)
	if err != nil || heap.Total() < 1<<20 {
		t.Errorf("%v bytes, %v", heap.Total(), err)
	}
	etcds := false
	for name := range heap {
		etcds = etcds || strings.Contains(name, "etcd") || strings.Contains(name, "bbolt") || strings.Contains(name, "zap")
	}
	if !etcds {
		t.Errorf("nothing in it is etcd's: %v", heap)
	}
}
