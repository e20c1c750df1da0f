package runner

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/profile"
	"github.com/etcd-dyno/etcd-dyno/runner/lab"
)

// profiler has a lab's members profile themselves during the measure phase.
type profiler struct {
	run    *run
	client *http.Client
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// startProfiles asks each member for a CPU profile from the start of the measure phase to its
// end, and for one of its heap then; nothing is done unless it is wished.
func (r *run) startProfiles(ctx context.Context) *profiler {
	ctx, cancel := context.WithCancel(ctx)
	p := &profiler{run: r, cancel: cancel, client: &http.Client{Transport: &http.Transport{TLSClientConfig: r.target.options.TLS}}}
	if !r.job.Profile {
		return p
	}
	if err := os.MkdirAll(filepath.Join(r.folder, profile.Folder), 0o755); err != nil {
		r.event(results.EventWarning, fmt.Sprintf("no profiles are kept: %v", err))
		return p
	}
	r.event(results.EventWarning, "members profile themselves, which costs them a few percent: hold the figures against those of a run without")
	for _, m := range r.target.lab.Members() {
		p.wg.Go(func() { p.member(ctx, m) })
	}
	return p
}

// stop waits for what is still under way, but not longer than slack, and not at
// all where the measure phase was cut short.
func (p *profiler) stop(complete bool) {
	if !complete {
		p.cancel()
	}
	last := time.AfterFunc(slack, p.cancel)
	p.wg.Wait()
	last.Stop()
	p.cancel()
	p.client.CloseIdleConnections()
}

// slack is how long a member may take to write a profile, beyond the time that it is of.
const slack = 10 * time.Second

func (p *profiler) member(ctx context.Context, m lab.Member) {
	seconds := max(int(p.run.job.Scenario.Phases.Measure/time.Second), 1)
	if !p.run.waitUntil(ctx, p.run.clock.measureStart()) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, time.Duration(seconds)*time.Second+2*slack)
	defer cancel()
	p.fetch(ctx, m, profile.CPU, fmt.Sprintf("profile?seconds=%d", seconds))
	p.fetch(ctx, m, profile.Heap, "heap")
}

func (p *profiler) fetch(ctx context.Context, m lab.Member, kind profile.Kind, path string) {
	if err := p.save(ctx, m.Endpoint+"/debug/pprof/"+path, profile.Path(p.run.folder, m.Name, kind)); err != nil {
		p.run.event(results.EventWarning, fmt.Sprintf("there is no %s profile of %s: %v", kind, m.Name, err))
	}
}

// save writes what a URL answers into a new file, whole or not at all.
func (p *profiler) save(ctx context.Context, url, path string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := p.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	content, err := io.ReadAll(io.LimitReader(response.Body, maxProfile))
	switch {
	case err != nil:
		return err
	case response.StatusCode != http.StatusOK:
		return fmt.Errorf("%s answers %s: %.200s", url, response.Status, content)
	case len(content) == maxProfile:
		return fmt.Errorf("it is larger than %d MiB", maxProfile>>20)
	}
	return results.WriteFile(path, content)
}

// maxProfile bounds a profile; one of an hour has less than a MiB.
const maxProfile = 64 << 20
