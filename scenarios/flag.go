package scenarios

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// Flag is one flag of etcd, for example {"heartbeat-interval", "100"}: the
// value as etcd itself takes it. A file has durations where etcd has
// milliseconds, and sizes where it has bytes.
type Flag struct{ Name, Value string }

// The flags that etcd counts in milliseconds.
const (
	heartbeatFlag = "heartbeat-interval"
	electionFlag  = "election-timeout"
)

// readFlags reads [etcd]. Flags that the built-in etcd has not are told of only
// where it is the one that runs; another is asked itself before it is started.
func readFlags(t *table, builtIn bool, secure TLS) []Flag {
	var flags []Flag
	for _, key := range sorted(t.values) {
		at := slices.IndexFunc(etcdFlags, func(f etcdFlag) bool { return f.name == key })
		if at < 0 && !builtIn && flagForm.MatchString(key) {
			if value, ok := t.flag(etcdFlag{name: key, kind: flagList}); ok {
				flags = append(flags, Flag{Name: key, Value: value})
			}
			continue
		}
		if at < 0 && !builtIn {
			t.doc.fault(t.at(key), "%q is not the name of a flag of etcd; write it without dashes before it", key)
			continue
		}
		if at < 0 {
			known := EtcdFlagNames()
			t.doc.fault(t.at(key), "etcd 3.7 has no flag %q%s", key, nearest.Hint(strings.TrimLeft(key, "-"), known))
			continue
		}
		flag := etcdFlags[at]
		if flag.kind == flagOfTLS {
			flag = etcdFlag{name: key, kind: flagList}
			if !secure.Client && !secure.Peer {
				t.fault(key, "has no use without [tls]; write client = true there")
				continue
			}
		}
		if flag.owned != "" {
			t.fault(key, "may not be set: %s", flag.owned)
			continue
		}
		if value, ok := t.flag(flag); ok {
			flags = append(flags, Flag{Name: key, Value: value})
		}
	}
	checkTimeouts(t, flags)
	return flags
}

