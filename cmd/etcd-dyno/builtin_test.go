package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// shortForm is how long an experiment of the tuning guide may take at most, in seconds, as it is estimated.
const shortForm = 600

// Each built-in experiment is one that can be run, says what it would do in its short and its longer form, and is
// short where it is of the guide. Nothing is started.
func TestBuiltInExperiments(t *testing.T) {
	for _, name := range scenarios.ExperimentNames() {
		t.Run(name, func(t *testing.T) {
			e, err := scenarios.LoadExperiment(name, nil)
			if err != nil {
				t.Fatal(err)
			}
			if refused := experiment.Refused(e); len(refused) > 0 {
				t.Errorf("refused: %v", refused)
			}
			wantExplained(t, name, e)
			if name == "noise" || name == "nightly" {
				return // they are as long as they have to be, and have no longer form
			}
			if needs := experiment.NeedsOf(e); needs.Seconds+needs.ConfirmSeconds > shortForm {
				t.Errorf("the short form takes %.0f s, and %.0f s more", needs.Seconds, needs.ConfirmSeconds)
			}
			if e.Claim == "" || e.SaidBy == "" || e.LookAt == "" {
				t.Error("it says not what is claimed, where, or what to look at")
			}
			longer, err := explainExperiment(name, nil, true)
			if err != nil {
				t.Fatal(err)
			}
			if refused := experiment.Refused(longer.asked); len(refused) > 0 {
				t.Errorf("--full is refused: %v", refused)
			}
			if longer.Needs.Seconds <= experiment.NeedsOf(e).Seconds {
				t.Errorf("--full is no longer than the short form: %.0f s", longer.Needs.Seconds)
			}
			wantExplained(t, name, longer.asked, "--full")
		})
	}
}

// wantExplained has an experiment explained, as text and as JSON.
func wantExplained(t *testing.T, name string, e scenarios.Experiment, flags ...string) {
	t.Helper()
	command := slices.Concat([]string{"experiment", "explain", name}, flags)
	code, out, talk := tool(t, command...)
	if code != exitDone || !strings.HasPrefix(out, name+": ") || !strings.Contains(out, "What it takes:") {
		t.Errorf("%v: exit %d, %s\n%s", command, code, talk, out)
	}
	code, out, talk = tool(t, append(command, "-o", "json")...)
	if code != exitDone {
		t.Fatalf("%v as JSON: exit %d, %s", command, code, talk)
	}
	var x explainedExperiment
	if err := json.Unmarshal([]byte(out), &x); err != nil {
		t.Fatalf("%v as JSON: %v", command, err)
	}
	if x.Name != name || x.Claim != e.Claim || len(x.Configurations) != len(e.Configurations) || x.Needs != experiment.NeedsOf(e) {
		t.Errorf("%v as JSON is not the experiment: %s", command, out)
	}
}
