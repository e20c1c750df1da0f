package runner

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// The rows of KUBERNETES-TRAFFIC.md that shapes are compared with: what a
// kube-apiserver 1.37 was seen to send.
const (
	rowCreate      = "Txn{if MOD=0 then [put] else []}"
	rowCreateEvent = "Txn{if MOD=0 then [put+lease] else []}"
	rowUpdate      = "Txn{if MOD=R then [put] else [range]}"
	rowUpdateEvent = "Txn{if MOD=R then [put+lease] else [range]}"
	rowDelete      = "Txn{if MOD=R then [delete] else [range]}"
	rowGet         = "Range{key,limit=1}"
	rowClaim       = "Txn{if VERSION=n then [put] else [range]}"
	rowWatch       = "Watch{prefix=true prev_kv=true progress_notify=true fragment=false filters=0 start=true} hasleader"
)

// oneArrival is a scenario whose arrivals come once, at the start.
const oneArrival = `
name = "conformance"
[phases]
warmup = "0s"
measure = "%s"
drain = "10s"
%s
`

// observed runs a scenario through a proxy that notes the shapes of all requests.
func observed(t *testing.T, etcd *clientv3.Client, measure, rest string) *shapes {
	t.Helper()
	s := &shapes{prefix: "/etcd-dyno/conformance"}
	url := startProxy(t, strings.TrimPrefix(etcd.Endpoints()[0], "http://"), plan{saw: s.saw})
	run, _ := runJob(t, jobOf(t, fmt.Sprintf(oneArrival, measure, rest), fmt.Sprintf("endpoints = [%q]", url)))
	for _, o := range run.Operations {
		if o.ErrorCount()+o.Dropped+o.Unreached > 0 {
			t.Errorf("%s.%s: %+v", o.Workload, o.Operation, o.Counts)
		}
	}
	return s
}

