package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/runner/experiment"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// bestFolder is where the configuration that a sweep advises lies in its folder, as files.
const bestFolder = "best"

// writeBest writes what a sweep advises as files: the configuration for a lab, and, unless it is of a
// cluster that exists, for etcd itself and for kubeadm; and the scenario where it varies too. What an
// earlier advice has left there goes. Nothing is written where nothing is advised.
func writeBest(std standard, x *experiment.Experiment, c results.Comparison) error {
	if x.Sweep == nil || len(c.Sweeps) == 0 || c.Sweeps[0].Advised == nil {
		return nil
	}
	s := c.Sweeps[0]
	folder := filepath.Join(x.Folder, bestFolder)
	if err := os.RemoveAll(folder); err != nil {
		return fmt.Errorf("writing the best configuration: %w", err)
	}
	best := x.Configurations[*s.Advised]
	best.Name, best.Description = x.Name+"-best", s.Why
	texts := map[string][]byte{results.ConfigurationFile: scenarios.EncodeConfiguration(best)}
	if varies(*x.Sweep) {
		texts[results.ScenarioFile] = scenarios.EncodeScenario(x.Scenario(0, *s.Advised))
	}
	if len(best.Endpoints) == 0 {
		files, err := best.Files("Advised by the sweep " + x.Name + ".")
		if err != nil {
			return err
		}
		for _, f := range files {
			texts[f.Name] = f.Text
		}
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

// varies reports whether the points of a sweep have different scenarios.
func varies(s scenarios.Sweep) bool {
	for _, p := range s.Points {
		if p.Scenario.SHA256 != s.Points[0].Scenario.SHA256 {
			return true
		}
	}
	return false
}
