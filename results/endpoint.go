package results

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// endpoint adds an operation's part at one endpoint.
func (l *loader) endpoint(of OperationInterval, part EndpointInterval, service buckets) {
	key := rowKey(of.Workload, of.Operation) + "\x00" + part.Endpoint
	e := l.endpoints[key]
	if e == nil {
		e = &EndpointRecord{Workload: of.Workload, Operation: of.Operation, Endpoint: part.Endpoint}
		l.endpoints[key] = e
	}
	e.Counts = e.Counts.Add(part.Counts)
	if part.Service != "" {
		e.Service = merge(e.Service, service)
	}
}

// finishEndpoints puts the rows by endpoint in order: within an operation as the header has the endpoints, then by name.
func (l *loader) finishEndpoints() {
	place := func(endpoint string) int {
		if i := slices.Index(l.run.Header.Configuration.Endpoints, endpoint); i >= 0 {
			return i
		}
		return math.MaxInt
	}
	for _, e := range l.endpoints {
		l.run.Endpoints = append(l.run.Endpoints, *e)
	}
	slices.SortFunc(l.run.Endpoints, func(a, b EndpointRecord) int {
		return cmp.Or(strings.Compare(a.Workload, b.Workload), strings.Compare(a.Operation, b.Operation),
			cmp.Compare(place(a.Endpoint), place(b.Endpoint)), strings.Compare(a.Endpoint, b.Endpoint))
	})
}
