package scenarios

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/scenarios/library"
	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
)

// LoadScenario reads a built-in scenario by its name, or a TOML file: what has
// a '/' in it or ends in ".toml" is a file. The sets are put over it: each is
// path=value, as in "workload.churn.arrival.rate=50/s", where the value is
// TOML or else a string. The error is Faults.
func LoadScenario(nameOrFile string, sets []string) (Scenario, error) {
	file, text, err := load("scenario", nameOrFile)
	if err != nil {
		return Scenario{}, err
	}
	return ParseScenario(file, text, sets)
}

// ScenarioText is the text of a built-in scenario or a file, as it is written. The error is Faults.
func ScenarioText(nameOrFile string) ([]byte, error) {
	_, text, err := load("scenario", nameOrFile)
	return text, err
}

// LoadConfiguration reads a built-in configuration by its name, or a TOML
// file, as LoadScenario does for scenarios. The sets are without the prefix
// "configuration." (see SplitSets). The error is Faults.
func LoadConfiguration(nameOrFile string, sets []string) (Configuration, error) {
	file, text, err := load("configuration", nameOrFile)
	if err != nil {
		return Configuration{}, err
	}
	return ParseConfiguration(file, text, sets)
}

// ScenarioNames are the names of the built-in scenarios in order.
func ScenarioNames() []string { return builtinNames("scenario") }

// ConfigurationNames are the names of the built-in configurations in order.
func ConfigurationNames() []string { return builtinNames("configuration") }

// builtinNames lists the library's files of that sort.
func builtinNames(sort string) []string {
	files, err := fs.Glob(library.Files, sort+"s/*.toml")
	if err != nil {
		return nil // the pattern is ours and well formed
	}
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = strings.TrimSuffix(path.Base(file), ".toml")
	}
	slices.Sort(names) // the files are in another order, "a-b.toml" before "a.toml"
	return names
}

// load reads the text of a built-in or a file, and what to call it in messages.
func load(sort, nameOrFile string) (file string, text []byte, err error) {
	if isFile(nameOrFile) {
		text, err = readFile(nameOrFile)
		if err != nil {
			return "", nil, faultf(nameOrFile, "reading the %s: %v", sort, reason(err))
		}
		return nameOrFile, text, nil
	}
	builtin := nameOrFile + ".toml"
	text, err = library.Files.ReadFile(sort + "s/" + builtin)
	if err != nil {
		known := builtinNames(sort)
		return "", nil, faultf("", "no built-in %s %q%s; built in: %s; a file's name has a / or ends in .toml",
			sort, nameOrFile, nearest.Hint(nameOrFile, known), strings.Join(known, ", "))
	}
	return "built-in " + builtin, text, nil
}

// isFile reports whether a name is a file's and no built-in's.
func isFile(name string) bool {
	return strings.Contains(name, "/") || strings.HasSuffix(name, ".toml")
}

// readFile reads a file, and no more of it than could be parsed.
func readFile(name string) (text []byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err = io.ReadAll(io.LimitReader(f, maxFile+1))
	if len(text) > maxFile {
		return nil, fmt.Errorf("larger than %d bytes", maxFile)
	}
	return text, err
}

// reason is an error without the file's name, which the fault has already.
func reason(err error) error {
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		return at.Err
	}
	return err
}
