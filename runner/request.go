package runner

import (
	"context"
	"sync/atomic"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
)

// write is what a create, an update or a put writes.
type write struct {
	key string
	// size of the value in bytes.
	size int
	// revision that an update expects.
	revision int64
	lease    clientv3.LeaseID
	// pick chooses the value's content.
	pick uint64
}

// requester makes one kind of write; the value is nil for a delete.
type requester func(ctx context.Context, s *kube.Store, r write, value []byte) (kube.Reply, error)

func create(ctx context.Context, s *kube.Store, r write, value []byte) (kube.Reply, error) {
	return s.Create(ctx, r.key, value, r.lease)
}

func update(ctx context.Context, s *kube.Store, r write, value []byte) (kube.Reply, error) {
	return s.Update(ctx, r.key, value, r.revision, r.lease)
}

func remove(ctx context.Context, s *kube.Store, r write, _ []byte) (kube.Reply, error) {
	return s.Delete(ctx, r.key, r.revision)
}

func put(ctx context.Context, s *kube.Store, r write, value []byte) (kube.Reply, error) {
	return s.Put(ctx, r.key, value)
}

// write sends a write, stamped and entered in the ledger of those who watch. It
// reports whether it succeeded; otherwise Reply tells a conflict.
func (w *worker) write(ctx context.Context, t *task, s *kube.Store, request requester, r write) (kube.Reply, bool) {
	var value []byte
	if r.size > 0 {
		value = w.values.Make(s.Resource, r.size, r.pick)
	}
	ctx, cancel := w.begin(ctx, t)
	defer cancel()
	entry := s.Ledger.Enter(r.key, value, t.phase, w.outcome.Sent)
	reply, err := request(ctx, s, r, value)
	w.outcome.Revision = reply.Revision
	ok := w.end(err, reply.Conflict)
	if ok {
		entry.Acknowledge(w.id, reply.Revision, w.outcome.Done)
	} else {
		entry.Fail(w.id, reply.Conflict || kube.NotApplied(err))
	}
	return reply, ok
}

// call makes a request that no watcher sees, and reports whether it succeeded.
func (w *worker) call(ctx context.Context, t *task, request func(ctx context.Context) (kube.Reply, error)) bool {
	ctx, cancel := w.begin(ctx, t)
	defer cancel()
	reply, err := request(ctx)
	w.outcome.Revision = reply.Revision
	return w.end(err, false)
}

// readRevision sends a get for the revision that an object has, as an API server
// without a watch cache does before it changes the object.
func (w *worker) readRevision(ctx context.Context, t *task, s *kube.Store, key string, into *atomic.Int64) bool {
	return w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) {
		reply, err := s.Get(ctx, key)
		if reply.Current != nil {
			raise(into, reply.Current.ModRevision)
		}
		return reply, err
	})
}

// read sends a get and reports whether it succeeded.
func (w *worker) read(ctx context.Context, t *task, s *kube.Store, key string) bool {
	return w.call(ctx, t, func(ctx context.Context) (kube.Reply, error) { return s.Get(ctx, key) })
}
