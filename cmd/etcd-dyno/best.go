package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// bestFolder is where the configuration that a sweep advises lies in its folder, as files.
const bestFolder = "best"

// bestFiles are all that may lie there.
func bestFiles() []string {
	return []string{results.ConfigurationFile, results.ScenarioFile, scenarios.EtcdFile, scenarios.KubeadmFile, scenarios.PatchFile}
}

// writeBest writes what a sweep advises as files: the configuration for a lab, and, unless it is of a
// cluster that exists, for etcd itself and for kubeadm; and the scenario where it varies too. Those of
// an earlier advice go, also where nothing is advised any more.
func writeBest(std standard, x *experiment.Experiment, c results.Comparison) error {
	if x.Sweep == nil || len(c.Sweeps) == 0 {
		return nil
	}
	s, folder := c.Sweeps[0], filepath.Join(x.Folder, bestFolder)
	for _, name := range bestFiles() {
		if err := os.Remove(filepath.Join(folder, filepath.FromSlash(name))); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("writing the best configuration: %w", err)
		}
	}
	if s.Advised == nil {
		return nil
	}
	texts, err := bestTexts(x, s)
	if err != nil {
		return err
	}
	for name, text := range texts {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return fmt.Errorf("writing the best configuration: %w", err)
		}
		if err := results.WriteFile(path, text); err != nil {
			return err
		}
	}
	fmt.Fprintf(std.err, "what it advises, as files: %s\n", folder)
	return nil
}

// bestTexts are the files of what is advised, by their names.
func bestTexts(x *experiment.Experiment, s results.Sweep) (map[string][]byte, error) {
	const suffix, longest = "-best", 64
	best := x.Configurations[*s.Advised]
	best.Name, best.Description = x.Name[:min(len(x.Name), longest-len(suffix))]+suffix, s.Why
	texts := map[string][]byte{results.ConfigurationFile: scenarios.EncodeConfiguration(best)}
	if varies(*x.Sweep) {
		texts[results.ScenarioFile] = scenarios.EncodeScenario(x.Scenario(0, *s.Advised))
	}
	if len(best.Endpoints) > 0 {
		return texts, nil
	}
	files, err := best.Files("Advised by the sweep " + x.Name + ".")
	for _, f := range files {
		texts[f.Name] = f.Text
	}
	return texts, err
}

// varies reports whether the points of a sweep have different scenarios.
func varies(s scenarios.Sweep) bool {
	for _, p := range s.Points {
		if p.Scenario.SHA256 != s.Points[0].Scenario.SHA256 {
			return true
		}
	}
	return false
}
