package kube

import (
	"context"
	"strconv"
	"strings"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// CompactRevKey is the key by which API servers agree on who compacts. It lies beside the registry, not below it.
const CompactRevKey = "compact_rev_key"

// registry ends the prefix of all objects.
const registry = "registry/"

// Compactor is an API server's loop that compacts etcd's history, from
// k8s.io/apiserver's storage/etcd3/compact.go. It is used by one goroutine at a time.
type Compactor struct {
	client *clientv3.Client
	key    string
	// version of the key that it expects, and the store's revision at its last claim.
	version, revision int64
}

// Compactor makes a compactor with a connection of its own.
func (a *API) Compactor() (*Compactor, error) {
	c, err := a.Connect()
	if err != nil {
		return nil, err
	}
	key := CompactRevKey
	if a.options.Prefix != "/"+registry {
		key = strings.TrimSuffix(a.options.Prefix, registry) + CompactRevKey
	}
	return &Compactor{client: c.Client, key: key}, nil
}

// Claim is Txn{if VERSION(compact_rev_key)=n then put(compact_rev_key, rev) else
// range(compact_rev_key)}. Where it succeeds, revision is what is to be
// compacted now: the store's at the last claim, 0 where there was none.
func (c *Compactor) Claim(ctx context.Context) (reply Reply, revision int64, err error) {
	r, err := c.client.Txn(ctx).
		If(clientv3.Compare(clientv3.Version(c.key), "=", c.version)).
		Then(clientv3.OpPut(c.key, strconv.FormatInt(c.revision, 10))).
		Else(clientv3.OpGet(c.key)).
		Commit()
	if err != nil {
		return Reply{}, 0, err
	}
	reply = Reply{Revision: r.Header.Revision, Conflict: !r.Succeeded}
	revision = c.revision
	c.revision = r.Header.Revision
	if r.Succeeded {
		c.version++
		return reply, revision, nil
	}
	c.version = versionIn(r.Responses)
	return reply, 0, nil
}

// versionIn is that of the key that a failed claim brought.
func versionIn(replies []*pb.ResponseOp) int64 {
	for _, r := range replies {
		if kvs := r.GetResponseRange().GetKvs(); len(kvs) > 0 {
			return kvs[0].Version
		}
	}
	return 0
}

// Compact is Compact{revision, physical=false}.
func (c *Compactor) Compact(ctx context.Context, revision int64) (Reply, error) {
	r, err := c.client.Compact(ctx, revision)
	if err != nil {
		return Reply{}, err
	}
	return Reply{Revision: r.Header.Revision}, nil
}
