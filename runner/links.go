package runner

import (
	"runtime"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
	"github.com/etcd-dyno/etcd-dyno/runner/lab/limit"
	"github.com/etcd-dyno/etcd-dyno/runner/record"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// describe adds to the reference of a lab what its members run, and what is around them.
func (t *target) describe(job Job) {
	c := job.Configuration
	e := t.lab.Etcd()
	t.ref.Etcd = &results.EtcdRef{Binary: e.Path, Version: e.Version, Go: e.GoVersion, SHA256: e.SHA256, Modules: e.Modules}
	if e.Path == "" {
		t.ref.Etcd.Version, t.ref.Etcd.Go = t.version, runtime.Version()
	}
	if a := t.lab.Resources(); a.Mode != limit.None || a.Why != "" {
		t.ref.Resources = &results.ResourcesRef{Mode: string(a.Mode), CPU: a.CPU, Memory: a.Memory, Why: a.Why}
	}
	if !c.Links.Proxied {
		return
	}
	for i, to := range c.MemberNames() {
		for _, from := range append([]string{scenarios.ClientParty}, c.MemberNames()[:i]...) {
			l := c.Links.Between(from, to)
			t.ref.Links = append(t.ref.Links, results.LinkRef{
				From: from, To: to, AskedRTTMS: milliseconds(l.RTT), AskedJitterMS: milliseconds(l.Jitter), AskedBandwidth: l.Bandwidth,
			})
		}
	}
}

// followLinks records the round trips of a lab's links.
func (r *run) followLinks() {
	if r.target.lab == nil || len(r.target.ref.Links) == 0 {
		return
	}
	type parties struct{ from, to string }
	series := map[parties]*record.Series{}
	for _, l := range r.target.ref.Links {
		series[parties{l.From, l.To}] = r.recorder.Link(l.From, l.To)
	}
	r.target.lab.OnEcho(func(e lab.Echo) {
		if s := series[parties{e.From, e.To}]; s != nil {
			at := e.At.Sub(r.clock.zero)
			s.Time(0, r.clock.Phase(at), record.RTT, e.RTT, 1)
		}
	})
}
