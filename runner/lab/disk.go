package lab

import (
	"errors"
	"fmt"
	"hash/fnv"
	"os"

	"github.com/etcd-dyno/etcd-dyno/runner/lab/fsync"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// openDisk makes the disk of a member's next process, in the state of the last
// one's; nil where fsyncs do not pass through the host.
func (h host) openDisk(m *member) (handed *os.File, err error) {
	if !h.around.slow {
		return nil, nil
	}
	m.closeDisk()
	seed := fnv.New64a()
	_, _ = seed.Write([]byte(m.name)) // a hash takes all
	m.mu.Lock()
	defer m.mu.Unlock()
	device, handed, err := fsync.Open(delayOf(m.disk.Delay), seed.Sum64())
	if err != nil {
		return nil, fmt.Errorf("making the disk of %s: %w", m.name, err)
	}
	m.device = device
	m.applyDisk()
	return handed, nil
}

// setDisk changes the disk of a member, and of its later processes.
func (h host) setDisk(m *member, d Disk) error {
	if !h.around.slow {
		return errors.New(`fsyncs do not pass through the lab host; write fsync_delay = "0s" under [disk], and see the lab's notes`)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	changed := m.disk.Delay != d.Delay
	m.disk = d
	if m.device == nil {
		return nil
	}
	m.applyDisk()
	if changed {
		return m.device.Set(delayOf(d.Delay))
	}
	return nil
}

// applyDisk makes the device as the disk is, but for its delay; m.mu is held.
func (m *member) applyDisk() {
	if m.disk.Held {
		m.device.Hold()
	} else {
		m.device.Release()
	}
	m.device.Fill(m.disk.Full)
}

// freeDisk lets all fsyncs go on.
func (m *member) freeDisk() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.disk.Held, m.disk.Full = false, false
	if m.device != nil {
		m.applyDisk()
	}
}

func delayOf(d scenarios.FsyncDelay) fsync.Delay {
	return fsync.Delay{P50: d.P50, P99: d.P99, Stall: fsync.Stall{Every: d.StallEvery, For: d.StallFor}}
}

// closeDisk takes the disk away from a member whose process is gone.
func (m *member) closeDisk() {
	m.mu.Lock()
	device := m.device
	m.device = nil
	m.mu.Unlock()
	if device != nil {
		_ = device.Close() // its processes are gone; that one never came to it is told by its log
	}
}