// wantShapes compares what was sent about an object with the rows that it should be.
func wantShapes(t *testing.T, s *shapes, object string, want ...string) {
	t.Helper()
	if got := s.of(object); !slices.Equal(got, want) {
		t.Errorf("about %s was sent\n  %s\nwant\n  %s", object, strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// repeated is a row so many times.
func repeated(row string, n int) []string { return slices.Repeat([]string{row}, n) }

// A pod's start and another's stop are, request by request and in order, what
// was recorded of a kube-apiserver (§2 and §7).
func TestConformancePods(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	s := observed(t, startEtcd(t), "300ms", `
[setup.pods]
count = 1
[workload.churn]
kind = "pod-churn"
containers = 1
arrival = { times = ["0s"] }
`)
	// In order: create, bind, the token's Get of the pod, one before each status update.
	wantShapes(t, s, "pods/ns-00/churn-0000000000", rowCreate, rowUpdate, rowGet, rowGet, rowUpdate, rowGet, rowUpdate, rowGet, rowUpdate)
	wantShapes(t, s, "serviceaccounts/ns-00/default", rowCreate, rowGet) // the first is the setup's
	for _, object := range s.objects("events/") {
		wantShapes(t, s, object, rowCreateEvent)
	}
	if n := len(s.objects("events/")); n != 4 {
		t.Errorf("%d events of one container's start and stop, want 4", n)
	}
	stop := []string{rowCreate, rowGet, rowUpdate, rowGet, rowUpdate, rowGet, rowGet, rowUpdate, rowDelete}
	if got := s.of("pods/ns-00/pods-setup-000000000"); len(got) == len(stop)+1 {
		stop = append(stop, rowDelete) // the delete that fails on a stale copy comes in 70 % of all
	}
	wantShapes(t, s, "pods/ns-00/pods-setup-000000000", stop...)
	wantShapes(t, s, "lease", "LeaseGrant{ttl=3660}", "LeaseRevoke", "LeaseRevoke") // the latter when the run cleans up; the last is that of its prefix
}

// The requests of single kinds.
func TestConformanceKinds(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	const configmaps = "[setup.configmaps]\ncount = 3\nsize = \"1KiB\"\n"
	etcd := startEtcd(t)
	for _, tc := range []struct {
		name, measure, text string
		object              string
		want                []string
	}{
		{
			"get", "300ms", configmaps + "[workload.w]\nkind=\"get\"\nresource=\"configmaps\"\nchoice=\"sequential\"\narrival={times=[\"0s\"]}",
			"configmaps/ns-00/configmaps-setup-000000000",
			[]string{rowCreate, rowGet},
		},
		{
			"count", "300ms", "[workload.w]\nkind=\"count\"\nresource=\"events\"\narrival={times=[\"0s\"]}",
			"events/",
			[]string{"Range{prefix,count_only}"},
		},
		{
			"update", "300ms", configmaps + "[workload.w]\nkind=\"update\"\nresource=\"configmaps\"\nchoice=\"sequential\"\narrival={times=[\"0s\"]}",
			"configmaps/ns-00/configmaps-setup-000000000",
			[]string{rowCreate, rowUpdate},
		},
		{
			"list, paged", "300ms", configmaps + "[workload.w]\nkind=\"list\"\nresource=\"configmaps\"\nlimit=2\narrival={times=[\"0s\"]}",
			"configmaps/*", append(repeated(rowCreate, 3), "Range{prefix,limit=2}", "Range{from-key,limit=2,rev}"),
		},
		{
			"list, unpaged", "300ms", configmaps + "[workload.w]\nkind=\"list\"\nresource=\"configmaps\"\nmode=\"unpaged\"\nserializable=true\nkeys_only=true\narrival={times=[\"0s\"]}",
			"configmaps/*", append(repeated(rowCreate, 3), "Range{prefix,keys_only,serializable}"),
		},
		{
			"list, stream", "300ms", configmaps + "[workload.w]\nkind=\"list\"\nresource=\"configmaps\"\nmode=\"stream\"\narrival={times=[\"0s\"]}",
			"configmaps/*", append([]string{"RangeStream{prefix,limit=1}"}, append(repeated(rowCreate, 3), "RangeStream{prefix}")...), // the first asks whether etcd knows it
		},
		{
			"list, stream in pages", "300ms", configmaps + "[workload.w]\nkind=\"list\"\nresource=\"configmaps\"\nmode=\"stream\"\nlimit=2\narrival={times=[\"0s\"]}",
			"configmaps/*", append([]string{"RangeStream{prefix,limit=1}"}, append(repeated(rowCreate, 3), "RangeStream{prefix,limit=2}", "RangeStream{from-key,limit=2,rev}")...),
		},
		{
			"node-heartbeat", "1s", "[workload.w]\nkind=\"node-heartbeat\"\nnodes=1\nperiod=\"600ms\"\nstatus_period=\"1h\"",
			"leases/kube-node-lease/w-node-00000",
			[]string{rowCreate, rowUpdate, rowUpdate},
		},
		{
			"leader-election", "1s", "[workload.w]\nkind=\"leader-election\"\nlocks=1\nperiod=\"500ms\"",
			"leases/kube-system/w-kube-controller-manager",
			[]string{rowCreate, rowUpdate, rowUpdate},
		},
		{
			"watch", "300ms", configmaps + "[workload.u]\nkind=\"update\"\nresource=\"configmaps\"\narrival={times=[\"0s\"]}\n[workload.w]\nkind=\"watch\"\nresource=\"configmaps\"\nwatchers=2",
			"configmaps/", repeated(rowWatch, 2),
		},
		{
			"lease, revoked", "300ms", "[workload.w]\nkind=\"lease\"\nkeys=2\narrival={times=[\"0s\"]}",
			"lease",
			[]string{"LeaseGrant{ttl=10}", "LeaseRevoke", "LeaseRevoke"}, // the last is that of the run's prefix
		},
		{
			"raw put", "300ms", "[workload.w]\nkind=\"raw\"\noperation=\"put\"\nkeys={count=1}\nsize=\"1KiB\"\narrival={times=[\"0s\"]}",
			"etcd-dyno-raw/*",
			[]string{"Put"},
		},
		{
			"raw get", "300ms", "[workload.w]\nkind=\"raw\"\noperation=\"get\"\nkeys={count=1}\nsize=\"1KiB\"\narrival={times=[\"0s\"]}",
			"etcd-dyno-raw/*",
			[]string{"Put", "Range{key}"},
		},
		{
			"raw range", "300ms", "[workload.w]\nkind=\"raw\"\noperation=\"range\"\nlimit=5\nserializable=true\nkeys={count=2, choice=\"sequential\"}\nsize=\"1KiB\"\narrival={times=[\"0s\"]}",
			"etcd-dyno-raw/*",
			[]string{"Put", "Put", "Range{from-key,limit=5,serializable}"},
		},
		{
			"raw delete", "300ms", "[workload.w]\nkind=\"raw\"\noperation=\"delete\"\nkeys={count=1}\nsize=\"1KiB\"\narrival={times=[\"0s\"]}",
			"etcd-dyno-raw/*",
			[]string{"Put", "DeleteRange"},
		},
		{
			"raw txn", "300ms", "[workload.w]\nkind=\"raw\"\noperation=\"txn\"\nops=2\nkeys={count=2}\nsize=\"1KiB\"\narrival={times=[\"0s\"]}",
			"etcd-dyno-raw/*",
			[]string{"Txn{if nothing then [put put] else []}"},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			wantShapes(t, observed(t, etcd, tc.measure, tc.text), tc.object, tc.want...)
		})
	}
}

// Events: creations share a lease; a patch reads first, since they are in no
// cache (§2 and §5).
func TestConformanceEvents(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	s := observed(t, startEtcd(t), "2s", "[workload.w]\nkind=\"events\"\npatches=\"50%\"\narrival={rate=\"20/s\"}")
	patched := 0
	for _, object := range s.objects("events/") {
		got := s.of(object)
		want := []string{rowCreateEvent}
		for len(want) < len(got) {
			want = append(want, rowGet, rowUpdateEvent)
			patched++
		}
		if slices.Sort(got); len(want) > 3 {
			slices.Sort(want) // patches of one event run at once
		} else {
			got = s.of(object)
		}
		if !slices.Equal(got, want) {
			t.Errorf("about %s was sent %q, want %q", object, got, want)
		}
	}
	if patched < 5 || patched > 35 {
		t.Errorf("%d of 40 arrivals patched an event", patched)
	}
	wantShapes(t, s, "lease", "LeaseGrant{ttl=3660}", "LeaseRevoke", "LeaseRevoke")
}

// Compaction: two API servers claim in turn; the one whose claim succeeds
// compacts up to the revision of its last one (§4 and §10).
func TestConformanceCompaction(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	s := &shapes{prefix: "/etcd-dyno/conformance"}
	url := startProxy(t, strings.TrimPrefix(startEtcd(t).Endpoints()[0], "http://"), plan{saw: s.saw})
	job := jobOf(t, fmt.Sprintf(oneArrival, "5s", `
[workload.puts]
kind = "raw"
operation = "put"
keys = { count = 5 }
size = "1KiB"
arrival = { rate = "20/s" }
[workload.compaction]
kind = "compaction"
apiservers = 2
interval = "1s"
`), fmt.Sprintf("endpoints = [%q]", url))
	job.AllowDisruptive = true
	run, _ := runJob(t, job)
	claim, compact := operationOf(t, run, "compaction", "claim"), operationOf(t, run, "compaction", "compact")
	// Of two servers with the same period, one claims first each time.
	if claim.Intended != 10 || claim.Succeeded != 5 || claim.Conflicts != 5 || compact.Succeeded < 4 || compact.ErrorCount() > 0 {
		t.Errorf("claims %+v, compactions %+v", claim.Counts, compact.Counts)
	}
	wantShapes(t, s, "/compact_rev_key", repeated(rowClaim, 12)...) // two of them before the load
	if got := s.of("compact"); len(got) != int(compact.Succeeded) || got[0] != "Compact{physical=false}" {
		t.Errorf("compactions: %q", got)
	}
}

// An API server fills its caches by RangeStream, and follows each by a watch on
// the connection that it has for the resource (§1 and §3); its own loops send
// what was recorded (§4 to §6).
func TestConformanceAPIServer(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	s := observed(t, startEtcd(t), "11s", "[workload.w]\nkind=\"apiserver\"\nscrape=\"0s\"")
	cached := model.CachedResources()
	for _, r := range cached {
		got := s.of(r.Path + "/")
		if len(got) < 2 || got[0] != "RangeStream{prefix} hasleader" || got[1] != rowWatch {
			t.Errorf("about the cache of %s was sent %q", r.Name, got)
		}
		for _, other := range got[min(2, len(got)):] {
			if other != "RangeStream{prefix,limit=10000,rev}" { // its consistency
				t.Errorf("about the cache of %s was sent %s", r.Name, other)
			}
		}
	}
	master, peer := s.objects("masterleases/10.")[0], s.objects("peerserverleases/")[0]
	for _, object := range []string{master, peer} {
		got := s.of(object)
		if len(got) < 3 || got[0] != rowCreateEvent || got[1] != rowGet || got[2] != rowUpdateEvent {
			t.Errorf("about %s was sent %q", object, got)
		}
	}
	if got := s.of("masterleases/"); len(got) == 0 || got[0] != "RangeStream{prefix}" {
		t.Errorf("the master leases are read by %q", got)
	}
	for _, object := range []string{"services/endpoints/default/kubernetes", "endpointslices/default/kubernetes"} {
		if got := s.of(object); len(got) < 2 || got[1] != rowGet {
			t.Errorf("about %s was sent %q", object, got)
		}
	}
	if got := s.of("health"); len(got) < 15 || got[0] != "Range{key}" {
		t.Errorf("health is asked for by %q", got)
	}
	grants := 0
	for _, g := range s.of("lease") {
		if g == "LeaseGrant{ttl=15}" {
			grants++
		}
	}
	if grants < 4 {
		t.Errorf("%d leases of 15 s", grants)
	}
}

// API servers that do not know RangeStream read prefixes by Range, in pages of 10,000 (§3).
func TestConformanceNoRangeStream(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	s := observed(t, startEtcd(t), "11s", "[cluster]\napiserver=\"no-range-stream\"\n[workload.w]\nkind=\"apiserver\"\nscrape=\"0s\"")
	for _, r := range model.CachedResources() {
		if got := s.of(r.Path + "/"); len(got) < 2 || got[0] != "Range{prefix,limit=10000} hasleader" || got[1] != rowWatch {
			t.Errorf("about the cache of %s was sent %q", r.Name, got)
		}
	}
	if got := s.of("masterleases/"); len(got) == 0 || got[0] != "Range{prefix,limit=10000}" {
		t.Errorf("the master leases are read by %q", got)
	}
	for _, each := range s.of("*") {
		if strings.HasPrefix(each, "RangeStream") {
			t.Errorf("sent %s", each)
		}
	}
}

// API servers without a watch cache read every object before they change it,
// count by Range, and their own watches, 42, want no word of progress (§2 and §3).
func TestConformanceNoWatchCache(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	s := observed(t, startEtcd(t), "3s", `
[cluster]
apiserver = "no-watch-cache"
[setup.pods]
count = 1
[setup.configmaps]
count = 2
[workload.servers]
kind = "apiserver"
scrape = "0s"
[workload.churn]
kind = "pod-churn"
containers = 1
grace = "50ms"
arrival = { times = ["0s"] }
[workload.updates]
kind = "update"
resource = "configmaps"
choice = "sequential"
arrival = { times = ["0s"] }
[workload.beats]
kind = "node-heartbeat"
nodes = 1
period = "1s"
status_period = "1h"
[workload.locks]
kind = "leader-election"
locks = 1
period = "1s"
[workload.deletion]
kind = "namespace-deletion"
from = "2s"
arrival = { times = ["500ms"] }
`)
	const rowLoopback = "Watch{prefix=true prev_kv=true progress_notify=false fragment=false filters=0 start=true} hasleader"
	watches, streams := 0, 0
	for _, each := range s.of("*") {
		switch {
		case each == rowLoopback:
			watches++
		case strings.HasPrefix(each, "Watch{"):
			t.Errorf("sent %s", each)
		case each == "RangeStream{prefix} hasleader":
			streams++
		}
	}
	if watches != 42 || streams != 42 {
		t.Errorf("%d watches, and %d reads before them, want 42", watches, streams)
	}
	wantShapes(t, s, "pods/ns-00/churn-0000000000", rowCreate, rowGet, rowUpdate, rowGet, rowGet, rowGet, rowUpdate, rowGet, rowGet, rowUpdate, rowGet, rowGet, rowUpdate)
	wantShapes(t, s, "pods/ns-00/pods-setup-000000000", rowCreate, rowGet, rowGet, rowUpdate, rowGet, rowGet, rowUpdate, rowGet, rowGet, rowGet, rowUpdate, rowGet, rowDelete,
		rowGet) // the namespace's deletion finds it gone
	wantShapes(t, s, "configmaps/ns-00/configmaps-setup-000000000", rowCreate, rowGet, rowUpdate, rowGet, rowGet, rowDelete)
	for _, object := range []string{"leases/kube-node-lease/beats-node-00000", "leases/kube-system/locks-kube-controller-manager"} {
		want := []string{rowCreate}
		for range max((len(s.of(object))-1)/2, 2) {
			want = append(want, rowGet, rowUpdate)
		}
		wantShapes(t, s, object, want...)
	}
}
