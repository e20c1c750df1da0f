package runner

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// timekeeping looks again and again whether the machine's clocks go on together.
// Every time of a run is monotonic: a wall clock that is set does it no harm. But
// a machine that is suspended stands still on that clock while a cluster
// elsewhere goes on, and a run that spans it measured something else.
type timekeeping struct {
	read func() (readings, error)
	last readings
}

// readings are the kernel's clocks at one moment: since boot without and with
// the time suspended, and since 1970.
type readings struct{ monotonic, boot, wall time.Duration }

// How far clocks may part between two looks. Between two readings of ours lie
// microseconds, unless something else ran; NTP slews by 0.5 ms a second.
const (
	suspendedFrom = 50 * time.Millisecond
	steppedFrom   = 100 * time.Millisecond
)

// newTimekeeping begins to look. Where the kernel does not tell, nothing is ever noticed.
func newTimekeeping(read func() (readings, error)) *timekeeping {
	k := &timekeeping{read: read}
	k.last, _ = read()
	return k
}

// look returns what has happened to the clocks since it was called last.
func (k *timekeeping) look() []results.Event {
	now, err := k.read()
	if err != nil {
		return nil
	}
	last := k.last
	k.last = now
	var events []results.Event
	if d := (now.boot - now.monotonic) - (last.boot - last.monotonic); d > suspendedFrom {
		events = append(events, results.Event{
			Kind:   results.EventInvalid,
			Detail: fmt.Sprintf("the machine was suspended for %.1f s: what the cluster did meanwhile is not in these figures", d.Seconds()),
		})
	}
	d := (now.wall - now.boot) - (last.wall - last.boot)
	way := "forward"
	if d < 0 {
		way = "back"
	}
	if d.Abs() > steppedFrom {
		events = append(events, results.Event{
			Kind:   results.EventWarning,
			Detail: fmt.Sprintf("the machine's clock was set %s by %.1f s; the times of this run are monotonic and not affected, those of logs are", way, d.Abs().Seconds()),
		})
	}
	return events
}

// kernelClocks reads the clocks of clock_gettime(2). The monotonic one is read
// first and last, and a reading that something came between is taken again.
func kernelClocks() (readings, error) {
	var r readings
	for range 5 {
		var all [4]time.Duration
		for i, id := range [...]int32{unix.CLOCK_MONOTONIC, unix.CLOCK_BOOTTIME, unix.CLOCK_REALTIME, unix.CLOCK_MONOTONIC} {
			var ts unix.Timespec
			if err := unix.ClockGettime(id, &ts); err != nil {
				return readings{}, fmt.Errorf("reading the clock %d: %w", id, err)
			}
			all[i] = time.Duration(ts.Nano())
		}
		r = readings{monotonic: all[0], boot: all[1], wall: all[2]}
		if all[3]-all[0] < time.Millisecond {
			break
		}
	}
	return r, nil
}
