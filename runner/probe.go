package runner

import (
	"encoding/binary"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etcd-dyno/etcd-dyno/runner/arrival"
	"github.com/etcd-dyno/etcd-dyno/runner/record"
)

// probe measures how late the generator notices what has come for it. A reply
// of etcd wakes a goroutine through the runtime's poller and a free processor;
// how long that takes is in every service time and cannot be told from etcd's
// part. So a byte of our own goes the same way: the pacing thread writes it into
// a pipe at a random moment, and a goroutine that waits for it, as a worker
// waits for a reply, stamps when it has it.
//
// Note: how long a dispatched operation waits for a free worker was tried
// instead. It tells nothing in a closed loop, whose workers never wait.
type probe struct {
	clock       *clock
	series      *record.Series
	read, write *os.File
	wg          sync.WaitGroup
}

// probeRate is how many probes a second there are: enough to tell the 99th percentile after 5 s.
const probeRate = 200

// startProbe adds a probe to the pacer.
func startProbe(e *env) (*probe, error) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_NONBLOCK|unix.O_CLOEXEC); err != nil {
		return nil, fmt.Errorf("making a pipe: %w", err)
	}
	p := &probe{clock: e.clock, series: e.recorder.Wake(), read: os.NewFile(uintptr(fds[0]), "probe"), write: os.NewFile(uintptr(fds[1]), "probe")}
	// At random, so that no schedule of the workloads keeps step with it.
	e.pacer.add(arrival.Poisson(probeRate, e.seed("probe")), func(arriving) {
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], uint64(e.clock.Now()))
		// It fails only where the pipe is full, and then the probes in it say enough.
		_, _ = unix.Write(fds[1], b[:])
	})
	p.wg.Go(p.receive)
	return p, nil
}

func (p *probe) receive() {
	var b [8]byte
	for {
		// A pipe takes and gives so few bytes whole.
		if _, err := p.read.Read(b[:]); err != nil {
			return // the other end is closed
		}
		now := p.clock.Now()
		sent := time.Duration(binary.LittleEndian.Uint64(b[:]))
		p.series.Time(0, p.clock.Phase(sent), record.Wake, now-sent, 1)
	}
}

// stop ends the probe; the pacing thread has ended before.
func (p *probe) stop() {
	_ = p.write.Close()
	p.wg.Wait()
	_ = p.read.Close()
}
