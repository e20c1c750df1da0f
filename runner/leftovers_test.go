package runner

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// Among many keys of others the marked prefixes are found, each with its own keys,
// and only those are removed, in several pages.
func TestCleaner(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	client := startEtcd(t)
	configuration, err := scenarios.ParseConfiguration("test.toml", []byte(foreignOf(client)), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := OpenCleaner(t.Context(), configuration, Credentials{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	fill := func(format string, n int, options ...clientv3.OpOption) {
		t.Helper()
		for i := range n {
			if _, err := client.Put(t.Context(), fmt.Sprintf(format, i), "x", options...); err != nil {
				t.Fatal(err)
			}
		}
	}
	shared, err := client.Grant(t.Context(), 3600)
	if err != nil {
		t.Fatal(err)
	}
	fill("/etcd-dyno/b/%04d", scanPage+7)
	fill("/etcd-dyno/c/x/other-%d", 2)
	fill("/leased/%d", 1, clientv3.WithLease(shared.ID))
	others := dump(t, client)
	for _, prefix := range []string{"/etcd-dyno/a/", "/etcd-dyno/c/x/", "/outside/"} {
		o, err := newOwnership(client, prefix, "run", "test")
		if err == nil {
			// As if the others had come later: a run does not begin beside them.
			_, err = o.put(t.Context(), nil, clientv3.OpPut(prefix+markerKey, o.value))
		}
		if err == nil {
			err = revoke(t.Context(), client, o.lease)
		}
		if err != nil {
			t.Fatal(err)
		}
		fill(prefix+"registry/pods/%04d", scanPage+3)
	}
	fill("/etcd-dyno/a/registry/events/%d", 2, clientv3.WithLease(shared.ID))

	all, unmarked, err := c.Below(t.Context(), DefaultParent)
	if err != nil || len(all) != 2 || unmarked != scanPage+7 {
		t.Fatalf("found %+v, %d unmarked keys, %v", all, unmarked, err)
	}
	if a, x := all[0], all[1]; a.Prefix != "/etcd-dyno/a/" || a.Keys != scanPage+6 || a.Others != 0 || x.Prefix != "/etcd-dyno/c/x/" || x.Keys != scanPage+4 || x.Others != 2 || x.Example != "/etcd-dyno/c/x/other-0" {
		t.Errorf("found %+v", all)
	}
	// A run that begins after the look is not disturbed.
	putKey(t, client, "/etcd-dyno/a/"+ownerKey)
	before := dump(t, client)
	if removed, err := c.Remove(t.Context(), all[0]); !errors.Is(err, ErrAlive) || removed.Keys != 0 || !slices.Equal(dump(t, client), before) {
		t.Errorf("removed %+v of a run that lives, %v", removed, err)
	}
	if _, err := client.Delete(t.Context(), "/etcd-dyno/a/"+ownerKey); err != nil {
		t.Fatal(err)
	}
	outside, found, _, err := c.At(t.Context(), "/outside/")
	if err != nil || !found {
		t.Fatalf("found %v, %v", found, err)
	}
	for _, l := range append(all, outside) {
		if removed, err := c.Remove(t.Context(), l); err != nil || removed.Keys != l.Keys || removed.Leases != 0 {
			t.Errorf("removed %+v of %+v, %v", removed, l, err)
		}
	}
	if left := dump(t, client); !slices.Equal(left, others) {
		t.Errorf("%d keys are left, the others' are %d", len(left), len(others))
	}
	if n := leasesOf(t, client); n != 1 {
		t.Errorf("%d leases are left; the one that others have too was to stay", n)
	}
}
