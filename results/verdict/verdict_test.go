package verdict

import (
	"strings"
	"testing"

	hdr "github.com/HdrHistogram/hdrhistogram-go"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// micros is a histogram of n values from first on, in equal steps.
func micros(t *testing.T, n, first, step int64) *hdr.Histogram {
	t.Helper()
	h := results.NewHistogram(results.Figures)
	for i := range n {
		if err := h.RecordValue(first + i*step); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func runOf(operations ...results.OperationRecord) *results.Run {
	return &results.Run{
		Header: results.Header{Schema: results.JournalSchema}, Operations: operations,
		Phases: []results.PhaseSpan{{Name: results.PhaseMeasure, EndMS: 10_000}}, Ended: &results.End{Complete: true},
	}
}

func record(response, turnaround *hdr.Histogram) results.OperationRecord {
	n := response.TotalCount()
	return results.OperationRecord{
		Workload: "w", Operation: "o", Counts: results.Counts{Intended: n, Sent: n, Succeeded: n, Achieved: n},
		Quantities: map[string]*hdr.Histogram{results.Response: response, results.Turnaround: turnaround, results.Service: turnaround},
	}
}

// The generator may add a tenth of a percentile or a millisecond, whichever is
// more; a percentile that is not told makes nothing invalid.
func TestValidity(t *testing.T) {
	for _, tc := range []struct {
		name                 string
		n                    int64
		response, turnaround int64 // of the first value, in µs
		reason               string
	}{
		{"nothing added", 1000, 5000, 5000, ""},
		{"just under a millisecond", 1000, 5000, 4050, ""},
		{"above a millisecond and a tenth", 1000, 5000, 3800, "p50 1.2 of 5.5 ms"},
		{"ten milliseconds of two hundred", 1000, 200_000, 190_000, ""},
		{"thirty milliseconds of two hundred", 1000, 200_000, 170_000, "p50 30.0 of 200.6 ms"},
		{"too few samples for any percentile", 19, 200_000, 100_000, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			reasons := Validity(runOf(record(micros(t, tc.n, tc.response, 1), micros(t, tc.n, tc.turnaround, 1))))
			if tc.reason == "" && len(reasons) > 0 || tc.reason != "" && (len(reasons) != 1 || !strings.Contains(reasons[0], tc.reason)) {
				t.Errorf("reasons %q, want one with %q", reasons, tc.reason)
			}
		})
	}
}

// A generator that notices replies late spoils the percentiles that it is late
// at, unless they are large beside it or there are too few probes to tell.
func TestWakefulness(t *testing.T) {
	for _, tc := range []struct {
		name               string
		response, wake     int64 // of the first value, in µs
		operations, probes int64
		reason             string
	}{
		{"prompt", 5000, 40, 100, 100, ""},
		{"just under a millisecond", 5000, 400, 100, 100, ""},
		{"above a millisecond and a tenth", 5000, 1500, 100, 100, "p50 1.5 ms beside a response of 5.1 ms"},
		{"late beside a slow etcd", 200_000, 15_000, 100, 100, ""},
		{"too few probes", 5000, 50_000, 1000, 19, ""},
		{"too few operations", 5000, 50_000, 19, 1000, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			response := micros(t, tc.operations, tc.response, 1)
			run := runOf(record(response, response))
			run.Wake = micros(t, tc.probes, tc.wake, 1)
			reasons := Validity(run)
			if tc.reason == "" && len(reasons) > 0 || tc.reason != "" && (len(reasons) != 1 || !strings.Contains(reasons[0], tc.reason)) {
				t.Errorf("reasons %q, want one with %q", reasons, tc.reason)
			}
		})
	}
}

// An etcd that is slow makes response and turnaround grow alike: that is its own fault.
func TestSlowServerIsValid(t *testing.T) {
	slow := micros(t, 100_000, 1_000_000, 20)
	if reasons := Validity(runOf(record(slow, slow))); len(reasons) > 0 {
		t.Errorf("reasons %q", reasons)
	}
}

func TestNothingRecorded(t *testing.T) {
	for _, tc := range []struct {
		name string
		run  *results.Run
		want string
	}{
		{"in the measure phase", runOf(), "nothing was recorded"},
		{"before it", &results.Run{}, "did not come to its measure phase"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if r := Judge(tc.run); r.Valid || len(r.InvalidReasons) != 1 || !strings.Contains(r.InvalidReasons[0], tc.want) {
				t.Errorf("valid %v, %q", r.Valid, r.InvalidReasons)
			}
		})
	}
}

func TestWatchCheck(t *testing.T) {
	for _, tc := range []struct {
		name   string
		watch  results.WatchInterval
		status results.Status
	}{
		{"all came", results.WatchInterval{Workload: "w", Expected: 5, Delivered: 5, Sealed: true}, results.Pass},
		{"one is missing", results.WatchInterval{Workload: "w", Expected: 5, Delivered: 4, Missing: 1, Sealed: true}, results.Fail},
		{"not sealed", results.WatchInterval{Workload: "w", Expected: 5, Delivered: 4}, results.Skipped},
	} {
		t.Run(tc.name, func(t *testing.T) {
			run := runOf(record(micros(t, 100, 1000, 1), micros(t, 100, 1000, 1)))
			run.Watches = []results.WatchRecord{{WatchInterval: tc.watch}}
			if r := Judge(run); len(r.Checks) != 1 || r.Checks[0].Status != tc.status {
				t.Errorf("checks %+v, want %s", r.Checks, tc.status)
			}
		})
	}
}

func TestThresholds(t *testing.T) {
	run := runOf(record(micros(t, 1000, 1000, 1), micros(t, 1000, 1000, 1)))
	// What is told by endpoint is of no account to thresholds: it is in the whole.
	run.Endpoints = []results.EndpointRecord{{Workload: "w", Operation: "o", Endpoint: "http://a:2379", Counts: results.Counts{Errors: map[string]int64{"Unavailable": 3}}, Service: micros(t, 1000, 5000, 1)}}
	run.Watches = []results.WatchRecord{{WatchInterval: results.WatchInterval{Workload: "v", Expected: 5}}}
	for _, tc := range []struct {
		check  string
		status results.Status
		value  string
	}{
		{"w.o.response.p99 < 2ms", results.Pass, "1.989ms"},
		{"w.o.response.p99 < 1ms", results.Fail, "1.989ms"},
		{"w.*.errors == 0", results.Pass, "0"},
		{"w.*.service.max < 3ms", results.Pass, ""},
		{"w.o.achieved_rate >= 100/s", results.Pass, "100/s"},
		{"v.missing == 0", results.Fail, "no data"}, // the watch was never sealed
		{"other.o.errors == 0", results.Fail, "no data"},
		{"rubbish", results.Fail, ""},
	} {
		t.Run(tc.check, func(t *testing.T) {
			run.Header.Thresholds = []string{tc.check}
			r := Judge(run)
			if len(r.Thresholds) != 1 || r.Thresholds[0].Status != tc.status || !strings.Contains(r.Thresholds[0].Value, tc.value) {
				t.Errorf("%+v, want %s with %q", r.Thresholds, tc.status, tc.value)
			}
			if Breached(r, false) != (tc.status == results.Fail) {
				t.Errorf("breached: %v", Breached(r, false))
			}
		})
	}
}
