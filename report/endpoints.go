package report

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/etcd-dyno/etcd-dyno/report/figure"
	"github.com/etcd-dyno/etcd-dyno/results"
)

// endpointsView is what is told by endpoint; empty where the target has one.
type endpointsView struct {
	Rows      []endpointRow
	Workloads []endpointTable
	// Pin is what the client was held to, empty where it was free; Moved tells that the leader changed.
	Pin   string
	Moved bool
}

// endpointRow is one endpoint over all operations.
type endpointRow struct {
	Name, Role, Requests, Share, Errors, Sent, Received string
	Failed                                              bool
}

// endpointTable is a workload's operations by endpoint.
type endpointTable struct {
	Workload   string
	Operations []endpointOperation
}

type endpointOperation struct {
	Name  string
	Parts []endpointPart
}

// endpointPart is an operation at one endpoint.
type endpointPart struct {
	Endpoint, Requests, Share, Errors, Codes string
	Failed                                   bool
	Service                                  []cell
}

func newEndpointsView(r results.Result, run *results.Run) endpointsView {
	v := endpointsView{Pin: r.Configuration.Pin}
	v.Moved = slices.ContainsFunc(run.Events, func(e results.Event) bool { return e.Kind == results.EventLeader })
	sums, all := map[string]results.Operation{}, results.Operation{}
	var order []string
	for _, g := range groups(r.Operations) {
		t := endpointTable{Workload: g.Workload}
		for _, o := range g.Operations {
			parts := g.Parts[o.Operation]
			if len(parts) == 0 {
				continue
			}
			t.Operations = append(t.Operations, newEndpointOperation(o, parts, r.Configuration))
			for _, p := range parts {
				if !slices.Contains(order, p.Endpoint) {
					order = append(order, p.Endpoint)
				}
				sums[p.Endpoint], all = plus(sums[p.Endpoint], p), plus(all, p)
			}
		}
		if len(t.Operations) > 0 {
			v.Workloads = append(v.Workloads, t)
		}
	}
	if len(order) == 0 {
		return v
	}
	for _, url := range inOrder(r.Configuration, order) {
		v.Rows = append(v.Rows, newEndpointRow(url, sums[url], all, r.Configuration))
	}
	return v
}

// inOrder is every endpoint of the target, those that nothing was sent to included, and then what else there is.
func inOrder(c results.ConfigurationRef, found []string) []string {
	all := slices.Clone(c.Endpoints)
	slices.Sort(found)
	for _, url := range found {
		if !slices.Contains(all, url) {
			all = append(all, url)
		}
	}
	return all
}

func newEndpointRow(url string, sum, all results.Operation, c results.ConfigurationRef) endpointRow {
	return endpointRow{
		Name: endpointName(c, url, true), Role: role(c, url), Requests: figure.Count(sum.Sent), Share: share(sum.Sent, all.Sent),
		Errors: figure.Count(sum.ErrorCount()), Failed: sum.ErrorCount() > 0,
		Sent: figure.Bytes(float64(sum.BytesSent)), Received: figure.Bytes(float64(sum.BytesReceived)),
	}
}

func newEndpointOperation(o results.Operation, parts []results.Operation, c results.ConfigurationRef) endpointOperation {
	row := endpointOperation{Name: o.Operation}
	for _, p := range parts {
		row.Parts = append(row.Parts, endpointPart{
			Endpoint: endpointName(c, p.Endpoint, false), Requests: figure.Count(p.Sent), Share: share(p.Sent, o.Sent),
			Errors: figure.Count(p.ErrorCount()), Codes: errorDetail(p), Failed: p.ErrorCount() > 0,
			Service: cells(p.Service, 50, 99, 100),
		})
	}
	return row
}

// plus adds an endpoint's row to a sum.
func plus(sum, o results.Operation) results.Operation {
	sum.Sent += o.Sent
	sum.BytesSent += o.BytesSent
	sum.BytesReceived += o.BytesReceived
	errors := map[string]int64{"": sum.ErrorCount() + o.ErrorCount()}
	sum.Errors = errors
	return sum
}

// endpointName is what a reader knows an endpoint by: the member's name where it
// is known, with the URL behind it in full, else the URL.
func endpointName(c results.ConfigurationRef, url string, full bool) string {
	i := slices.Index(c.Endpoints, url)
	if i < 0 || len(c.MemberNames) != len(c.Endpoints) || c.MemberNames[i] == "" {
		return url
	}
	name := c.MemberNames[i]
	if full {
		return name + " " + url
	}
	if url == c.Leader {
		name += " (leader)"
	}
	return name
}

// role is what the member behind an endpoint was when the run began; empty where that is not known.
func role(c results.ConfigurationRef, url string) string {
	switch {
	case c.Leader == "" || !slices.Contains(c.Endpoints, url):
		return ""
	case url == c.Leader:
		return "leader"
	default:
		return "follower"
	}
}

// share is a part of a whole in percent, to a tenth where it is below 10 %.
func share(part, whole int64) string {
	percent := 100 * float64(part) / float64(cmp.Or(whole, 1))
	digits := 0
	if part > 0 && percent < 10 {
		digits = 1
	}
	return strconv.FormatFloat(percent, 'f', digits, 64) + "%"
}
