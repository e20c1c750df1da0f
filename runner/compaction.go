package runner

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/etcd-dyno/etcd-dyno/runner/arrival"
	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// compactions are the API servers' loops that compact etcd's history.
type compactions struct {
	servers               []*compactor
	chain, claim, compact *operation
	allowed               bool
}

// compactor is one API server's loop. Its turns follow one another.
type compactor struct {
	mu  sync.Mutex // held during a turn's claim
	api *kube.Compactor
}

// compactAfter is how long the API server waits between its claim and the compaction.
const compactAfter = time.Millisecond

func newCompaction(e *env, w scenarios.Workload, kind scenarios.Compaction) (*compactions, error) {
	c := &compactions{
		chain: &operation{series: e.recorder.Chain(w.Name, "compaction", "")},
		claim: e.operation(w, "claim", "", writeTimeout), compact: e.operation(w, "compact", "", writeTimeout),
		allowed: e.compacts,
	}
	for range kind.APIServers {
		api, err := e.api.Compactor()
		if err != nil {
			return nil, err
		}
		c.servers = append(c.servers, &compactor{api: api})
	}
	s := e.stream(w)
	e.pacer.add(e.windowed(w, arrival.Periodic(kind.APIServers, kind.Interval, 0, e.seed(w.Name))), func(a arriving) {
		s.arrive(&turn{compactions: c, server: c.servers[a.index]}, &chain{row: c.chain}, c.claim, a)
	})
	return c, nil
}

// prepare makes the first claim of each API server, so that the load finds them
// as they are long after their start.
func (c *compactions) prepare(ctx context.Context, e *env) error {
	if !c.allowed {
		e.warn("the history of a cluster that exists is compacted only with --allow-disruptive; the API servers only agree on who would")
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	for _, s := range c.servers {
		if _, _, err := s.api.Claim(ctx); err != nil {
			return fmt.Errorf("claiming compact_rev_key: %w", err)
		}
	}
	return nil
}

// turn is one API server's turn: a script.
type turn struct {
	compactions *compactions
	server      *compactor
	// revision to compact; 0 before the claim.
	revision int64
}

func (t *turn) do(ctx context.Context, w *worker, task *task) next {
	if t.revision > 0 {
		ok := w.call(ctx, task, func(ctx context.Context) (kube.Reply, error) { return t.server.api.Compact(ctx, t.revision) })
		return next{failed: !ok}
	}
	t.server.mu.Lock()
	defer t.server.mu.Unlock()
	ctx, cancel := w.begin(ctx, task)
	defer cancel()
	reply, revision, err := t.server.api.Claim(ctx)
	w.outcome.Revision = reply.Revision
	switch ok := w.end(err, reply.Conflict); {
	case err != nil:
		return next{failed: true}
	case !ok, revision == 0, !t.compactions.allowed:
		return next{} // it is another's turn, or there is nothing to compact
	}
	t.revision = revision
	return next{operation: t.compactions.compact, think: compactAfter}
}

func (*turn) unreached(*task) []*operation { return nil }
