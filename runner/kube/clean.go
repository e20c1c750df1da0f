package kube

import (
	"context"
	"errors"
	"time"

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
		done, err := deletePage(ctx, c, prefix)
		if done || err != nil {
			return err
		}
	}
}

// cleanTimeout is how long one page may take.
const cleanTimeout = 15 * time.Second

// deletePage deletes the first keys below a prefix; it reports whether there was none.
func deletePage(ctx context.Context, c *clientv3.Client, prefix string) (done bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, cleanTimeout)
	defer cancel()
	page, err := c.Get(ctx, prefix, clientv3.WithPrefix(), clientv3.WithKeysOnly(), clientv3.WithLimit(cleanPage))
	if err != nil || len(page.Kvs) == 0 {
		return err == nil, err
	}
	end := string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	_, err = c.Delete(ctx, string(page.Kvs[0].Key), clientv3.WithRange(end))
	return false, err
}