// flagForm is what any flag's name looks like.
var flagForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]*$`)

// flag is the value of a flag as etcd takes it.
func (t *table) flag(f etcdFlag) (string, bool) {
	written, _ := t.take(f.name)
	before := len(t.doc.faults)
	var value string
	switch f.kind {
	case flagText, flagList, flagOfTLS:
		value = t.flagText(f)
	case flagNumber:
		value = strconv.Itoa(t.integer(f.name, 0, 0, math.MaxInt64))
	case flagBool:
		on, ok := written.(bool)
		if !ok {
			t.fault(f.name, "must be true or false, not %s", describe(written))
		}
		value = strconv.FormatBool(on)
	case flagDuration:
		value = t.flagDuration(f)
	case flagMillis:
		value = strconv.FormatInt(t.flagMillis(f), 10)
	case flagBytes:
		value = strconv.FormatInt(t.flagBytes(f), 10)
	}
	return value, len(t.doc.faults) == before
}

func (t *table) flagText(f etcdFlag) string {
	written, _ := t.take(f.name)
	switch written.(type) {
	case int64, bool:
		return fmt.Sprint(written)
	case []any:
		if f.kind != flagList {
			break
		}
		var texts []string
		for _, e := range t.texts(f.name) {
			if e.text == "" || strings.Contains(e.text, ",") || strings.ContainsFunc(e.text, unicode.IsControl) {
				t.faultElement(f.name, e.at, "must be one name, not empty and without commas")
			}
			texts = append(texts, e.text)
		}
		return strings.Join(texts, ",")
	}
	text := t.text(f.name, "")
	if strings.ContainsAny(text, "\n\t") {
		t.fault(f.name, "has a line break or tab in it")
	}
	return text
}

func (t *table) flagDuration(f etcdFlag) string {
	text, ok := t.quantity(f.name, "a duration", "s")
	if !ok {
		return ""
	}
	d, err := unit.ParseDuration(text)
	switch {
	case err != nil:
		t.fault(f.name, "= %v", err)
	case d < 0:
		t.fault(f.name, "= %q is negative", text)
	}
	return text
}

// flagMillis reads a duration in whole milliseconds; a bare number is
// milliseconds as for etcd itself.
func (t *table) flagMillis(f etcdFlag) int64 {
	most := 50 * time.Second // of an election timeout
	if f.name == heartbeatFlag {
		most /= 5
	}
	written, _ := t.take(f.name)
	if n, ok := written.(int64); ok {
		if n < 1 || n > most.Milliseconds() {
			t.fault(f.name, `= %d is out of range; it is at least "1ms" and at most %q`, n, unit.FormatDuration(most))
		}
		return n
	}
	d := t.duration(f.name, time.Millisecond, time.Millisecond, most)
	if d%time.Millisecond != 0 {
		t.fault(f.name, "= %q is no whole number of milliseconds, which is all that etcd takes", unit.FormatDuration(d))
	}
	return d.Milliseconds()
}

// flagBytes reads a size; a bare number is bytes as for etcd itself.
func (t *table) flagBytes(f etcdFlag) int64 {
	const most = 1 << 50
	written, _ := t.take(f.name)
	if n, ok := written.(int64); ok {
		if n < 0 || n > most {
			t.fault(f.name, "= %d is out of range; it is at least 0 and at most %q", n, Size(most))
		}
		return n
	}
	return int64(t.size(f.name, 0, 0, most))
}

// checkTimeouts holds what etcd demands of its two timeouts before it starts,
// with its defaults for what is not given.
func checkTimeouts(t *table, flags []Flag) {
	millis := func(name string, fallback int64) int64 {
		for _, flag := range flags {
			if flag.Name == name {
				fallback, _ = strconv.ParseInt(flag.Value, 10, 64)
				return fallback
			}
		}
		if t.has(name) {
			return 0 // it is wrong, which is told already
		}
		return fallback
	}
	heartbeat, election := millis(heartbeatFlag, 100), millis(electionFlag, 1000)
	if 5*heartbeat <= election || election == 0 {
		return
	}
	at := electionFlag
	if !t.has(at) {
		at = heartbeatFlag
	}
	t.fault(at, "makes %s %d ms, less than five times %s %d ms; write %[1]s = %[5]q or more",
		electionFlag, election, heartbeatFlag, heartbeat, unit.FormatDuration(5*time.Duration(heartbeat)*time.Millisecond))
}

// key is the flag's name as TOML writes it.
func (f Flag) key() string {
	if strings.Contains(f.Name, ".") {
		return quote(f.Name)
	}
	return f.Name
}

// encode writes the flag's value as a configuration has it.
func (f Flag) encode() string {
	at := slices.IndexFunc(etcdFlags, func(known etcdFlag) bool { return known.name == f.Name })
	if at < 0 {
		return quote(f.Value)
	}
	n, err := strconv.ParseInt(f.Value, 10, 64)
	switch kind := etcdFlags[at].kind; {
	case kind == flagBool || kind == flagNumber:
		return f.Value
	case kind == flagMillis && err == nil:
		return quote(unit.FormatDuration(time.Duration(n) * time.Millisecond))
	case kind == flagBytes && err == nil:
		return quote(unit.FormatSize(n))
	default:
		return quote(f.Value)
	}
}

// profilingFlag has etcd serve profiles of itself.
const profilingFlag = "enable-pprof"

// Profiled is the configuration of a lab whose members let themselves be profiled.
func (c Configuration) Profiled() Configuration {
	c.Flags = slices.DeleteFunc(slices.Clone(c.Flags), func(f Flag) bool { return f.Name == profilingFlag })
	c.Flags = append(c.Flags, Flag{profilingFlag, "true"})
	slices.SortFunc(c.Flags, func(a, b Flag) int { return strings.Compare(a.Name, b.Name) })
	return c.summed()
}

// summed is the configuration with the sum of its text.
func (c Configuration) summed() Configuration {
	sum := sha256.Sum256(EncodeConfiguration(c))
	c.SHA256 = hex.EncodeToString(sum[:])
	return c
}
