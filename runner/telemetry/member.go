package telemetry

import (
	"context"
	"maps"
	"net/http"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Member looks at one member of etcd, again and again. Only one Look may be under way.
type Member struct {
	// Name, URL of its page of metrics, and Client are for the caller to set before the first look.
	Name, URL string
	Client    *http.Client

	process *Process
	before  page
	looked  bool
	at      time.Duration
}

// Look asks the member what it did since the last look. pid is its process on
// this machine, 0 where it runs elsewhere. now is the run's clock.
func (m *Member) Look(ctx context.Context, pid int, now func() time.Duration) results.MemberTelemetry {
	asked := now()
	said, err := Fetch(ctx, m.Client, m.URL, families()...)
	at := (asked + now()) / 2 // the page is of somewhere between
	t := results.MemberTelemetry{Member: m.Name, StartMS: milliseconds(at), EndMS: milliseconds(at)}
	if err != nil {
		t.Error = err.Error()
		return t
	}
	p := newPage(said)
	anew := p.began != m.before.began
	if m.looked {
		t.StartMS = milliseconds(m.at)
		t.Anew = anew
		before := m.before
		if anew {
			before = page{}
		}
		t.Counters, t.Histograms = p.since(before)
	}
	t.Gauges = p.gauges
	m.local(pid, &t)
	m.before, m.looked, m.at = p, true, at
	return t
}

// local adds what only this machine knows of the member's process.
func (m *Member) local(pid int, t *results.MemberTelemetry) {
	if pid == 0 {
		return
	}
	first := m.process == nil || m.process.pid != pid
	if first {
		m.process = NewProcess(pid)
	}
	grown, now := m.process.Look()
	if t.Counters != nil && (!first || t.Anew) {
		maps.Copy(t.Counters, grown)
	}
	maps.Copy(t.Gauges, now)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// SinceStart is a histogram of the member's since its process began, as it was at the last look.
func (m *Member) SinceStart(name string) results.ServerHistogram {
	_, all := m.before.since(page{})
	return all[name]
}
