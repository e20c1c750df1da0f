package threshold

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// Row is what one operation, chain or watch of a run measured.
type Row struct {
	// Operation is empty for a watch, and for a member of etcd, whose workload is Server.
	Workload, Operation string
	// Counters are by name, shares as fractions, rates per second; a counter
	// that is not in it is unknown, which is not 0.
	Counters map[string]float64
	// Quantities are by name; one that is not in it has no samples.
	Quantities map[string]Quantity
}

// Quantity is a distribution of latencies.
type Quantity struct {
	// Count is the number of samples; the rest has no meaning where it is 0.
	Count         int64
	MeanMS, MaxMS float64
	// PercentileMS returns the p-th percentile in milliseconds, p in 0..100.
	PercentileMS func(p float64) float64
}

// Status is how a threshold came out. Its texts are those of result.json.
type Status string

// The outcomes of a threshold.
const (
	Pass Status = "pass"
	// Fail is also what has no data.
	Fail Status = "fail"
	// TooFew is a percentile of fewer samples than it needs to be told: a
	// warning, and a breach only where the user is strict.
	TooFew Status = "too-few"
	// Skipped is a threshold on a part of the run that did not take place. No
	// evaluation on rows returns it.
	Skipped Status = "skipped"
)

// NoData is the value of an outcome that nothing was measured for.
const NoData = "no data"

// Outcome is how a threshold came out on numbers.
type Outcome struct {
	Status Status
	// Value is what was measured, with its unit, or NoData. Where the
	// threshold is about several rows it is the worst row's.
	Value string
	// Of names the row that Value is from, "churn.create" or "informers";
	// empty if no row was referred to.
	Of string
}

// Evaluate judges the threshold on a run's rows. It must hold for every row
// that it refers to and reports the worst; without such a row it fails, as it
// does where a row has no sample or does not know the counter.
//
// A percentile p of n samples with n·(1−p) < 10 has too few beyond it to be
// told. An upper limit is then met if the maximum meets it; a lower limit is
// missed if the maximum misses it; else the outcome is TooFew. Its value is then
// the maximum, and says so.
//
// Counters are compared exactly as they are. Latencies and rates have no == or
// !=: Parse refuses it.
func (t Threshold) Evaluate(rows []Row) Outcome {
	var worst *finding
	for _, row := range rows {
		if !t.refersTo(row) {
			continue
		}
		f := t.judge(row)
		if worst == nil || t.worse(f, *worst) {
			worst = &f
		}
	}
	if worst == nil {
		return Outcome{Status: Fail, Value: NoData}
	}
	value := NoData
	if worst.known {
		value = worst.note + t.unit.format(worst.value)
	}
	return Outcome{Status: worst.status, Value: value, Of: worst.of}
}

// finding is the outcome on one row.
type finding struct {
	status Status
	value  float64
	known  bool // false where there is no data
	of     string
	note   string // stands before the value where that is not the statistic itself
}

// refersTo reports whether the threshold is about the row.
func (t Threshold) refersTo(row Row) bool {
	if t.op == "" || t.IsWatch() != (row.Operation == "") || (t.workload == Server) != (row.Workload == Server) {
		return false
	}
	return (t.workload == Any || t.workload == row.Workload) &&
		(t.IsWatch() || t.operation == Any || t.operation == row.Operation)
}

// judge evaluates the threshold on one row.
func (t Threshold) judge(row Row) finding {
	f := finding{status: Fail, of: row.Workload}
	if row.Operation != "" {
		f.of += "." + row.Operation
	}
	if t.counter != "" {
		f.value, f.known = row.Counters[t.counter]
		f.known = f.known && !math.IsNaN(f.value)
		if f.known && t.holds(f.value) {
			f.status = Pass
		}
		return f
	}
	q := row.Quantities[t.quantity]
	if q.Count <= 0 {
		return f
	}
	// The tolerance is for 1000 samples of p99, where 1000 × (1 − 0.99) is 9.999….
	if t.percentile > 0 && float64(q.Count)*(100-t.percentile)/100 < 10-1e-9 {
		f.value, f.known, f.note = q.MaxMS, true, fmt.Sprintf("%d samples, max ", q.Count)
		f.status = t.judgeMaximum(q.MaxMS)
		return f
	}
	f.value = t.statistic(q)
	f.known = !math.IsNaN(f.value)
	if f.known && t.holds(f.value) {
		f.status = Pass
	}
	return f
}

