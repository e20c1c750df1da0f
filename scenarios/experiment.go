package scenarios

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// Experiment is which configurations are compared, and how: scenarios ×
// configurations × pairs, in interleaved order.
type Experiment struct {
	Name, Description string
	// Claim is a piece of advice that the experiment looks at, SaidBy is where it is usually
	// given, and LookAt says what to look at in the outcome; each may be empty.
	Claim, SaidBy, LookAt string
	// Scenarios are those of an experiment in order, at least one, each of another name.
	Scenarios []Scenario
	// Configurations are in order, at least two, each of another name. What they have in
	// common is made alike: if one has its fsyncs or links under the lab host, all labs have.
	Configurations []Configuration
	// Baseline is the place of the one that the others are compared with.
	Baseline int
	// Pairs is how often each configuration runs each scenario, and MaxPairs how often at
	// most where more are added until it is decided; 0 where none are.
	Pairs, MaxPairs int
	// Gates are the metrics that decide; each is of at least one of the scenarios.
	Gates []threshold.Metric
	// MinEffect is the least change that matters, above 0 and at most 100 %, and Floor the least of a time.
	MinEffect Percent
	Floor     time.Duration
	// Confirm has a regression shown again by a fresh block of runs before a gate fails.
	Confirm bool
	// InconclusivePasses has a gate that stays open pass.
	InconclusivePasses bool
	// AA tells that the baseline is compared with itself, to measure the noise.
	AA bool
	// Sweep is what varies; nil where whole configurations are compared. Configurations are
	// then of its points, Pairs is the number of rounds, in each of which every point runs once, and nothing gates.
	Sweep *Sweep
}

// The defaults and bounds of experiments.
const (
	defaultPairs = 8
	morePairs    = 10 // where more than fewGates gate
	fewGates     = 5
	maxPairs     = 200
	maxSides     = 10
)

// ParseExperiment reads an experiment from a TOML text, as ParseScenario does a
// scenario. Scenarios and configurations that it names by file lie relative to its
// own. The sets are put over it, those of the scenarios and configurations over all of them. The error is Faults.
func ParseExperiment(file string, text []byte, sets, ofScenarios, ofConfigurations []string) (Experiment, error) {
	d, err := readDocument(file, text, experimentPrefix, sets)
	if err != nil {
		return Experiment{}, err
	}
	r := experimentReader{table: d.table(), folder: filepath.Dir(file), ofScenarios: ofScenarios, ofConfigurations: ofConfigurations}
	if strings.HasPrefix(file, "built-in ") || !isFile(file) {
		r.folder = ""
	}
	e := r.read()
	if err := d.faults.err(); err != nil {
		return Experiment{}, err
	}
	return e, nil
}

// LoadExperiment reads a built-in experiment or a file, with sets of all three kinds: see LoadScenario and SplitSets.
func LoadExperiment(nameOrFile string, sets []string) (Experiment, error) {
	file, text, err := load("experiment", nameOrFile)
	if err != nil {
		return Experiment{}, err
	}
	own, ofScenarios, ofConfigurations := SplitExperimentSets(sets)
	return ParseExperiment(file, text, own, ofScenarios, ofConfigurations)
}

// RefuseExperiment tells of values of an experiment that are not taken, each at its place.
// The arguments are those of ParseExperiment. It returns Faults, nil where none is refused.
func RefuseExperiment(file string, text []byte, sets []string, refused []Refused) error {
	return refuseText(file, text, experimentPrefix, sets, refused)
}

// SplitExperimentSets tells apart what --set changes in an experiment, in its scenarios and
// in its configurations, each without its prefix.
func SplitExperimentSets(sets []string) (own, ofScenarios, ofConfigurations []string) {
	for _, s := range sets {
		switch {
		case strings.HasPrefix(s, experimentPrefix):
			own = append(own, strings.TrimPrefix(s, experimentPrefix))
		case strings.HasPrefix(s, configurationPrefix):
			ofConfigurations = append(ofConfigurations, strings.TrimPrefix(s, configurationPrefix))
		default:
			ofScenarios = append(ofScenarios, s)
		}
	}
	return own, ofScenarios, ofConfigurations
}

// ExperimentNames are the names of the built-in experiments in order.
func ExperimentNames() []string { return builtinNames("experiment") }

// ExperimentText is the text of a built-in experiment or a file, as it is written,
// and what to call it in messages. The error is Faults.
func ExperimentText(nameOrFile string) (file string, text []byte, err error) {
	return load("experiment", nameOrFile)
}

