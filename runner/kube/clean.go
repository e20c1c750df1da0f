package kube

import (
	"context"
	"errors"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// cleanPage is how many keys one deletion removes, so that no single request holds etcd up.
const cleanPage = 500

// DeletePrefix deletes all keys below a prefix, 500 at a time. An empty prefix is refused.
func DeletePrefix(ctx context.Context, c *clientv3.Client, prefix string) error {
	if prefix == "" {
		return errors.New("deleting a prefix: it is empty")
	}
	for {
		page, err := c.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithKeysOnly(), clientv3.WithLimit(cleanPage))
		if err != nil {
			return err
		}
		n := len(page.Kvs)
		if n == 0 {
			return nil
		}
		end := string(page.Kvs[n-1].Key) + "\x00"
		if _, err := c.Delete(ctx, string(page.Kvs[0].Key), clientv3.WithRange(end)); err != nil {
			return err
		}
	}
}
