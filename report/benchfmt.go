package report

import (
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/perf/benchfmt"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// rateUnit is how many operations succeeded or conflicted in a second.
const rateUnit = "op/s"

// BenchFormat writes a run in the format of Go's benchmarks, for benchstat: a line for
// each operation with its achieved rate, and one for each of its quantities, in seconds.
// What differs in a configuration line is not compared by benchstat unless it is told
// to; whether the run is valid is one of them. A percentile with too few samples is left
// out, and so is delivery_from_ack, which may be 0, since of that there is no ratio.
func BenchFormat(w io.Writer, r results.Result) error {
	out := benchfmt.NewWriter(w)
	records := append(benchUnits(), benchResults(r)...)
	for _, each := range records {
		if err := out.Write(each); err != nil {
			return fmt.Errorf("writing the benchmark format: %w", err)
		}
	}
	return nil
}

// benchStatistics are the units of durations, by what they are of.
func benchStatistics(d results.Distribution) []benchfmt.Value {
	var all []benchfmt.Value
	for _, s := range []struct {
		unit   string
		millis *float64
	}{
		{"mean-sec", d.Mean},
		{"p50-sec", d.P50},
		{"p90-sec", d.P90},
		{"p95-sec", d.P95},
		{"p99-sec", d.P99},
		{"p99.9-sec", d.P99_9},
		{"p99.99-sec", d.P99_99},
		{"max-sec", d.Max},
	} {
		if s.millis != nil {
			all = append(all, benchfmt.Value{Value: math.Round(*s.millis*1e6) / 1e9, Unit: s.unit})
		}
	}
	return all
}

// benchUnits say which way each unit is better.
func benchUnits() (all []benchfmt.Record) {
	one := 1.0
	better := func(unit, way string) {
		all = append(all, &benchfmt.UnitMetadata{UnitMetadataKey: benchfmt.UnitMetadataKey{Unit: unit, Key: "better"}, OrigUnit: unit, Value: way})
	}
	better(rateUnit, "higher")
	for _, v := range benchStatistics(results.Distribution{Mean: &one, P50: &one, P90: &one, P95: &one, P99: &one, P99_9: &one, P99_99: &one, Max: &one}) {
		better(v.Unit, "lower")
	}
	return all
}

func benchResults(r results.Result) (all []benchfmt.Record) {
	config := benchConfig(r)
	add := func(values []benchfmt.Value, parts ...string) {
		if len(values) > 0 {
			all = append(all, &benchfmt.Result{Config: config, Name: benchName(r.Environment.CPUs, parts), Iters: 1, Values: values})
		}
	}
	for _, g := range groups(r.Operations) {
		for _, o := range g.Operations {
			add([]benchfmt.Value{{Value: o.AchievedRate, Unit: rateUnit}}, o.Workload, o.Operation)
			for _, q := range quantitiesOf(o) {
				add(benchStatistics(q.of), o.Workload, o.Operation, q.name)
			}
		}
	}
	for _, each := range r.Watches {
		for _, q := range quantitiesOfWatch(each) {
			if q.name != results.DeliveryFromAck {
				add(benchStatistics(q.of), each.Workload, q.name)
			}
		}
	}
	return all
}

// benchConfig are the lines that say what was measured.
func benchConfig(r results.Result) (all []benchfmt.Config) {
	system, architecture, _ := strings.Cut(r.Environment.OS, "/")
	for _, f := range []fact{
		{"goos", system},
		{"goarch", architecture},
		{"cpu", r.Environment.CPUModel},
		{"etcd", r.Configuration.EtcdVersion},
		{"scenario", r.Scenario.Name},
		{"configuration", r.Configuration.Name},
		{"valid", strconv.FormatBool(r.Valid)},
		{"complete", strconv.FormatBool(r.Complete)},
	} {
		if f.Value != "" {
			all = append(all, benchfmt.Config{Key: f.Name, Value: []byte(printable(f.Value)), File: true})
		}
	}
	return all
}

// benchName is a benchmark's name behind "Benchmark": its parts, the first with a capital, and the processors.
func benchName(cpus int, parts []string) benchfmt.Name {
	var name []byte
	for i, part := range parts {
		part = withoutSigns(part, "/%")
		if i == 0 {
			first, size := utf8.DecodeRuneInString(part)
			part = string(unicode.ToUpper(first)) + part[size:]
		} else {
			name = append(name, '/')
		}
		name = append(name, part...)
	}
	return fmt.Appendf(name, "-%d", max(cpus, 1))
}
