package runner

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
)

// Owner says which run uses, or has used, a prefix of a cluster that exists. It is the
// value of the keys that mark the prefix.
type Owner struct {
	Tool string `json:"tool"`
	// Run is the run folder's name.
	Run     string    `json:"run"`
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Started time.Time `json:"started"`
}

// String is the owner in words.
func (o Owner) String() string {
	if o.Run == "" {
		return "an unknown run"
	}
	return fmt.Sprintf("run %s (process %d on %s, since %s)", o.Run, o.PID, o.Host, o.Started.Format(time.DateTime+" MST"))
}

// contents is what lies below a prefix.
type contents struct {
	prefix string
	// marked tells that the prefix is etcd-dyno's, by marker's run.
	marked bool
	marker Owner
	// lives tells that owner's run is under way, or was a minute ago.
	lives bool
	owner Owner
	// load is how many keys a run's load has left, others how many keys nobody of
	// ours has written; example is one of these.
	load, others int64
	example      string
	// markerRevision is that of the marker; 0 without one.
	markerRevision int64
}

// lookTimeout is how long looking at a prefix may take.
const lookTimeout = 15 * time.Second

// look looks what lies below a prefix.
func look(ctx context.Context, c *clientv3.Client, prefix string) (contents, error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	h := contents{prefix: prefix}
	for _, step := range []func(context.Context, *clientv3.Client) error{h.lookForRuns, h.count, h.lookForOthers} {
		if err := step(ctx, c); err != nil {
			return h, fmt.Errorf("looking what lies below %s: %w", prefix, err)
		}
	}
	return h, nil
}

// lookForRuns reads the marker and the owner's key.
func (h *contents) lookForRuns(ctx context.Context, c *clientv3.Client) error {
	own, err := c.Get(ctx, h.prefix+ownFolder, clientv3.WithPrefix(), clientv3.WithLimit(10))
	if err != nil {
		return err
	}
	for _, kv := range own.Kvs {
		var o Owner
		_ = json.Unmarshal(kv.Value, &o) // what cannot be read is an unknown run's
		switch strings.TrimPrefix(string(kv.Key), h.prefix) {
		case markerKey:
			h.marked, h.marker, h.markerRevision = true, o, kv.ModRevision
		case ownerKey:
			h.lives, h.owner = true, o
		}
	}
	return nil
}

// count counts the keys by whose they are.
func (h *contents) count(ctx context.Context, c *clientv3.Client) error {
	counted := func(key string, options ...clientv3.OpOption) (int64, error) {
		r, err := c.Get(ctx, key, append(options, clientv3.WithCountOnly())...)
		if err != nil {
			return 0, err
		}
		return r.Count, nil
	}
	all, err := counted(h.prefix, clientv3.WithPrefix())
	if err != nil {
		return err
	}
	if h.marked {
		objects, err := counted(h.prefix+registryFolder, clientv3.WithPrefix())
		if err != nil {
			return err
		}
		revisions, err := counted(h.prefix + kube.CompactRevKey)
		if err != nil {
			return err
		}
		h.load = objects + revisions
		all-- // the marker
		if h.lives {
			all--
		}
	}
	h.others = all - h.load
	return nil
}

// lookForOthers finds an example of the keys that are not ours.
func (h *contents) lookForOthers(ctx context.Context, c *clientv3.Client) error {
	if h.others <= 0 {
		h.others = 0 // some of ours went between two requests
		return nil
	}
	for _, from := range []string{h.prefix, clientv3.GetPrefixRangeEnd(h.prefix + registryFolder)} {
		r, err := c.Get(ctx, from, clientv3.WithRange(clientv3.GetPrefixRangeEnd(h.prefix)), clientv3.WithKeysOnly(), clientv3.WithLimit(10))
		if err != nil {
			return err
		}
		for _, kv := range r.Kvs {
			if key := string(kv.Key); !h.marked || !fromRun(h.prefix, key) {
				h.example = key
				return nil
			}
		}
	}
	return nil
}

// refusal says why a run must not begin on what lies there; nil if it may.
func (h contents) refusal(reuse bool) error {
	const other = "choose another prefix with --prefix /etcd-dyno/…/"
	switch {
	case h.lives:
		return fmt.Errorf("%w: %s is used by %s; wait for its end, or %s (a run that was killed counts as alive for a minute)", ErrPrefix, h.prefix, h.owner, other)
	case h.others > 0:
		return fmt.Errorf("%w: below %s there are %s that etcd-dyno has not written, for example %s; they are not touched: %s", ErrPrefix, h.prefix, keys(h.others), h.example, other)
	case h.marked && !reuse:
		return fmt.Errorf("%w: below %s there are %s that %s has left; remove them with etcd-dyno clean, or begin with --reuse-prefix, or %s", ErrPrefix, h.prefix, keys(h.load+1), h.marker, other)
	}
	return nil
}

func keys(n int64) string {
	if n == 1 {
		return "1 key"
	}
	return fmt.Sprintf("%d keys", n)
}
