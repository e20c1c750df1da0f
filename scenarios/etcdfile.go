package scenarios

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// formerFlags are flags of etcd 3.5 and 3.6 that 3.7 has not and a lab may set.
var formerFlags = []etcdFlag{
	{name: "enable-v2", kind: flagBool},
	{name: "experimental-bootstrap-defrag-threshold-megabytes", kind: flagNumber},
	{name: "experimental-compact-hash-check-enabled", kind: flagBool},
	{name: "experimental-compact-hash-check-time", kind: flagDuration},
	{name: "experimental-compaction-batch-limit", kind: flagNumber},
	{name: "experimental-compaction-sleep-interval", kind: flagDuration},
	{name: "experimental-corrupt-check-time", kind: flagDuration},
	{name: "experimental-distributed-tracing-address", kind: flagText},
	{name: "experimental-distributed-tracing-instance-id", kind: flagText},
	{name: "experimental-distributed-tracing-sampling-rate", kind: flagNumber},
	{name: "experimental-distributed-tracing-service-name", kind: flagText},
	{name: "experimental-downgrade-check-time", kind: flagDuration},
	{name: "experimental-enable-distributed-tracing", kind: flagBool},
	{name: "experimental-enable-lease-checkpoint", kind: flagBool},
	{name: "experimental-enable-lease-checkpoint-persist", kind: flagBool},
	{name: "experimental-initial-corrupt-check", kind: flagBool},
	{name: "experimental-memory-mlock", kind: flagBool},
	{name: "experimental-snapshot-catchup-entries", kind: flagNumber},
	{name: "experimental-stop-grpc-service-on-defrag", kind: flagBool},
	{name: "experimental-txn-mode-write-with-shared-buffer", kind: flagBool},
	{name: "experimental-warning-apply-duration", kind: flagDuration},
	{name: "experimental-warning-unary-request-duration", kind: flagDuration},
	{name: "experimental-watch-progress-notify-interval", kind: flagDuration},
}

// The flags that etcd takes from its command line only, also where there is a
// configuration file.
const (
	raftReadFlag  = "raft-read-timeout"
	raftWriteFlag = "raft-write-timeout"
)

// socketOptions is the table of etcd's file that some flags are keys of.
const socketOptions = "socket-options"

// setting is a flag as etcd's configuration file has it.
type setting struct {
	// table is empty at the top of the file, and key where the flag has no place.
	table, key string
	// value is YAML, and means what it says in the file; empty where the value says it itself.
	value, means string
}

// etcdFile is the configuration as etcd's own configuration file (server/embed
// Config and its tags).
func (c Configuration) etcdFile(why string) (File, error) {
	file := File{Name: EtcdFile}
	var p page
	p.title(c, "the flags of configuration %q as etcd's configuration file", why)
	p.remark("Give it to etcd with --config-file=%s. Of other flags and of ETCD_ variables etcd then takes none, so", EtcdFile)
	p.remark("what each member has of its own belongs in here too: name, data-dir, the URLs, initial-cluster, certificates.")
	p.remark("Durations are in nanoseconds, but for %s and %s, which are in milliseconds.", heartbeatFlag, electionFlag)
	p.warn(c)
	p.line("")
	var nested []setting
	for _, f := range c.Flags {
		s, err := f.setting()
		switch {
		case err != nil:
			return File{}, err
		case s.key == "":
			file.Without = append(file.Without, f.Name)
			p.remark("%s", f.instead())
		case s.table != "":
			nested = append(nested, s)
		default:
			p.line("%s", s)
		}
	}
	if len(nested) > 0 {
		p.line("%s:", socketOptions)
	}
	for _, s := range nested {
		p.line("  %s", s)
	}
	if len(c.Flags) == 0 {
		p.remark("The configuration sets no flag: etcd's defaults are what was measured.")
	}
	p.beside(c)
	file.Text = p.Bytes()
	return file, nil
}

