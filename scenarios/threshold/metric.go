package threshold

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// Metric is one number of a run, as thresholds name it: what stands before their
// operator, of one workload and operation. The zero value is none; make one with
// ParseMetric. Metrics are values: they may be compared with ==.
type Metric struct{ of Threshold }

// Direction is which way a metric is better.
type Direction int

// The directions. Of what is Neutral, such as how many requests were intended, neither is better.
const (
	Neutral Direction = iota
	LowerIsBetter
	HigherIsBetter
)

// String names the direction.
func (d Direction) String() string { return [...]string{"neutral", "lower", "higher"}[d] }

// ParseMetric reads a metric, for example "churn.create.response.p95". Its error
// says what is wrong and, where one is close, the name probably meant; whether
// the workload and the operation exist is not known here.
func ParseMetric(text string) (Metric, error) {
	text = strings.TrimSpace(text)
	var t Threshold
	switch {
	case text == "":
		return Metric{}, fmt.Errorf(`an empty metric; write for example "churn.create.response.p95"`)
	case len(text) > longest:
		return Metric{}, fmt.Errorf("metric %.40q…: longer than %d bytes", text, longest)
	case strings.ContainsAny(text, "<>=!"):
		return Metric{}, fmt.Errorf("metric %q: a limit does not belong to it; write what is compared only", text)
	}
	if err := t.refer(text); err != nil {
		return Metric{}, fmt.Errorf("metric %q: %w", text, err)
	}
	if t.workload == Any || t.operation == Any {
		return Metric{}, fmt.Errorf("metric %q: * is not allowed; write one for each workload and operation", text)
	}
	t.text, t.op = text, "<" // so that it is a threshold, whose limit nobody asks for
	return Metric{t}, nil
}

// MetricOf makes a metric of its parts, which ParseMetric would take; watches have no operation.
func MetricOf(parts ...string) Metric {
	m, _ := ParseMetric(strings.Join(slices.DeleteFunc(slices.Clone(parts), func(p string) bool { return p == "" }), "."))
	return m
}

// String is the metric as it is written.
func (m Metric) String() string { return m.of.text }

// Workload is the name of the workload or watch, or Server.
func (m Metric) Workload() string { return m.of.workload }

// Operation is empty for a watch or a member.
func (m Metric) Operation() string { return m.of.operation }

// Percentile is the percentile, above 0 and below 100, and whether it is one.
func (m Metric) Percentile() (percent float64, ok bool) { return m.of.Percentile() }

// Quantity is the name of a latency, or empty for a counter.
func (m Metric) Quantity() string { return m.of.quantity }

// Refers is a threshold on the metric, for what asks which workloads have it.
func (m Metric) Refers() Threshold { return m.of }

// Latency reports whether the metric is a time, in milliseconds.
func (m Metric) Latency() bool { return m.of.unit == span }

// Share reports whether the metric is a fraction, and Count whether it is a number of things.
func (m Metric) Share() bool { return m.of.unit == share }

// Count reports whether the metric is a number of things.
func (m Metric) Count() bool { return m.of.unit == count }

// Better is which way the metric is better.
func (m Metric) Better() Direction {
	switch m.of.counter {
	case "":
		return LowerIsBetter
	case "succeeded", "delivered", "achieved_rate":
		return HigherIsBetter
	case "conflicts", "retries", "dropped", "unreached", "unfinished", "errors", "error_rate", "late", "missing", "duplicated", "out_of_order",
		"leader_changes", "proposals_failed", "proposals_pending_max", "slow_applies", "slow_watchers_max", "events_pending_max", "restarts",
		"throttled_share", "db_max_bytes", "rss_bytes":
		return LowerIsBetter
	default:
		return Neutral
	}
}

// Value is the metric of a run: of several members of etcd the highest. It reports
// false where it is not known, as a percentile is not of too few samples.
func (m Metric) Value(rows []Row) (value float64, known bool) {
	value = math.Inf(-1)
	for _, row := range rows {
		if !m.of.refersTo(row) {
			continue
		}
		f := m.of.judge(row)
		if !f.known || f.note != "" || math.IsInf(f.value, 0) {
			return 0, false
		}
		value, known = max(value, f.value), true
	}
	return value, known
}

// Format writes a value of the metric with its unit.
func (m Metric) Format(value float64) string { return m.of.unit.format(value) }

// Compare orders metrics by workload, operation and text.
func (m Metric) Compare(n Metric) int {
	return cmp.Or(cmp.Compare(m.of.workload, n.of.workload), cmp.Compare(m.of.operation, n.of.operation), cmp.Compare(m.of.text, n.of.text))
}
