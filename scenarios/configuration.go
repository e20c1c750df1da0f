package scenarios

import (
	"fmt"
	"math"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
)

// Configuration is what is benchmarked: a lab, or the endpoints of a cluster
// that exists. Exactly one of Members and Endpoints is set.
type Configuration struct {
	// Name is letters, digits, '-', '_' and '.', at most 64; it becomes part of the run folder's name.
	Name        string
	Description string
	// Members is how many vote, 1, 3 or 5, for a lab; 0 for endpoints.
	Members int
	// Learners is how many members a lab has besides that do not vote, at most 3.
	Learners int
	// Version is the etcd release that a lab's members are built from, for
	// example "v3.6.16", and Binary the absolute path of the executable that they
	// run. Where both are empty they run the built-in etcd.
	Version, Binary string
	// Flags are etcd's own flags in order of their names, without dashes; none for endpoints.
	Flags []Flag
	// Env is the members' environment in order of the names; they have no other.
	Env       []Variable
	Resources Resources
	Disk      Disk
	Links     Links
	TLS       TLS
	Auth      Auth
	// Client says which members the load is sent to: ClientAll, ClientLeader,
	// ClientFollowers, or the name of one.
	Client string
	// Endpoints are the client URLs of a cluster that exists: all http or all
	// https, each with a host and a port and nothing else.
	Endpoints []string
	// CACert, Cert and Key are PEM files for the endpoints; empty for none.
	// Cert and Key come together. Whether they can be read is not known here.
	CACert, Cert, Key string
	// Apply is a command, run before each run against endpoints: the program and
	// its arguments, without a shell; empty for none.
	Apply     []string
	Telemetry Telemetry
	// SHA256 is of the resolved configuration's TOML text (see
	// EncodeConfiguration), in hexadecimal.
	SHA256 string
}

// The members that a client can be told to use, besides one by its name.
const (
	ClientAll       = "all"
	ClientLeader    = "leader"
	ClientFollowers = "followers"
)

// MemberNames are the names of a lab's members: m1, m2 and so on, learners last.
func (c Configuration) MemberNames() []string {
	names := make([]string, c.Members+c.Learners)
	for i := range names {
		names[i] = fmt.Sprintf("m%d", i+1)
	}
	return names
}

// BuiltIn reports whether a lab's members run the etcd that is in this program.
func (c Configuration) BuiltIn() bool { return c.Version == "" && c.Binary == "" }

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
	return c.summed(), nil
}

func readConfiguration(t *table) Configuration {
	c := Configuration{Name: readName(t), Description: t.text("description", "")}
	c.Endpoints = readEndpoints(t)
	c.CACert, c.Cert, c.Key = t.text("cacert", ""), t.text("cert", ""), t.text("key", "")
	if t.has("endpoints") {
		readForeign(t, &c)
	} else {
		readLab(t, &c)
	}
	c.Telemetry = readTelemetry(t.sub("telemetry"), t.has("endpoints"))
	for _, key := range []string{"user", "password", "username"} {
		t.refuse(key, "does not belong in a file; give credentials with --user")
	}
	t.unknown()
	return c
}

// readForeign reads what only a cluster that exists has.
func readForeign(t *table, c *Configuration) {
	for _, key := range []string{"members", "learners", "version", "binary", "etcd", "env", "resources", "disk", "links", "tls", "auth"} {
		t.refuse(key, "does not belong to endpoints: the cluster exists already")
	}
	checkCertificates(t, *c)
	c.Apply = readApply(t)
	c.Client = readClient(t, nil)
}

