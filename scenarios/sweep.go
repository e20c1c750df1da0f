package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/BurntSushi/toml"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// Sweep is what an experiment varies: values of its scenario and of its configuration.
type Sweep struct {
	Design  Design
	Factors []Factor
	// Points are what is measured, in the order of the experiment's Configurations, each of which is one's.
	Points []Point
	// Objective is the metric by which the best point is chosen, and Metrics are shown beside it.
	Objective threshold.Metric
	Metrics   []threshold.Metric
	// MaxTime bounds the time of all runs together; 0 where nothing does.
	MaxTime time.Duration
	// Advise has the best point looked for, and told; else only the effects are of interest.
	Advise bool
}

// Design says which combinations of levels are points.
type Design string

// The designs.
const (
	// Grid has each level of a factor with each of all others.
	Grid Design = "grid"
	// OneAtATime has each level of a factor with the baseline's of all others.
	OneAtATime Design = "one-at-a-time"
)

// Factor is one thing that varies.
type Factor struct {
	Name string
	// Key is what --set calls it; empty where a level changes several.
	Key string
	// Levels are at least two, each of another name, and Baseline is the place of the one
	// that the baseline has.
	Levels   []Level
	Baseline int
}

// Level is one value of a factor.
type Level struct {
	// Name is the value as it is shown.
	Name string
	// Sets are what --set would change, none where the level is what is there anyway.
	Sets []string
}

// Point is one combination of levels.
type Point struct {
	// Levels are the places of its levels, by factor.
	Levels []int
	// Scenario is the experiment's with what the levels change.
	Scenario Scenario
}

// The bounds of sweeps.
const (
	maxFactors = 6
	maxLevels  = 50
	maxPoints  = 200
)

// Scenario is what a run of the scenario and configuration at these places replays.
func (e Experiment) Scenario(scenario, configuration int) Scenario {
	if e.Sweep != nil {
		return e.Sweep.Points[configuration].Scenario
	}
	return e.Scenarios[scenario]
}

// sweeps reports whether the file has a sweep.
func (r experimentReader) sweeps() bool { return r.has("sweep") }

// sweep reads what varies, and puts its points into the experiment.
func (r experimentReader) sweep(e *Experiment) {
	s := &Sweep{
		Design:  Design(r.choice("design", []string{string(Grid), string(OneAtATime)})),
		MaxTime: r.duration("max_time", 0, time.Second, 7*24*time.Hour),
		Advise:  r.boolean("advise", true),
		Factors: r.factors(),
	}
	if !s.Advise {
		r.refuse("confirm", "has nothing to show again where advise = false; leave it out")
	}
	e.Sweep = s
	for _, each := range []struct{ key, why string }{
		{"gate", "; write objective for the metric by which the best is chosen, and metrics for what is shown beside it"},
		{"pairs", "; write rounds"},
		{"max_pairs", "; write rounds, and max_time for a bound"},
		{"baseline", "; write baseline in each [sweep.NAME]"},
		{"inconclusive", ", which explores, and fails for no metric"},
		{"aa", ", which tells the noise anyway"},
	} {
		r.refuse(each.key, "does not go with [sweep]%s", each.why)
	}
	if len(e.Scenarios) > 1 {
		r.fault("scenarios", "has %d elements, and a sweep has one; write an experiment for each", len(e.Scenarios))
	}
	switch {
	case len(r.doc.faults) > 0:
		for _, key := range []string{"points", "point", "configurations", "configuration"} {
			r.take(key)
		}
	case r.has("points"):
		r.resolved(e)
	default:
		r.points(e)
	}
	r.measured(e, s)
}

