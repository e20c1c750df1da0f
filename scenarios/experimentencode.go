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

// PointScenarioFileOf is the file of a point's scenario beside an encoded sweep.
func PointScenarioFileOf(scenario, point string) string {
	return "scenario-" + scenario + "-" + point + ".toml"
}

// Files are what lies beside an encoded experiment, by their names: all that it compares.
func (e Experiment) Files() map[string][]byte {
	all := map[string][]byte{}
	for _, s := range e.Scenarios {
		all[ScenarioFileOf(s.Name)] = EncodeScenario(s)
	}
	for i, c := range e.Configurations {
		all[ConfigurationFileOf(c.Name)] = EncodeConfiguration(c)
		if file := e.scenarioFile(i); e.Sweep != nil {
			all[file] = EncodeScenario(e.Sweep.Points[i].Scenario)
		}
	}
	return all
}

// scenarioFile is the file of a point's scenario: its own where it is another than the experiment's.
func (e Experiment) scenarioFile(point int) string {
	if e.Sweep != nil && e.Sweep.Points[point].Scenario.SHA256 != e.Scenarios[0].SHA256 {
		return PointScenarioFileOf(e.Scenarios[0].Name, e.Configurations[point].Name)
	}
	return ScenarioFileOf(e.Scenarios[0].Name)
}

// EncodeExperiment writes an experiment as TOML with every value explicit. What it
// compares lies in files beside it, those of Files; parsing it there gives the identical experiment.
func EncodeExperiment(e Experiment) []byte {
	var out bytes.Buffer
	top := section{out: &out}
	top.text("name", e.Name)
	if e.Description != "" {
		top.text("description", e.Description)
	}
	for _, each := range []pair{{"claim", e.Claim}, {"said_by", e.SaidBy}, {"look_at", e.LookAt}} {
		if each.value != "" {
			top.text(each.key, each.value)
		}
	}
	top.add("scenarios", quotedArray(e.Scenarios, func(s Scenario) string { return "./" + ScenarioFileOf(s.Name) }))
	if e.Sweep != nil {
		e.encodeSweep(&top)
		return out.Bytes()
	}
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
	e.encodeRules(&top)
	top.text("inconclusive", map[bool]string{true: "pass", false: "fail"}[e.InconclusivePasses])
	if e.AA {
		top.add("aa", strconv.FormatBool(true))
	}
	top.flush()
	return out.Bytes()
}

// encodeRules writes what a change must come to.
func (e Experiment) encodeRules(top *section) {
	top.text("min_effect", e.MinEffect.String())
	top.duration("floor", e.Floor)
	if e.Sweep != nil && !e.Sweep.Advise {
		top.boolean("advise", false)
		return
	}
	top.boolean("confirm", e.Confirm)
}

// encodeSweep writes what varies, and the rest of the file.
func (e Experiment) encodeSweep(top *section) {
	s := e.Sweep
	top.text("design", string(s.Design))
	top.integer("rounds", e.Pairs)
	if s.MaxTime > 0 {
		top.duration("max_time", s.MaxTime)
	}
	top.text("objective", s.Objective.String())
	top.add("metrics", quotedArray(s.Metrics, threshold.Metric.String))
	e.encodeRules(top)
	top.add("points", quotedArray(e.Configurations, func(c Configuration) string { return c.Name }))
	top.flush()
	for _, f := range s.Factors {
		factor := section{out: top.out, header: "sweep." + f.Name}
		if f.Key != "" {
			factor.text("key", f.Key)
		}
		factor.text("baseline", f.Levels[f.Baseline].Name)
		factor.flush()
		levels := section{out: top.out, header: "sweep." + f.Name + ".levels"}
		for _, l := range f.Levels {
			levels.add(quote(l.Name), quotedArray(l.Sets, func(set string) string { return set }))
		}
		levels.flush()
	}
	for i, p := range s.Points {
		point := section{out: top.out, header: "point." + e.Configurations[i].Name}
		var names []string
		for k, f := range s.Factors {
			names = append(names, f.Levels[p.Levels[k]].Name)
		}
		point.add("levels", quotedArray(names, func(name string) string { return name }))
		point.text("configuration", "./"+ConfigurationFileOf(e.Configurations[i].Name))
		point.text("scenario", "./"+e.scenarioFile(i))
		point.flush()
	}
}
