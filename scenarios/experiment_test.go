package scenarios_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// The built-in experiments have no faults, and written out beside what they compare they are read again as they are.
func TestExperiments(t *testing.T) {
	t.Parallel()
	names := scenarios.ExperimentNames()
	if len(names) == 0 {
		t.Fatal("there is none")
	}
	for _, name := range names {
		e, err := scenarios.LoadExperiment(name, nil)
		if err != nil {
			t.Fatal(err)
		}
		again := written(t, e)
		if d := cmp.Diff(string(scenarios.EncodeExperiment(e)), string(scenarios.EncodeExperiment(again))); d != "" {
			t.Errorf("%s: %s", name, d)
		}
		for i := range e.Configurations {
			if e.Configurations[i].SHA256 != again.Configurations[i].SHA256 || e.Configurations[i].Name != again.Configurations[i].Name {
				t.Errorf("%s: %s is another when it is read again", name, e.Configurations[i].Name)
			}
		}
	}
}

// What is not said follows: the gates are what a scenario does most, labs are made alike, and sets go where they belong.
func TestExperimentDerives(t *testing.T) {
	t.Parallel()
	text := "name = \"x\"\nscenarios = [\"pod-churn\"]\nconfigurations = [\"single\", \"slow-disk\", \"three-zones\"]\nset = [\"phases.measure=40s\"]\n"
	e, err := scenarios.ParseExperiment("x.toml", []byte(text), []string{"baseline=slow-disk"}, []string{"seed=7"}, []string{"etcd.snapshot-count=500"})
	if err != nil {
		t.Fatal(err)
	}
	var gates []string
	for _, g := range e.Gates {
		gates = append(gates, g.String())
	}
	if e.Baseline != 1 || e.Pairs != 8 || e.Scenarios[0].Seed != 7 || e.Scenarios[0].Phases.Measure.Seconds() != 40 || !e.Confirm || len(gates) != 3 || !strings.HasSuffix(gates[2], "delivery.p50") {
		t.Errorf("%+v, gates %v", e, gates)
	}
	for _, c := range e.Configurations {
		if !c.Disk.Filtered || !c.Links.Proxied || !slices.ContainsFunc(c.Flags, func(f scenarios.Flag) bool { return f.Name == "snapshot-count" && f.Value == "500" }) {
			t.Errorf("%s is not like the others: %+v", c.Name, c)
		}
	}
	aa, err := scenarios.ParseExperiment("x.toml", []byte(text), []string{"aa=true"}, nil, nil)
	if err != nil || len(aa.Configurations) != 2 || aa.Configurations[1].Name != "single-again" {
		t.Errorf("%+v, %v", aa.Configurations, err)
	}
}

func TestDifferences(t *testing.T) {
	t.Parallel()
	a := "name = \"a\"\nmembers = 1\n[disk]\nfsync_delay = \"0s\"\n[etcd]\nsnapshot-count = 10\n"
	b := "name = \"b\"\nmembers = 3\n[disk]\nfsync_delay = \"0s\"\n[client]\nendpoints = \"leader\"\n"
	got, err := scenarios.Differences([]byte(a), []byte(b))
	want := []scenarios.Difference{{Key: "client.endpoints", After: `"leader"`}, {Key: "etcd.snapshot-count", Before: "10"}, {Key: "members", Before: "1", After: "3"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := scenarios.Differences([]byte("="), nil); err == nil {
		t.Error("what is no TOML has differences")
	}
}
