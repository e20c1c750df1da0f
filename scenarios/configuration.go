package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"net/url"
	"slices"
	"strings"
)

// Configuration is what is benchmarked: a lab, or the endpoints of a cluster
// that exists. Exactly one of Members and Endpoints is set.
type Configuration struct {
	// Name is letters, digits, '-' and '_', at most 64; it becomes part of the run folder's name.
	Name        string
	Description string
	// Members is 1, 3 or 5 for a lab, 0 for endpoints.
	Members int
	// Flags are etcd's own flags in order of their names, without dashes; none for endpoints.
	Flags []Flag
	// Endpoints are the client URLs of a cluster that exists: all http or all
	// https, each with a host and a port and nothing else.
	Endpoints []string
	// CACert, Cert and Key are PEM files for the endpoints; empty for none.
	// Cert and Key come together. Whether they can be read is not known here.
	CACert, Cert, Key string
	// SHA256 is of the resolved configuration's TOML text (see
	// EncodeConfiguration), in hexadecimal.
	SHA256 string
}

// maxEndpoints is how many endpoints a configuration may name.
const maxEndpoints = 100

// ParseConfiguration reads a configuration from a TOML text, as ParseScenario
// does a scenario. The sets are without the prefix "configuration.". The error
// is Faults.
func ParseConfiguration(file string, text []byte, sets []string) (Configuration, error) {
	d, err := readDocument(file, text, configurationPrefix, sets)
	if err != nil {
		return Configuration{}, err
	}
	c := readConfiguration(d.table())
	if err := d.faults.err(); err != nil {
		return Configuration{}, err
	}
	sum := sha256.Sum256(EncodeConfiguration(c))
	c.SHA256 = hex.EncodeToString(sum[:])
	return c, nil
}

func readConfiguration(t *table) Configuration {
	c := Configuration{Name: readName(t), Description: t.text("description", "")}
	c.Members = readMembers(t)
	etcd := t.sub("etcd")
	c.Endpoints = readEndpoints(t)
	c.CACert, c.Cert, c.Key = t.text("cacert", ""), t.text("cert", ""), t.text("key", "")
	if t.has("endpoints") {
		const foreign = "does not belong to endpoints: the cluster exists already"
		t.refuse("members", foreign)
		t.refuse("etcd", foreign)
		c.Members = 0
		checkCertificates(t, c)
	} else {
		c.Flags = readFlags(etcd)
		for _, key := range []string{"cacert", "cert", "key"} {
			t.refuse(key, "belongs to endpoints of a cluster that exists; a lab makes its own")
		}
	}
	refuseLater(t)
	t.unknown()
	return c
}

// refuseLater tells of what a configuration cannot say.
func refuseLater(t *table) {
	for _, key := range []string{"resources", "disk", "links", "tls", "client"} {
		t.refuse(key, "is not supported yet; a lab has members and the flags under [etcd]")
	}
	for _, key := range []string{"binary", "version"} {
		t.refuse(key, "is not supported yet; members run the built-in etcd 3.7")
	}
	t.refuse("apply", "is not supported yet; change the cluster before the run")
	for _, key := range []string{"user", "password", "username"} {
		t.refuse(key, "does not belong in a file; give credentials with --user")
	}
}

func readMembers(t *table) int {
	members := t.integer("members", 1, math.MinInt, math.MaxInt)
	if members != 1 && members != 3 && members != 5 {
		t.fault("members", "= %d is not supported; write 1, 3 or 5", members)
	}
	return members
}

func readEndpoints(t *table) []string {
	elements := t.texts("endpoints")
	if array, ok := t.values["endpoints"].([]any); ok && (len(array) == 0 || len(array) > maxEndpoints) {
		t.fault("endpoints", `has %d elements; write 1 to %d, as in ["https://10.0.0.1:2379"]`, len(array), maxEndpoints)
		return nil
	}
	var endpoints []string
	for _, e := range elements {
		switch wrong := badEndpoint(e.text); {
		case wrong != "":
			t.faultElement("endpoints", e.at, "%s", wrong)
			continue
		case slices.Contains(endpoints, e.text):
			t.faultElement("endpoints", e.at, "is %q a second time", e.text)
		case len(endpoints) > 0 && isHTTPS(e.text) != isHTTPS(endpoints[0]):
			t.faultElement("endpoints", e.at, "mixes http and https; write all alike")
		}
		endpoints = append(endpoints, e.text)
	}
	return endpoints
}

// isHTTPS reports whether an endpoint speaks TLS.
func isHTTPS(endpoint string) bool { return strings.HasPrefix(endpoint, "https:") }

// badEndpoint says what is wrong with an endpoint, or nothing. It does not
// quote it: there may be a password in it.
func badEndpoint(text string) string {
	const want = `; write for example "https://10.0.0.1:2379"`
	u, err := url.Parse(text)
	switch {
	case text == "":
		return "is empty" + want
	case strings.Contains(text, "@"):
		return "has user info in it, which would end up in files; give credentials with --user" + want
	case err != nil || (u.Scheme != "http" && u.Scheme != "https"):
		return "is no http or https URL" + want
	case u.Hostname() == "":
		return "has no host" + want
	case u.Port() == "" || u.Port() == "0" || len(u.Port()) > 5:
		return "has no port" + want
	case u.Scheme+"://"+u.Host != text:
		return "has more in it than scheme, host and port" + want
	}
	return ""
}

// checkCertificates checks that the files fit the endpoints and one another.
func checkCertificates(t *table, c Configuration) {
	if (c.Cert == "") != (c.Key == "") {
		given, missing := "cert", "key"
		if c.Cert == "" {
			given, missing = missing, given
		}
		t.fault(given, "needs %s beside it", missing)
	}
	https := len(c.Endpoints) == 0 || isHTTPS(c.Endpoints[0])
	for _, key := range []string{"cacert", "cert", "key"} {
		if t.has(key) && !https {
			t.fault(key, "has no use with http endpoints; write https://")
		}
	}
}
