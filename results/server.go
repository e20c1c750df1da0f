package results

import (
	"slices"
	"strings"
)

// MemberRecord is what a member of etcd told of itself over a run.
type MemberRecord struct {
	Member string
	// Phases are sums of what it did in each phase, told of by looks most of whose time lay in it.
	Phases map[PhaseName]*MemberPhase
	// Timeline has an entry for each look, in order.
	Timeline []MemberMoment
}

// MemberPhase is what a member did in a phase.
type MemberPhase struct {
	// SpanMS is the time that was told of, Looks how many told of it, Missed how many
	// looks had no answer, LastError why the last of those.
	SpanMS        float64
	Looks, Missed int
	LastError     string
	// Began tells how often it began anew.
	Began      int
	Counters   map[string]float64
	Histograms map[string]ServerHistogram
	// Last and Max are of the gauges, Mean their mean over the looks.
	Last, Max, Mean map[string]float64
}

// MemberMoment is what a member did between two looks.
type MemberMoment struct {
	StartMS, EndMS float64
	// Failed tells that it did not answer; all below is empty then.
	Failed     bool
	Counters   map[string]float64
	Gauges     map[string]float64
	Histograms map[string]ServerHistogram
}

// Rate is by how much a counter grew per second; 0 where that is not known.
func (m MemberMoment) Rate(counter string) float64 {
	if m.EndMS <= m.StartMS {
		return 0
	}
	return m.Counters[counter] * 1000 / (m.EndMS - m.StartMS)
}

// Rate is by how much a counter grew per second.
func (p *MemberPhase) Rate(counter string) float64 {
	if p == nil || p.SpanMS <= 0 {
		return 0
	}
	return p.Counters[counter] * 1000 / p.SpanMS
}

// HostRecord is what the machine did over a run.
type HostRecord struct {
	// Measure is over the measure phase: shares are means, what is counted is summed,
	// MemoryAvailable is the least; nil where nothing was told.
	Measure *HostTelemetry
	// Timeline has an entry for each look, in order.
	Timeline []HostTelemetry
}

func (l *loader) member(t MemberTelemetry) {
	l.seen(t.EndMS)
	r := l.members[t.Member]
	if r == nil {
		r = &MemberRecord{Member: t.Member, Phases: map[PhaseName]*MemberPhase{}}
		l.members[t.Member] = r
	}
	name := l.phaseOf(t.StartMS, t.EndMS)
	p := r.Phases[name]
	if p == nil {
		p = &MemberPhase{Counters: map[string]float64{}, Histograms: map[string]ServerHistogram{}, Last: map[string]float64{}, Max: map[string]float64{}, Mean: map[string]float64{}}
		r.Phases[name] = p
	}
	p.add(t)
	r.Timeline = append(r.Timeline, MemberMoment{StartMS: t.StartMS, EndMS: t.EndMS, Failed: t.Error != "", Counters: t.Counters, Gauges: t.Gauges, Histograms: t.Histograms})
}

func (p *MemberPhase) add(t MemberTelemetry) {
	if t.Error != "" {
		p.Missed++
		p.LastError = t.Error
		return
	}
	if t.Anew {
		p.Began++
	}
	p.SpanMS += t.EndMS - t.StartMS
	for name, v := range t.Counters {
		p.Counters[name] += v
	}
	for name, h := range t.Histograms {
		p.Histograms[name] = p.Histograms[name].Plus(h)
	}
	p.Looks++
	for name, v := range t.Gauges {
		p.Last[name] = v
		p.Max[name] = max(p.Max[name], v)
		p.Mean[name] += (v - p.Mean[name]) / float64(p.Looks)
	}
}

func (l *loader) host(t HostTelemetry) {
	l.seen(t.EndMS)
	l.run.Host.Timeline = append(l.run.Host.Timeline, t)
	if l.phaseOf(t.StartMS, t.EndMS) == PhaseMeasure {
		l.run.Host.Measure = l.run.Host.Measure.with(t)
	}
}

// with is what was done in both together; h may be nil.
func (h *HostTelemetry) with(t HostTelemetry) *HostTelemetry {
	if h == nil {
		return &t
	}
	have, more := h.EndMS-h.StartMS, t.EndMS-t.StartMS
	mean := func(a, b float64) float64 { return (a*have + b*more) / max(have+more, 1) }
	sum := HostTelemetry{
		StartMS: h.StartMS, EndMS: h.StartMS + have + more, CPU: mean(h.CPU, t.CPU), Steal: mean(h.Steal, t.Steal), IOWait: mean(h.IOWait, t.IOWait),
		NetworkReceived: h.NetworkReceived + t.NetworkReceived, NetworkSent: h.NetworkSent + t.NetworkSent,
		MemoryAvailable: min(h.MemoryAvailable, t.MemoryAvailable),
	}
	if a, b := h.Pressure, t.Pressure; a != nil && b != nil {
		sum.Pressure = &Pressure{CPU: mean(a.CPU, b.CPU), IO: mean(a.IO, b.IO), Memory: mean(a.Memory, b.Memory)}
	}
	if a, b := h.Disk, t.Disk; a != nil && b != nil {
		sum.Disk = &DiskTelemetry{
			Device: b.Device, Reads: a.Reads + b.Reads, Writes: a.Writes + b.Writes, Flushes: a.Flushes + b.Flushes,
			BytesRead: a.BytesRead + b.BytesRead, BytesWritten: a.BytesWritten + b.BytesWritten,
			Busy: mean(a.Busy, b.Busy), WriteMS: a.WriteMS + b.WriteMS, FlushMS: a.FlushMS + b.FlushMS,
		}
	}
	return &sum
}

func (l *loader) finishServer() {
	l.run.Server = nil
	for _, m := range l.members {
		l.run.Server = append(l.run.Server, *m)
	}
	slices.SortFunc(l.run.Server, func(a, b MemberRecord) int { return strings.Compare(a.Member, b.Member) })
}

// LinkKey is under which key Run's LinkRTT has the link of two parties.
func LinkKey(from, to string) string { return rowKey(from, to) }
