package fsync

import (
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

const noRoom = "no space left on device"

// silent says that the child says nothing for a time; what it says later goes to first.
func (c *child) silent(t *testing.T, first *timing) (said <-chan error) {
	t.Helper()
	decoded := make(chan error, 1)
	go func() { decoded <- c.out.Decode(first) }()
	select {
	case err := <-decoded:
		t.Fatalf("the sync ended with %+v, error %v, on a disk that stands still", *first, err)
	case <-time.After(100 * ms):
	}
	return decoded
}

func TestHoldUntilRelease(t *testing.T) {
	device, c, _ := waiting(t, fixed(time.Hour))
	device.Hold()
	if err := device.Set(fixed(ms)); err != nil {
		t.Fatal(err)
	}
	var first, second timing
	said := c.silent(t, &first)
	device.Release()
	if err := within(t, "the end of the sync that was held", said); err != nil {
		t.Fatal(err)
	}
	c.decode(t, &second)
	if first.Took < 100*ms || first.Err != "" || second.Took < ms || second.Err != "" {
		t.Errorf("the sync that was held: %+v, and the one after: %+v", first, second)
	}
}

func TestCloseReleases(t *testing.T) {
	device, c, _ := waiting(t, fixed(time.Hour))
	device.Hold()
	if err := device.Set(Delay{}); err != nil {
		t.Fatal(err)
	}
	var first timing
	said := c.silent(t, &first)
	if err := device.Close(); err != nil {
		t.Fatal(err)
	}
	if err := within(t, "the end of the sync that was held", said); err != nil || first.Err != "" {
		t.Errorf("the sync that was held: %+v, error %v", first, err)
	}
	device.Hold() // of a device that is closed it changes nothing
}

func TestKilledWhileHeld(t *testing.T) {
	device, c, _ := waiting(t, fixed(time.Hour))
	device.Hold()
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- device.Wait() }()
	if err := within(t, "the end of the device", ended); err != nil {
		t.Error(err)
	}
}

// A full disk refuses, and when there is room again the same process goes on.
func TestFullUntilThereIsRoom(t *testing.T) {
	device, c := under(t, fixed(ms), roundProgram, filepath.Join(t.TempDir(), "file"))
	for _, want := range []string{"", noRoom, ""} {
		device.Fill(want != "")
		said := make(chan error, 1)
		go func() { said <- c.round(want) }()
		if err := within(t, "a whole round of calls that end with "+strconv.Quote(want), said); err != nil {
			t.Fatal(err)
		}
	}
	if stats := device.Stats(); stats.Refused < 4 || stats.Sizings < 4 || stats.Fsyncs < 4 {
		t.Errorf("%+v after two rounds with and one without room", stats)
	}
}

// round returns when each call of a roundProgram has once ended with want.
func (c *child) round(want string) error {
	for n := 0; n < len(calls()); n++ {
		var one timing
		if err := c.out.Decode(&one); err != nil {
			return err
		}
		if one.Err != want {
			n = -1
		}
	}
	return nil
}

func TestSizingsAreNotDelayed(t *testing.T) {
	for _, call := range []string{"fallocate", "ftruncate"} {
		device, c := under(t, fixed(time.Hour), syncs(t, call, 2, 5)...)
		device.Hold()
		c.timings(t)
		if stats := device.Stats(); stats.Sizings != 10 {
			t.Errorf("%s: %+v, want 10", call, stats)
		}
	}
}
