// Package threshold is the grammar of thresholds: it parses one, tells what it
// refers to, and evaluates it on numbers.
//
//	WORKLOAD.OPERATION.QUANTITY.STAT OP VALUE    churn.create.response.p95 < 1s
//	WORKLOAD.OPERATION.COUNTER OP VALUE          churn.*.errors == 0
//	WATCH.delivery.STAT OP VALUE                 informers.delivery.p99 < 100ms
//	WATCH.COUNTER OP VALUE                       informers.missing == 0
package threshold

// Threshold is one limit. The zero value is none; make one with Parse.
type Threshold struct {
	// text is what the user wrote.
	text string
}

// String returns the threshold as the user wrote it.
func (t Threshold) String() string { return t.text }
