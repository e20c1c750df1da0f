package runner

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// againstStub runs the puts against a stub, all of which count, and returns
// their row, the stub's own report, and the run.
func againstStub(tb testing.TB, how string, sets ...string) (results.OperationRecord, stubReport, *results.Run) {
	tb.Helper()
	url, stop := startStampingStub(tb, how)
	run, _ := runJob(tb, jobOf(tb, puts, fmt.Sprintf("endpoints = [%q]", url), append([]string{"phases.warmup=0s"}, sets...)...))
	report := stop()
	slices.Sort(report.Arrived) // they are kept in the order of their ends
	return operationOf(tb, run, "puts", "put"), report, run
}

// beyond is by how many microseconds a percentile of the service is above the stub's own.
func beyond(put results.OperationRecord, percentile float64, stub int64) int64 {
	return put.Quantities[results.Service].ValueAtPercentile(percentile) - stub
}

// tries is how often a bound of time may be missed before the instrument is at
// fault: a busy machine misses it now and then, a mistake each time.
const tries = 5

// What a server takes is what is measured: here with room for a busy machine,
// in TestAccuracyKnownLatency without.
func TestKnownLatency(t *testing.T) {
	notUnderRace(t)
	var missed []string
	for range tries {
		put, stub, _ := againstStub(t, fixed20, "phases.measure=2s", "workload.puts.arrival.rate=100/s")
		if put.Succeeded != 200 || len(stub.Arrived) != 200 {
			t.Fatalf("%d puts succeeded, %d came", put.Succeeded, len(stub.Arrived))
		}
		by := beyond(put, 50, stub.P50)
		if by >= -200 && float64(by) <= 3*(0.01*float64(stub.P50)+150) {
			return
		}
		missed = append(missed, fmt.Sprintf("%d µs beyond the stub's own %d µs", by, stub.P50))
	}
	t.Errorf("service p50 is %s", strings.Join(missed, ", "))
}

// What the schedule says is what the server sees: as many, and as often.
func TestScheduleAtTheServer(t *testing.T) {
	notUnderRace(t)
	var missed []string
	for range tries {
		put, stub, _ := againstStub(t, atOnce, "phases.measure=4s", "workload.puts.arrival.rate=200/s")
		if put.Intended != 800 || len(stub.Arrived) != 800 {
			t.Fatalf("200/s for 4 s: %d intended, %d came", put.Intended, len(stub.Arrived))
		}
		rate := rateOf(stub.Arrived)
		if math.Abs(rate/200-1) <= 0.001*3 {
			return
		}
		missed = append(missed, fmt.Sprintf("%.2f/s", rate))
	}
	t.Errorf("the server saw %s, want 200/s", strings.Join(missed, ", "))
}

// rateOf is how many came a second, the ends of the series being arrivals themselves.
func rateOf(arrived []int64) float64 {
	n := len(arrived)
	return float64(n-1) / (float64(arrived[n-1]-arrived[0]) / 1e6)
}
