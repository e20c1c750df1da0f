package scenarios

import (
	"strconv"
	"time"

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
	// Rate is 0 for Closed and for a profile of Steps or Times.
	Rate Rate
	// Profile is how the rate changes; the zero value for Closed.
	Profile Profile
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
	if _, ok := t.values["arrival"].(map[string]any); !ok { // not t.sub: a rate alone is a common mistake, and is told what to write
		t.take("arrival")
		t.fault("arrival", "must be a table, not %s; write %s", describe(t.values["arrival"]), example)
		return Arrival{}
	}
	a := t.sub("arrival")
	defer a.unknown()
	process := Process(a.choice("process", []string{string(Constant), string(Poisson), string(Closed)}))
	if process == Closed {
		return readClosed(a)
	}
	for _, key := range []string{"clients", "think", "max_rate"} {
		a.refuse(key, `belongs to process = "closed"; a %s process has a rate`, process)
	}
	arrival := Arrival{Process: process}
	a.take("rate")
	arrival.Profile = readProfile(a)
	switch shape := arrival.Profile.Shape; {
	case shape == Steps:
		a.refuse("rate", "does not belong to steps, which have their own rates")
	case shape == Times:
		a.refuse("rate", "does not belong to times, which say when arrivals come")
		if process == Poisson {
			a.fault("process", `= "poisson" does not belong to times, which say when arrivals come; leave it out`)
		}
	case a.require("rate", `rate = "5/s"`):
		arrival.Rate = a.rate("rate")
	}
	return arrival
}

// readClosed reads what a closed loop has.
func readClosed(a *table) Arrival {
	a.refuse("rate", `does not belong to process = "closed", whose rate etcd decides; max_rate bounds it`)
	for _, shape := range shapes() {
		a.refuse(string(shape.key), `does not belong to process = "closed", whose rate etcd decides`)
	}
	arrival := Arrival{Process: Closed}
	a.take("clients")
	if a.require("clients", "clients = 10") {
		arrival.Clients = a.integer("clients", 1, 1, 10_000)
	}
	arrival.Think = a.duration("think", 0, 0, time.Hour)
	arrival.MaxRate = a.rate("max_rate")
	return arrival
}

func (a Arrival) encode(s *section) { s.inline("arrival", a.pairs()...) }

// pairs are what belongs to the process, as a file has it.
func (a Arrival) pairs() []pair {
	pairs := []pair{{"process", quote(string(a.Process))}}
	if a.Process != Closed {
		if a.Rate > 0 {
			pairs = append(pairs, pair{"rate", quote(a.Rate.String())})
		}
		return append(pairs, a.Profile.encode()...)
	}
	pairs = append(pairs, pair{"clients", strconv.Itoa(a.Clients)}, pair{"think", quote(unit.FormatDuration(a.Think))})
	if a.MaxRate > 0 {
		pairs = append(pairs, pair{"max_rate", quote(a.MaxRate.String())})
	}
	return pairs
}
