package scenarios

import "github.com/etcd-dyno/etcd-dyno/scenarios/nearest"

// Refused is a flag under [etcd] that an etcd does not take.
type Refused struct {
	// Flag is empty where no single one is to blame.
	Flag string
	// Message is what that etcd has against it.
	Message string
	// Known are the flags that it has, where it does not know this one.
	Known []string
}

// RefuseFlags tells of flags that the configuration's own etcd does not take,
// each at its place in the file or in the --set that it came from. The
// arguments are those of LoadConfiguration. It returns Faults, nil where none is refused.
func RefuseFlags(nameOrFile string, sets []string, refused []Refused) error {
	if len(refused) == 0 {
		return nil
	}
	file, text, err := load("configuration", nameOrFile)
	if err != nil {
		return err
	}
	d, err := readDocument(file, text, configurationPrefix, sets)
	if err != nil {
		return err
	}
	etcd := d.table().sub("etcd")
	for _, r := range refused {
		if r.Flag == "" {
			d.fault(etcd.path, "%s", r.Message)
			continue
		}
		d.fault(etcd.at(r.Flag), "%s: %s%s", r.Flag, r.Message, nearest.Hint(r.Flag, r.Known))
	}
	return d.faults.err()
}

// ConfigurationText is the text of a built-in configuration or a file, as it is written. The error is Faults.
func ConfigurationText(nameOrFile string) ([]byte, error) {
	_, text, err := load("configuration", nameOrFile)
	return text, err
}
