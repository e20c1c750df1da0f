package runner

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
)

// seeded is a bit of everything that draws at random, so slow that nothing conflicts.
const seeded = `
name = "conformance"
seed = %d
[phases]
warmup = "0s"
measure = "3s"
drain = "10s"
[setup.configmaps]
count = 50
size = { p50 = "1KiB", p99 = "4KiB" }
[setup.pods]
count = 30
[workload.churn]
kind = "pod-churn"
grace = "100ms"
arrival = { process = "poisson", rate = "4/s" }
[workload.rollout]
kind = "pod-churn"
wave = "job"
pods = 5
runtime = "200ms"
arrival = { times = ["0s"] }
[workload.gets]
kind = "get"
resource = "configmaps"
choice = "zipf"
arrival = { process = "poisson", rate = "30/s" }
[workload.puts]
kind = "raw"
operation = "put"
keys = { count = 1000, choice = "latest" }
size = { min = "200B", max = "2KiB" }
arrival = { process = "poisson", rate = "30/s" }
[workload.beats]
kind = "node-heartbeat"
nodes = 10
period = "1s"
[workload.events]
kind = "events"
patches = "0%%"
arrival = { process = "poisson", rate = "10/s" }
`

// The seed alone decides which requests a run sends: of each object the same ones,
// with the same values. (Their order is the schedule's, but what is under way at once
// may overtake.)
func TestSeed(t *testing.T) {
	notUnderRace(t)
	t.Parallel()
	etcd := startEtcd(t)
	digest := func(seed int) (sum string, requests int) {
		d := digests{shapes: shapes{prefix: "/etcd-dyno/conformance"}, of: map[string][]string{}}
		url := startProxy(t, strings.TrimPrefix(etcd.Endpoints()[0], "http://"), plan{saw: d.saw})
		runJob(t, jobOf(t, fmt.Sprintf(seeded, seed), fmt.Sprintf("endpoints = [%q]", url)))
		return d.sum(), d.requests
	}
	first, n := digest(1)
	again, m := digest(1)
	if first != again {
		t.Errorf("%d and %d requests with the same seed are not the same", n, m)
	}
	if n < 400 {
		t.Errorf("only %d requests were seen", n)
	}
	if other, _ := digest(2); other == first {
		t.Error("another seed makes the same requests")
	}
}

// digests hashes what is sent about each object. It may be shared by goroutines.
type digests struct {
	shapes   shapes
	mu       sync.Mutex
	of       map[string][]string // guarded by mu, as what follows
	requests int
}

func (d *digests) saw(_ string, _ metadata.MD, m proto.Message) {
	object, text := d.shapes.shapeOf(m)
	if text == "" || object == "progress" {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.of[object] = append(d.of[object], fmt.Sprintf("%s %x", text, valuesOf(m)))
	d.requests++
}

// stampBytes is what a value's end has of the run and the time.
const stampBytes = 24

// valuesOf are the values that a request writes, without their stamps.
func valuesOf(m proto.Message) (all [][]byte) {
	switch r := m.(type) {
	case *pb.PutRequest:
		return append(all, r.Value[:len(r.Value)-stampBytes])
	case *pb.TxnRequest:
		for _, o := range r.Success {
			if p := o.GetRequestPut(); p != nil {
				all = append(all, p.Value[:len(p.Value)-stampBytes])
			}
		}
	}
	return all
}

// sum is one hash of all.
func (d *digests) sum() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := sha256.New()
	for _, object := range slices.Sorted(maps.Keys(d.of)) {
		slices.Sort(d.of[object])
		fmt.Fprintf(all, "%s\n%s\n", object, strings.Join(d.of[object], "\n"))
	}
	return hex.EncodeToString(all.Sum(nil))
}
