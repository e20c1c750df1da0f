package runner

import (
	"context"
	"errors"
	"fmt"
	"strings"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Leftover is what a run has left below a prefix that it had marked as its own.
type Leftover struct {
	Prefix string `json:"prefix"`
	// By is the run that marked the prefix.
	By Owner `json:"by"`
	// Keys is how many keys are etcd-dyno's, the marks included; Others how many there
	// are that it has not written and that stay, Example one of them.
	Keys    int64  `json:"keys"`
	Others  int64  `json:"others,omitempty"`
	Example string `json:"example,omitempty"`
	// Alive tells that a run uses the prefix, or that its end is less than a minute
	// ago; then nothing is removed.
	Alive bool `json:"alive"`

	revision int64 // of the marker
}

// Removed is what was taken away of a leftover.
type Removed struct {
	Prefix string `json:"prefix"`
	Keys   int64  `json:"keys"`
	Leases int    `json:"leases"`
}

// Cleaner finds and removes what runs have left on a cluster that exists.
type Cleaner struct {
	api    *kube.API
	client *clientv3.Client
}

// OpenCleaner connects to a configuration's endpoints; nothing is written. The
// cleaner is to be closed.
func OpenCleaner(ctx context.Context, c scenarios.Configuration, credentials Credentials) (*Cleaner, error) {
	config, err := TLS(c)
	if err != nil {
		return nil, err
	}
	api, _, err := kube.Dial(ctx, kube.Options{
		Endpoints: c.Endpoints, TLS: config, Login: kube.Login(credentials), Prefix: DefaultParent,
	})
	if err != nil {
		return nil, err
	}
	client, err := api.Connect()
	if err != nil {
		return nil, errors.Join(err, api.Close())
	}
	return &Cleaner{api: api, client: client.Client}, nil
}

// Close closes the connections.
func (c *Cleaner) Close() error { return c.api.Close() }

// At is what was left below one prefix; found is false where no run has marked
// it. unmarked is how many keys lie there then.
func (c *Cleaner) At(ctx context.Context, prefix string) (left Leftover, found bool, unmarked int64, err error) {
	h, err := look(ctx, c.client, prefix)
	if err != nil || !h.marked && !h.lives {
		return Leftover{}, false, h.others, err
	}
	left = Leftover{
		Prefix: prefix, By: h.marker, Keys: h.load + 1, Others: h.others, Example: h.example, Alive: h.lives, revision: h.markerRevision,
	}
	if h.lives {
		left.By = h.owner
		left.Keys++
	}
	return left, true, 0, nil
}

// scanPage is how many keys one request of a search reads.
const scanPage = 500

// Below is what was left below all marked prefixes that begin with parent, in
// order. unmarked is how many keys there belong to none of them.
func (c *Cleaner) Below(ctx context.Context, parent string) (all []Leftover, unmarked int64, err error) {
	end := clientv3.GetPrefixRangeEnd(parent)
	for from := parent; ; {
		page, err := c.page(ctx, from, end)
		if err != nil {
			return all, unmarked, fmt.Errorf("looking what lies below %s: %w", parent, err)
		}
		from = ""
		for i, key := range page {
			prefix, marks := strings.CutSuffix(key, markerKey)
			if !marks {
				unmarked++
				continue
			}
			left, found, _, err := c.At(ctx, prefix)
			if err != nil {
				return all, unmarked, err
			}
			if found {
				// The marker comes first of all that a run writes; what is not a run's is told with the prefix.
				all = append(all, left)
				from = clientv3.GetPrefixRangeEnd(prefix)
				break
			}
			from = page[i] + "\x00"
		}
		switch {
		case len(page) == 0:
			return all, unmarked, nil
		case from == "":
			from = page[len(page)-1] + "\x00"
		}
	}
}

// page is the next keys from one on.
func (c *Cleaner) page(ctx context.Context, from, end string) (keys []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	r, err := c.client.Get(ctx, from, clientv3.WithRange(end), clientv3.WithKeysOnly(), clientv3.WithLimit(scanPage))
	if err != nil {
		return nil, err
	}
	for _, kv := range r.Kvs {
		keys = append(keys, string(kv.Key))
	}
	return keys, nil
}

// ErrAlive tells that a run uses a prefix, so that nothing of it is removed.
var ErrAlive = errors.New("a run is using it")

// Remove deletes what was left, 500 keys at a time, and revokes the leases that
// had no other keys. It stops when a run begins on the prefix meanwhile. With an error
// too it tells what is gone already.
func (c *Cleaner) Remove(ctx context.Context, l Leftover) (Removed, error) {
	removed := Removed{Prefix: l.Prefix}
	if l.Alive {
		return removed, fmt.Errorf("removing what lies below %s: %w: %s; wait for its end (a run that was killed counts as alive for a minute)", l.Prefix, ErrAlive, l.By)
	}
	leases, err := leasesOfLoad(ctx, c.client, l.Prefix)
	if err != nil {
		return removed, err
	}
	removed.Keys, err = erase(ctx, c.client, l.Prefix, []clientv3.Cmp{
		clientv3.Compare(clientv3.ModRevision(l.Prefix+markerKey), "=", l.revision),
		clientv3.Compare(clientv3.CreateRevision(l.Prefix+ownerKey), "=", 0),
	})
	if errors.Is(err, kube.ErrGuard) {
		return removed, fmt.Errorf("removing what lies below %s: %w since a moment ago", l.Prefix, ErrAlive)
	}
	if err != nil {
		return removed, err
	}
	removed.Leases, err = eraseLeases(ctx, c.client, leases)
	return removed, err
}
