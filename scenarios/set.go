package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/BurntSushi/toml"
)

// configurationPrefix stands before what a --set changes in a configuration.
const configurationPrefix = "configuration."

// SplitSets tells apart what --set changes: values with the prefix
// "configuration." belong to the configuration (and are returned without it),
// all others to the scenario. Its error is Faults.
func SplitSets(sets []string) (scenario, configuration []string, err error) {
	var faults Faults
	for _, s := range sets {
		switch {
		case strings.HasPrefix(s, configurationPrefix):
			configuration = append(configuration, strings.TrimPrefix(s, configurationPrefix))
		case strings.HasPrefix(s, experimentPrefix):
			faults = append(faults, Fault{
				Where:   setLabel(s),
				Message: "it belongs to the command experiment; write scenario values without a prefix, configuration values with " + configurationPrefix,
			})
		default:
			scenario = append(scenario, s)
		}
	}
	return scenario, configuration, faults.err()
}

// set is one --set after it was put over a document.
type set struct {
	label string
	path  toml.Key
	// made is how much of the path was there before: path[:made+1] and all below
	// it come from this set.
	made int
}

// covers reports whether what stands at the path comes from the set.
func (s set) covers(path toml.Key) bool {
	n := min(len(path), len(s.path))
	return n > s.made && slices.Equal(path[:n], s.path[:n])
}

// setLabel names a --set in a message. A value that may hold a password (as
// a URL does before its @) is left out.
func setLabel(text string) string {
	path, value, _ := strings.Cut(text, "=")
	if strings.Contains(value, "@") {
		return "--set " + path + "=…"
	}
	return "--set " + text
}

// apply puts one path=value over the document, or adds the fault of it.
func (d *document) apply(prefix, text string) {
	label := setLabel(prefix + text)
	path, value, err := parseSet(text)
	if err != nil {
		d.faults = append(d.faults, Fault{Where: label, Message: err.Error()})
		return
	}
	into, made := d.root, len(path)-1
	for i, part := range path[:len(path)-1] {
		if _, exists := into[part]; !exists {
			into[part] = map[string]any{}
			made = min(made, i)
		}
		below, ok := into[part].(map[string]any)
		if !ok {
			d.faults = append(d.faults, Fault{
				Where:   label,
				Message: fmt.Sprintf("%s is %s, not a table with a key %q", path[:i+1], describe(into[part]), path[i+1]),
			})
			return
		}
		into = below
	}
	into[path[len(path)-1]] = value
	d.sets = append(d.sets, set{label: label, path: path, made: made})
}

// setAt reports whether a --set brought what stands at the path.
func (d *document) setAt(path toml.Key) bool {
	return slices.ContainsFunc(d.sets, func(s set) bool { return s.covers(path) })
}

// parseSet reads path=value: the path as TOML writes a dotted key, the value
// as TOML, or as a string if it is none.
func parseSet(text string) (toml.Key, any, error) {
	path, value, ok := strings.Cut(text, "=")
	switch {
	case !ok:
		return nil, nil, errors.New(`no value; write path=value, as in "workload.churn.arrival.rate=50/s"`)
	case !utf8.ValidString(text):
		return nil, nil, errors.New("not UTF-8")
	case len(text) > maxFile:
		return nil, nil, fmt.Errorf("longer than %d bytes", maxFile)
	}
	s := scanner{text: path, found: index{}}
	key, ok := s.key(nil)
	if !ok || s.pos < len(path) {
		return nil, nil, fmt.Errorf(`%q is no path; write names with points between them, as in "workload.churn.arrival.rate"`, path)
	}
	return key, parseSetValue(value), nil
}

func parseSetValue(value string) any {
	if _, deep := tooDeep(value); deep {
		return value
	}
	root, err := decode("value = " + value)
	if err != nil || len(root) != 1 {
		return value
	}
	return root["value"]
}
