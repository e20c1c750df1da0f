package runner

import (
	"context"
	"errors"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/kubernetes"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/kube"
)

// foreign is a cluster that exists, as far as a run has made a part of it its own.
type foreign struct {
	client    *clientv3.Client
	rooms     []Room
	ownership *ownership
}

// openForeign connects to a cluster that exists, has the plan confirmed, and makes
// the prefix the run's own. Nothing is written before the plan is confirmed.
func openForeign(ctx context.Context, folder string, job Job) (*target, error) {
	config, err := TLS(job.Configuration)
	if err != nil {
		return nil, err
	}
	prefix := job.Prefix
	if prefix == "" {
		prefix = DefaultPrefix(job.Scenario.Name)
	}
	if err := CheckPrefix(prefix); err != nil {
		return nil, fmt.Errorf("the prefix %s: %w", prefix, err)
	}
	t := &target{prefix: prefix + registryFolder, own: prefix}
	o := kube.Options{
		Endpoints: job.Configuration.Endpoints, TLS: config,
		Login: kube.Login(job.Credentials),
	}
	if err := t.dial(ctx, o, job); err != nil {
		return nil, err
	}
	if err := t.take(ctx, folder, job); err != nil {
		return nil, errors.Join(err, t.close(ctx))
	}
	return t, nil
}

// take plans, asks, and makes the prefix the run's own.
func (t *target) take(ctx context.Context, folder string, job Job) error {
	c, err := t.api.ConnectApart()
	if err != nil {
		return err
	}
	t.foreign = &foreign{client: c.Client}
	h, err := look(ctx, c.Client, t.own)
	if err != nil {
		return err
	}
	if err := h.refusal(job.ReusePrefix); err != nil {
		return err
	}
	if err := t.confirm(ctx, job, h); err != nil {
		return err
	}
	if len(job.Configuration.Apply) > 0 {
		if err := t.apply(ctx, folder, job); err != nil {
			return err
		}
		if c, err = t.chooseAgain(ctx, job, c); err != nil {
			return err
		}
	}
	if t.foreign.ownership, err = newOwnership(c.Client, t.own, runOf(folder), job.Tool); err != nil {
		return err
	}
	if err := t.foreign.ownership.claim(ctx, h); err != nil {
		return err
	}
	return t.clear(ctx, h)
}

// chooseAgain holds a client that is to use the leader or the followers to those
// that have these offices now: what was applied may have moved them.
func (t *target) chooseAgain(ctx context.Context, job Job, c *kubernetes.Client) (*kubernetes.Client, error) {
	if !pins(job.Configuration.Client) {
		return c, nil
	}
	before := t.api
	if err := t.dial(ctx, t.options, job); err != nil {
		return nil, err
	}
	if err := before.Close(); err != nil {
		return nil, err
	}
	c, err := t.api.ConnectApart()
	if err != nil {
		return nil, err
	}
	t.foreign.client = c.Client
	return c, nil
}

// confirm makes the plan and asks for it.
func (t *target) confirm(ctx context.Context, job Job, h contents) error {
	if err := t.survey(ctx); err != nil {
		return err
	}
	p := planOf(job, h, t.foreign.rooms)
	if job.Confirm == nil {
		return p.refusal()
	}
	return job.Confirm(ctx, p, p.refusal())
}

// survey asks the members for their databases.
func (t *target) survey(ctx context.Context) error {
	states, err := t.api.States(ctx)
	if err != nil {
		return err
	}
	t.foreign.rooms = nil
	for _, s := range states {
		t.foreign.rooms = append(t.foreign.rooms, roomOf(s))
	}
	return nil
}

// clear deletes what an earlier run has left below the prefix, which is this run's now.
func (t *target) clear(ctx context.Context, h contents) error {
	if h.load == 0 {
		return nil
	}
	guards, err := t.foreign.ownership.guards(ctx)
	if err != nil {
		return fmt.Errorf("looking whose %s is: %w", t.own, err)
	}
	if guards == nil {
		return fmt.Errorf("%w: %s", ErrOwnership, t.own)
	}
	leases, err := leasesOfLoad(ctx, t.foreign.client, t.own)
	if err == nil {
		_, err = eraseLoad(ctx, t.foreign.client, t.own, guards)
	}
	if err == nil {
		_, err = eraseLeases(ctx, t.foreign.client, leases)
	}
	if err != nil {
		return fmt.Errorf("removing what %s has left: %w", h.marker, err)
	}
	return nil
}

// clean revokes the run's leases and takes away what it wrote.
func (t *target) clean(ctx context.Context) error {
	if t.foreign == nil || t.foreign.ownership == nil {
		return nil // nothing was written
	}
	leases := t.revokeAll(ctx)
	if err := t.foreign.ownership.release(ctx); err != nil {
		return errors.Join(leases, fmt.Errorf("deleting what the run wrote: keys below %s may be left, remove them with etcd-dyno clean: %w", t.own, err))
	}
	return leases
}

// revokeAll revokes the leases of the run's load.
func (t *target) revokeAll(ctx context.Context) error {
	if t.leases == nil {
		return nil
	}
	t.leases.mu.Lock()
	defer t.leases.mu.Unlock()
	for id := range t.leases.ids {
		if err := revoke(ctx, t.foreign.client, id); err != nil {
			return err
		}
	}
	return nil
}

// guardForeign ends the load when the cluster's quota comes near, or another run
// has taken the prefix. It tells members' databases to the function that it returns.
func (r *run) guardForeign(ctx context.Context, spawn func(func())) (sized func(url string, database int64)) {
	f := r.target.foreign
	spawn(func() {
		select {
		case err := <-f.ownership.lost:
			r.endLoad(err)
		case <-ctx.Done():
		}
	})
	return newQuotaGuard(f.rooms, r.endLoad).saw
}

// endLoad ends setup or load at once for a reason that is the run's error then; the first counts.
func (r *run) endLoad(why error) {
	if r.stopped.CompareAndSwap(nil, &why) {
		r.event(results.EventStopped, why.Error())
		r.aborted.Store(true)
		r.giveUp()
	}
}
