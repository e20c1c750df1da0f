package results

import (
	"cmp"
	"time"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// decodedInterval holds an interval's histograms, row by row.
type decodedInterval struct {
	operations, watches []map[string]*hdr.PackedHistogram
	lag, wake           []*hdr.PackedHistogram
}

// decodeInterval decodes all histograms of an interval; it reports false where one is corrupt.
func decodeInterval(in *Interval) (decodedInterval, bool) {
	var d decodedInterval
	for _, row := range in.Operations {
		q, ok := decodeAll(row.Quantities)
		if !ok {
			return d, false
		}
		d.operations = append(d.operations, q)
	}
	for _, row := range in.Watches {
		q, ok := decodeAll(row.Quantities)
		if !ok {
			return d, false
		}
		d.watches = append(d.watches, q)
	}
	for _, row := range in.Lag {
		h, err := row.Lag.Decode()
		if err != nil {
			return d, false
		}
		d.lag = append(d.lag, h)
	}
	for _, row := range in.Wake {
		h, err := row.Wake.Decode()
		if err != nil {
			return d, false
		}
		d.wake = append(d.wake, h)
	}
	return d, true
}

func decodeAll(encoded map[string]Histogram) (map[string]*hdr.PackedHistogram, bool) {
	decoded := make(map[string]*hdr.PackedHistogram, len(encoded))
	for name, e := range encoded {
		h, err := e.Decode()
		if err != nil {
			return nil, false
		}
		decoded[name] = h
	}
	return decoded, true
}

// merge adds from to into, which is made on first use.
func merge(into *hdr.Histogram, from *hdr.PackedHistogram) *hdr.Histogram {
	if into == nil {
		into = NewHistogram(int(from.SignificantFigures()))
	}
	from.MergeInto(into)
	return into
}

// tail summarises a histogram of microseconds in milliseconds.
func tail(h *hdr.PackedHistogram) Tail {
	if h == nil || h.TotalCount() == 0 {
		return Tail{}
	}
	v := h.ValueAtPercentilesSlice([]float64{50, 99})
	m := h.Max()
	return Tail{Count: h.TotalCount(), P50: float64(min(v[0], m)) / 1000, P99: float64(min(v[1], m)) / 1000, Max: float64(m) / 1000}
}

// momentTail gathers one operation's rows of one interval: usually one, two where a phase ends in it.
type momentTail struct {
	row               OperationMoment
	response, service *hdr.PackedHistogram
}

// add returns t, made on first use, with a row added.
func (t *momentTail) add(row OperationInterval, quantities map[string]*hdr.PackedHistogram) *momentTail {
	if t == nil {
		t = &momentTail{row: OperationMoment{Workload: row.Workload, Operation: row.Operation, Chain: row.Chain}}
	}
	t.row.Counts = t.row.Counts.Add(row.Counts)
	t.response = together(t.response, quantities[Response])
	t.service = together(t.service, quantities[Service])
	return t
}

// watchTail gathers one watch workload's rows of one interval.
type watchTail struct {
	row      WatchMoment
	delivery *hdr.PackedHistogram
}

// add returns t, made on first use, with a row added.
func (t *watchTail) add(row WatchInterval, delivery *hdr.PackedHistogram) *watchTail {
	if t == nil {
		t = &watchTail{row: WatchMoment{Workload: row.Workload}}
	}
	t.row.Delivered += row.Delivered
	t.delivery = together(t.delivery, delivery)
	return t
}

func (t *watchTail) moment() WatchMoment {
	t.row.Delivery = tail(t.delivery)
	return t.row
}

// together is the sum of two histograms, each of which may be nil; neither is changed.
func together(a, b *hdr.PackedHistogram) *hdr.PackedHistogram {
	if a == nil || b == nil {
		return cmp.Or(a, b)
	}
	sum := a.Clone()
	sum.Merge(b)
	return sum
}

func (t *momentTail) moment() OperationMoment {
	t.row.Response, t.row.Service = tail(t.response), tail(t.service)
	return t.row
}

func rowKey(workload, operation string) string { return workload + "\x00" + operation }

// Glance is the short of an interval for a live display: how many operations
// were done, chains not included, and the 99th percentile of the response over
// all of them, 0 where there was none. A histogram that cannot be read is passed over.
func Glance(in *Interval) (done int64, p99 time.Duration) {
	all := NewHistogram(LagFigures)
	for _, row := range in.Operations {
		h, err := row.Quantities[Response].Decode()
		if err != nil || row.Chain {
			continue
		}
		done += h.TotalCount()
		h.MergeInto(all)
	}
	if all.TotalCount() > 0 {
		p99 = time.Duration(all.ValueAtPercentile(99)) * time.Microsecond
	}
	return done, p99
}