// experimentPrefix stands before what a --set changes in an experiment.
const experimentPrefix = "experiment."

// experimentReader reads an experiment and what it names.
type experimentReader struct {
	*table
	// folder is where files are relative to; empty for the current one.
	folder                        string
	ofScenarios, ofConfigurations []string
}

func (r experimentReader) read() Experiment {
	e := Experiment{Name: readName(r.table), Description: r.text("description", ""), Claim: r.text("claim", ""), SaidBy: r.text("said_by", ""), LookAt: r.text("look_at", "")}
	r.longer()
	own, _, configurations := SplitExperimentSets(r.sets())
	for _, s := range own {
		r.fault("set", "has %q in it; write it as a key of this file", s)
	}
	r.ofConfigurations = slices.Concat(configurations, r.ofConfigurations)
	e.Scenarios = r.scenarios()
	if r.sweeps() {
		r.sweep(&e)
	} else {
		r.compared(&e)
	}
	e.Configurations = alike(e.Configurations)
	e.MinEffect = r.percent("min_effect", 5)
	if e.MinEffect <= 0 {
		r.fault("min_effect", `= "0%%": every change would matter; write for example "5%%"`)
	}
	e.Floor = r.duration("floor", 200*time.Microsecond, 0, time.Minute)
	e.Confirm = r.boolean("confirm", true) && (e.Sweep == nil || e.Sweep.Advise)
	r.unknown()
	return e
}

// compared reads which configurations are compared, how often, and what decides.
func (r experimentReader) compared(e *Experiment) {
	for _, key := range []string{"design", "advise", "max_time", "rounds", "objective", "metrics", "points", "point"} {
		r.refuse(key, "belongs to a sweep; write [sweep.NAME] with key and values, or leave it out")
	}
	e.AA = r.boolean("aa", false)
	e.Configurations = r.configurations()
	e.Baseline = r.baseline(e.Configurations)
	r.aa(e)
	e.Gates = r.gates(e.Scenarios)
	usual := defaultPairs
	if len(e.Gates) > fewGates {
		usual = morePairs
	}
	e.Pairs = r.integer("pairs", usual, 1, maxPairs)
	if r.take("max_pairs"); r.has("max_pairs") {
		if e.MaxPairs = r.integer("max_pairs", maxPairs, 1, maxPairs); e.MaxPairs <= e.Pairs {
			r.fault("max_pairs", "= %d is not more than pairs, %d", e.MaxPairs, e.Pairs)
		}
	}
	e.InconclusivePasses = r.choice("inconclusive", []string{"fail", "pass"}) == "pass"
}

// longer reads what the longer form of the experiment changes: see LongerForm.
func (r experimentReader) longer() (sets []string) {
	for _, t := range r.texts("full") {
		if !strings.Contains(t.text, "=") {
			r.faultElement("full", t.at, `= %q: write what changes, as in "experiment.pairs=12" or "phases.measure=60s"`, t.text)
		}
		sets = append(sets, t.text)
	}
	return sets
}

// LongerForm are the sets that make of an experiment its longer form, with more runs or
// longer ones: its key full. The error is Faults, also where there is none.
func LongerForm(file string, text []byte) ([]string, error) {
	d, err := readDocument(file, text, experimentPrefix, nil)
	if err != nil {
		return nil, err
	}
	sets := experimentReader{table: d.table()}.longer()
	if len(sets) == 0 && len(d.faults) == 0 {
		d.faultAt(0, `there is no longer form; write for example full = ["experiment.pairs=12", "phases.measure=60s"]`)
	}
	return sets, d.faults.err()
}

// sets are what the file itself changes in all scenarios and configurations.
func (r experimentReader) sets() (all []string) {
	for _, e := range r.texts("set") {
		all = append(all, e.text)
	}
	return all
}

// path is a name or a file, which lies relative to the experiment's own.
func (r experimentReader) path(nameOrFile string) string {
	if !isFile(nameOrFile) || filepath.IsAbs(nameOrFile) || r.folder == "" || r.folder == "." {
		return nameOrFile
	}
	return filepath.Join(r.folder, nameOrFile)
}

// wrong takes over the faults of what an element names: those of another file have a place
// of their own, others are at the element's.
func (r experimentReader) wrong(key string, at int, err error) {
	faults, _ := err.(Faults) //nolint:errorlint // this package returns nothing else
	for _, f := range faults {
		if f.Line > 0 || strings.HasPrefix(f.Where, "--set") {
			r.doc.faults = append(r.doc.faults, f)
			continue
		}
		r.faultElement(key, at, "%s", strings.TrimPrefix(f.String(), ": "))
	}
}

