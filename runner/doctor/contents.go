package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/time/rate"
)

// Contents is what lies in a cluster.
type Contents struct {
	// Keys is how many there are; Looked at how many of them, in the order of the keys.
	Keys   int64 `json:"keys"`
	Looked int64 `json:"looked_at"`
	// Prefixes are by resource, as Kubernetes writes it (/registry/pods/), the largest
	// first; at most 20 of the 100 with most keys.
	Prefixes []Prefix `json:"prefixes"`
}

// Prefix is what lies below one.
type Prefix struct {
	Prefix string `json:"prefix"`
	Keys   int64  `json:"keys"`
	// MeanBytes is of the key and its value, over the few of them that were read whole; 0 where none was.
	MeanBytes float64 `json:"mean_bytes,omitempty"`
}

// Bytes is about how much its newest versions take.
func (p Prefix) Bytes() float64 { return p.MeanBytes * float64(p.Keys) }

const (
	mostKeys = 200_000
	keyPage  = 1000
	// pageRate is how many pages a second are asked for.
	pageRate     = 20
	mostSampled  = 100
	mostPrefixes = 20
	// samples is how many objects of a prefix are read whole, for their size.
	samples = 20
)

// contentsOf counts keys, a page at a time and keys only. It reads what one member
// has (serializable), so that it costs the leader nothing.
func contentsOf(ctx context.Context, c *clientv3.Client, w Wishes) (*Contents, error) {
	all := &Contents{}
	total, err := get(ctx, c, "\x00", clientv3.WithFromKey(), clientv3.WithCountOnly())
	if err != nil {
		return nil, err
	}
	all.Keys = total.Count
	revision := total.Header.Revision
	limiter := rate.NewLimiter(pageRate, 1)
	counts, first := map[string]int64{}, map[string]string{}
	for next := "\x00"; all.Looked < int64(cmp.Or(w.Keys, mostKeys)); {
		if err := limiter.Wait(ctx); err != nil {
			return nil, err
		}
		page, err := get(ctx, c, next, clientv3.WithFromKey(), clientv3.WithKeysOnly(), clientv3.WithLimit(keyPage), clientv3.WithRev(revision))
		if err != nil {
			return nil, err
		}
		for _, kv := range page.Kvs {
			name := prefixOf(string(kv.Key))
			if counts[name]++; counts[name] == 1 {
				first[name] = string(kv.Key)
			}
		}
		all.Looked += int64(len(page.Kvs))
		if !page.More || len(page.Kvs) == 0 {
			break
		}
		next = string(page.Kvs[len(page.Kvs)-1].Key) + "\x00"
	}
	for name, n := range counts {
		all.Prefixes = append(all.Prefixes, Prefix{Prefix: name, Keys: n})
	}
	slices.SortFunc(all.Prefixes, func(a, b Prefix) int { return cmp.Or(cmp.Compare(b.Keys, a.Keys), strings.Compare(a.Prefix, b.Prefix)) })
	all.Prefixes = all.Prefixes[:min(len(all.Prefixes), mostSampled)]
	for i := range all.Prefixes {
		p := &all.Prefixes[i]
		if err := limiter.Wait(ctx); err != nil {
			return nil, err
		}
		some, err := get(ctx, c, first[p.Prefix], clientv3.WithRange(clientv3.GetPrefixRangeEnd(p.Prefix)), clientv3.WithLimit(samples))
		if err != nil {
			return nil, err
		}
		for _, kv := range some.Kvs {
			p.MeanBytes += float64(len(kv.Key)+len(kv.Value)) / float64(len(some.Kvs))
		}
	}
	slices.SortStableFunc(all.Prefixes, func(a, b Prefix) int { return cmp.Compare(b.Bytes(), a.Bytes()) })
	all.Prefixes = all.Prefixes[:min(len(all.Prefixes), mostPrefixes)]
	return all, nil
}

func get(ctx context.Context, c *clientv3.Client, key string, options ...clientv3.OpOption) (*clientv3.GetResponse, error) {
	asking, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	r, err := c.Get(asking, key, append(options, clientv3.WithSerializable())...)
	if err != nil {
		return nil, fmt.Errorf("listing keys: %w", err)
	}
	return r, nil
}

// prefixOf is the resource that a key of Kubernetes belongs to (KUBE-PREFIX/group/resource/ or
// /registry/resource/), or the first two parts of any other.
func prefixOf(key string) string {
	parts := strings.SplitAfter(key, "/") // "/", "registry/", "pods/", "default/", "x"
	n := 2
	if strings.HasPrefix(key, "/") {
		n = 3
	}
	if len(parts) > n && strings.Contains(parts[n-1], ".") { // a group: /registry/GROUP/RESOURCE/
		n++
	}
	if len(parts) <= n {
		n = max(len(parts)-1, 1)
	}
	return strings.Join(parts[:n], "")
}
