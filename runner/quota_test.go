package runner

import (
	"errors"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
)

func TestRoom(t *testing.T) {
	const mib = 1 << 20
	for _, tc := range []struct {
		name    string
		state   kube.State
		growth  float64
		limit   int64
		assumed bool
		fits    bool
	}{
		{"well within", kube.State{Database: 10 * mib, InUse: 10 * mib, Quota: 100 * mib}, 79 * mib, 90 * mib, false, true},
		{"too much", kube.State{Database: 10 * mib, InUse: 10 * mib, Quota: 100 * mib}, 81 * mib, 90 * mib, false, false},
		{"what is free in the file is used first", kube.State{Database: 85 * mib, InUse: 5 * mib, Quota: 100 * mib}, 84 * mib, 90 * mib, false, true},
		{"beyond already", kube.State{Database: 91 * mib, InUse: 5 * mib, Quota: 100 * mib}, 0, 90 * mib, false, false},
		{"not told", kube.State{Database: 10 * mib, InUse: 10 * mib}, 1024 * mib, 2048*mib - 2048*mib/10, true, true},
		{"not told, too much", kube.State{Database: 10 * mib, InUse: 10 * mib}, 2000 * mib, 2048*mib - 2048*mib/10, true, false},
		{"no quota", kube.State{Database: 10 * mib, InUse: 10 * mib, Quota: -1}, 1 << 50, 0, false, true},
		{"a member that does not answer", kube.State{Err: errors.New("down")}, 1 << 50, 0, false, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := roomOf(tc.state)
			if r.Limit() != tc.limit || r.Assumed != tc.assumed || r.Fits(tc.growth) != tc.fits {
				t.Errorf("limit %d, assumed %v, fits %v", r.Limit(), r.Assumed, r.Fits(tc.growth))
			}
		})
	}
}

// The guard holds each member against its own quota, and one whose quota is not known against the smallest.
func TestQuotaGuard(t *testing.T) {
	ended := 0
	g := newQuotaGuard([]Room{
		roomOf(kube.State{URL: "small", Quota: 100}), roomOf(kube.State{URL: "large", Quota: 1000}),
		roomOf(kube.State{URL: "endless", Quota: -1}), roomOf(kube.State{URL: "down", Err: errors.New("down")}),
	}, func(err error) {
		if !errors.Is(err, ErrQuota) {
			t.Errorf("error %v", err)
		}
		ended++
	})
	for _, tc := range []struct {
		url      string
		database int64
		ends     bool
	}{
		{"small", 90, false},
		{"small", 91, true},
		{"large", 900, false},
		{"large", 901, true},
		{"endless", 1 << 50, false},
		{"down", 90, false},
		{"down", 91, true},
	} {
		before := ended
		if g.saw(tc.url, tc.database); (ended > before) != tc.ends {
			t.Errorf("%s with %d bytes ends the load: %v, want %v", tc.url, tc.database, ended > before, tc.ends)
		}
	}
}
