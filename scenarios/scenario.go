// Package scenarios reads, checks and derives what is asked of a run: the
// scenario (which load) and the configuration (which cluster).
//
// A file is parsed once, at the edge, into types that cannot be wrong: every
// default is filled in, every derivation from [cluster] is made, and every
// fault of the file is reported at once with its file and line. What is read
// can be written again with Encode… and reads back as the identical value.
package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// Scenario is what one run replays. It is complete: nothing is looked up or
// defaulted after parsing. Make one with ParseScenario or LoadScenario.
type Scenario struct {
	// Name is letters, digits, '-', '_' and '.', at most 64; it becomes part of the run folder's name.
	Name        string
	Description string
	// Configuration names the lab that the scenario needs when the command
	// line names none, as LoadConfiguration takes it; never empty, "single" by default.
	Configuration string
	// Seed makes the sequence of chains repeatable; at most 2^63-1, 1 by default.
	Seed uint64
	// Thresholds are those of the list; see Limits.
	Thresholds []threshold.Threshold
	// Named are the thresholds that have a table each, in order of their names.
	Named   []NamedThreshold
	Cluster model.Cluster
	Phases  Phases
	// Setup is in order of the names; no two are of the same resource.
	Setup []Population
	// Workloads are in order of their names; at least one.
	Workloads []Workload
	// Actions are what happens to the cluster, in the order in which it does.
	Actions []Action
	// SHA256 is of the resolved scenario's TOML text (see EncodeScenario), in hexadecimal.
	SHA256 string
}

// Phases are the lengths of a run's phases; setup has no fixed length.
type Phases struct {
	// Warmup may be zero; 5 s by default, at most a day.
	Warmup time.Duration
	// Measure is at least 100 ms and at most 7 days, 20 s by default; only
	// what is intended in it counts.
	Measure time.Duration
	// Drain is the longest time that begun chains get to finish; 10 s by
	// default, at most an hour, may be zero.
	Drain time.Duration
}

// Population is what is in etcd before the clock starts.
type Population struct {
	Name     string
	Resource model.Resource
	// Count is between 0 and 10^8.
	Count int
	// Size is of a value, in bytes.
	Size SizeDistribution
}

// ParseScenario reads a scenario from a TOML text and puts values of the form
// path=value over it (see LoadScenario). The file's name stands in messages
// and, where the text has no name, gives the scenario's. The error is Faults:
// all that is wrong, not only the first.
func ParseScenario(file string, text []byte, sets []string) (Scenario, error) {
	s, _, err := parseScenario(file, text, sets)
	return s, err
}

// parseScenario is ParseScenario that tells also what was derived.
func parseScenario(file string, text []byte, sets []string) (Scenario, []Derivation, error) {
	d, err := readDocument(file, text, "", sets)
	if err != nil {
		return Scenario{}, nil, err
	}
	s := readScenario(d.table())
	if err := d.faults.err(); err != nil {
		return Scenario{}, nil, err
	}
	sum := sha256.Sum256(EncodeScenario(s))
	s.SHA256 = hex.EncodeToString(sum[:])
	return s, d.derived, nil
}

func readScenario(t *table) Scenario {
	s := Scenario{
		Name:          readName(t),
		Description:   t.text("description", ""),
		Configuration: readConfigurationName(t),
		Seed:          uint64(t.integer("seed", 1, 0, math.MaxInt64)),
	}
	checks := t.texts("thresholds")
	s.Cluster = readCluster(t.sub("cluster"))
	s.Phases = readPhases(t.sub("phases"))
	s.Setup = readSetup(t, s.Cluster)
	s.Workloads = readWorkloads(t, given{cluster: s.Cluster, setup: s.Setup})
	s.Thresholds = readThresholds(t, checks, s.Workloads)
	s.Named = readNamedThresholds(t, s.Workloads, s.Phases)
	s.Actions = readActions(t)
	t.unknown()
	return s
}

// readName is the name that the file gives, or else has.
func readName(t *table) string {
	t.shape.say("name", map[string]any{"type": "string", "pattern": titleForm.String()})
	if !t.has("name") {
		t.take("name")
		base := strings.TrimSuffix(filepath.Base(t.doc.file), ".toml")
		if !titleForm.MatchString(base) {
			t.faultHere(`name is missing; write name = "my-name"`)
		}
		return base
	}
	name := t.text("name", "a-name")
	if !titleForm.MatchString(name) {
		t.fault("name", "= %q is not allowed; a name is 1 to 64 letters, digits, -, _ and ., and begins with a letter or digit", name)
	}
	return name
}

