package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// What the documentation shows is true: its scenarios and configurations are free of faults, and
// its command lines name commands, flags, scenarios and configurations that exist.
func TestReadme(t *testing.T) {
	for _, file := range []string{"README.md", "report/docs/scenarios.md", "report/docs/configurations.md", "report/docs/comparing.md", "report/docs/ci.md", "report/docs/history.md", "report/docs/sweeps.md", "report/docs/tuning.md"} {
		b, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		blocks := regexp.MustCompile("(?s)```(toml|sh)\n(.*?)```").FindAllStringSubmatch(string(b), -1)
		seen := map[string]int{}
		for _, block := range blocks {
			switch seen[block[1]]++; block[1] {
			case "toml":
				if err := checkTOML(file, block[2]); err != nil {
					t.Error(err)
				}
			case "sh":
				for line := range strings.Lines(block[2]) {
					checkCommand(t, line)
				}
			}
		}
		if plain := file == "report/docs/history.md" || file == "report/docs/tuning.md"; seen["toml"] == 0 && !plain || seen["sh"] == 0 {
			t.Errorf("%s has %v; the test looks at the wrong thing", file, seen)
		}
	}
}

// checkTOML checks a scenario, which has workloads, an experiment, which names some, or a configuration.
func checkTOML(file, text string) error {
	if strings.Contains(text, "scenarios ") {
		_, err := scenarios.ParseExperiment(file, []byte(text), nil, nil, nil)
		return err
	}
	if strings.Contains(text, "[workload.") {
		_, err := scenarios.ParseScenario(file, []byte(text), nil)
		return err
	}
	_, err := scenarios.ParseConfiguration(file, []byte(text), nil)
	return err
}

// Every kind of workload and action, every built-in scenario and every built-in configuration has its
// word in the documentation.
func TestDocumentationIsWhole(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../../report/docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	configurations, err := os.ReadFile("../../report/docs/configurations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range scenarios.ScenarioNames() {
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("README has no word of the scenario %s", name)
		}
	}
	for _, name := range scenarios.ConfigurationNames() {
		if !hasRow(string(readme), name) || !hasRow(string(configurations), name) {
			t.Errorf("README or the guide has no row of the configuration %s", name)
		}
	}
	comparing, err := os.ReadFile("../../report/docs/comparing.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range scenarios.ExperimentNames() {
		if !hasRow(string(comparing), name) {
			t.Errorf("the guide has no row of the experiment %s", name)
		}
	}
	ci, err := os.ReadFile("../../report/docs/ci.md")
	if err != nil {
		t.Fatal(err)
	}
	ready, err := os.ReadDir(ciFolder)
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range ready {
		if !hasRow(string(ci), file.Name()) {
			t.Errorf("the guide has no row of %s", file.Name())
		}
	}
	for _, format := range runFormats {
		if !hasRow(string(readme), format) {
			t.Errorf("README has no row of the format %s", format)
		}
	}
	for _, kind := range scenarios.KindNames() {
		if !strings.Contains(string(readme), "`"+kind+"`") || !strings.Contains(string(guide), "| `"+kind+"` |") {
			t.Errorf("README or the guide has no word of the kind %s", kind)
		}
	}
	for _, name := range scenarios.ActionNames() {
		if !hasRow(string(guide), name) && !strings.Contains(string(guide), "`"+name+"` |") {
			t.Errorf("the guide has no row of the action %s", name)
		}
	}
}

// hasRow reports whether a text has a table's row that begins with the name, perhaps beside others.
func hasRow(text, name string) bool {
	return regexp.MustCompile("(?m)^\\| (`[^`|]+`, )*`" + regexp.QuoteMeta(name) + "`[ ,]").MatchString(text)
}

// checkCommand checks one line of a shell block, where it is one of ours.
func checkCommand(t *testing.T, line string) {
	t.Helper()
	line, _, _ = strings.Cut(line, " #")
	_, ours, found := strings.Cut(line, "bin/etcd-dyno ")
	if !found {
		return
	}
	command, args, err := rootCommand(standard{in: os.Stdin, out: os.Stdout, err: os.Stderr}).Find(strings.Fields(ours))
	if err == nil {
		err = command.ParseFlags(args)
	}
	if err != nil {
		t.Errorf("%s: %v", strings.TrimSpace(line), err)
		return
	}
	if err := checkNames(command); err != nil {
		t.Errorf("%s: %v", strings.TrimSpace(line), err)
	}
}

// checkNames checks what a command line names: scenarios and configurations, with what --set changes, and experiments.
// Files of the user's are not there to be read.
func checkNames(c *cobra.Command) error {
	var named, configurations []string
	switch c.CommandPath() {
	case "etcd-dyno run":
		named = c.Flags().Args()
		configurations, _ = c.Flags().GetStringSlice("configuration")
	case "etcd-dyno experiment":
		for _, name := range c.Flags().Args() {
			if strings.HasPrefix(name, "./") {
				continue
			}
			if _, err := scenarios.LoadExperiment(name, nil); err != nil {
				return err
			}
		}
	case "etcd-dyno scenarios show", "etcd-dyno scenarios explain":
		named = c.Flags().Args()
	case "etcd-dyno lab up", "etcd-dyno lab show":
		configurations = c.Flags().Args()
	}
	sets, _ := c.Flags().GetStringArray("set")
	ofScenario, ofConfiguration, err := scenarios.SplitSets(sets)
	if c.Parent().Name() == "lab" {
		ofConfiguration, err = ownSets(sets)
	}
	if err != nil {
		return err
	}
	if len(configurations) == 0 && len(ofConfiguration) > 0 {
		configurations = []string{"single"}
	}
	for _, name := range named {
		if !strings.HasPrefix(name, "./") {
			_, err = scenarios.LoadScenario(name, ofScenario)
		}
		if err != nil {
			return err
		}
	}
	for _, name := range configurations {
		if !strings.HasPrefix(name, "./") {
			_, err = scenarios.LoadConfiguration(name, ofConfiguration)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
