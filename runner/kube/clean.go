package kube

import (
	"context"
	"errors"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// cleanPage is how many keys one deletion removes, so that no single request holds etcd up.
const cleanPage = 500

// ErrGuard tells that what a deletion depended on is true no longer. What was deleted before is gone.
var ErrGuard = errors.New("somebody else has taken over")

// DeletePrefix deletes all keys below a prefix, 500 at a time, while all guards
// hold; etcd looks at them with each page. An empty prefix is refused. It returns
// how many keys are gone, with an error too.
func DeletePrefix(ctx context.Context, c *clientv3.Client, prefix string, guards ...clientv3.Cmp) (deleted int64, err error) {
	if prefix == "" {
		return 0, errors.New("deleting a prefix: it is empty")
	}
	for {
		n, err := deletePage(ctx, c, prefix, guards)
		deleted += n
		if n == 0 || err != nil {
			return deleted, err
		}
	}
}

// cleanTimeout is how long one page may take.
const cleanTimeout = 15 * time.Second

// deletePage deletes the first keys below a prefix; it returns 0 where there was none.
func deletePage(ctx context.Context, c *clientv3.Client, prefix string, guards []clientv3.Cmp) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, cleanTimeout)
	defer cancel()
	page, err := c.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithKeysOnly(), clientv3.WithLimit(cleanPage))
	if err != nil || len(page.Kvs) == 0 {
		return 0, err
	}
	end := string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	reply, err := c.Txn(ctx).If(guards...).Then(clientv3.OpDelete(string(page.Kvs[0].Key), clientv3.WithRange(end))).Commit()
	if err != nil {
		return 0, err
	}
	if !reply.Succeeded {
		return 0, ErrGuard
	}
	return max(reply.Responses[0].GetResponseDeleteRange().GetDeleted(), 1), nil // those that went by themselves count as one
}