// judgeMaximum judges a percentile of too few samples by their maximum.
func (t Threshold) judgeMaximum(maxMS float64) Status {
	upper := strings.HasPrefix(t.op, "<")
	switch {
	case upper && t.holds(maxMS):
		return Pass
	case !upper && !t.holds(maxMS):
		return Fail
	default:
		return TooFew
	}
}

// statistic is the value that is compared, in milliseconds; NaN if unknown.
func (t Threshold) statistic(q Quantity) float64 {
	switch {
	case t.stat == "mean":
		return q.MeanMS
	case t.stat == "max":
		return q.MaxMS
	case q.PercentileMS == nil:
		return math.NaN()
	default:
		return q.PercentileMS(t.percentile)
	}
}

// holds compares a value with the limit.
func (t Threshold) holds(value float64) bool {
	switch t.op {
	case "<":
		return value < t.limit
	case "<=":
		return value <= t.limit
	case "==":
		return value == t.limit
	case "!=":
		return value != t.limit
	case ">=":
		return value >= t.limit
	case ">":
		return value > t.limit
	default:
		return false
	}
}

// worse orders outcomes: no data, failed, too few, passed, and among those alike the
// value that is further on the wrong side.
func (t Threshold) worse(a, b finding) bool {
	severity := map[Status]int{Pass: 0, TooFew: 1, Fail: 2}
	if c := cmp.Compare(severity[a.status], severity[b.status]); c != 0 {
		return c > 0
	}
	if a.known != b.known {
		return !a.known
	}
	switch t.op {
	case "<", "<=":
		return a.value > b.value
	case ">", ">=":
		return a.value < b.value
	case "==":
		return math.Abs(a.value-t.limit) > math.Abs(b.value-t.limit)
	default:
		return math.Abs(a.value-t.limit) < math.Abs(b.value-t.limit)
	}
}

// format writes a measured value with its unit, to four significant figures
// unless it is a count.
func (k kind) format(value float64) string {
	switch k {
	case span:
		if math.Abs(value) > float64(math.MaxInt64/time.Millisecond) {
			return figures(value) + "ms"
		}
		return unit.FormatDuration(roundDuration(value))
	case share:
		return figures(value*100) + "%"
	case rate:
		return figures(value) + "/s"
	case bytes:
		return formatBytes(value)
	default:
		return strconv.FormatFloat(value, 'f', -1, 64)
	}
}

// roundDuration keeps four significant figures of a number of milliseconds,
// down to the nanosecond.
func roundDuration(ms float64) time.Duration {
	d := time.Duration(ms * float64(time.Millisecond))
	step := time.Duration(1)
	for d/step >= 10_000 || d/step <= -10_000 {
		step *= 10
	}
	return d.Round(step)
}

// formatBytes writes bytes in the largest binary unit that leaves 1 or more.
func formatBytes(value float64) string {
	for _, u := range []string{"B", "KiB", "MiB"} {
		if math.Abs(value) < 1024 {
			return figures(value) + u
		}
		value /= 1024
	}
	return figures(value) + "GiB"
}

// figures writes four significant figures without an exponent.
func figures(value float64) string {
	rounded, err := strconv.ParseFloat(strconv.FormatFloat(value, 'g', 4, 64), 64)
	if err != nil {
		rounded = value
	}
	return strconv.FormatFloat(rounded, 'f', -1, 64)
}
