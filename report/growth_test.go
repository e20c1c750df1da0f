package report

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/results/profile"
)

func TestGrowth(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	Growth(&b, "cpu", "single", "slow-disk", profile.Usage{"a": 0.1, "b": 0.2}, profile.Usage{"a": 0.15, "b": 0.201, "c": 0.1}, 5)
	Growth(&b, "heap", "single", "slow-disk", profile.Usage{"a": 5 << 20}, profile.Usage{"a": 5<<20 + 1000}, 5)
	want := `
CPU of all members: 0.300 cores on single, 0.451 cores on slow-disk
  +0.100 cores  0.000 cores → 0.100 cores  c
  +0.050 cores  0.100 cores → 0.150 cores  a

memory in use of all members: 5.00 MiB on single, 5.00 MiB on slow-disk
  no function took 1.00 MiB more
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Error(diff)
	}
}
