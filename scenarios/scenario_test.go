package scenarios_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// resource is a resource that exists.
func resource(t *testing.T, name string) model.Resource {
	t.Helper()
	r, ok := model.ResourceNamed(name)
	if !ok {
		t.Fatalf("no resource %q", name)
	}
	return r
}

// limits are parsed thresholds.
func limits(t *testing.T, texts ...string) []threshold.Threshold {
	t.Helper()
	var all []threshold.Threshold
	for _, text := range texts {
		limit, err := threshold.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, limit)
	}
	return all
}

func TestPodChurn(t *testing.T) {
	t.Parallel()
	got, err := scenarios.LoadScenario("pod-churn", nil)
	if err != nil {
		t.Fatal(err)
	}
	pods := resource(t, "pods")
	want := scenarios.Scenario{
		Name:          "pod-churn",
		Description:   "Pods are created, bound, run and deleted; kubelets heartbeat; API servers watch.",
		Configuration: "single",
		Seed:          1,
		Thresholds:    limits(t, "churn.create.response.p95 < 1s", "churn.*.errors == 0", "informers.missing == 0"),
		Cluster:       model.Cluster{Nodes: 100, PodsPerNode: 30, EventsPerPod: 6, Controllers: true, APIServers: 1, APIServer: "1.37"},
		Phases:        scenarios.Phases{Warmup: 5 * time.Second, Measure: 20 * time.Second, Drain: 10 * time.Second},
		Setup:         []scenarios.Population{{Name: "pods", Resource: pods, Count: 3000, Size: scenarios.SizeDistribution{P50: 6800, P99: 8600}}},
		Workloads: []scenarios.Workload{
			{
				Name: "churn", Kind: scenarios.PodChurn{Grace: time.Second, Containers: 1.5},
				Arrival: scenarios.Arrival{Process: scenarios.Poisson, Rate: 5}, MaxInFlight: 1000,
			},
			{
				Name: "heartbeats", Kind: scenarios.NodeHeartbeat{Nodes: 100, Period: 10 * time.Second, StatusPeriod: 5 * time.Minute},
				MaxInFlight: 1000,
			},
			{Name: "informers", Kind: scenarios.Watch{Resource: pods, Watchers: 10, Connections: 10, PrevKV: true, Progress: true}},
			{
				Name: "relist", Kind: scenarios.List{Resource: pods, Mode: scenarios.Paged, Limit: 500},
				Arrival: scenarios.Arrival{Process: scenarios.Constant, Rate: 1}, MaxInFlight: 4,
			},
		},
	}
	sum := sha256.Sum256(scenarios.EncodeScenario(want))
	want.SHA256 = hex.EncodeToString(sum[:])
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestLibrary holds that every built-in reads without a fault, has its file's
// name, and reads back as it was encoded.
func TestLibrary(t *testing.T) {
	t.Parallel()
	if got, want := scenarios.ScenarioNames(), []string{
		"backup-under-load", "compaction-under-load", "configmap-updates", "crd-churn", "defragment", "disaster-recovery", "disk-stall", "event-storm",
		"heartbeats-after-outage", "high-traffic", "job-burst", "large-lists", "leader-loss", "lease-storm", "list-stream-vs-paged", "member-loss",
		"mixed-10", "mixed-100", "mixed-1000", "mixed-5000", "namespace-deletion", "node-drain", "node-heartbeats", "node-outage-recovery", "partition",
		"pod-churn", "quota-exhaustion", "raw-puts", "relist-storm", "rolling-deployment", "rolling-restart", "scale-out", "slow-watchers", "watch-fanout",
	}; !slices.Equal(got, want) {
		t.Errorf("scenarios %v, want %v", got, want)
	}
	if got, want := scenarios.ConfigurationNames(), []string{
		"cloud-disk", "etcd-3.6", "etcd-basic", "etcd-ha", "etcd-production", "five", "single", "slow-disk",
		"small-memory", "small-quota", "three", "three-zones", "tls", "tuned-wan", "two-regions",
	}; !slices.Equal(got, want) {
		t.Errorf("configurations %v, want %v", got, want)
	}
	for _, name := range scenarios.ScenarioNames() {
		s, err := scenarios.LoadScenario(name, nil)
		if err != nil || s.Name != name {
			t.Fatalf("scenario %q has the name %q, %v", name, s.Name, err)
		}
		roundTripScenario(t, s)
	}
	for _, name := range scenarios.ConfigurationNames() {
		c, err := scenarios.LoadConfiguration(name, nil)
		if err != nil || c.Name != name {
			t.Fatalf("configuration %q has the name %q, %v", name, c.Name, err)
		}
		roundTripConfiguration(t, c)
	}
}

// TestDefaults holds what follows from the little that must be written.
func TestDefaults(t *testing.T) {
	t.Parallel()
	const text = `
[cluster]
nodes = 200
apiservers = 3
[setup.pods]
[setup.leases]
[setup.nodes]
count = 7
size = "2KiB"
[setup.widgets]
resource = "stable.example.com/widgets"
count = 0
[workload.w]
kind = "watch"
resource = "stable.example.com/widgets"
[workload.h]
kind = "node-heartbeat"
`
	got, err := scenarios.ParseScenario("some/where/mine.toml", []byte(text), nil)
	if err != nil {
		t.Fatal(err)
	}
	widgets := resource(t, "stable.example.com/widgets")
	want := scenarios.Scenario{
		Name: "mine", Configuration: "single", Seed: 1,
		Cluster: model.Cluster{Nodes: 200, PodsPerNode: 30, EventsPerPod: 6, Controllers: true, APIServers: 3, APIServer: "1.37"},
		Phases:  scenarios.Phases{Warmup: 5 * time.Second, Measure: 20 * time.Second, Drain: 10 * time.Second},
		Setup: []scenarios.Population{
			{Name: "leases", Resource: resource(t, "leases"), Count: 200, Size: scenarios.SizeDistribution{P50: 304, P99: 306}},
			{Name: "nodes", Resource: resource(t, "nodes"), Count: 7, Size: scenarios.SizeDistribution{P50: 2048, P99: 2048}},
			{Name: "pods", Resource: resource(t, "pods"), Count: 6000, Size: scenarios.SizeDistribution{P50: 6787, P99: 8609}},
			{Name: "widgets", Resource: widgets, Size: scenarios.SizeDistribution{P50: 606, P99: 718}},
		},
		Workloads: []scenarios.Workload{
			{
				Name: "h", Kind: scenarios.NodeHeartbeat{Nodes: 200, Period: 10 * time.Second, StatusPeriod: 5 * time.Minute},
				MaxInFlight: 1000,
			},
			{Name: "w", Kind: scenarios.Watch{Resource: widgets, Watchers: 3, Connections: 3, PrevKV: true, Progress: true}},
		},
	}
	got.SHA256 = ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestAllAtOnce holds that every fault of a file is told, in order of lines.
func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	const text = `name = "a b"
thresholds = ["chrun.create.errors == 0", "churn.create.response.p95 < 1"]
[phases]
measure = "x"
[workload.churn]
kind = "pod-churn"
graze = "1s"
arrival = { rate = "5/x" }
[workload.other]
kind = "pod"
[colour]
`
	_, err := scenarios.ParseScenario("x.toml", []byte(text), []string{"seed=x", "cluster.nodes"})
	want := []string{
		`x.toml:1:1: name = "a b" is not allowed`,
		`x.toml:2:15: threshold "chrun.create.errors == 0": no workload "chrun" (did you mean "churn"?)`,
		`x.toml:2:43: threshold "churn.create.response.p95 < 1": response.p95 is compared with a duration`,
		`x.toml:4:1: measure = "x" is not a duration`,
		`x.toml:7:1: unknown key "graze"`,
		`x.toml:8:13: rate = "5/x": unknown time "x"`,
		`x.toml:10:1: kind = "pod" is unknown`,
		`x.toml:11:2: unknown key "colour"`,
		`--set cluster.nodes: no value`,
		`--set seed=x: seed must be a whole number`,
	}
	wantFaults(t, err, want...)
}

// wantFaults checks that an error is these faults, of each its beginning.
func wantFaults(t *testing.T, err error, want ...string) {
	t.Helper()
	var faults scenarios.Faults
	if !errors.As(err, &faults) {
		t.Fatalf("error %v of type %T, want Faults", err, err)
	}
	lines := strings.Split(faults.Error(), "\n")
	for i := range max(len(lines), len(want)) {
		switch {
		case i >= len(want):
			t.Errorf("unwanted fault %s", lines[i])
		case i >= len(lines):
			t.Errorf("fault %s is missing", want[i])
		case !strings.HasPrefix(lines[i], want[i]):
			t.Errorf("fault %s\nwant  %s…", lines[i], want[i])
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "mine.toml")
	if err := os.WriteFile(file, []byte("[workload.w]\nkind = \"watch\"\nresource = \"pods\"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := scenarios.LoadScenario(file, nil)
	if err != nil || s.Name != "mine" {
		t.Errorf("a file's scenario is %q, %v", s.Name, err)
	}
	large := filepath.Join(dir, "large.toml")
	if err := os.WriteFile(large, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ name, from, want string }{
		{"misspelt", "pod-chrun", `no built-in scenario "pod-chrun" (did you mean "pod-churn"?); built in: backup-under-load, `},
		{"nothing like it", "elephant", `no built-in scenario "elephant"; built in: backup`},
		{"empty", "", `no built-in scenario ""`},
		{"out of the library", "..", `no built-in scenario ".."`},
		{"no such file", "./none", "./none: reading the scenario: no such file or directory"},
		{"no such file, by its end", "none.toml", "none.toml: reading the scenario: no such file"},
		{"a folder", dir, dir + ": reading the scenario: is a directory"},
		{"too large", large, large + ": reading the scenario: larger than 262144 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := scenarios.LoadScenario(tt.from, nil)
			wantFaults(t, err, tt.want)
		})
	}
	_, err = scenarios.LoadConfiguration("singel", nil)
	wantFaults(t, err, `no built-in configuration "singel" (did you mean "single"?); built in: cloud-disk, etcd-3.6`)
}

// TestRoundTripScenario encodes scenarios with all kinds of values and reads
// them back.
func TestRoundTripScenario(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(3, 4))
	for range 500 {
		roundTripScenario(t, randomScenario(t, rng))
	}
}

func roundTripScenario(t *testing.T, s scenarios.Scenario) {
	t.Helper()
	text := scenarios.EncodeScenario(s)
	back, err := scenarios.ParseScenario("back.toml", text, nil)
	if err != nil {
		t.Fatalf("%v\nin\n%s", err, text)
	}
	if s.SHA256 == "" {
		s.SHA256 = back.SHA256
	}
	if diff := cmp.Diff(s, back); diff != "" {
		t.Fatalf("(-want +got)\n%s\nin\n%s", diff, text)
	}
}

// randomWave is one that needs no pods.
func randomWave(rng *rand.Rand) scenarios.Wave {
	return []scenarios.Wave{
		{},
		{Shape: scenarios.ScaleUp, Pods: 1 + rng.IntN(100), Pace: scenarios.Rate(1 + rng.Float64())},
		{Shape: scenarios.BatchJob, Pods: 1 + rng.IntN(100), Pace: scenarios.Rate(1 + rng.Float64()), Runtime: time.Duration(rng.IntN(1e9))},
	}[rng.IntN(3)]
}

func randomScenario(t *testing.T, rng *rand.Rand) scenarios.Scenario {
	t.Helper()
	names := model.ResourceNames()
	pick := func() model.Resource { return resource(t, names[rng.IntN(len(names))]) }
	duration := func(most time.Duration) time.Duration {
		return 100*time.Millisecond + time.Duration(rng.Int64N(int64(most-100*time.Millisecond)))
	}
	one := func() scenarios.Size { return 1 + scenarios.Size(rng.IntN(1<<20)) }
	size := func() scenarios.SizeDistribution {
		p50 := one()
		return []scenarios.SizeDistribution{
			{P50: p50, P99: p50 + scenarios.Size(rng.IntN(2)*rng.IntN(1<<19))},
			{Min: p50, Max: p50 + scenarios.Size(rng.IntN(1<<19))},
			{Table: []scenarios.SizeShare{{Size: one(), Share: scenarios.Percent(rng.Float64() * 100)}, {Size: one(), Share: 100}}},
		}[rng.IntN(3)]
	}
	choice := func(count, size int) scenarios.Keys {
		k := []scenarios.Keys{
			{Choice: scenarios.Uniform},
			{Choice: scenarios.Sequential},
			{Choice: scenarios.Zipf, Exponent: 1.001 + rng.Float64()},
			{Choice: scenarios.Latest, Exponent: 2},
			{Choice: scenarios.HotSet, Hot: scenarios.Percent(rng.Float64() * 100), Share: 90},
		}[rng.IntN(5)]
		k.Count, k.Size = count, size
		return k
	}
	raw := func() scenarios.Raw {
		r := scenarios.Raw{Operation: scenarios.RawPut, Keys: choice(128+rng.IntN(1e8-128), 32+rng.IntN(4000)), Size: size(), Connections: 1 + rng.IntN(9)}
		switch rng.IntN(4) {
		case 0:
			r.Operation, r.Limit, r.Serializable = scenarios.RawRange, 1+rng.IntN(1000), rng.IntN(2) == 0
		case 1:
			r.Operation, r.Ops = scenarios.RawTxn, 1+rng.IntN(128)
		case 2:
			r.Operation = scenarios.RawDelete
		}
		return r
	}
	list := func() scenarios.List {
		l := scenarios.List{Resource: pick(), Mode: []scenarios.ListMode{scenarios.Paged, scenarios.Unpaged, scenarios.Stream}[rng.IntN(3)], KeysOnly: rng.IntN(2) == 0, Serializable: rng.IntN(2) == 0}
		if l.Mode == scenarios.Paged || l.Mode == scenarios.Stream && rng.IntN(2) == 0 {
			l.Limit = 1 + rng.IntN(1000)
		}
		return l
	}
	profile := func() scenarios.Profile {
		to := scenarios.Rate(1 + rng.Float64()*1000)
		return []scenarios.Profile{
			{},
			{Shape: scenarios.Ramp, To: to, For: duration(time.Hour)},
			{Shape: scenarios.Spike, To: to, At: duration(time.Hour), For: duration(time.Hour)},
			{Shape: scenarios.Sine, To: to, Period: duration(time.Hour)},
			{Shape: scenarios.Burst, On: duration(time.Hour), Off: duration(time.Hour)},
			{Shape: scenarios.Steps, Steps: []scenarios.Step{{Rate: 0, For: duration(time.Hour)}, {Rate: to, For: duration(time.Hour)}}},
			{Shape: scenarios.Times, Times: []time.Duration{0, time.Second, time.Minute}},
		}[rng.IntN(7)]
	}
	window := func() scenarios.Window {
		if rng.IntN(2) == 0 {
			return scenarios.Window{}
		}
		return scenarios.Window{Set: true, From: time.Duration(rng.IntN(2)) * duration(time.Hour), For: time.Duration(rng.IntN(2)) * duration(time.Hour)}
	}
	arrival := func() scenarios.Arrival {
		if rng.IntN(3) == 0 {
			return scenarios.Arrival{Process: scenarios.Closed, Clients: 3, Think: time.Duration(rng.IntN(2)) * duration(time.Minute), MaxRate: scenarios.Rate(rng.IntN(2) * 700)}
		}
		a := scenarios.Arrival{Process: []scenarios.Process{scenarios.Constant, scenarios.Poisson}[rng.IntN(2)], Profile: profile()}
		switch a.Profile.Shape {
		case scenarios.Times:
			a.Process = scenarios.Constant
		case scenarios.Steps:
		default:
			a.Rate = scenarios.Rate(0.001 + rng.Float64()*[]float64{1, 1e3, 9e5}[rng.IntN(3)])
		}
		return a
	}
	s := scenarios.Scenario{
		Name: "random-1_A", Description: "a \"b\" \\ c\n\té 😀" + strings.Repeat("#", rng.IntN(3)),
		Configuration: []string{"single", "three", "./my configuration.toml"}[rng.IntN(3)],
		Seed:          rng.Uint64() >> 1,
		Cluster: model.Cluster{
			Nodes: rng.IntN(3), PodsPerNode: rng.IntN(100), Churn: float64(rng.IntN(2)) * (0.001 + rng.Float64()), EventsPerPod: 10 * rng.Float64(),
			Services: rng.IntN(3), Controllers: rng.IntN(2) == 0, APIServers: 1 + rng.IntN(5), APIServer: "1.37",
		},
		Phases: scenarios.Phases{Warmup: duration(time.Hour), Measure: duration(24 * time.Hour), Drain: duration(time.Minute)},
		Setup: []scenarios.Population{
			{Name: "1", Resource: resource(t, "pods"), Count: 1 + rng.IntN(1e8-1), Size: size()},
			{Name: "2", Resource: resource(t, "a.b/c"), Count: rng.IntN(10), Size: size()},
		},
		Workloads: []scenarios.Workload{
			{Name: "a", Kind: list(), Arrival: arrival(), MaxInFlight: 3, Window: window()},
			{
				Name: "b", Kind: scenarios.NodeHeartbeat{Nodes: 1 + rng.IntN(5000), Period: duration(time.Hour), StatusPeriod: duration(time.Hour), Spread: time.Duration(rng.IntN(2)) * time.Duration(1e6+rng.IntN(1e8))},
				MaxInFlight: 1000, Window: window(),
			},
			{Name: "c", Kind: scenarios.PodChurn{Grace: duration(time.Hour), Containers: 1 + rng.Float64(), Wave: randomWave(rng)}, Arrival: arrival(), MaxInFlight: 6, Timeout: time.Duration(rng.IntN(2)) * duration(time.Minute)},
			{Name: "d", Kind: raw(), Arrival: arrival(), MaxInFlight: 3},
			{Name: "e", Kind: scenarios.Watch{Resource: pick(), Watchers: 100, Connections: 1 + rng.IntN(100), PrevKV: rng.IntN(2) == 0, Progress: rng.IntN(2) == 0, Delay: time.Duration(rng.IntN(100)) * time.Millisecond, Reopen: time.Duration(rng.IntN(2)) * time.Second}},
			{Name: "f", Kind: scenarios.Compaction{APIServers: 1 + rng.IntN(9), Interval: time.Second + duration(time.Hour)}, MaxInFlight: 1000},
			{Name: "g", Kind: scenarios.Count{Resource: pick()}, Arrival: arrival(), MaxInFlight: 3},
			{Name: "h", Kind: scenarios.Events{TTL: time.Duration(1+rng.IntN(9999)) * time.Second, Patches: scenarios.Percent(100 * rng.Float64()), Size: size()}, Arrival: arrival(), MaxInFlight: 3},
			{Name: "i", Kind: scenarios.LeaderElection{Locks: 1 + rng.IntN(100), Period: duration(time.Hour)}, MaxInFlight: 1000},
			{
				Name: "j", Kind: scenarios.Lease{
					TTL: time.Duration(1+rng.IntN(100)) * time.Second, Keys: 1 + rng.IntN(5), Size: size(), KeepAlives: rng.IntN(3),
					End: []scenarios.LeaseEnd{scenarios.Revoke, scenarios.Expire}[rng.IntN(2)],
				},
				Arrival: arrival(), MaxInFlight: 3,
			},
		},
	}
	pods := s.Setup[0]
	s.Workloads = append(s.Workloads,
		scenarios.Workload{Name: "k", Kind: scenarios.Get{Resource: pods.Resource, Keys: choice(pods.Count, 0), Serializable: rng.IntN(2) == 0}, Arrival: arrival(), MaxInFlight: 3},
		scenarios.Workload{Name: "m", Kind: scenarios.NamespaceDeletion{}, Arrival: arrival(), MaxInFlight: 3},
		scenarios.Workload{Name: "n", Kind: scenarios.Relist{Servers: 1 + rng.IntN(5)}, Arrival: arrival(), MaxInFlight: 3},
		scenarios.Workload{Name: "o", Kind: scenarios.APIServer{Servers: s.Cluster.APIServers, Probes: rng.IntN(2) == 0, Scrape: time.Duration(rng.IntN(2)) * time.Minute}, MaxInFlight: 1000},
		scenarios.Workload{Name: "l", Kind: scenarios.Update{Resource: pods.Resource, Keys: choice(pods.Count, 0), Size: size()}, Arrival: arrival(), MaxInFlight: 3})
	slices.SortFunc(s.Workloads, func(a, b scenarios.Workload) int { return strings.Compare(a.Name, b.Name) })
	for i := range s.Workloads {
		if w := &s.Workloads[i]; w.Arrival.Process == scenarios.Closed {
			w.MaxInFlight = 3
			if c, ok := w.Kind.(scenarios.PodChurn); ok {
				w.MaxInFlight = 6
				switch c.Wave.Shape {
				case scenarios.ScaleUp:
					w.MaxInFlight = 3 * (2*c.Wave.Pods + 5)
				case scenarios.BatchJob:
					w.MaxInFlight = 3 * (2*c.Wave.Pods + 2)
				default:
				}
			}
		}
	}
	for i := range s.Workloads {
		if w, ok := s.Workloads[i].Kind.(scenarios.Watch); ok && w.Reopen > 0 {
			w.Behind = rng.IntN(1000)
			s.Workloads[i].Kind = w
		}
	}
	if rng.IntN(2) == 0 {
		s.Named = []scenarios.NamedThreshold{
			{Name: "x", Check: limits(t, "a.list.errors == 0")[0]},
			{Name: "y", Check: limits(t, "*.*.errors == 0")[0], Abort: true, Grace: time.Second + time.Duration(rng.IntN(1000))},
		}
	}
	if rng.IntN(2) == 0 {
		s.Thresholds = limits(t, "a.list.response.p99.9 < 1s", "*.*.errors == 0", "e.missing == 0")
	}
	return s
}

// TestOperations holds the table of operations against the kinds' names.
func TestOperations(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		kind       scenarios.Kind
		name       string
		operations string
	}{
		{
			scenarios.PodChurn{},
			"pod-churn",
			"pod-start pod-stop create bind get update-status mark-deleted delete-stale delete create-event lease-grant",
		},
		{scenarios.NodeHeartbeat{}, "node-heartbeat", "renew-lease update-status"},
		{scenarios.List{Limit: 1}, "list", "list page"},
		{scenarios.List{}, "list", "list"},
		{scenarios.Raw{Operation: scenarios.RawTxn}, "raw", "txn"},
		{scenarios.Get{}, "get", "get"},
		{scenarios.Count{}, "count", "count"},
		{scenarios.Update{}, "update", "guaranteed-update update"},
		{scenarios.LeaderElection{}, "leader-election", "renew-lock"},
		{scenarios.Events{}, "events", "patch-event create-event get-event update-event lease-grant expire"},
		{scenarios.Lease{Keys: 1, KeepAlives: 1, End: scenarios.Revoke}, "lease", "lease-life lease-grant attach keep-alive revoke"},
		{scenarios.Lease{Keys: 1, End: scenarios.Expire}, "lease", "lease-life lease-grant attach expire"},
		{scenarios.Compaction{}, "compaction", "compaction claim compact"},
		{scenarios.Watch{}, "watch", ""},
		{scenarios.Update{Uncached: true}, "update", "guaranteed-update get update"},
		{scenarios.NodeHeartbeat{Uncached: true}, "node-heartbeat", "get renew-lease update-status"},
		{
			scenarios.PodChurn{Wave: scenarios.Wave{Shape: scenarios.NodeDrain}},
			"pod-churn",
			"node-drain pod-start pod-stop create bind get update-status mark-deleted delete-stale delete create-event lease-grant " +
				"evict sync-slice sync-endpoints sync-replicaset sync-deployment get-event update-event",
		},
		{
			scenarios.PodChurn{Wave: scenarios.Wave{Shape: scenarios.BatchJob}},
			"pod-churn",
			"job pod-start pod-stop create bind get update-status mark-deleted delete-stale delete create-event lease-grant remove-finalizer sync-job",
		},
	} {
		w := scenarios.Workload{Kind: tt.kind}
		if got := strings.Join(w.Operations(), " "); got != tt.operations || w.KindName() != tt.name {
			t.Errorf("%s has operations %q, want %s with %q", w.KindName(), got, tt.name, tt.operations)
		}
	}
}
