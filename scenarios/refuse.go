package scenarios

import (
	"slices"

	"github.com/BurntSushi/toml"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
)

// Refused is a value of a configuration or a scenario that is not taken where it is used.
type Refused struct {
	// Key is where it stands, as in "etcd", "snapshot-count" or "binary".
	Key []string
	// Instead is the last part of Key where the value may stand under another one;
	// empty where it cannot.
	Instead string
	// Message is what is wrong with it.
	Message string
	// Known are the keys that there could be, where it is none of them.
	Known []string
}

// Refuse tells of values that a configuration's own etcd does not take, each at
// its place in the file or in the --set that it came from. The arguments are
// those of LoadConfiguration. It returns Faults, nil where none is refused.
func Refuse(nameOrFile string, sets []string, refused []Refused) error {
	return refuseIn("configuration", configurationPrefix, nameOrFile, sets, refused)
}

// refuseIn tells of values of a file of that sort; the prefix stands before sets in messages.
func refuseIn(sort, prefix, nameOrFile string, sets []string, refused []Refused) error {
	if len(refused) == 0 {
		return nil
	}
	file, text, err := load(sort, nameOrFile)
	if err != nil {
		return err
	}
	return refuseText(file, text, prefix, sets, refused)
}

// refuseText tells of values of a text; the prefix stands before sets in messages.
func refuseText(file string, text []byte, prefix string, sets []string, refused []Refused) error {
	if len(refused) == 0 {
		return nil
	}
	d, err := readDocument(file, text, prefix, sets)
	if err != nil {
		return err
	}
	for _, r := range refused {
		key := toml.Key(r.Key)
		if r.Instead != "" && !d.has(key) {
			key = append(slices.Clone(key[:len(key)-1]), r.Instead)
		}
		name := key[len(key)-1]
		d.fault(key, "%s: %s%s", name, r.Message, nearest.Hint(name, r.Known))
	}
	return d.faults.err()
}

// ConfigurationText is the text of a built-in configuration or a file, as it is written. The error is Faults.
func ConfigurationText(nameOrFile string) ([]byte, error) {
	_, text, err := load("configuration", nameOrFile)
	return text, err
}
