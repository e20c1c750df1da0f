package results

import (
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// decodedInterval holds an interval's histograms, row by row.
type decodedInterval struct {
	operations, watches []map[string]buckets
	endpoints           [][]buckets // of each operation
	lag, wake, links    []buckets
}

// decodeInterval decodes all histograms of an interval; it reports false where one is corrupt.
func decodeInterval(in *Interval) (decodedInterval, bool) {
	var d decodedInterval
	for _, row := range in.Operations {
		q, ok := decodeAll(row.Quantities)
		if !ok {
			return d, false
		}
		parts, ok := decodeParts(row.Endpoints)
		if !ok {
			return d, false
		}
		d.operations, d.endpoints = append(d.operations, q), append(d.endpoints, parts)
	}
	for _, row := range in.Watches {
		q, ok := decodeAll(row.Quantities)
		if !ok {
			return d, false
		}
		d.watches = append(d.watches, q)
	}
	for _, row := range in.Lag {
		h, err := row.Lag.buckets()
		if err != nil {
			return d, false
		}
		d.lag = append(d.lag, h)
	}
	for _, row := range in.Wake {
		h, err := row.Wake.buckets()
		if err != nil {
			return d, false
		}
		d.wake = append(d.wake, h)
	}
	for _, row := range in.Links {
		h, err := row.RTT.buckets()
		if err != nil {
			return d, false
		}
		d.links = append(d.links, h)
	}
	return d, true
}

// decodeParts decodes the histograms by endpoint; some parts have none.
func decodeParts(parts []EndpointInterval) ([]buckets, bool) {
	var decoded []buckets
	for _, part := range parts {
		var h buckets
		if part.Service != "" {
			var err error
			if h, err = part.Service.buckets(); err != nil {
				return nil, false
			}
		}
		decoded = append(decoded, h)
	}
	return decoded, true
}

func decodeAll(encoded map[string]Histogram) (map[string]buckets, bool) {
	decoded := make(map[string]buckets, len(encoded))
	for name, e := range encoded {
		h, err := e.buckets()
		if err != nil {
			return nil, false
		}
		decoded[name] = h
	}
	return decoded, true
}

// merge adds from to into, which is made on first use. What is read is of the
// common range, in which every value has its place.
func merge(into *hdr.Histogram, from buckets) *hdr.Histogram {
	if into == nil {
		into = NewHistogram(from.figures)
	}
	_ = from.mergeInto(into)
	return into
}

// tail summarises a histogram of microseconds in milliseconds.
func tail(b buckets) Tail {
	if b.total == 0 {
		return Tail{}
	}
	return Tail{Count: b.total, P50: float64(b.at(50)) / 1000, P99: float64(b.at(99)) / 1000, Max: float64(b.max()) / 1000}
}

// momentTail gathers one operation's rows of one interval: usually one, two where a phase ends in it.
type momentTail struct {
	row                           OperationMoment
	response, service, firstChunk buckets
}

// add returns t, made on first use, with a row added.
func (t *momentTail) add(row OperationInterval, quantities map[string]buckets) *momentTail {
	if t == nil {
		t = &momentTail{row: OperationMoment{Workload: row.Workload, Operation: row.Operation, Chain: row.Chain}}
	}
	t.row.Counts = t.row.Counts.Add(row.Counts)
	t.row.Expiry = t.row.Expiry || row.Quantities[ExpiryLateness] != ""
	t.response = t.response.with(quantities[Response])
	t.service = t.service.with(quantities[Service])
	t.firstChunk = t.firstChunk.with(quantities[FirstChunk])
	return t
}

// watchTail gathers one watch workload's rows of one interval.
type watchTail struct {
	row      WatchMoment
	delivery buckets
}

// add returns t, made on first use, with a row added.
func (t *watchTail) add(row WatchInterval, delivery buckets) *watchTail {
	if t == nil {
		t = &watchTail{row: WatchMoment{Workload: row.Workload}}
	}
	t.row.Delivered += row.Delivered
	t.delivery = t.delivery.with(delivery)
	return t
}

func (t *watchTail) moment() WatchMoment {
	t.row.Delivery, t.row.Spread = tail(t.delivery), t.delivery.spread()
	return t.row
}

func (t *momentTail) moment() OperationMoment {
	t.row.Response, t.row.Service, t.row.FirstChunk = tail(t.response), tail(t.service), tail(t.firstChunk)
	t.row.Spread = t.response.spread()
	return t.row
}

func rowKey(workload, operation string) string { return workload + "\x00" + operation }

// Glance is the short of an interval for a live display: how many operations
// were done, chains not included, and the 99th percentile of the response over
// all of them, 0 where there was none. A histogram that cannot be read is passed over.
func Glance(in *Interval) (done int64, p99 time.Duration) {
	all := NewHistogram(LagFigures)
	for _, row := range in.Operations {
		b, err := row.Quantities[Response].buckets()
		if err != nil || row.Chain {
			continue
		}
		done += b.total
		merge(all, b)
	}
	if all.TotalCount() > 0 {
		p99 = time.Duration(all.ValueAtPercentile(99)) * time.Microsecond
	}
	return done, p99
}
