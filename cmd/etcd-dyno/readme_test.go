package main

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// What README shows is true: its scenarios are free of faults, and its command
// lines name commands, flags and scenarios that exist.
func TestReadme(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```(toml|sh)\n(.*?)```").FindAllStringSubmatch(string(b), -1)
	seen := map[string]int{}
	for _, block := range blocks {
		switch seen[block[1]]++; block[1] {
		case "toml":
			if _, err := scenarios.ParseScenario("README.md", []byte(block[2]), nil); err != nil {
				t.Error(err)
			}
		case "sh":
			for line := range strings.Lines(block[2]) {
				checkCommand(t, line)
			}
		}
	}
	if seen["toml"] == 0 || seen["sh"] < 3 {
		t.Errorf("README has %v; the test looks at the wrong thing", seen)
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
