package fsync

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func fixed(d time.Duration) Delay { return Delay{P50: d, P99: d} }

// timings are those of a syncProgram that has ended well.
func (c *child) timings(t testing.TB) (timings []timing, mean time.Duration) {
	t.Helper()
	c.decode(t, &timings)
	if err := <-c.exited; err != nil {
		t.Fatal(err)
	}
	for _, one := range timings {
		if one.Err != "" {
			t.Fatalf("a sync failed: %s", one.Err)
		}
		mean += one.Took
	}
	return timings, mean / time.Duration(len(timings))
}

func quicker(a, b timing) int { return cmp.Compare(a.Took, b.Took) }

func syncs(t testing.TB, call string, threads, calls int) []string {
	t.Helper()
	return []string{syncProgram, filepath.Join(t.TempDir(), "file"), call, strconv.Itoa(threads), strconv.Itoa(calls)}
}

func TestDelayIsAddedToEachSync(t *testing.T) {
	for _, call := range []string{"fsync", "fdatasync"} {
		t.Run(call, func(t *testing.T) {
			device, c := under(t, fixed(10*ms), syncs(t, call, 1, 30)...)
			timings, mean := c.timings(t)
			t.Logf("mean %v, %+v", mean, device.Stats())
			// Only the quickest is not at the mercy of what else the disk has to do.
			if quickest := slices.MinFunc(timings, quicker).Took; quickest < 10*ms || quickest > 16*ms {
				t.Errorf("the quickest sync takes %v, want between 10 and 16 ms", quickest)
			}
			if err := device.Wait(); err != nil { // the last process is gone
				t.Error(err)
			}
			if got := device.Stats().Fsyncs; got != 30 {
				t.Errorf("%d were let go, want 30", got)
			}
		})
	}
}

// The threads sync files of their own, but share the disk.
func TestThreadsShareOneQueue(t *testing.T) {
	_, c := under(t, fixed(10*ms), syncs(t, "fdatasync", 3, 10)...)
	_, mean := c.timings(t)
	if mean < 28*ms || mean > 60*ms {
		t.Errorf("a sync of one of three threads takes %v, want 30 ms: its own delay and two others'", mean)
	}
}

func TestStallDelaysWhatComesInIt(t *testing.T) {
	_, c := under(t, Delay{P50: ms, P99: ms, Stall: Stall{Every: 300 * ms, For: 150 * ms}}, syncs(t, "fdatasync", 1, 250)...)
	timings, _ := c.timings(t)
	var total time.Duration
	stalled := 0
	for _, one := range timings {
		total += one.Took
		if one.Took > 75*ms {
			stalled++
		}
	}
	if want := int(total / (300 * ms)); want < 1 || stalled < max(1, want-1) || stalled > want+1 {
		t.Errorf("%d syncs of %v in all were stalled, want about %d", stalled, total, want)
	}
}

func TestSetReleasesWhatWaits(t *testing.T) {
	device, c, _ := waiting(t, fixed(time.Hour))
	if err := device.Set(Delay{P50: -1}); err == nil {
		t.Error("a wrong delay can be set")
	}
	if err := device.Set(fixed(50 * ms)); err != nil {
		t.Fatal(err)
	}
	var first, second timing
	c.decode(t, &first)
	c.decode(t, &second)
	if second.Took < 50*ms || second.Took > time.Second || first.Err != "" || second.Err != "" {
		t.Errorf("the sync that waited: %+v, and the one thereafter: %+v, want 50 ms or little more", first, second)
	}
}

func TestCloseLetsGoOnWhatWaits(t *testing.T) {
	device, c, _ := waiting(t, fixed(time.Hour))
	if err := device.Close(); err != nil {
		t.Fatal(err)
	}
	var first, second timing
	c.decode(t, &first)
	c.decode(t, &second)
	if first.Err != "" {
		t.Errorf("the sync that waited failed: %s", first.Err)
	}
	if !strings.Contains(second.Err, "not implemented") {
		t.Errorf("the sync after Close says %q, want ENOSYS as documented", second.Err)
	}
	if err := device.Set(fixed(ms)); err != nil {
		t.Errorf("setting the delay of a closed device: %v", err)
	}
}

func TestCloseBeforeTheChildHasCome(t *testing.T) {
	device, shim, err := Open(fixed(ms), 1)
	if err != nil {
		t.Skip(err)
	}
	defer shim.Close()
	if err := device.Close(); err != nil {
		t.Error(err)
	}
}

func TestChildThatNeverComesUnderIt(t *testing.T) {
	device, shim, err := Open(fixed(ms), 1)
	if err != nil {
		t.Skip(err)
	}
	c := spawn(t, []*os.File{shim}, filesProgram)
	if err := shim.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-c.exited; err != nil {
		t.Fatal(err)
	}
	if err := device.Wait(); err == nil || !strings.Contains(err.Error(), "ended before it was under a filter") {
		t.Errorf("error %v", err)
	}
}

func TestKilledChildEndsTheDevice(t *testing.T) {
	before := openFiles(t)
	device, c, _ := waiting(t, fixed(time.Hour))
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- device.Wait() }()
	if err := within(t, "the end of the device", ended); err != nil {
		t.Error(err)
	}
	if err := <-c.exited; err == nil {
		t.Error("the child ended well, although it was killed")
	}
	_ = c.stdout.Close()
	if after := openFiles(t); after != before {
		t.Errorf("%d files are open, before it were %d", after, before)
	}
	if stats := device.Stats(); stats.Fsyncs != 0 {
		t.Errorf("%d fsyncs were let go, but the thread was dead", stats.Fsyncs)
	}
}

// openFiles counts this process's descriptors, without those that Go makes on
// first use and keeps.
func openFiles(t *testing.T) (n int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		target, err := os.Readlink(filepath.Join("/proc/self/fd", e.Name()))
		if err == nil && !strings.Contains(target, "eventpoll") {
			n++
		}
	}
	return n
}