// beside writes what is set elsewhere than in etcd's file.
func (p *page) beside(c Configuration) {
	p.line("")
	for _, v := range c.Env {
		p.remark("[env] belongs in the environment of the process: %s=%s", v.Name, v.Value)
	}
	if r := c.Resources; r != (Resources{}) {
		p.remark("[resources] belongs to the pod or the systemd unit: requests: %s; limits: %s", r.Requests.quantities(), r.Limits.quantities())
	}
	if c.TLS != (TLS{}) {
		p.remark("[tls] was the lab's, which made its own certificates. Yours are named under client-transport-security and peer-transport-security.")
	}
	p.labOnly(c)
}

// setting is the flag as etcd's configuration file has it.
func (f Flag) setting() (setting, error) {
	kind, known := f.kind()
	s := setting{key: f.Name}
	switch {
	case !known, f.Name == raftReadFlag, f.Name == raftWriteFlag:
		return setting{}, nil
	case f.Name == "host-whitelist" && f.Value == "": // for the file that is as if it were not there: all hosts, where the flag allows none
		return setting{}, nil
	case f.Name == "socket-reuse-address", f.Name == "socket-reuse-port":
		s.table, s.key = socketOptions, strings.TrimPrefix(f.Name, "socket-")
	case f.Name == "experimental-snapshot-catchup-entries":
		s.key = "experimental-snapshot-catch-up-entries" // so it was called in the file
	}
	var err error
	s.value, s.means, err = f.yaml(kind)
	if err != nil {
		return setting{}, fmt.Errorf("flag %s: %w", f.Name, err)
	}
	return s, nil
}

// kind is how the flag's value is written, and false for a flag that is not known.
func (f Flag) kind() (flagKind, bool) {
	for _, all := range [][]etcdFlag{etcdFlags, formerFlags} {
		if at := slices.IndexFunc(all, func(known etcdFlag) bool { return known.name == f.Name && known.owned == "" }); at >= 0 {
			return all[at].kind, true
		}
	}
	return 0, false
}

// yaml is the flag's value as etcd decodes it from a file: a time.Duration is a
// number of nanoseconds there, and a string would be refused.
func (f Flag) yaml(kind flagKind) (value, means string, err error) {
	switch kind {
	case flagBool:
		var on bool
		on, err = strconv.ParseBool(f.Value)
		value = strconv.FormatBool(on)
	case flagNumber, flagMillis, flagBytes:
		var n int64
		n, err = strconv.ParseInt(f.Value, 0, 64) // as package flag does
		value = strconv.FormatInt(n, 10)
		if kind == flagBytes {
			means = unit.FormatSize(n)
		}
		if kind == flagMillis {
			means = unit.FormatDuration(time.Duration(n) * time.Millisecond)
		}
	case flagDuration:
		var d time.Duration
		d, err = time.ParseDuration(f.Value)
		value, means = strconv.FormatInt(d.Nanoseconds(), 10), unit.FormatDuration(d)
	default:
		value = strconv.Quote(f.Value) // each of Go's escapes is one of YAML's
		if f.Name == "cipher-suites" {
			value = "[" + strings.Join(quoteEach(strings.Split(f.Value, ",")), ", ") + "]"
		}
	}
	return value, means, err
}

func quoteEach(all []string) []string {
	quoted := make([]string, len(all))
	for i, text := range all {
		quoted[i] = strconv.Quote(text)
	}
	return quoted
}

// instead says what to do with a flag that has no place in etcd's file.
func (f Flag) instead() string {
	switch f.Name {
	case raftReadFlag, raftWriteFlag:
		return fmt.Sprintf("%s has no key in this file. Give it beside --config-file, where etcd does take it: --%[1]s=%s", f.Name, f.Value)
	case "host-whitelist":
		return "host-whitelist is empty, which this file cannot say: here it would allow all hosts. Give all settings as flags instead."
	default:
		return fmt.Sprintf("%s is none of the flags whose key in this file is known, and etcd heeds no key that it does not know. Give all settings as flags instead: --%[1]s=%s", f.Name, f.Value)
	}
}

// String is the setting as a line of YAML.
func (s setting) String() string {
	line := s.key + ": " + s.value
	if s.means != "" && s.means != s.value {
		line += " # " + s.means
	}
	return line
}
