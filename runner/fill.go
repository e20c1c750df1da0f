package runner

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// What fills a database: values of this size, so many under way at once, and no more than this in all.
const (
	fillValue  = 512 << 10
	fillFlying = 4
	fillMost   = 16 << 30
)

// fill writes until etcd takes no more, and after a while does what an
// administrator has to do: take away what was written, compact, defragment, disarm.
func (d *deed) fill(ctx context.Context, do scenarios.Fill) error {
	leader, err := d.crew.leader(ctx)
	if err != nil {
		return err
	}
	client, err := d.run.env.api.ConnectPrompt()
	if err != nil {
		return err
	}
	d.begin(d.crew.members()...)
	prefix := d.run.target.prefix + "etcd-dyno/fill/"
	var keys []string
	filling, stop := context.WithCancel(ctx)
	defer stop()
	defer context.AfterFunc(d.load, stop)() //nolint:contextcheck // it is full enough when the load ends
	full := d.step("filled", "", func() (string, error) {
		value := string(slices.Repeat([]byte{'.'}, fillValue))
		for n := range fillMost / fillValue {
			key := fmt.Sprintf("%s%d", prefix, n)
			writing, cancel := context.WithTimeout(filling, administerWithin)
			_, err := client.Put(writing, key, value)
			cancel()
			keys = append(keys, key)
			switch {
			case errors.Is(err, rpctypes.ErrNoSpace):
				return fmt.Sprintf("NOSPACE after %s", bytesOf(int64(n)*fillValue)), nil
			case err != nil:
				return "", fmt.Errorf("writing %s: %w", key, err)
			}
		}
		return "", fmt.Errorf("%s were written, and the quota was not reached", bytesOf(fillMost))
	})
	if full == nil {
		d.hold(do.For)
	}
	return errors.Join(full, d.makeRoom(ctx, leader, keys))
}

// makeRoom takes keys away, gives the space back to the file system, and lets the cluster write again.
func (d *deed) makeRoom(ctx context.Context, h hand, keys []string) error {
	client, err := d.run.env.api.ConnectPrompt()
	if err != nil {
		return err
	}
	err = d.step("deleted", "", func() (string, error) {
		for _, key := range keys {
			if err := d.administer(ctx, func(ctx context.Context) error {
				_, err := client.Delete(ctx, key)
				return err
			}); err != nil {
				return "", fmt.Errorf("deleting %s: %w", key, err)
			}
		}
		return fmt.Sprintf("%d keys", len(keys)), nil
	})
	if err != nil {
		return err
	}
	err = d.step("compacted", h.name, func() (detail string, err error) {
		err = d.administer(ctx, func(ctx context.Context) error {
			revision, err := h.Compact(ctx)
			detail = fmt.Sprintf("up to revision %d", revision)
			return err
		})
		return detail, err
	})
	if err != nil {
		return err
	}
	members, err := d.crew.leaderLast(ctx, d.crew.members())
	if err == nil {
		err = d.defragmentAll(ctx, members)
	}
	if err != nil {
		return err
	}
	return d.stepOf("alarm disarmed", h, func() error { return d.administer(ctx, h.Disarm) })
}
