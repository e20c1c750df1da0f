package scenarios_test

import (
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// explain is the explanation of a text.
func explain(t *testing.T, text string) scenarios.Explanation {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.toml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := scenarios.ExplainScenario(file, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// operation is an operation of an explanation, by its row's name.
func operation(t *testing.T, e scenarios.Explanation, name string) scenarios.OperationEstimate {
	t.Helper()
	for _, o := range e.Operations {
		if o.Workload+"."+o.Operation == name {
			return o
		}
	}
	t.Fatalf("no %s in %+v", name, e.Operations)
	return scenarios.OperationEstimate{}
}

// Waves are 22.1 requests a new pod and some 40 a replaced one; after an outage all nodes come at once.
func TestExplainWaves(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		wave  string
		total float64
	}{{"scale-up", 22.1}, {"rolling-update", 40.1}, {"node-drain", 42.1}, {"job", 25.7}} {
		e := explain(t, "[setup.pods]\ncount = 10\n[workload.w]\nkind = \"pod-churn\"\nwave = \""+tc.wave+"\"\npods = 10\ncontainers = 2\narrival = { times = [\"0s\"] }\n")
		if got := e.OperationsTotal / 10; math.Abs(got-tc.total) > 0.3 {
			t.Errorf("%s: %g requests a pod, want %g", tc.wave, got, tc.total)
		}
	}
	e := explain(t, "[phases]\nmeasure = \"25s\"\n[workload.w]\nkind = \"node-heartbeat\"\nnodes = 100\nspread = \"1s\"\nfrom = \"1s\"\n")
	if renewals, statuses := *operation(t, e, "w.renew-lease").Total, *operation(t, e, "w.update-status").Total; renewals != 300 || statuses != 100 {
		t.Errorf("%g renewals and %g statuses in 24 s after an outage", renewals, statuses)
	}
}

// A pod's start and another's stop are 24.7 requests; heartbeats follow from the nodes.
func TestExplainPodChurn(t *testing.T) {
	t.Parallel()
	e, err := scenarios.ExplainScenario("pod-churn", []string{"cluster.nodes=1000"})
	if err != nil {
		t.Fatal(err)
	}
	requests := 0.0
	for _, o := range e.Operations {
		if o.Workload == "churn" {
			requests += *o.PerSecond
		}
	}
	if got := requests / 5; math.Abs(got-24.7) > 1e-9 {
		t.Errorf("%g requests an arrival, want 14.5 + 10.2", got)
	}
	if got := *operation(t, e, "heartbeats.renew-lease").PerSecond; math.Abs(got-1000/10.2) > 0.01 {
		t.Errorf("%g renewals a second of 1,000 nodes", got)
	}
	nodes := false
	for _, d := range e.Derived {
		nodes = nodes || d.Key == "workload.heartbeats.nodes" && d.Value == "1000"
	}
	if !nodes {
		t.Errorf("no word of where the nodes come from: %+v", e.Derived)
	}
}

// The number of arrivals is the integral of the rate over the window.
func TestExplainArrivals(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, arrival string
		total, peak   float64
	}{
		{"steady", `arrival = { rate = "10/s" }`, 1000, 10},
		{"a window", "arrival = { rate = \"10/s\" }\nfrom = \"90s\"\nfor = \"20s\"", 100, 10},
		{"a window beyond", "arrival = { rate = \"10/s\" }\nfrom = \"100s\"", -1, 0},
		{"a ramp", `arrival = { rate = "10/s", ramp = { to = "30/s", for = "50s" } }`, 1000 + 1500, 30},
		{"a spike", `arrival = { rate = "10/s", spike = { to = "110/s", at = "95s", for = "10s" } }`, 1500, 110},
		{"bursts", `arrival = { rate = "10/s", burst = { on = "1s", off = "4s" } }`, 200, 10},
		{"a sine", `arrival = { rate = "10/s", sine = { to = "30/s", period = "50s" } }`, 2000, 30},
		{"steps", `arrival = { steps = ["0/s for 50s", "20/s for 10s", "1/s for 1s"] }`, 240, 20},
		{"times", `arrival = { times = ["1s", "99s", "100s"] }`, 2, 0},
		{"closed, bounded", `arrival = { process = "closed", clients = 5, max_rate = "7/s" }`, 700, 7},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			e := explain(t, "[phases]\nmeasure = \"100s\"\n[workload.w]\nkind = \"raw\"\noperation = \"put\"\nkeys = { count = 5 }\nsize = \"1KiB\"\n"+tc.arrival)
			if tc.total < 0 {
				if len(e.Operations) > 0 || len(e.Warnings) == 0 {
					t.Errorf("it does not run: %+v, %q", e.Operations, e.Warnings)
				}
				return
			}
			if got := *operation(t, e, "w.put").Total; math.Abs(got-tc.total) > 1e-3*tc.total {
				t.Errorf("%g arrivals, want %g", got, tc.total)
			}
			if got := *e.Workloads[0].PeakPerSecond; math.Abs(got-tc.peak) > 1e-9 {
				t.Errorf("a peak of %g/s, want %g/s", got, tc.peak)
			}
		})
	}
	e := explain(t, "[workload.w]\nkind = \"count\"\nresource = \"pods\"\narrival = { process = \"closed\", clients = 5 }")
	if o := operation(t, e, "w.count"); o.Total != nil || len(e.Warnings) != 1 {
		t.Errorf("what a closed loop does is not known: %+v, %q", o, e.Warnings)
	}
}
