package main

import (
	"slices"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/history"
	"github.com/etcd-dyno/etcd-dyno/runner"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// What a night ends with: the history decides once it can, and nothing hides what has no data or fails by itself.
func TestNightCodes(t *testing.T) {
	gates := func(all ...results.GateStatus) (c results.Comparison) {
		c.Contrasts = []results.Contrast{{Comparable: true}}
		for _, s := range all {
			c.Gates = append(c.Gates, results.Gate{Status: s})
		}
		return c
	}
	told := func(worse bool) history.News {
		return history.News{Told: []history.Told{{Change: history.Change{Worse: worse}}}}
	}
	unlike := gates()
	unlike.Contrasts[0].Comparable = false
	for name, test := range map[string]struct {
		night night
		c     results.Comparison
		want  int
	}{
		"nothing new":                   {night{decides: true}, gates(results.GatePass), exitDone},
		"worse":                         {night{news: told(true), decides: true}, gates(results.GatePass), exitRegression},
		"better":                        {night{news: told(false), decides: true}, gates(results.GatePass), exitDone},
		"a gate fails, and is known":    {night{decides: true}, gates(results.GateFail), exitDone},
		"a gate fails, and it is young": {night{}, gates(results.GateFail), exitRegression},
		"left open":                     {night{}, gates(results.GateInconclusive), exitDone},
		"no data beside a known one":    {night{decides: true}, gates(results.GateFail, results.GateNoData), exitOpen},
		"not comparable":                {night{decides: true}, unlike, exitInvalid},
		"a gate not comparable":         {night{decides: true}, gates(results.GateNotComparable), exitInvalid},
		"a check of a rerun":            {night{news: told(true), decides: true, reruns: []int{exitCheck}}, gates(results.GatePass), exitCheck},
	} {
		if got := worst(test.night.codes(test.c)); got != test.want {
			t.Errorf("%s: exit %d, want %d", name, got, test.want)
		}
	}
}

// Only what is suspected is measured again, always beside the control.
func TestPartOf(t *testing.T) {
	text := []byte(`
name           = "parts"
scenarios      = ["pod-churn", "large-lists"]
baseline       = "two"
gate           = ["churn.bind.response.p50", "lists.list.response.mean"]
pairs          = 8
configurations = ["one", "two", "three"]
[configuration.one]
from = "single"
[configuration.two]
from = "single"
[configuration.three]
from = "single"
`)
	x, err := scenarios.ParseExperiment("parts.toml", text, nil, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	jobs := make([][]runner.Job, len(x.Scenarios))
	for s := range x.Scenarios {
		for c := range x.Configurations {
			jobs[s] = append(jobs[s], runner.Job{Scenario: x.Scenarios[s], Configuration: x.Configurations[c], Filled: "snapshot"})
		}
	}
	suspected := func(scenario, candidate string) history.Change {
		return history.Change{Key: history.Key{Name: "parts", Scenario: scenario, Candidate: candidate, Control: "two"}}
	}
	part, of := partOf(x, jobs, []history.Change{suspected("large-lists", "three")})
	if len(part.Scenarios) != 1 || part.Scenarios[0].Name != "large-lists" || len(part.Configurations) != 2 || part.Configurations[part.Baseline].Name != "two" || part.Configurations[1].Name != "three" || part.Confirm || part.Pairs != 8 || len(part.Gates) != 1 {
		t.Errorf("%+v", part)
	}
	if len(of) != 1 || len(of[0]) != 2 || of[0][0].Configuration.Name != "two" || of[0][1].Configuration.Name != "three" || of[0][0].Scenario.Name != "large-lists" || of[0][0].Filled != "" || jobs[1][1].Filled == "" {
		t.Errorf("%+v", of)
	}
	if !slices.ContainsFunc(x.Scenarios, func(s scenarios.Scenario) bool { return s.Name == "pod-churn" }) || len(x.Configurations) != 3 || !x.Confirm {
		t.Errorf("the whole has changed: %+v", x)
	}
	if none, of := partOf(x, jobs, []history.Change{suspected("large-lists", "gone")}); len(none.Scenarios) > 0 || of != nil {
		t.Errorf("%+v", none)
	}
}
