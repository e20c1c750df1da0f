package runner

import (
	"errors"
	"fmt"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/runner/kube"
)

// ErrQuota tells that a run does not fit, or did not fit any longer, into what
// the quota of a cluster that exists leaves. What was measured until then is written.
var ErrQuota = errors.New("the database of the cluster comes too near to its quota")

// assumedQuota is etcd's default, for members that do not tell theirs.
const assumedQuota = 2 << 30

// spare is how much of the quota a run leaves: whoever else writes to the cluster
// lives from it, and a second of writes is not seen before it is over.
const spare = 10 // a tenth

// Room is what the quota leaves of one member's database.
type Room struct {
	kube.State
	// Assumed tells that the member does not tell its quota, so that etcd's default is taken.
	Assumed bool
}

// roomOf is what a member has.
func roomOf(s kube.State) Room {
	r := Room{State: s}
	if s.Quota == 0 && s.Err == nil {
		r.Quota, r.Assumed = assumedQuota, true
	}
	return r
}

// Limit is how large the database may become before the run stops; 0 for no limit.
func (r Room) Limit() int64 {
	if r.Quota <= 0 {
		return 0
	}
	return r.Quota - r.Quota/spare
}

// After is how large the file is when so many bytes have been added: what is free in it is used up first.
func (r Room) After(growth float64) float64 {
	return max(float64(r.Database), float64(r.InUse)+growth)
}

// Fits reports whether the member has room for so many bytes more.
func (r Room) Fits(growth float64) bool {
	return r.Err != nil || r.Limit() == 0 || r.After(growth) <= float64(r.Limit())
}

// tightest is the member that has the least room left; false where none has a limit.
func tightest(all []Room) (least Room, found bool) {
	for _, r := range all {
		if r.Err == nil && r.Limit() > 0 && (!found || r.Limit()-r.Database < least.Limit()-least.Database) {
			least, found = r, true
		}
	}
	return least, found
}

// quotaGuard ends a load whose database comes too near to its quota. It may be shared by goroutines.
type quotaGuard struct {
	limits map[string]int64 // by URL; never changed
	end    func(error)
}

// newQuotaGuard calls end, maybe more than once, when a member's database is larger than its limit.
func newQuotaGuard(rooms []Room, end func(error)) *quotaGuard {
	g := &quotaGuard{limits: map[string]int64{}, end: end}
	least, found := tightest(rooms)
	for _, r := range rooms {
		switch {
		case r.Err == nil:
			g.limits[r.URL] = r.Limit()
		case found:
			g.limits[r.URL] = least.Limit() // it did not tell; it may come back
		}
	}
	return g
}

// saw looks at what a member has told of its database.
func (g *quotaGuard) saw(url string, database int64) {
	if limit := g.limits[url]; limit > 0 && database > limit {
		g.end(fmt.Errorf("%w: that of %s has %s, and the run leaves a tenth of the quota free: it ends at %s", ErrQuota, url, bytesIn(database), bytesIn(limit)))
	}
}

// bytesIn is a number of bytes with three figures.
func bytesIn(n int64) string {
	f := float64(n)
	for _, unit := range []string{"B", "KiB", "MiB"} {
		if f < 1000 {
			return strings.TrimSuffix(fmt.Sprintf("%.3g", f), ".0") + " " + unit
		}
		f /= 1024
	}
	return fmt.Sprintf("%.3g GiB", f)
}
