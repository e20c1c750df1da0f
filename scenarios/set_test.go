package scenarios_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

func TestSplitSets(t *testing.T) {
	t.Parallel()
	scenario, configuration, err := scenarios.SplitSets([]string{
		"cluster.nodes=5", "configuration.etcd.pre-vote=false", "configuration=three", "configuration.members=3",
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"cluster.nodes=5", "configuration=three"}; !slices.Equal(scenario, want) {
		t.Errorf("scenario %v, want %v", scenario, want)
	}
	if want := []string{"etcd.pre-vote=false", "members=3"}; !slices.Equal(configuration, want) {
		t.Errorf("configuration %v, want %v", configuration, want)
	}
	_, _, err = scenarios.SplitSets([]string{"seed=1", "experiment.pairs=8", "experiment.x=1"})
	wantFaults(t, err,
		"--set experiment.pairs=8: it belongs to the command experiment",
		"--set experiment.x=1: it belongs to the command experiment")
}

func TestSets(t *testing.T) {
	t.Parallel()
	churn := func(s scenarios.Scenario) scenarios.Workload { return s.Workloads[0] }
	for _, tt := range []struct {
		name string
		set  string
		is   func(scenarios.Scenario) bool
	}{
		{"a string without quotes", "workload.churn.arrival.rate=50/s", func(s scenarios.Scenario) bool { return churn(s).Arrival.Rate == 50 }},
		{"a string in quotes", `workload.churn.arrival.rate="50/s"`, func(s scenarios.Scenario) bool { return churn(s).Arrival.Rate == 50 }},
		{"a number", "cluster.nodes=7", func(s scenarios.Scenario) bool { return s.Workloads[1].Kind.(scenarios.NodeHeartbeat).Nodes == 7 }},
		{"a duration", "phases.measure=3m", func(s scenarios.Scenario) bool { return s.Phases.Measure == 3*time.Minute }},
		{"a key that was not there", "workload.churn.grace=2s", func(s scenarios.Scenario) bool {
			return churn(s).Kind.(scenarios.PodChurn).Grace == 2*time.Second
		}},
		{"an inline table", `setup.pods={count=5, size="1KiB"}`, func(s scenarios.Scenario) bool { return s.Setup[0].Count == 5 && s.Setup[0].Size.P99 == 1024 }},
		{"a new workload", `workload.new={kind="watch", resource="nodes"}`, func(s scenarios.Scenario) bool { return len(s.Workloads) == 5 }},
		{"no thresholds", "thresholds=[]", func(s scenarios.Scenario) bool { return len(s.Thresholds) == 0 }},
		{"text with an equals sign", "description=a = b", func(s scenarios.Scenario) bool { return s.Description == "a = b" }},
		{"nothing", "description=", func(s scenarios.Scenario) bool { return s.Description == "" }},
		{"a quoted path", `workload."churn".grace=2s`, func(s scenarios.Scenario) bool {
			return churn(s).Kind.(scenarios.PodChurn).Grace == 2*time.Second
		}},
		{"a line break is no second key", "description=1\nname=2", func(s scenarios.Scenario) bool { return s.Description == "1\nname=2" }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := scenarios.LoadScenario("pod-churn", []string{tt.set})
			if err != nil {
				t.Fatal(err)
			}
			if !tt.is(s) {
				t.Errorf("--set %s gives %+v", tt.set, s)
			}
		})
	}
}

func TestSetFaults(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, set string
		want      string
	}{
		{"a wrong value", "workload.churn.arrival.rate=5/x", `rate = "5/x": unknown time "x"`},
		{"no value", "cluster.nodes", "no value; write path=value"},
		{"no path", "=5", `"" is no path`},
		{"an empty part", "cluster..nodes=5", `"cluster..nodes" is no path`},
		{"a blank in the path", "my cluster.nodes=5", `"my cluster.nodes" is no path`},
		{"below a value", "cluster.nodes.x=5", `cluster.nodes is 100, not a table with a key "x"`},
		{"an unknown key", "cluster.node=5", `unknown key "node" in [cluster] (did you mean "nodes"?)`},
		{"a misspelt workload", "workload.chrun.arrival.rate=5/s", `no workload "chrun" (did you mean "churn"?); workloads: churn, heartbeats, informers, relist`},
		{"an action that is not there", "action.kill.at=5s", `no action "kill"; there is none`},
		{"a value for a table", "workload.relist=5", "relist must be a table [workload.relist], not 5"},
		{"below it", `workload.relist={kind="list"}`, `resource is missing`},
		{"thresholds", `thresholds=["churn.create.errors"]`, `threshold "churn.create.errors": no comparison`},
		{"not UTF-8", "description=\xff", "not UTF-8"},
		{"far too deep", "description=" + strings.Repeat("[", 100_000), `description has 100000 bytes`},
		{"a deep path", strings.Repeat("a.", 100) + "b=1", "is no path"},
		{"a workload without arrival", `workload.n={kind="pod-churn"}`, "arrival is missing"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := scenarios.LoadScenario("pod-churn", []string{tt.set})
			if err == nil || !strings.Contains(err.Error(), "--set "+tt.set+": ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %.300v\nwant  --set %.100s: …%s", err, tt.set, tt.want)
			}
		})
	}
}

// TestSetSecrets holds that no message repeats what may be a password.
func TestSetSecrets(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	for _, set := range []string{
		`endpoints=["https://root:hunter2@10.0.0.1:2379"]`,
		`endpoints=https://root:hunter2@10.0.0.1:2379`,
		`members=root:hunter2@x`,
	} {
		_, err := scenarios.LoadConfiguration("single", []string{set})
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("--set configuration.%s gives %v", set, err)
		}
	}
	for _, text := range []string{
		`endpoints = ["https://root:hunter2@10.0.0.1:2379"]`,
		`endpoints = ["root:hunter2@10.0.0.1:2379", "https://%zz:hunter2@h"]`,
		`endpoints = "https://root:hunter2@10.0.0.1:2379"`,
	} {
		_, err := scenarios.ParseConfiguration("x.toml", []byte(text), nil)
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s gives %v", text, err)
		}
	}
}
