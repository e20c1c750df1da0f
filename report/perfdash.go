package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// perfData is a file as Kubernetes' perf-tests publish it and their perfdash draws it.
type perfData struct {
	Version string     `json:"version"`
	Items   []perfItem `json:"dataItems"`
	// Labels are of the file; perfdash draws those of the items alone.
	Labels map[string]string `json:"labels"`
}

// perfItem is one line of a chart for each key of its data. Items of the same labels are
// one series over the builds, so that an item's labels say nothing that differs from run to run.
type perfItem struct {
	Data   map[string]float64 `json:"data"`
	Unit   string             `json:"unit"`
	Labels map[string]string  `json:"labels"`
}

// perfVersion is that of the format: perfdash takes no file of another than a job's first.
const perfVersion = "v1"

// perfNone is the value of a label that an item has not. All items have the same labels:
// perfdash offers each as a list to choose from, and never shows what lacks one.
const perfNone = "not applicable"

// Perfdash writes a run for Kubernetes' perfdash: an item for each quantity of each
// operation, chain and watch, in milliseconds, and one for each operation's rates. A
// percentile with too few samples is left out, and so is an item without any. A run
// that is not valid, or not complete, says so in labels, and so is never in one line with others.
func Perfdash(w io.Writer, r results.Result) error {
	d := perfData{Version: perfVersion, Items: []perfItem{}, Labels: map[string]string{
		"Run": r.ID, "Scenario": r.Scenario.Name, "Configuration": r.Configuration.Name, "Etcd": r.Configuration.EtcdVersion, "Machine": machineLine(r.Environment),
	}}
	add := func(data map[string]float64, unit, workload, operation, resource, quantity string) {
		if len(data) == 0 {
			return
		}
		d.Items = append(d.Items, perfItem{Data: data, Unit: unit, Labels: map[string]string{
			"Scenario": r.Scenario.Name, "Configuration": r.Configuration.Name, "Valid": strconv.FormatBool(r.Valid), "Complete": strconv.FormatBool(r.Complete),
			"Workload": workload, "Operation": operation, "Resource": cmp.Or(resource, perfNone), "Quantity": quantity,
		}})
	}
	for _, g := range groups(r.Operations) {
		for _, o := range g.Operations {
			add(map[string]float64{"Achieved": o.AchievedRate, "Target": o.TargetRate}, rateUnit, o.Workload, o.Operation, o.Resource, "rate")
			for _, q := range quantitiesOf(o) {
				add(perfPercentiles(q.of), "ms", o.Workload, o.Operation, o.Resource, q.name)
			}
		}
	}
	for _, each := range r.Watches {
		for _, q := range quantitiesOfWatch(each) {
			add(perfPercentiles(q.of), "ms", each.Workload, perfNone, "", q.name)
		}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(d); err != nil {
		return fmt.Errorf("writing perfdash's JSON: %w", err)
	}
	return nil
}

// perfPercentiles are those that are known, in milliseconds.
func perfPercentiles(d results.Distribution) map[string]float64 {
	all := map[string]float64{}
	for name, millis := range map[string]*float64{"Perc50": d.P50, "Perc90": d.P90, "Perc95": d.P95, "Perc99": d.P99} {
		if millis != nil {
			all[name] = *millis
		}
	}
	return all
}