// factors are what varies, in the order in which it is written.
func (r experimentReader) factors() (all []Factor) {
	tables := r.named("sweep")
	slices.SortStableFunc(tables, func(a, b *table) int { return r.doc.order(a.path, b.path) })
	for _, below := range tables {
		if f, ok := r.factor(below); ok {
			all = append(all, f)
		}
	}
	switch {
	case len(tables) > maxFactors:
		r.fault("sweep", "has %d factors; at most %d are varied", len(tables), maxFactors)
	case len(tables) == 0 && len(r.doc.faults) == 0:
		r.fault("sweep", `varies nothing; write for example [sweep.batch] with key = "configuration.etcd.backend-batch-interval" and values = ["10ms", "100ms"]`)
	}
	return all
}

// measured reads what is measured, and how often. What nobody asks for is left out where a point has not got it.
func (r experimentReader) measured(e *Experiment, s *Sweep) {
	e.Pairs = r.integer("rounds", defaultRounds, 1, maxPairs)
	all := e.Scenarios
	if len(s.Points) > 0 {
		all = nil // the file's own is perhaps none of the points'
	}
	for _, p := range s.Points {
		all = append(all, p.Scenario)
	}
	var usual []threshold.Metric
	if len(all) > 0 {
		usual = slices.DeleteFunc(UsualGates(all[0]), func(m threshold.Metric) bool {
			return slices.ContainsFunc(all, func(s Scenario) bool { return gateless(m, []Scenario{s}) != "" })
		})
	}
	if r.take("objective"); r.has("objective") {
		if m, ok := r.metric(textElement{-1, r.text("objective", "")}, "objective", all); ok {
			s.Objective = m
		}
	} else if len(usual) > 0 {
		s.Objective = usual[0]
	} else if len(r.doc.faults) == 0 {
		r.require("objective", `objective = "churn.create.response.p50", a metric that each point has enough of`)
	}
	if !r.has("metrics") {
		r.take("metrics")
		s.Metrics = slices.DeleteFunc(usual, func(m threshold.Metric) bool { return m == s.Objective })
	}
	for _, t := range r.texts("metrics") {
		m, ok := r.metric(t, "metrics", all)
		switch {
		case !ok:
		case m == s.Objective, slices.Contains(s.Metrics, m):
			r.faultElement("metrics", t.at, "is %q a second time", t.text)
		default:
			s.Metrics = append(s.Metrics, m)
		}
	}
}

// defaultRounds is how often each point is measured: the second time in the order turned round.
const defaultRounds = 2

// metric is one of the objective's and the metrics', which every point has.
func (r experimentReader) metric(t textElement, key string, all []Scenario) (threshold.Metric, bool) {
	tell := func(format string, args ...any) {
		if t.at < 0 {
			r.fault(key, format, args...)
		} else {
			r.faultElement(key, t.at, format, args...)
		}
	}
	m, err := threshold.ParseMetric(t.text)
	if err != nil {
		tell("= %v", err)
		return m, false
	}
	if m.Better() == threshold.Neutral && key == "objective" {
		tell("= %q is better neither higher nor lower", t.text)
		return m, false
	}
	for _, s := range all {
		if wrong := gateless(m, []Scenario{s}); wrong != "" {
			tell("= %q: %s", t.text, wrong)
			return m, false
		}
	}
	return m, true
}

// factor reads one factor; it reports false where it is wrong.
func (r experimentReader) factor(below *table) (f Factor, ok bool) {
	faults := len(r.doc.faults)
	f = Factor{Name: below.name(), Key: below.text("key", "")}
	switch {
	case strings.HasPrefix(f.Key, experimentPrefix):
		below.fault("key", "= %q: what the experiment is cannot vary; write a scenario's key, or a configuration's with %s before it", f.Key, configurationPrefix)
	case f.Key != "":
		if _, _, err := parseSet(f.Key + "=0"); err != nil || strings.Contains(f.Key, "=") {
			below.fault("key", `= %q is no path; write names with points between them, as in "configuration.etcd.snapshot-count"`, f.Key)
		}
	}
	switch {
	case below.has("levels"):
		f.Levels = levelsOf(below)
	case below.has("values"):
		f.Levels = valuesOf(below, f.Key)
	case below.has("from") || below.has("to"):
		f.Levels = rangeOf(below, f.Key)
	default:
		below.faultHere(`sweep.%s has no levels; write values = [1000, 10000], or from, to and steps`, f.Name)
	}
	if f.Key == "" && !below.has("levels") {
		below.require("key", `key = "configuration.etcd.snapshot-count"`)
	}
	for i, l := range f.Levels {
		if slices.ContainsFunc(f.Levels[:i], func(other Level) bool { return other.Name == l.Name }) {
			below.faultHere("sweep.%s has the level %q twice", f.Name, l.Name)
		}
	}
	switch n := len(f.Levels); {
	case len(r.doc.faults) > faults:
	case n < 2:
		below.faultHere("sweep.%s varies nothing; write at least 2 levels", f.Name)
	case n > maxLevels:
		below.faultHere("sweep.%s has %d levels; at most %d are measured", f.Name, n, maxLevels)
	}
	if below.take("baseline"); below.has("baseline") {
		f.Baseline = baselineLevel(below, f.Levels)
	}
	below.unknown()
	return f, len(r.doc.faults) == faults
}

