package scenarios

// Configuration is what is benchmarked: a lab, or the endpoints of a cluster
// that exists. Exactly one of Members and Endpoints is set.
type Configuration struct {
	// Name is letters, digits, '-' and '_'; it becomes part of the run folder's name.
	Name        string
	Description string
	// Members is 1, 3 or 5 for a lab, 0 for endpoints.
	Members int
	// Flags are etcd's own flags in order of their names, without dashes.
	Flags []Flag
	// Endpoints are the client URLs of a cluster that exists.
	Endpoints []string
	// CACert, Cert and Key are PEM files for the endpoints; empty for none.
	CACert, Cert, Key string
	// SHA256 is of the resolved configuration's TOML text, in hexadecimal.
	SHA256 string
}

// Flag is one flag of etcd, for example {"heartbeat-interval", "100"}: the
// value as etcd itself takes it (see etcdFlag for how durations and sizes are translated).
type Flag struct{ Name, Value string }
