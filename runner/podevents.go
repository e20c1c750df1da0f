package runner

import "context"

// writeEvent writes an event, with the lease that is shared at present. Of two
// that count the same one up at once, one comes too late, which its writer leaves at that.
// Nobody waits for an event: where it cannot be written, the pod goes on.
func (p *podChain) writeEvent(ctx context.Context, w *worker, t *task, request requester) stepEnd {
	events := p.churn.events.At(p.server)
	w.write(ctx, t, events, request, write{
		key: p.event, size: sizesOf(events.Resource).draw(p.rng), revision: p.eventRevision, lease: p.leases().use().ID, pick: p.rng.Uint64(),
	})
	return succeeded
}

// grant grants the lease that the next events share.
func (p *podChain) grant(ctx context.Context, w *worker, t *task) stepEnd {
	ctx, cancel := w.begin(ctx, t)
	defer cancel()
	lease, err := p.churn.events.At(p.server).Grant(ctx, eventTTL)
	if !w.end(err, false) {
		return failed
	}
	p.leases().renew(lease, w.outcome.Done)
	return succeeded
}
