package scenarios

import (
	"strconv"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/nearest"
	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

// Process is how the gaps between arrivals are made.
type Process string

// The arrival processes. Constant has equal gaps of 1/rate; Poisson has
// independent gaps that are exponentially distributed with mean 1/rate. Closed
// has clients that each start a chain when their last one has ended: a slow etcd
// then lowers the rate instead of raising the latencies, which is what most load
// tools do and call a benchmark.
const (
	Constant Process = "constant"
	Poisson  Process = "poisson"
	Closed   Process = "closed"
)

// Arrival says when a workload's chains start.
type Arrival struct {
	Process Process
	// Rate is 0 for Closed.
	Rate Rate
	// Clients is between 1 and 10,000 for Closed and 0 otherwise.
	Clients int
	// Think is how long a client waits after a chain before it starts the next;
	// none by default, at most an hour.
	Think time.Duration
	// MaxRate bounds the chains that all clients together start; 0 is no bound.
	MaxRate Rate
}

// readArrival reads { process = "poisson", rate = "5/s" } or { process = "closed", clients = 10 }.
func readArrival(t *table) Arrival {
	const example = `arrival = { process = "constant", rate = "5/s" }`
	if !t.has("arrival") {
		t.take("arrival")
		t.faultHere("arrival is missing; write %s", example)
		return Arrival{}
	}
	if _, ok := t.values["arrival"].(map[string]any); !ok {
		t.take("arrival")
		t.fault("arrival", "must be a table, not %s; write %s", describe(t.values["arrival"]), example)
		return Arrival{}
	}
	a := t.sub("arrival")
	defer a.unknown()
	process := Process(a.text("process", string(Constant)))
	switch process {
	case Closed:
		return readClosed(a)
	case Constant, Poisson:
	default:
		hint := nearest.Hint(string(process), []string{string(Constant), string(Poisson), string(Closed)})
		a.fault("process", `= %q is unknown%s; write "constant", "poisson" or "closed"`, shorten(string(process)), hint)
	}
	for _, key := range []string{"clients", "think", "max_rate"} {
		a.refuse(key, `belongs to process = "closed"; a %s process has a rate`, process)
	}
	arrival := Arrival{Process: process}
	a.take("rate")
	if a.require("rate", `rate = "5/s"`) {
		arrival.Rate = a.rate("rate")
	}
	return arrival
}

// readClosed reads what a closed loop has.
func readClosed(a *table) Arrival {
	a.refuse("rate", `does not belong to process = "closed", whose rate etcd decides; max_rate bounds it`)
	arrival := Arrival{Process: Closed}
	a.take("clients")
	if a.require("clients", "clients = 10") {
		arrival.Clients = a.integer("clients", 1, 1, 10_000)
	}
	arrival.Think = a.duration("think", 0, 0, time.Hour)
	if a.take("max_rate"); a.has("max_rate") {
		arrival.MaxRate = a.rate("max_rate")
	}
	return arrival
}

// encode writes what belongs to the process.
func (a Arrival) encode(s *section) {
	pairs := []pair{{"process", quote(string(a.Process))}}
	if a.Process != Closed {
		s.inline("arrival", append(pairs, pair{"rate", quote(a.Rate.String())})...)
		return
	}
	pairs = append(pairs, pair{"clients", strconv.Itoa(a.Clients)}, pair{"think", quote(unit.FormatDuration(a.Think))})
	if a.MaxRate > 0 {
		pairs = append(pairs, pair{"max_rate", quote(a.MaxRate.String())})
	}
	s.inline("arrival", pairs...)
}
