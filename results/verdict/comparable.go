package verdict

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// newContrast says whether two sides may be compared.
func newContrast(baseline, candidate Side, rules Rules) results.Contrast {
	c := results.Contrast{
		Baseline: sideOf(baseline), Candidate: sideOf(candidate),
		Reasons: []string{}, Notes: []string{}, Differences: []results.Difference{}, Metrics: []results.MetricContrast{},
	}
	all := slices.Concat(baseline.Samples, candidate.Samples)
	if len(baseline.Samples) == 0 || len(candidate.Samples) == 0 {
		c.Reasons = append(c.Reasons, "one side has no run")
	}
	if len(all) > 0 {
		c.Scenario = all[0].Header.Scenario.Name
		c.Reasons = append(c.Reasons, unfit(all)...)
		if !rules.ScenariosDiffer {
			c.Reasons = append(c.Reasons, notOne(all, "the scenario is not the same", scenario)...)
		}
		c.Reasons = append(c.Reasons, unlike(all)...)
		for _, side := range []Side{baseline, candidate} {
			if rules.ScenariosDiffer {
				c.Reasons = append(c.Reasons, notOne(side.Samples, "the runs of one side are of several scenarios", scenario)...)
			}
			c.Reasons = append(c.Reasons, notOne(side.Samples, "the runs of one side are of several configurations", configuration)...)
		}
		c.Notes = append(c.Notes, notes(all)...)
	}
	c.Comparable = len(c.Reasons) == 0
	c.Forced = !c.Comparable && rules.Force && len(baseline.Samples) > 0 && len(candidate.Samples) > 0
	return c
}

func sideOf(side Side) results.Side {
	s := results.Side{Name: side.Name, Runs: []results.ComparedRun{}}
	for i, each := range side.Samples {
		if i == 0 {
			s.Configuration = each.Header.Configuration
			s.Configuration.MemberList = nil // long, and in each run's own result
		}
		s.Runs = append(s.Runs, each.run())
	}
	return s
}

func (s Sample) run() results.ComparedRun {
	return results.ComparedRun{ID: s.Header.ID, Folder: s.Folder, Started: s.Started, Valid: s.Valid}
}

// unfit says which runs may not be compared with any.
func unfit(all []Sample) (reasons []string) {
	for _, s := range all {
		if why := s.Fit(); why != "" {
			reasons = append(reasons, s.Header.ID+" "+why)
		}
	}
	return reasons
}

// Fit says why a run does not count; nothing if it does.
func (s Sample) Fit() (why string) {
	switch {
	case !s.Valid:
		return "is not valid: " + strings.Join(s.Invalid[:min(1, len(s.Invalid))], "")
	case !s.Complete:
		return "did not come to its end"
	}
	return ""
}

// unlike says why runs may not be compared, whatever their scenarios are.
func unlike(all []Sample) (reasons []string) {
	reasons = append(reasons, notOne(all, "the machine is not the same", func(h results.Header) string { return machine(h.Environment) })...)
	reasons = append(reasons, notOne(all, "how etcd was built is not the same", build)...)
	for _, s := range all {
		if paths := modulesUnlike(all[0].Header, s.Header); len(paths) > 0 {
			return append(reasons, "etcd of one release was built of different modules: "+strings.Join(paths, ", "))
		}
	}
	return reasons
}

// notOne says what is not the same of all runs; nothing where it is.
func notOne(all []Sample, what string, of func(results.Header) string) []string {
	if values := distinct(all, of); len(values) > 1 {
		return []string{what + ": " + strings.Join(values, " and ")}
	}
	return nil
}

func scenario(h results.Header) string { return h.Scenario.Name + " " + short(h.Scenario.SHA256) }

func configuration(h results.Header) string {
	return h.Configuration.Name + " " + short(h.Configuration.SHA256)
}

// notes are what else is not the same.
func notes(all []Sample) (told []string) {
	for _, q := range []struct {
		what string
		of   func(results.Header) string
	}{
		{"the kernel", func(h results.Header) string { return h.Environment.Kernel }},
		{"how the setup came into etcd", func(h results.Header) string {
			return map[bool]string{true: "from a snapshot", false: "object by object"}[h.Filled]
		}},
		{"etcd-dyno", func(h results.Header) string { return h.Environment.Tool }},
		{"the file system of the data", func(h results.Header) string { return h.Environment.DataFilesystem }},
		{"the means of limiting CPU and memory", func(h results.Header) string {
			if h.Configuration.Resources == nil {
				return ""
			}
			return h.Configuration.Resources.Mode
		}},
	} {
		told = append(told, notOne(all, q.what+" is not the same", q.of)...)
	}
	return told
}

// distinct are the values that runs have, in order of their first, without empty ones.
func distinct(all []Sample, of func(results.Header) string) (values []string) {
	for _, s := range all {
		if v := of(s.Header); v != "" && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	return values
}

func short(sha256 string) string { return sha256[:min(12, len(sha256))] }

// machine is what latencies depend on of the generator's machine. Its memory is
// rounded: what the kernel keeps for itself differs by some megabytes.
func machine(e results.Environment) string {
	return fmt.Sprintf("%d × %s, %.0f GiB, %s", e.CPUs, e.CPUModel, math.Round(float64(e.MemoryBytes)/(1<<30)), e.OS)
}

// build is how a lab's etcd was built: by whom and with which toolchain. Empty where it is not known.
func build(h results.Header) string {
	etcd := h.Configuration.Etcd
	if etcd == nil {
		return ""
	}
	by := "built in, " + etcd.Go
	if etcd.Binary != "" {
		by = "a file, " + etcd.Go
	}
	return by
}

// modulesUnlike are the modules in which two builds of one release differ.
func modulesUnlike(a, b results.Header) (paths []string) {
	x, y := a.Configuration.Etcd, b.Configuration.Etcd
	if x == nil || y == nil || x.Version != y.Version {
		return nil
	}
	for _, path := range slices.Sorted(maps.Keys(x.Modules)) {
		if v, ok := y.Modules[path]; ok && v != x.Modules[path] {
			paths = append(paths, path)
		}
	}
	return paths
}
