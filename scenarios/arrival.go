package scenarios

import "github.com/etcd-dyno/etcd-dyno/scenarios/nearest"

// Process is how the gaps between arrivals are made.
type Process string

// The arrival processes. Constant has equal gaps of 1/rate; Poisson has
// independent gaps that are exponentially distributed with mean 1/rate.
const (
	Constant Process = "constant"
	Poisson  Process = "poisson"
)

// Arrival says when a workload's chains start.
type Arrival struct {
	Process Process
	Rate    Rate
}

// readArrival reads { process = "poisson", rate = "5/s" }.
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
	arrival := Arrival{Process: Constant}
	switch process := a.text("process", string(Constant)); process {
	case string(Constant), string(Poisson):
		arrival.Process = Process(process)
	case "closed":
		a.fault("process", `= "closed" is not supported yet; write "constant" or "poisson" with a rate`)
		a.known = append(a.known, "clients", "max_rate", "rate")
		return arrival
	default:
		hint := nearest.Hint(process, []string{string(Constant), string(Poisson)})
		a.fault("process", `= %q is unknown%s; write "constant" or "poisson"`, shorten(process), hint)
	}
	a.refuse("clients", `belongs to process = "closed", which is not supported yet; write a rate`)
	a.refuse("max_rate", `belongs to process = "closed", which is not supported yet; write a rate`)
	a.take("rate")
	if a.require("rate", `rate = "5/s"`) {
		arrival.Rate = a.rate("rate")
	}
	return arrival
}
