package report

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Perfdash draws what it is told only where all items have the same labels, a series has one item
// and one unit, and each figure is that of result.json.
func TestPerfdash(t *testing.T) {
	const evil = "<b>\"\n\x00"
	p := streaming(t, 20)
	p.Result.Operations[0].Workload = evil
	read := readPerfdash(t, p.Result)
	if read.Version != "v1" || read.Labels["Run"] != p.Result.ID || read.Labels["Etcd"] != "3.7.3" {
		t.Errorf("%s %v", read.Version, read.Labels)
	}
	known := slices.Sorted(maps.Keys(read.Items[0].Labels))
	found := map[string]perfItem{}
	for _, item := range read.Items {
		if names := slices.Sorted(maps.Keys(item.Labels)); !slices.Equal(names, known) {
			t.Errorf("labels %v, others have %v", names, known)
		}
		if item.Labels["Valid"] != "true" || item.Labels["Complete"] != "true" || item.Labels["Resource"] == "" || item.Labels["Operation"] == "" || len(item.Data) == 0 {
			t.Errorf("%+v", item)
		}
		name := strings.Join([]string{item.Labels["Workload"], item.Labels["Operation"], item.Labels["Resource"], item.Labels["Quantity"]}, ".")
		if _, twice := found[name]; twice {
			t.Errorf("%s comes twice", name)
		}
		found[name] = item
	}
	o := p.Result.Operations[0]
	prefix := o.Workload + "." + o.Operation + "." + o.Resource + "."
	if d, got := o.Response, found[prefix+"response"]; got.Unit != "ms" || !maps.Equal(got.Data, map[string]float64{"Perc50": *d.P50}) {
		t.Errorf("%+v, want %+v", got, d)
	}
	renew := p.Result.Operations[slices.IndexFunc(p.Result.Operations, func(o results.Operation) bool { return o.Operation == "renew-lease" })].Service
	want := map[string]float64{"Perc50": *renew.P50, "Perc90": *renew.P90, "Perc95": *renew.P95, "Perc99": *renew.P99}
	if diff := cmp.Diff(want, found["heartbeats.renew-lease.leases.service"].Data); diff != "" {
		t.Error(diff)
	}
	if got := found[prefix+"rate"]; got.Unit != rateUnit || got.Data["Achieved"] != o.AchievedRate || got.Data["Target"] != o.TargetRate {
		t.Errorf("%+v, want %v of %v", got, o.AchievedRate, o.TargetRate)
	}
	for _, name := range []string{"relist.stream.pods.first_chunk", "informers.not applicable.not applicable.delivery", "informers.not applicable.not applicable.delivery_from_ack"} {
		if found[name].Unit != "ms" {
			t.Errorf("there is no %s", name)
		}
	}
}

// A percentile with too few samples is no figure, and what was told of a run that is in doubt never lies in one line with others.
func TestPerfdashLeavesOut(t *testing.T) {
	r := results.Result{ID: "a", Operations: []results.Operation{
		{Workload: "w", Operation: "few", TargetRate: 1, Response: results.Distribution{Count: 30, P50: new(2.0)}},
	}}
	got := readPerfdash(t, r)
	if len(got.Items) != 2 {
		t.Fatalf("%+v", got.Items)
	}
	if diff := cmp.Diff(map[string]float64{"Perc50": 2}, got.Items[1].Data); diff != "" {
		t.Error(diff)
	}
	for _, item := range got.Items {
		if item.Labels["Valid"] != "false" || item.Labels["Complete"] != "false" {
			t.Errorf("%v", item.Labels)
		}
	}
	if got := readPerfdash(t, results.Result{}); got.Items == nil || len(got.Items) != 0 {
		t.Errorf("of nothing there is %+v", got.Items)
	}
}

// readPerfdash writes a run and reads it as perfdash does, but for what it would not know.
func readPerfdash(t *testing.T, r results.Result) (read perfData) {
	t.Helper()
	var out bytes.Buffer
	if err := Perfdash(&out, r); err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(&out)
	d.DisallowUnknownFields()
	if err := d.Decode(&read); err != nil {
		t.Fatal(err)
	}
	return read
}
