package scenarios

import (
	"bytes"
	"strconv"

	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// ScenarioFileOf is the file of a scenario beside an encoded experiment.
func ScenarioFileOf(name string) string { return "scenario-" + name + ".toml" }

// ConfigurationFileOf is the file of a configuration beside an encoded experiment.
func ConfigurationFileOf(name string) string { return "configuration-" + name + ".toml" }

// EncodeExperiment writes an experiment as TOML with every value explicit. What it
// compares lies in files beside it, by ScenarioFileOf and ConfigurationFileOf; parsing it there gives the identical experiment.
func EncodeExperiment(e Experiment) []byte {
	var out bytes.Buffer
	top := section{out: &out}
	top.text("name", e.Name)
	if e.Description != "" {
		top.text("description", e.Description)
	}
	top.add("scenarios", quotedArray(e.Scenarios, func(s Scenario) string { return "./" + ScenarioFileOf(s.Name) }))
	configurations := e.Configurations
	if e.AA {
		configurations = configurations[:1]
	}
	top.add("configurations", quotedArray(configurations, func(c Configuration) string { return "./" + ConfigurationFileOf(c.Name) }))
	top.text("baseline", e.Configurations[e.Baseline].Name)
	top.integer("pairs", e.Pairs)
	if e.MaxPairs > 0 {
		top.integer("max_pairs", e.MaxPairs)
	}
	if len(e.Gates) > 0 {
		top.add("gate", quotedArray(e.Gates, threshold.Metric.String))
	}
	top.text("min_effect", e.MinEffect.String())
	top.duration("floor", e.Floor)
	top.boolean("confirm", e.Confirm)
	top.text("inconclusive", map[bool]string{true: "pass", false: "fail"}[e.InconclusivePasses])
	if e.AA {
		top.add("aa", strconv.FormatBool(true))
	}
	top.flush()
	return out.Bytes()
}
