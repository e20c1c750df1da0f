package fsync

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Whatever kills the supervisor, the program dies with it, although the
// supervisor's death also wakes it from its fsync.
func TestProgramDiesWithItsParent(t *testing.T) {
	if err := Supported(); err != nil {
		t.Skip(err)
	}
	host := spawn(t, nil, hostProgram, waitProgram, filepath.Join(t.TempDir(), "file"))
	host.awaitWaiting(t)
	if err := host.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	host.mustEnd(t)
}

func TestExecWithoutSupervisor(t *testing.T) {
	c := spawn(t, nil, shimmed(None, syncs(t, "fsync", 1, 1)...)...)
	c.timings(t)
}

func TestExecRefusesAnotherParent(t *testing.T) {
	args := shimmed(None, filesProgram)
	args[2] = "1"
	c := spawn(t, nil, args...)
	if err := <-c.exited; err == nil {
		t.Error("the program was executed although its parent is another")
	}
}

func TestProgramInheritsWhatItShouldAndNoMore(t *testing.T) {
	if err := Supported(); err != nil {
		t.Skip(err)
	}
	device, shim, err := Open(Delay{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	lock, err := os.Create(filepath.Join(t.TempDir(), "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	c := spawn(t, []*os.File{shim, lock}, shimmed(shimFD, filesProgram)...)
	if err := shim.Close(); err != nil {
		t.Fatal(err)
	}
	var open map[string]string
	c.decode(t, &open)
	if open["4"] != lock.Name() {
		t.Errorf("descriptor 4 is %q, want %s", open["4"], lock.Name())
	}
	for fd, target := range open {
		if fd == "3" && strings.HasPrefix(target, "socket:") || strings.Contains(target, "seccomp") {
			t.Errorf("descriptor %s is %s, which only the shim needs", fd, target)
		}
	}
	if err := device.Wait(); err != nil {
		t.Error(err)
	}
}

// A signal must not begin the delay anew: neither Go's own, sent to the very
// thread, nor one that the program handles.
func TestSignalsDoNotLengthenTheDelay(t *testing.T) {
	const asked = 300 * ms
	device, c, w := waiting(t, fixed(asked))
	said := make(chan timing, 1)
	go func() {
		var first timing
		_ = c.out.Decode(&first)
		said <- first
	}()
	tick := time.NewTicker(5 * ms)
	defer tick.Stop()
	for range 40 {
		<-tick.C
		for _, s := range []syscall.Signal{syscall.SIGURG, syscall.SIGTERM} {
			if err := unix.Tgkill(w.PID, w.Thread, s); err != nil {
				t.Fatal(err)
			}
		}
	}
	first := within(t, "the end of the fsync", said)
	// How long it took says little on a busy machine. An fsync that began anew
	// would have left its first attempt behind.
	if stats := device.Stats(); first.Err != "" || first.Took < asked || stats.Gone != 0 {
		t.Errorf("under signals: %+v, want %v, and none that waited in vain: %+v", first, asked, stats)
	}
}