// titleForm is what the name of a scenario or a configuration looks like. It
// becomes part of a folder's name.
var titleForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)

func readConfigurationName(t *table) string {
	name := t.text("configuration", "single")
	if known := ConfigurationNames(); !isFile(name) && !slices.Contains(known, name) {
		t.fault("configuration", "= %q is no built-in configuration%s; write %s, or a file's name that ends in .toml",
			name, nearest.Hint(name, known), quotedList(known))
	}
	return name
}

func readCluster(t *table) model.Cluster {
	defer t.unknown()
	nodes := t.integer("nodes", 0, 1, 100_000)
	if nodes == 0 && t.has("nodes") {
		nodes = 1 // wrong, and told; what follows from it shall not be wrong too
	}
	return model.Cluster{
		Nodes:        nodes,
		PodsPerNode:  t.integer("pods_per_node", model.DefaultPodsPerNode, 0, 1000),
		Churn:        float64(t.rate("churn")),
		EventsPerPod: t.number("events_per_pod", model.DefaultEventsPerPod, 0, 1000),
		Services:     t.integer("services", 0, 0, 100_000),
		Controllers:  t.boolean("controllers", true),
		APIServers:   t.integer("apiservers", model.DefaultAPIServers, 1, 100),
		APIServer:    t.choice("apiserver", []string{model.APIServer137, model.NoRangeStream, model.NoWatchCache}),
	}
}

func readPhases(t *table) Phases {
	const day = 24 * time.Hour
	t.refuse("setup", "has no length: it ends when everything in [setup.*] is written")
	defer t.unknown()
	return Phases{
		Warmup:  t.duration("warmup", 5*time.Second, 0, day),
		Measure: t.duration("measure", 20*time.Second, 100*time.Millisecond, 7*day),
		Drain:   t.duration("drain", 10*time.Second, 0, time.Hour),
	}
}

func readSetup(t *table, cluster model.Cluster) []Population {
	var all []Population
	for _, below := range t.named("setup") {
		p := readPopulation(below, cluster)
		for _, other := range all {
			if p.Resource.Name != "" && other.Resource == p.Resource {
				below.faultHere("[setup.%s] fills %s too; several populations of a resource are not supported yet, write one",
					other.Name, p.Resource.Name)
			}
		}
		all = append(all, p)
	}
	return all
}

func readPopulation(t *table, cluster model.Cluster) Population {
	defer t.unknown()
	p := Population{Name: t.name(), Resource: readResource(t, t.name())}
	derived, ok := cluster.Population(p.Resource.Name)
	if !ok && p.Resource.Name != "" {
		t.require("count", "count = 1000")
	}
	p.Count = t.integer("count", derived, 0, maxCount)
	if ok && !t.has("count") {
		t.derive("count", strconv.Itoa(p.Count), cluster.WhyPopulation(p.Resource.Name))
	}
	p.Size = t.sizes(SizeDistribution{P50: Size(p.Resource.P50), P99: Size(p.Resource.P99)})
	return p
}

// readResource is the resource that a table names, or else the fallback; the
// zero resource if there is none of that name.
func readResource(t *table, fallback string) model.Resource {
	name := t.text("resource", fallback)
	resource, ok := model.ResourceNamed(name)
	if ok {
		return resource
	}
	known := model.ResourceNames()
	advice := nearest.Hint(name, known) + "; write one of " + strings.Join(known, ", ") +
		", or group/plural for a custom resource, as in stable.example.com/widgets"
	switch {
	case t.has("resource"):
		t.fault("resource", "= %q is unknown%s", shorten(name), advice)
	case fallback == "":
		t.faultHere(`resource is missing; write resource = "pods"`)
	default:
		t.faultHere(`%q is no resource, and resource = "…" is not given%s`, name, advice)
	}
	return model.Resource{}
}

// mustResource is a built-in resource that the table is known to have.
func mustResource(name string) model.Resource {
	r, _ := model.ResourceNamed(name)
	return r
}