// readLab reads what only a lab has.
func readLab(t *table, c *Configuration) {
	c.Members = readMembers(t)
	c.Learners = t.integer("learners", 0, 0, maxLearners)
	c.Version, c.Binary = readRelease(t)
	c.TLS = readTLS(t.sub("tls"))
	c.Flags = readFlags(t.sub("etcd"), c.BuiltIn(), c.TLS)
	c.Env = readEnv(t.sub("env"))
	c.Resources = readResources(t.sub("resources"))
	c.Disk = readDisk(t.sub("disk"))
	c.Links = readLinks(t.sub("links"), c.MemberNames())
	c.Auth = readAuth(t.sub("auth"))
	c.Client = readClient(t, c.MemberNames()[:c.Members])
	for _, key := range []string{"cacert", "cert", "key"} {
		t.refuse(key, "belongs to endpoints of a cluster that exists; a lab makes its own with [tls]")
	}
	t.refuse("apply", "belongs to endpoints of a cluster that exists; a lab is started as the file says")
}

// maxLearners is how many members may not vote.
const maxLearners = 3

func readApply(t *table) []string {
	var argv []string
	for _, e := range t.texts("apply") {
		argv = append(argv, e.text)
	}
	if array, ok := t.values["apply"].([]any); ok && (len(array) == 0 || len(argv) > 0 && argv[0] == "") {
		t.fault("apply", `names no program; write for example ["./set-heartbeat", "250"]`)
	}
	return argv
}

// readClient reads [client]. The names are of a lab's members that vote; nil
// where they are not known.
func readClient(t *table, names []string) string {
	below := t.sub("client")
	defer below.unknown()
	wish := below.text("endpoints", ClientAll)
	known := append([]string{ClientAll, ClientLeader, ClientFollowers}, names...)
	switch {
	case names == nil && wish != "":
	case len(names) == 1 && wish == ClientFollowers:
		below.fault("endpoints", "= %q: a single member has no followers; write members = 3", wish)
	case !slices.Contains(known, wish):
		below.fault("endpoints", "= %q is no member that takes requests%s; write %s", wish, nearest.Hint(wish, known), quotedList(known))
	}
	return wish
}

// releaseForm is how etcd's releases are called.
var releaseForm = regexp.MustCompile(`^v3\.[0-9]{1,3}\.[0-9]{1,3}(-(alpha|beta|rc)\.[0-9]{1,3})?$`)

// readRelease reads which etcd the members run.
func readRelease(t *table) (version, binary string) {
	version, binary = t.text("version", ""), t.text("binary", "")
	switch {
	case t.has("version") && t.has("binary"):
		t.fault("binary", "and version exclude each other: members run one etcd")
	case version != "" && !releaseForm.MatchString(version):
		t.fault("version", `= %q is no release of etcd; write for example "v3.6.16"`, version)
	case t.has("binary") && !filepath.IsAbs(binary):
		t.fault("binary", `= %q is not an absolute path; write for example "/usr/local/bin/etcd"`, binary)
	}
	return version, binary
}

func readMembers(t *table) int {
	members := t.integer("members", 1, math.MinInt, math.MaxInt)
	if members != 1 && members != 3 && members != 5 {
		t.fault("members", "= %d is not supported; write 1, 3 or 5", members)
		return 5 // so that the names of any members that are told of are known
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
	u, wrong := badURL(text, want)
	switch {
	case wrong != "":
		return wrong
	case u.Port() == "" || u.Port() == "0" || len(u.Port()) > 5:
		return "has no port" + want
	case u.Scheme+"://"+u.Host != text:
		return "has more in it than scheme, host and port" + want
	}
	return ""
}

// badPage says what is wrong with the URL of a page of metrics, or nothing.
func badPage(text string) string {
	const want = `; write for example "http://10.0.0.1:2381/metrics"`
	u, wrong := badURL(text, want)
	switch {
	case wrong != "":
		return wrong
	case u.Path == "" || u.Path == "/":
		return "has no path" + want
	}
	return ""
}

// badURL says what is wrong with a URL, in front of what is wanted, or nothing.
func badURL(text, want string) (*url.URL, string) {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return u, "is empty" + want
	case strings.Contains(text, "@"):
		return u, "has user info in it, which would end up in files; give credentials with --user" + want
	case err != nil || (u.Scheme != "http" && u.Scheme != "https"):
		return u, "is no http or https URL" + want
	case u.Hostname() == "":
		return u, "has no host" + want
	}
	return u, ""
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
