package runner

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// againstStub runs the puts against a stub, all of which count, and returns
// their row and the stub's own report.
func againstStub(tb testing.TB, how string, sets ...string) (results.OperationRecord, stubReport) {
	tb.Helper()
	url, stop := startStampingStub(tb, how)
	run, _ := runJob(tb, jobOf(tb, puts, fmt.Sprintf("endpoints = [%q]", url), append([]string{"phases.warmup=0s"}, sets...)...))
	report := stop()
	slices.Sort(report.Arrived) // they are kept in the order of their ends
	return operationOf(tb, run, "puts", "put"), report
}

// beyond is by how many microseconds a percentile of the service is above the stub's own.
func beyond(put results.OperationRecord, percentile float64, stub int64) int64 {
	return put.Quantities[results.Service].ValueAtPercentile(percentile) - stub
}

// What a server takes is what is measured: here with room for a busy machine,
// in TestAccuracyKnownLatency without.
func TestKnownLatency(t *testing.T) {
	put, stub := againstStub(t, fixed20, "phases.measure=4s", "workload.puts.arrival.rate=100/s")
	if put.Succeeded != 400 || len(stub.Arrived) != 400 {
		t.Errorf("%d puts succeeded, %d came", put.Succeeded, len(stub.Arrived))
	}
	if by := beyond(put, 50, stub.P50); by < -200 || float64(by) > 3*(0.01*float64(stub.P50)+150) {
		t.Errorf("service p50 is %d µs beyond the stub's own %d µs", by, stub.P50)
	}
}

// What the schedule says is what the server sees: as many, and as often.
func TestScheduleAtTheServer(t *testing.T) {
	put, stub := againstStub(t, atOnce, "phases.measure=4s", "workload.puts.arrival.rate=200/s")
	if put.Intended != 800 || len(stub.Arrived) != 800 {
		t.Fatalf("200/s for 4 s: %d intended, %d came", put.Intended, len(stub.Arrived))
	}
	if rate := rateOf(stub.Arrived); math.Abs(rate/200-1) > 0.003*3 {
		t.Errorf("the server saw %.2f/s, want 200/s", rate)
	}
}

// rateOf is how many came a second, the ends of the series being arrivals themselves.
func rateOf(arrived []int64) float64 {
	n := len(arrived)
	return float64(n-1) / (float64(arrived[n-1]-arrived[0]) / 1e6)
}
