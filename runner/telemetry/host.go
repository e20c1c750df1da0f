package telemetry

import (
	"time"

	"github.com/prometheus/procfs"
	"github.com/prometheus/procfs/blockdevice"
	"golang.org/x/sys/unix"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Host looks at the machine, again and again.
type Host struct {
	// Data is a path on the disk that is to be told of; empty for none.
	Data string

	before state
	looked bool
}

// state is what the kernel has counted so far; nil and zero where it does not tell.
type state struct {
	at       time.Time
	cpu      *procfs.CPUStat
	pressure *results.Pressure // seconds
	disk     *blockdevice.Diskstats
	received uint64
	sent     uint64
}

// Look is what the machine did since the last look; it reports false the first time. now is the run's clock.
func (h *Host) Look(now func() time.Duration) (t results.HostTelemetry, ok bool) {
	s, available := h.read()
	end, before, looked := now(), h.before, h.looked
	h.before, h.looked = s, true
	if !looked {
		return t, false
	}
	span := s.at.Sub(before.at)
	t = results.HostTelemetry{
		StartMS: milliseconds(end - span), EndMS: milliseconds(end),
		NetworkReceived: int64(s.received - before.received), NetworkSent: int64(s.sent - before.sent), MemoryAvailable: available,
	}
	if s.cpu != nil && before.cpu != nil {
		t.CPU, t.Steal, t.IOWait = shares(*before.cpu, *s.cpu)
	}
	if s.pressure != nil && before.pressure != nil {
		of := func(before, now float64) float64 { return min(max((now-before)/span.Seconds(), 0), 1) }
		t.Pressure = &results.Pressure{CPU: of(before.pressure.CPU, s.pressure.CPU), IO: of(before.pressure.IO, s.pressure.IO), Memory: of(before.pressure.Memory, s.pressure.Memory)}
	}
	if s.disk != nil && before.disk != nil {
		t.Disk = diskSince(before.disk, s.disk, span)
	}
	return t, true
}

// read is all that the kernel tells, and how much memory is to be had. What it
// does not tell, in a sandbox perhaps, is left out.
func (h *Host) read() (s state, available int64) {
	s.at = time.Now()
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return s, 0
	}
	if stat, err := fs.Stat(); err == nil {
		s.cpu = &stat.CPUTotal
	}
	s.pressure = pressure(fs)
	if net, err := fs.NetDev(); err == nil {
		s.received, s.sent = net.Total().RxBytes, net.Total().TxBytes
	}
	if memory, err := fs.Meminfo(); err == nil && memory.MemAvailableBytes != nil {
		available = int64(*memory.MemAvailableBytes)
	}
	if h.Data != "" {
		s.disk = disk(h.Data)
	}
	return s, available
}

// pressure is how many seconds so far some task waited for each resource (Documentation/accounting/psi).
func pressure(fs procfs.FS) *results.Pressure {
	var p results.Pressure
	for name, to := range map[string]*float64{"cpu": &p.CPU, "io": &p.IO, "memory": &p.Memory} {
		psi, err := fs.PSIStatsForResource(name)
		if err != nil || psi.Some == nil {
			return nil
		}
		*to = float64(psi.Some.Total) / 1e6
	}
	return &p
}

// shares are of the time of all processors; a guest's is in user already (proc(5)).
func shares(before, now procfs.CPUStat) (used, steal, wait float64) {
	d := func(before, now float64) float64 { return max(now-before, 0) }
	idle, wait, steal := d(before.Idle, now.Idle), d(before.Iowait, now.Iowait), d(before.Steal, now.Steal)
	busy := d(before.User, now.User) + d(before.Nice, now.Nice) + d(before.System, now.System) + d(before.IRQ, now.IRQ) + d(before.SoftIRQ, now.SoftIRQ) + steal
	all := busy + idle + wait
	if all == 0 {
		return 0, 0, 0
	}
	return busy / all, steal / all, wait / all
}

// disk is what the kernel counts of the block device that a path lies on; nil where it lies on none.
func disk(path string) *blockdevice.Diskstats {
	var st unix.Stat_t
	if unix.Stat(path, &st) != nil {
		return nil
	}
	fs, err := blockdevice.NewDefaultFS()
	if err != nil {
		return nil
	}
	all, err := fs.ProcDiskstats()
	if err != nil {
		return nil
	}
	for _, d := range all {
		if d.MajorNumber == unix.Major(st.Dev) && d.MinorNumber == unix.Minor(st.Dev) {
			return &d
		}
	}
	return nil
}

// sector is how many bytes the kernel counts as one.
const sector = 512

func diskSince(before, now *blockdevice.Diskstats, span time.Duration) *results.DiskTelemetry {
	d := func(before, now uint64) int64 { return max(int64(now-before), 0) }
	return &results.DiskTelemetry{
		Device: now.DeviceName, Reads: d(before.ReadIOs, now.ReadIOs), Writes: d(before.WriteIOs, now.WriteIOs),
		Flushes:   d(before.FlushRequestsCompleted, now.FlushRequestsCompleted),
		BytesRead: sector * d(before.ReadSectors, now.ReadSectors), BytesWritten: sector * d(before.WriteSectors, now.WriteSectors),
		Busy:    min(float64(d(before.IOsTotalTicks, now.IOsTotalTicks))/milliseconds(span), 1),
		WriteMS: float64(d(before.WriteTicks, now.WriteTicks)), FlushMS: float64(d(before.TimeSpentFlushing, now.TimeSpentFlushing)),
	}
}
