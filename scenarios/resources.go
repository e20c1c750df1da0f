package scenarios

import (
	"fmt"
	"strconv"

	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// Resources are what each member of a lab gets, as Kubernetes gives it to a pod.
type Resources struct {
	Requests, Limits Amounts
}

// Amounts are a processor's time and memory; 0 where none is written.
type Amounts struct {
	// CPU is in thousandths of a processor, at most 1,000 processors.
	CPU int
	// Memory is in bytes, at least 16 MiB where it is given.
	Memory int64
}

// The bounds of resources: less memory than that and etcd does not even start.
const (
	maxCPU    = 1000 * 1000
	minMemory = 16 << 20
	maxMemory = 1 << 45
)

// readResources reads [resources].
func readResources(t *table) Resources {
	defer t.unknown()
	r := Resources{Requests: readAmounts(t.sub("requests")), Limits: readAmounts(t.sub("limits"))}
	requests, limits := t.sub("requests"), r.Limits
	if limits.CPU > 0 && r.Requests.CPU > limits.CPU {
		requests.fault("cpu", "is more than the limit of %s", quote(unit.FormatCPU(limits.CPU)))
	}
	if limits.Memory > 0 && r.Requests.Memory > limits.Memory {
		requests.fault("memory", "is more than the limit of %s", quote(unit.FormatMemory(limits.Memory)))
	}
	return r
}

func readAmounts(t *table) Amounts {
	defer t.unknown()
	return Amounts{CPU: t.cpu("cpu"), Memory: t.memory("memory")}
}

// cpu is a share of processors; 0 if it was not written or is wrong.
func (t *table) cpu(key string) int {
	value, ok := t.take(key)
	if !ok {
		return 0
	}
	text, ok := value.(string)
	switch v := value.(type) {
	case int64, float64: // as Kubernetes' YAML has it
		text, ok = fmt.Sprint(v), true
	}
	if !ok {
		t.fault(key, `must be processors as in "500m" or "2", not %s`, describe(value))
		return 0
	}
	millis, err := unit.ParseCPU(text)
	switch {
	case err != nil:
		t.fault(key, "= %v", err)
	case millis < 1 || millis > maxCPU:
		t.fault(key, `= %q is out of range; it is at least "1m" and at most "1000"`, text)
	default:
		return millis
	}
	return 0
}

// memory is an amount of memory; 0 if it was not written or is wrong.
func (t *table) memory(key string) int64 {
	value, ok := t.take(key)
	if !ok {
		return 0
	}
	text, ok := value.(string)
	if n, isNumber := value.(int64); isNumber {
		text, ok = strconv.FormatInt(n, 10), true
	}
	if !ok {
		t.fault(key, `must be memory in quotes, as in "2Gi", not %s`, describe(value))
		return 0
	}
	bytes, err := unit.ParseMemory(text)
	switch {
	case err != nil:
		t.fault(key, "= %v", err)
	case bytes < minMemory || bytes > maxMemory:
		t.fault(key, "= %q is out of range; it is at least %q and at most %q", text, unit.FormatMemory(minMemory), unit.FormatMemory(maxMemory))
	default:
		return bytes
	}
	return 0
}

// encode writes [resources].
func (r Resources) encode(top *section) {
	s := section{out: top.out, header: "resources"}
	r.Requests.encode(&s, "requests")
	r.Limits.encode(&s, "limits")
	s.flushUnlessEmpty()
}

func (a Amounts) encode(s *section, key string) {
	var pairs []pair
	if a.CPU > 0 {
		pairs = append(pairs, pair{"cpu", quote(unit.FormatCPU(a.CPU))})
	}
	if a.Memory > 0 {
		pairs = append(pairs, pair{"memory", quote(unit.FormatMemory(a.Memory))})
	}
	if len(pairs) > 0 {
		s.inline(key, pairs...)
	}
}
