package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

// points makes the points of a sweep, and a configuration of each, from the one
// configuration and the one scenario of the experiment.
func (r experimentReader) points(e *Experiment) {
	factors := e.Sweep.Factors
	combinations := combinations(factors, e.Sweep.Design)
	if len(combinations) > maxPoints {
		r.fault("sweep", `has %d points; at most %d are measured; write fewer levels, or design = %q`, len(combinations), maxPoints, OneAtATime)
		return
	}
	from, ok := r.base(e.Scenarios[0])
	if !ok || !r.levelsFit(from, factors) {
		return
	}
	for i, levels := range combinations {
		s, c, faults := r.combined(from, factors, levels)
		if len(faults) > 0 {
			r.fault("sweep", "%s: %s", pointText(factors, levels), bare(faults[0]))
			return
		}
		c.Name = pointName(factors, levels)
		if c.Name == "" || len(c.Name) > 64 || slices.ContainsFunc(e.Configurations, func(other Configuration) bool { return other.Name == c.Name }) {
			c.Name = fmt.Sprintf("point-%d", i+1)
		}
		if slices.Equal(levels, baselineOf(factors)) {
			e.Baseline = i
		}
		e.Configurations = append(e.Configurations, c.summed())
		e.Sweep.Points = append(e.Sweep.Points, Point{levels, s})
	}
	r.distinct(*e)
}

// based is what a sweep changes: a configuration, and what is set in it already.
type based struct {
	from string
	sets []string
}

// base is the configuration that a sweep varies: the only one of the file, or that of the scenario.
func (r experimentReader) base(s Scenario) (from based, ok bool) {
	faults := len(r.doc.faults)
	own := map[string]based{}
	var names []textElement
	for _, below := range r.named("configuration") {
		b := based{from: below.text("from", "")}
		below.require("from", `from = "single"`)
		for _, set := range below.texts("set") {
			b.sets = append(b.sets, set.text)
		}
		below.unknown()
		own[below.name()] = b
		names = append(names, textElement{-1, below.name()})
	}
	if r.take("configurations"); r.has("configurations") {
		names = r.texts("configurations")
	} else if len(names) == 0 {
		names = []textElement{{-1, s.Configuration}}
	}
	if len(names) != 1 {
		r.fault("configurations", "are %d, and a sweep varies one: write what differs as levels of a factor", len(names))
		return from, false
	}
	from, known := own[names[0].text]
	if !known {
		from = based{from: names[0].text}
	}
	if _, err := LoadConfiguration(r.path(from.from), slices.Concat(from.sets, r.ofConfigurations)); err != nil {
		r.wrong("configurations", names[0].at, err)
	}
	return from, len(r.doc.faults) == faults
}

// levelsFit looks at each level by itself, so that what is wrong with one is told once; it reports whether all are right.
func (r experimentReader) levelsFit(from based, factors []Factor) bool {
	before := len(r.doc.faults)
	for i, f := range factors {
		path := slices.Concat(r.at("sweep"), []string{f.Name})
		for _, own := range slices.Concat(r.ofScenarios, prefixed(configurationPrefix, r.ofConfigurations)) {
			if key := f.changes(own); key != "" {
				r.doc.fault(path, "sweep.%s varies %s, which --set %s would fix", f.Name, key, own)
			}
		}
		for k, l := range f.Levels {
			point := baselineOf(factors)
			point[i] = k
			_, _, alone := r.combined(from, []Factor{f}, []int{k})
			if _, _, faults := r.combined(from, factors, point); len(alone) > 0 && len(faults) > 0 {
				path := slices.Concat(path, []string{"values"})
				r.doc.faultOf(path, element(path, k), "sweep.%s, %s: %s", f.Name, l.Name, bare(alone[0]))
			}
		}
	}
	return len(r.doc.faults) == before
}

// changes is the key that each level of the factor changes and --set would too, to no effect; empty where
// none does. What only some levels change is the others' to be set.
func (f Factor) changes(set string) (key string) {
	own, _, err := parseSet(set)
	if err != nil {
		return "" // it is told elsewhere
	}
	for _, l := range f.Levels {
		at := slices.IndexFunc(l.Sets, func(each string) bool {
			path, _, err := parseSet(each)
			return err == nil && len(path) <= len(own) && slices.Equal(path, own[:len(path)])
		})
		if at < 0 {
			return ""
		}
		key, _, _ = strings.Cut(l.Sets[at], "=")
	}
	return key
}

// prefixed are texts with something before each.
func prefixed(prefix string, all []string) []string {
	made := make([]string, len(all))
	for i, text := range all {
		made[i] = prefix + text
	}
	return made
}

// bare is a fault without the place that a --set would be.
func bare(f Fault) string {
	if set, ok := strings.CutPrefix(f.Where, "--set "); ok {
		return set + ": " + f.Message
	}
	return strings.TrimPrefix(f.String(), ": ")
}