// baselineLevel is the place of the level that a factor's baseline names.
func baselineLevel(below *table, levels []Level) int {
	var names []string
	for _, l := range levels {
		names = append(names, l.Name)
	}
	value, _ := below.take("baseline")
	wish := levelName(value)
	at := slices.Index(names, wish)
	if at < 0 && len(names) > 0 {
		below.fault("baseline", "= %q is no level%s; write %s", wish, nearest.Hint(wish, names), quotedList(names))
	}
	return max(at, 0)
}

// levelsOf are levels that say what each changes, in the order in which they are written.
func levelsOf(below *table) (all []Level) {
	named := below.sub("levels")
	names := sorted(named.values)
	slices.SortStableFunc(names, func(a, b string) int { return named.doc.order(named.at(a), named.at(b)) })
	for _, name := range names {
		if shown := shownLevel(name); shown != name {
			named.fault(name, "is no name of a level: it has 1 to %d characters, and none that a terminal would not show", longestLevel)
		}
		l := Level{Name: name}
		for _, t := range named.texts(name) {
			if !strings.Contains(t.text, "=") || strings.HasPrefix(t.text, experimentPrefix) {
				named.faultElement(name, t.at, `= %q: write what changes, as in "configuration.etcd.snapshot-count=1000"`, t.text)
			}
			l.Sets = append(l.Sets, t.text)
		}
		all = append(all, l)
	}
	return all
}

// valuesOf are levels of one key, each with a value.
func valuesOf(below *table, key string) (all []Level) {
	value, _ := below.take("values")
	values, ok := value.([]any)
	if !ok {
		below.fault("values", `must be an array, as in [1000, 10000], not %s`, describe(value))
		return nil
	}
	for _, v := range values {
		all = append(all, Level{levelName(v), []string{key + "=" + tomlText(v)}})
	}
	return all
}

// levelName is a value as it is shown.
func levelName(value any) string {
	if text, ok := value.(string); ok {
		return shownLevel(text)
	}
	return shownLevel(tomlText(value))
}

// longestLevel is how many characters a level's name has at most.
const longestLevel = 64

// shownLevel is a text as a level's name: in quotes where it could not be seen otherwise, and cut where it is long.
func shownLevel(text string) string {
	if strings.TrimSpace(text) == "" || strings.ContainsFunc(text, func(r rune) bool { return isControl(r) || r == '\n' || r == '\t' }) {
		text = quote(text)
	}
	if runes := []rune(text); len(runes) > longestLevel {
		return string(runes[:longestLevel-1]) + "…"
	}
	return text
}

// tomlText writes a value as TOML does.
func tomlText(value any) string {
	var parts []string
	switch v := value.(type) {
	case []any:
		for _, each := range v {
			parts = append(parts, tomlText(each))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		for _, key := range sorted(v) {
			parts = append(parts, toml.Key{key}.String()+" = "+tomlText(v[key]))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case string:
		return quote(v)
	default:
		return fmt.Sprint(v)
	}
}
