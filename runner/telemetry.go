package runner

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"sync"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/runner/telemetry"
)

// telemeter has members, the machine and members' logs looked at while the run
// goes. A look that takes long delays nobody else's.
type telemeter struct {
	run    *run
	client *http.Client
	wg     sync.WaitGroup
	quit   chan struct{}
	// begun is sent to when it becomes known when the phases begin.
	begun chan struct{}
	end   sync.Once

	host telemetry.Host // only the loop's

	mu      sync.Mutex // guards members
	members map[string]*followed
}

// followed is a member that is looked at.
type followed struct {
	telemetry.Member
	log *telemetry.Log // nil where it is not here
	// busy tells that a look is under way, silent that the last one failed, and missed how many have in a row.
	busy, silent bool
	missed       int
}

// startTelemetry begins to look, unless the configuration does not want it. It
// goes on when ctx has ended: stop looks once more.
func (r *run) startTelemetry(ctx context.Context) *telemeter {
	t := &telemeter{
		run: r, quit: make(chan struct{}), begun: make(chan struct{}, 1), members: map[string]*followed{},
		client: telemetry.Client(r.target.options.TLS),
	}
	if l := r.target.lab; l != nil {
		t.host.Data = l.Data()
	}
	if every := r.job.Configuration.Telemetry.Every; every > 0 {
		t.wg.Go(func() { t.loop(context.WithoutCancel(ctx), every) })
	}
	return t
}

// stop looks once more, and returns when all has been written. It may be called again.
func (t *telemeter) stop() {
	t.end.Do(func() { close(t.quit) })
	t.wg.Wait()
	t.client.CloseIdleConnections()
}

// begins tells that it is known now when the phases begin.
func (t *telemeter) begins() {
	select {
	case t.begun <- struct{}{}:
	default:
	}
}

func (t *telemeter) loop(ctx context.Context, every time.Duration) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			t.look(ctx)
		case <-t.begun:
		case <-t.quit:
			t.look(ctx)
			return
		}
		timer.Reset(t.run.nextLook(every) - t.run.clock.Now())
	}
}

// nextLook is when to look next: in steps from the start of the measure phase, and where a phase begins.
func (r *run) nextLook(every time.Duration) time.Duration {
	now, c := r.clock.Now(), r.clock
	if c.begin.Load() == far {
		return now.Truncate(every) + every
	}
	start := c.measureStart()
	next := start + (now - start).Truncate(every) + every
	if now < start {
		next = start - (start - now - 1).Truncate(every)
	}
	for _, at := range []time.Duration{time.Duration(c.begin.Load()), start, c.measureEnd()} {
		if at > now {
			next = min(next, at)
		}
	}
	return next
}

// look begins a look at each member that is not looked at yet, and at the machine.
func (t *telemeter) look(ctx context.Context) {
	for _, m := range t.present() {
		t.wg.Go(func() { t.member(ctx, m.followed, m.pid) })
	}
	if h, ok := t.host.Look(t.run.clock.Now); ok {
		t.run.append(results.Record{Host: &h})
	}
}

// at is a member that is there now, with its process on this machine.
type at struct {
	*followed
	pid int
}

// present are the members as they are now, but for those that are looked at already.
func (t *telemeter) present() (all []at) {
	t.mu.Lock()
	defer t.mu.Unlock()
	take := func(name, url string, pid int, log *telemetry.Log) {
		m := t.members[name]
		if m == nil || m.URL != url {
			m = &followed{Member: telemetry.Member{Name: name, URL: url, Client: t.client}, log: log}
			t.members[name] = m
		}
		if !m.busy {
			m.busy = true
			all = append(all, at{m, pid})
		}
	}
	if l := t.run.target.lab; l != nil {
		for _, m := range l.Members() {
			path := filepath.Join(t.run.folder, lab.LogFolder, m.Name+".log")
			take(m.Name, m.Metrics, m.PID, &telemetry.Log{Member: m.Name, Path: path, Zero: t.run.clock.zero})
		}
		return all
	}
	for _, p := range t.run.target.pages(t.run.job.Configuration.Telemetry.URLs) {
		take(p.name, p.url, 0, nil)
	}
	return all
}

// member looks at one member and its log, and tells when it stops or begins again to answer.
func (t *telemeter) member(ctx context.Context, m *followed, pid int) {
	said := m.Look(ctx, pid, t.run.clock.Now)
	t.run.append(results.Record{Member: &said})
	switch {
	case said.Error != "":
		if m.missed++; !m.silent {
			m.silent = true
			t.run.event(results.EventTelemetry, fmt.Sprintf("%s tells nothing of itself: %s", m.Name, said.Error))
		}
	case m.silent:
		t.run.event(results.EventTelemetry, fmt.Sprintf("%s tells of itself again; it was asked %d times in vain", m.Name, m.missed))
		m.silent, m.missed = false, 0
	}
	if m.log != nil {
		notes, err := m.log.Read()
		if err != nil {
			t.run.event(results.EventTelemetry, err.Error())
			m.log = nil
		}
		for _, n := range notes {
			t.run.append(results.Record{Log: &n})
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	m.busy = false
}

// metricsPage is where a member of a cluster that exists tells of itself.
type metricsPage struct{ name, url string }

// pages are those of a cluster that exists: as given, else at its endpoints. Each
// is called as the member at its host is, where that is one and has no other page,
// else by its host and port.
func (t *target) pages(urls []string) []metricsPage {
	if len(urls) == 0 {
		for _, e := range t.ref.Endpoints {
			urls = append(urls, e+"/metrics")
		}
	}
	taken := map[string]int{}
	for _, page := range urls {
		taken[t.pageName(page)]++
	}
	var all []metricsPage
	for _, page := range urls {
		name := t.pageName(page)
		if u, err := url.Parse(page); err == nil && taken[name] > 1 {
			name = u.Host + u.Path
		}
		all = append(all, metricsPage{name, page})
	}
	return all
}

// pageName is the name of the member at the page's endpoint, else of the only
// one at its host, else the page's host and port.
func (t *target) pageName(page string) string {
	u, err := url.Parse(page)
	if err != nil {
		return page
	}
	var near []string
	for i, e := range t.ref.Endpoints {
		at, err := url.Parse(e)
		if err != nil || i >= len(t.ref.MemberNames) || at.Hostname() != u.Hostname() {
			continue
		}
		if at.Host == u.Host {
			return t.ref.MemberNames[i]
		}
		near = append(near, t.ref.MemberNames[i])
	}
	if len(near) == 1 {
		return near[0]
	}
	return u.Host
}
