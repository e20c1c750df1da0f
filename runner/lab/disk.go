package lab

import (
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
	device, handed, err := fsync.Open(delayOf(h.order.Configuration.Disk.FsyncDelay), seed.Sum64())
	if err != nil {
		return nil, fmt.Errorf("making the disk of %s: %w", m.name, err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.device = device
	return handed, nil
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