func (r experimentReader) scenarios() (all []Scenario) {
	names := r.texts("scenarios")
	if r.require("scenarios", `scenarios = ["pod-churn"]`) && len(names) == 0 {
		r.fault("scenarios", `is empty; write for example ["pod-churn"]`)
	}
	_, own, _ := SplitExperimentSets(r.sets())
	for _, n := range names {
		s, err := LoadScenario(r.path(n.text), slices.Concat(own, r.ofScenarios))
		switch {
		case err != nil:
			r.wrong("scenarios", n.at, err)
		case slices.ContainsFunc(all, func(t Scenario) bool { return t.Name == s.Name }):
			r.faultElement("scenarios", n.at, "is %q a second time", s.Name)
		default:
			all = append(all, s)
		}
	}
	return all
}

// configurations are those that the file names, or else all of its own tables.
func (r experimentReader) configurations() (all []Configuration) {
	own := map[string]Configuration{}
	var tables []textElement
	for i, below := range r.named("configuration") {
		from, sets := below.text("from", ""), below.texts("set")
		var changes []string
		for _, s := range sets {
			changes = append(changes, s.text)
		}
		c := Configuration{Name: below.name()} // so that it is known, also where it is wrong
		if below.require("from", `from = "single"`) {
			made, err := LoadConfiguration(r.path(from), slices.Concat(changes, r.ofConfigurations))
			if err != nil {
				for _, f := range err.(Faults) { //nolint:errorlint,forcetypeassert // this package returns nothing else
					below.faultHere("configuration.%s: %s", below.name(), f)
				}
			}
			made.Name = c.Name
			c = made.summed()
		}
		own[below.name()] = c
		below.unknown()
		tables = append(tables, textElement{i, below.name()})
	}
	names := r.texts("configurations")
	if !r.has("configurations") && len(tables) > 0 {
		names = tables
	} else {
		r.require("configurations", `configurations = ["single", "slow-disk"]`)
	}
	for _, n := range names {
		c, known := own[n.text]
		if !known {
			var err error
			if c, err = LoadConfiguration(r.path(n.text), r.ofConfigurations); err != nil {
				r.wrong("configurations", n.at, err)
				continue
			}
		}
		if slices.ContainsFunc(all, func(d Configuration) bool { return d.Name == c.Name }) {
			r.faultElement("configurations", n.at, `is %q a second time; to compare one with itself write aa = true`, c.Name)
			continue
		}
		all = append(all, c)
	}
	if len(names) > maxSides {
		r.fault("configurations", "has %d elements; at most %d are compared", len(names), maxSides)
	}
	return all
}

// baseline is the place of the configuration that the others are compared with.
func (r experimentReader) baseline(all []Configuration) int {
	var names []string
	for _, c := range all {
		names = append(names, c.Name)
	}
	wish := r.text("baseline", "")
	if wish == "" && !r.has("baseline") {
		return 0
	}
	at := slices.Index(names, wish)
	if at < 0 && len(names) > 0 {
		r.fault("baseline", "= %q is no configuration of this experiment%s; write %s", wish, nearest.Hint(wish, names), quotedList(names))
	}
	return max(at, 0)
}

// aa puts the baseline a second time in the place of all others.
func (r experimentReader) aa(e *Experiment) {
	switch n := len(e.Configurations); {
	case n == 0:
	case e.AA:
		again := e.Configurations[e.Baseline]
		again.Name += "-again"
		e.Configurations, e.Baseline = []Configuration{e.Configurations[e.Baseline], again.summed()}, 0
	case n == 1 && len(r.doc.faults) == 0:
		r.faultHere("there is one configuration, %q, and nothing to compare it with; write two, or aa = true to compare it with itself", e.Configurations[0].Name)
	}
}

// alike makes the labs alike in what measuring itself costs.
func alike(all []Configuration) []Configuration {
	filtered := slices.ContainsFunc(all, func(c Configuration) bool { return c.Disk.Filtered })
	proxied := slices.ContainsFunc(all, func(c Configuration) bool { return c.Links.Proxied })
	made := slices.Clone(all)
	for i, c := range made {
		if len(c.Endpoints) == 0 {
			made[i].Disk.Filtered, made[i].Links.Proxied = filtered, proxied
			made[i] = made[i].summed()
		}
	}
	return made
}
