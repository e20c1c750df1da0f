package kube

import (
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
)

// What was acknowledged after the snapshot is lost and told so; what was before
// it must be there, and a key that is written anew counts again.
func TestBooksRewind(t *testing.T) {
	b := NewBooks()
	write := func(key string, revision int64, present bool) {
		b.begin([]byte(key))
		b.acknowledged([]byte(key), revision, present, 0)
	}
	write("old", 2, true)
	write("gone", 3, true)
	b.Tally()
	write("changed", 4, true)
	const snapshot = 5
	write("changed", 6, true)
	write("changed", 7, true)
	write("new", 8, true)
	write("gone", 9, false)
	if lost := b.Rewind(snapshot); lost != (Loss{Writes: 4, Keys: 3}) {
		t.Errorf("lost %+v, not 4 writes of 3 keys", lost)
	}
	write("new", 1_000_000_001, true)
	for _, x := range b.Sample(time.Now()) {
		for _, c := range []struct {
			found *mvccpb.KeyValue
			fault bool
		}{
			{nil, x.Key == "old" || x.Key == "new"},
			{&mvccpb.KeyValue{ModRevision: 2}, x.Key == "new"},
		} {
			if fault := x.Fault(c.found); (fault != "") != c.fault {
				t.Errorf("%s, found %v: %q", x.Key, c.found, fault)
			}
		}
	}
	if must := b.Balance(time.Now(), nil); must.Lowest != 2 || must.Highest != 4 {
		t.Errorf("%+v keys must be there; old and new are, changed and gone may be", must)
	}
	if !b.Rewound() {
		t.Error("it is not known that an older state was restored")
	}
}