// combined is the scenario and the configuration with what some levels change.
func (r experimentReader) combined(from based, factors []Factor, levels []int) (s Scenario, c Configuration, faults Faults) {
	var changes []string
	for i, f := range factors {
		changes = append(changes, f.Levels[levels[i]].Sets...)
	}
	_, own, _ := SplitExperimentSets(r.sets())
	_, ofScenario, ofConfiguration := SplitExperimentSets(changes)
	s, err := LoadScenario(r.path(r.texts("scenarios")[0].text), slices.Concat(own, r.ofScenarios, ofScenario))
	if err == nil {
		c, err = LoadConfiguration(r.path(from.from), slices.Concat(from.sets, r.ofConfigurations, ofConfiguration))
	}
	faults, _ = err.(Faults) //nolint:errorlint // this package returns nothing else
	return s, c, faults
}

// distinct tells of points that are the same.
func (r experimentReader) distinct(e Experiment) {
	seen := map[string]int{}
	for i, p := range e.Sweep.Points {
		c := e.Configurations[i]
		c.Name, c.Description = "", ""
		settings := p.Scenario.SHA256 + string(EncodeConfiguration(c))
		if first, there := seen[settings]; there {
			r.fault("sweep", "has two points that do the same, %s and %s; write levels that differ", pointText(e.Sweep.Factors, e.Sweep.Points[first].Levels), pointText(e.Sweep.Factors, p.Levels))
			return
		}
		seen[settings] = i
	}
}

// combinations are the levels of all points in order, the last factor's changing first; the
// baseline's of one at a time come first.
func combinations(factors []Factor, design Design) [][]int {
	if design == OneAtATime {
		all := [][]int{baselineOf(factors)}
		for i, f := range factors {
			for k := range f.Levels {
				if k != f.Baseline {
					levels := baselineOf(factors)
					levels[i] = k
					all = append(all, levels)
				}
			}
		}
		return all
	}
	all := [][]int{{}}
	for _, f := range factors {
		var more [][]int
		for _, levels := range all {
			for k := range f.Levels {
				more = append(more, append(slices.Clone(levels), k))
			}
		}
		if all = more; len(all) > maxPoints*maxLevels {
			break // it is refused anyway
		}
	}
	return all
}

// baselineOf are the levels of the baseline.
func baselineOf(factors []Factor) []int {
	levels := make([]int, len(factors))
	for i, f := range factors {
		levels[i] = f.Baseline
	}
	return levels
}

// pointText names a point for a message: "interval = 10ms, count = 1000".
func pointText(factors []Factor, levels []int) string {
	parts := make([]string, len(factors))
	for i, f := range factors {
		parts[i] = f.Name + " = " + f.Levels[levels[i]].Name
	}
	return strings.Join(parts, ", ")
}

// pointName is a point's name, which may be a file's: of one factor its level, of more
// each with its level.
func pointName(factors []Factor, levels []int) string {
	parts := make([]string, len(factors))
	for i, f := range factors {
		parts[i] = f.Levels[levels[i]].Name
		if len(factors) > 1 {
			parts[i] = f.Name + "-" + parts[i]
		}
	}
	return strings.Trim(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_' {
			return r
		}
		return '-'
	}, strings.Join(parts, "_")), "-_")
}

// resolved reads the points of a sweep as EncodeExperiment writes them: each has files of its own.
func (r experimentReader) resolved(e *Experiment) {
	tables := map[string]*table{}
	for _, below := range r.named("point") {
		tables[below.name()] = below
	}
	for _, t := range r.texts("points") {
		below, known := tables[t.text]
		if !known {
			r.faultElement("points", t.at, "= %q has no [point.%s]", t.text, t.text)
			continue
		}
		delete(tables, t.text)
		levels := resolvedLevels(below, e.Sweep.Factors)
		s, err := LoadScenario(r.path(below.text("scenario", "")), nil)
		if err != nil {
			r.wrong("points", t.at, err)
		}
		c, err := LoadConfiguration(r.path(below.text("configuration", "")), nil)
		if err != nil {
			r.wrong("points", t.at, err)
		}
		below.unknown()
		if slices.Equal(levels, baselineOf(e.Sweep.Factors)) {
			e.Baseline = len(e.Configurations)
		}
		e.Configurations = append(e.Configurations, c)
		e.Sweep.Points = append(e.Sweep.Points, Point{levels, s})
	}
	for _, name := range sorted(tables) {
		r.doc.fault(slices.Concat(r.at("point"), []string{name}), "point.%s is not one of points", name)
	}
}

// resolvedLevels are the places of a point's levels.
func resolvedLevels(below *table, factors []Factor) []int {
	names := below.texts("levels")
	if len(names) != len(factors) {
		below.fault("levels", "has %d elements, and there are %d factors", len(names), len(factors))
		return baselineOf(factors)
	}
	levels := make([]int, len(factors))
	for i, f := range factors {
		at := slices.IndexFunc(f.Levels, func(l Level) bool { return l.Name == names[i].text })
		if at < 0 {
			below.faultElement("levels", i, "= %q is no level of %s", names[i].text, f.Name)
		}
		levels[i] = max(at, 0)
	}
	return levels
}
