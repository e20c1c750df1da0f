package scenarios

import (
	"fmt"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
)

// Difference is a key whose value two TOML texts do not have in common; a value is
// as TOML writes it, and empty where the text has not got the key.
type Difference struct{ Key, Before, After string }

// NearestHint suggests which of the known names was probably meant, as the end of a message; empty where none is close.
func NearestHint(name string, known []string) string { return nearest.Hint(name, known) }

// Differences are the keys, in order, in which two resolved files of this package
// differ, but for their names and descriptions. The error tells that one is no TOML.
func Differences(before, after []byte) ([]Difference, error) {
	was, err := flat(before)
	if err != nil {
		return nil, err
	}
	is, err := flat(after)
	if err != nil {
		return nil, err
	}
	keys := slices.Concat(sorted(was), sorted(is))
	slices.Sort(keys)
	var all []Difference
	for _, key := range slices.Compact(keys) {
		if was[key] != is[key] && key != "name" && key != "description" {
			all = append(all, Difference{key, was[key], is[key]})
		}
	}
	return all, nil
}

// flat has the values of a text by their dotted keys, as TOML writes them.
func flat(text []byte) (map[string]string, error) {
	root, err := decode(string(text))
	if err != nil {
		return nil, fmt.Errorf("reading a TOML text: %w", err)
	}
	all := map[string]string{}
	flatten(root, nil, all)
	return all, nil
}

func flatten(values map[string]any, path toml.Key, into map[string]string) {
	for key, value := range values {
		at := append(slices.Clip(path), key)
		if below, ok := value.(map[string]any); ok {
			flatten(below, at, into)
			continue
		}
		into[at.String()] = valueText(value)
	}
}

// valueText is a value as TOML writes it.
func valueText(value any) string {
	switch v := value.(type) {
	case string:
		return quote(v)
	case []any:
		parts := make([]string, len(v))
		for i, each := range v {
			parts[i] = valueText(each)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	default:
		return fmt.Sprint(v)
	}
}
