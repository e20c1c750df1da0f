package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// threeEndpoints is a run on three members, one of which nothing was sent to,
// with an answer of an address that belongs to none.
func threeEndpoints(t *testing.T) Page {
	t.Helper()
	p := page(t, podChurn(6).journal(t))
	c := &p.Run.Header.Configuration
	c.Endpoints, c.MemberNames = []string{"http://10.0.0.1:2379", "http://10.0.0.2:2379", "http://10.0.0.3:2379"}, []string{"m1", "m2", "m3"}
	c.Leader = "http://10.0.0.2:2379"
	for _, e := range []results.EndpointRecord{
		{Endpoint: "http://10.0.0.1:2379", Counts: results.Counts{Sent: 20, Succeeded: 20}},
		{Endpoint: "http://10.0.0.2:2379", Counts: results.Counts{Sent: 9, Succeeded: 8, Errors: map[string]int64{"Unavailable": 1}}},
		{Endpoint: "10.0.0.9:2379", Counts: results.Counts{Sent: 1, Succeeded: 1}},
	} {
		e.Workload, e.Operation = "churn", "create"
		e.Service = results.NewHistogram(results.LagFigures)
		for range e.Sent {
			record(e.Service, 2)
		}
		p.Run.Endpoints = append(p.Run.Endpoints, e)
	}
	p.Result = results.Summarize(p.Run)
	return p
}

func TestByEndpoint(t *testing.T) {
	p := threeEndpoints(t)
	content := render(t, p)
	for _, want := range []string{
		`<th scope="row">m1 http://10.0.0.1:2379</th><td>follower</td><td class="num">20</td><td class="num">67%</td><td class="num">0</td>`,
		`<th scope="row">m2 http://10.0.0.2:2379</th><td>leader</td><td class="num">9</td><td class="num">30%</td><td class="num alarm">1</td>`,
		`<th scope="row">m3 http://10.0.0.3:2379</th><td>follower</td><td class="num">0</td><td class="num">0%</td>`,
		`<th scope="row">10.0.0.9:2379</th><td></td><td class="num">1</td><td class="num">3.3%</td>`,
		`<th scope="rowgroup" rowspan="3">create</th><td>m1</td><td class="num">20</td>`,
		`<td>m2 (leader)</td>`,
		`<small class="remark">Unavailable 1</small>`,
	} {
		if !strings.Contains(content, want) {
			t.Errorf("the report does not say %s", want)
		}
	}
}

// The rows by endpoint are told beside the others and change nothing of them.
func TestByEndpointBesideTheRest(t *testing.T) {
	p := threeEndpoints(t)
	var with, without bytes.Buffer
	if err := Table(&with, p.Result, Style{}); err != nil {
		t.Fatal(err)
	}
	p.Result.Operations = p.Result.Whole()
	if err := Table(&without, p.Result, Style{}); err != nil {
		t.Fatal(err)
	}
	if with.String() != without.String() {
		t.Errorf("the summary of a run with rows by endpoint is\n%s\nwant\n%s", with.String(), without.String())
	}
	if content := render(t, page(t, podChurn(2).journal(t))); strings.Contains(content, "By endpoint") {
		t.Error("a run on one endpoint is told by endpoint")
	}
	p.Result.Configuration.Pin = "followers"
	if got := target(p.Result.Configuration); !strings.HasSuffix(got, ", requests to followers only") {
		t.Errorf("the target is told as %q", got)
	}
}
