package scenarios

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// EncodeScenario writes a scenario as TOML with every value explicit. Parsing
// it gives the identical scenario; its text is what Scenario.SHA256 is of.
func EncodeScenario(s Scenario) []byte {
	var out bytes.Buffer
	top := section{out: &out}
	top.text("name", s.Name)
	if s.Description != "" {
		top.text("description", s.Description)
	}
	top.text("configuration", s.Configuration)
	top.add("seed", strconv.FormatUint(s.Seed, 10))
	if len(s.Thresholds) > 0 {
		var list strings.Builder
		for _, t := range s.Thresholds {
			fmt.Fprintf(&list, "\n  %s,", quote(t.String()))
		}
		top.add("thresholds", "["+list.String()+"\n]")
	}
	top.flush()
	encodeCluster(&out, s)
	phases := section{out: &out, header: "phases"}
	phases.duration("warmup", s.Phases.Warmup)
	phases.duration("measure", s.Phases.Measure)
	phases.duration("drain", s.Phases.Drain)
	phases.flush()
	for _, p := range s.Setup {
		setup := section{out: &out, header: "setup." + p.Name}
		setup.text("resource", p.Resource.Name)
		setup.integer("count", p.Count)
		setup.sizes(p.Size)
		setup.flush()
	}
	for _, w := range s.Workloads {
		encodeWorkload(&out, w)
	}
	for _, a := range s.Actions {
		action := section{out: &out, header: "action." + a.Name}
		a.encode(&action)
		action.flush()
	}
	for _, n := range s.Named {
		named := section{out: &out, header: "threshold." + n.Name}
		named.text("check", n.Check.String())
		if n.Abort {
			named.boolean("abort", true)
			named.duration("grace", n.Grace)
		}
		named.flush()
	}
	return out.Bytes()
}

func encodeCluster(out *bytes.Buffer, s Scenario) {
	c := s.Cluster
	cluster := section{out: out, header: "cluster"}
	if c.Nodes > 0 {
		cluster.integer("nodes", c.Nodes)
	}
	cluster.integer("pods_per_node", c.PodsPerNode)
	if c.Churn > 0 {
		cluster.text("churn", Rate(c.Churn).String())
	}
	cluster.number("events_per_pod", c.EventsPerPod)
	cluster.integer("services", c.Services)
	cluster.boolean("controllers", c.Controllers)
	cluster.integer("apiservers", c.APIServers)
	cluster.text("apiserver", c.APIServer)
	cluster.flush()
}

func encodeWorkload(out *bytes.Buffer, w Workload) {
	s := section{out: out, header: "workload." + w.Name}
	s.text("kind", w.KindName())
	w.Kind.encode(&s)
	if w.Arrival.Process != "" {
		w.Arrival.encode(&s)
	}
	if w.MaxInFlight > 0 && w.Arrival.Process != Closed {
		s.integer("max_in_flight", w.MaxInFlight)
	}
	if w.Timeout > 0 {
		s.duration("timeout", w.Timeout)
	}
	w.Window.encode(&s)
	s.flush()
}

// EncodeConfiguration writes a configuration as TOML with every value explicit.
// Parsing it gives the identical configuration; its text is what
// Configuration.SHA256 is of. There are no credentials in it: certificates
// are named, not contained.
func EncodeConfiguration(c Configuration) []byte {
	var out bytes.Buffer
	top := section{out: &out}
	top.text("name", c.Name)
	if c.Description != "" {
		top.text("description", c.Description)
	}
	if c.Members > 0 {
		top.integer("members", c.Members)
	}
	if c.Learners > 0 {
		top.integer("learners", c.Learners)
	}
	if len(c.Endpoints) > 0 {
		top.add("endpoints", quotedArray(c.Endpoints, func(url string) string { return url }))
	}
	for _, each := range []pair{{"version", c.Version}, {"binary", c.Binary}, {"cacert", c.CACert}, {"cert", c.Cert}, {"key", c.Key}} {
		if each.value != "" {
			top.text(each.key, each.value)
		}
	}
	if len(c.Apply) > 0 {
		top.add("apply", quotedArray(c.Apply, func(word string) string { return word }))
	}
	top.flush()
	if len(c.Flags) > 0 {
		etcd := section{out: &out, header: "etcd"}
		for _, flag := range c.Flags {
			etcd.add(flag.key(), flag.encode())
		}
		etcd.flush()
	}
	env := section{out: &out, header: "env"}
	for _, v := range c.Env {
		env.text(v.Name, v.Value)
	}
	env.flushUnlessEmpty()
	c.Resources.encode(&top)
	c.Disk.encode(&top)
	c.Links.encode(&top, c.Members+c.Learners)
	c.TLS.encode(&top)
	c.Auth.encode(&top)
	c.Telemetry.encode(&top)
	if c.Client != "" {
		client := section{out: &out, header: "client"}
		client.text("endpoints", c.Client)
		client.flush()
	}
	return out.Bytes()
}

// pair is a key and its value as TOML writes it.
type pair struct{ key, value string }

// section is a table while it is written: its values stand in one column.
type section struct {
	out    *bytes.Buffer
	header string // empty at the top of the file
	pairs  []pair
}

func (s *section) add(key, value string)     { s.pairs = append(s.pairs, pair{key, value}) }
func (s *section) text(key, value string)    { s.add(key, quote(value)) }
func (s *section) integer(key string, n int) { s.add(key, strconv.Itoa(n)) }

func (s *section) boolean(key string, b bool) { s.add(key, strconv.FormatBool(b)) }

func (s *section) number(key string, n float64) {
	s.add(key, strconv.FormatFloat(n, 'f', -1, 64))
}

func (s *section) duration(key string, d time.Duration) {
	s.add(key, quote(unit.FormatDuration(d)))
}

// inline writes { key = value, … }.
func (s *section) inline(key string, pairs ...pair) {
	s.add(key, inlineTable(pairs))
}

// inlineTable is { key = value, … }.
func inlineTable(pairs []pair) string {
	parts := make([]string, len(pairs))
	for i, p := range pairs {
		parts[i] = p.key + " = " + p.value
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}

// quotedArray is ["…", …].
func quotedArray[T any](all []T, text func(T) string) string {
	parts := make([]string, len(all))
	for i, each := range all {
		parts[i] = quote(text(each))
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

// flush writes the table.
func (s *section) flush() {
	if s.header != "" {
		fmt.Fprintf(s.out, "\n[%s]\n", s.header)
	}
	width := 0
	for _, p := range s.pairs {
		width = max(width, len(p.key))
	}
	for _, p := range s.pairs {
		fmt.Fprintf(s.out, "%-*s = %s\n", width, p.key, p.value)
	}
}

// flushUnlessEmpty writes the table if there is anything in it.
func (s *section) flushUnlessEmpty() {
	if len(s.pairs) > 0 {
		s.flush()
	}
}

// quote writes a TOML basic string.
func quote(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\u%04X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}
