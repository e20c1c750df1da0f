// Package threshold is the grammar of thresholds: it parses one, tells what it
// refers to, and evaluates it on numbers.
//
//	WORKLOAD.OPERATION.QUANTITY.STAT OP VALUE    churn.create.response.p95 < 1s
//	WORKLOAD.OPERATION.COUNTER OP VALUE          churn.*.errors == 0
//	WATCH.delivery.STAT OP VALUE                 informers.delivery.p99 < 100ms
//	WATCH.COUNTER OP VALUE                       informers.missing == 0
//
// A limit may be relative to a baseline, which is the same metric of other runs:
//
//	churn.create.response.p99 <= baseline * 1.10 + 0.2ms
//
// "*" stands for all workloads, operations or watches; the threshold must then
// hold for each of them.
package threshold

import "strings"

// Threshold is one limit. The zero value is none and holds for nothing; make
// one with Parse. Thresholds are values: they may be compared with == and
// shared among goroutines.
type Threshold struct {
	// text is what the user wrote.
	text string
	// workload and operation are names or Any; operation is empty for a watch.
	workload, operation string
	// quantity and stat are empty where counter is not, and the other way round.
	quantity, stat, counter string
	// percentile is in percent, 0 where stat is mean or max.
	percentile float64
	// op is one of < <= == != >= >.
	op string
	// limit is in milliseconds for a quantity, else in the counter's own unit:
	// a number, a fraction, a number per second, bytes.
	limit float64
	// factor is of the baseline, to which limit is added; 0 where the limit stands for itself.
	factor float64
	// unit is how limit and measured values are written.
	unit kind
}

// Any stands for every workload, operation or watch.
const Any = "*"

// String returns the threshold as the user wrote it, without outer blanks.
func (t Threshold) String() string { return t.text }

// Equal reports whether both are the same threshold in the same words.
func (t Threshold) Equal(other Threshold) bool { return t == other }

// Workload is the name of the workload or watch referred to, or Any.
func (t Threshold) Workload() string { return t.workload }

// Operation is the name of the operation referred to, or Any; it is empty where
// the threshold is about watches.
func (t Threshold) Operation() string { return t.operation }

// IsWatch reports whether the threshold is about watches, not operations.
func (t Threshold) IsWatch() bool { return t.operation == "" }

// Quantity is the name of the latency referred to, for example "response", or
// empty for a counter.
func (t Threshold) Quantity() string { return t.quantity }

// Stat is the statistic of the quantity: "mean", "max" or a percentile such as
// "p99.9"; empty for a counter.
func (t Threshold) Stat() string { return t.stat }

// Percentile is the percentile referred to, above 0 and below 100, and whether
// the threshold refers to one.
func (t Threshold) Percentile() (percent float64, ok bool) {
	return t.percentile, t.percentile > 0
}

// Grows reports whether it is a lower limit, or another number than 0, on a count
// that grows as long as a run goes on: it is missed until the run is over.
func (t Threshold) Grows() bool {
	upper := t.op == "<" || t.op == "<=" || t.op == "==" && t.limit == 0
	return t.counter != "" && !upper && (t.unit == count || t.unit == bytes)
}

// Counter is the name of the counter referred to, for example "errors", or
// empty for a quantity.
func (t Threshold) Counter() string { return t.counter }

// Relative reports whether the limit is relative to a baseline; Against makes it a fixed one.
func (t Threshold) Relative() bool { return t.factor > 0 }

// Against is the threshold with the limit that follows from a baseline, in the unit
// of Metric.Value; of one that is not relative it is the same.
func (t Threshold) Against(baseline float64) Threshold {
	if t.factor > 0 {
		t.limit, t.factor = t.factor*baseline+t.limit, 0
	}
	return t
}

// Metric is what the threshold compares; it reports false where that is of several workloads or operations.
func (t Threshold) Metric() (Metric, bool) {
	m, err := ParseMetric(t.text[:max(strings.IndexAny(t.text, "<>=!"), 0)])
	return m, err == nil
}
