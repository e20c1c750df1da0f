package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// What the documentation shows is true: its scenarios are free of faults, and its command
// lines name commands, flags and scenarios that exist.
func TestReadme(t *testing.T) {
	for _, file := range []string{"README.md", "report/docs/scenarios.md"} {
		b, err := os.ReadFile("../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		blocks := regexp.MustCompile("(?s)```(toml|sh)\n(.*?)```").FindAllStringSubmatch(string(b), -1)
		seen := map[string]int{}
		for _, block := range blocks {
			switch seen[block[1]]++; block[1] {
			case "toml":
				if _, err := scenarios.ParseScenario(file, []byte(block[2]), nil); err != nil {
					t.Error(err)
				}
			case "sh":
				for line := range strings.Lines(block[2]) {
					checkCommand(t, line)
				}
			}
		}
		if seen["toml"] == 0 || seen["sh"] == 0 {
			t.Errorf("%s has %v; the test looks at the wrong thing", file, seen)
		}
	}
}

// Every kind of workload and every built-in scenario has its word in the documentation.
func TestDocumentationIsWhole(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	guide, err := os.ReadFile("../../report/docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range scenarios.ScenarioNames() {
		if !strings.Contains(string(readme), "`"+name+"`") {
			t.Errorf("README has no word of the scenario %s", name)
		}
	}
	for _, kind := range scenarios.KindNames() {
		if !strings.Contains(string(readme), "`"+kind+"`") || !strings.Contains(string(guide), "| `"+kind+"` |") {
			t.Errorf("README or the guide has no word of the kind %s", kind)
		}
	}
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
	sets, err := command.Flags().GetStringArray("set")
	if command.Name() != "run" || err != nil || strings.HasPrefix(command.Flags().Arg(0), "./") {
		return
	}
	ofScenario, ofConfiguration, err := scenarios.SplitSets(sets)
	if err != nil {
		t.Error(err)
	}
	if _, err := scenarios.LoadScenario(command.Flags().Arg(0), ofScenario); err != nil {
		t.Errorf("%s: %v", strings.TrimSpace(line), err)
	}
	if _, err := scenarios.LoadConfiguration("single", ofConfiguration); err != nil {
		t.Errorf("%s: %v", strings.TrimSpace(line), err)
	}
}
