package record

import (
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// Taken is what a recorder held at one Swap.
type Taken struct {
	recorder *Recorder
	series   []*Series
	// buffers are by series, then phase, then shard.
	buffers [][phases][]*buffer
	// exemplars are by series.
	exemplars [][]results.Exemplar
}

// Swap takes what was recorded since the last Swap. It holds each shard only
// for as long as it takes to exchange pointers.
func (r *Recorder) Swap() Taken {
	r.mu.Lock()
	series := slices.Clone(r.series)
	r.mu.Unlock()
	t := Taken{recorder: r, series: series, buffers: make([][phases][]*buffer, len(series)), exemplars: make([][]results.Exemplar, len(series))}
	for i, s := range series {
		for j := range s.cells {
			c := &s.cells[j]
			c.mu.Lock()
			taken := c.buffers
			c.buffers = [phases]*buffer{}
			c.mu.Unlock()
			for p, b := range taken {
				if b != nil {
					t.buffers[i][p] = append(t.buffers[i][p], b)
				}
			}
		}
		t.exemplars[i] = s.slowest.take()
		if len(t.exemplars[i]) > 0 && len(t.buffers[i][Measure]) == 0 {
			// It came between the shards' exchange and now: its count is in the next interval.
			t.buffers[i][Measure] = append(t.buffers[i][Measure], r.pool.buffer())
		}
	}
	return t
}

// Interval merges and encodes what was taken, as the journal's interval from
// start to end (offsets from the start of the run), and gives the buffers back.
// It is called once. The caller adds what the generator used.
func (t Taken) Interval(start, end time.Duration) (results.Interval, error) {
	in := results.Interval{StartMS: milliseconds(start), EndMS: milliseconds(end)}
	for i, s := range t.series {
		for p, buffers := range t.buffers[i] {
			if len(buffers) == 0 {
				continue
			}
			sum := buffers[0].merge(buffers[1:])
			err := s.row(&in, Phase(p).Name(), sum)
			if n := len(in.Operations); Phase(p) == Measure && len(t.exemplars[i]) > 0 && err == nil {
				in.Operations[n-1].Exemplars = t.exemplars[i]
			}
			for _, b := range buffers {
				t.recorder.pool.giveBack(b)
			}
			if err != nil {
				return in, err
			}
		}
	}
	return in, nil
}

// merge adds others to b.
func (b *buffer) merge(others []*buffer) *buffer {
	for _, o := range others {
		b.mergeParts(o)
		for i, n := range o.counts {
			b.counts[i] += n
		}
		for i, n := range o.errors {
			b.errors[i] += n
		}
		for i, h := range o.histograms {
			switch {
			case h == nil:
			case b.histograms[i] == nil:
				b.histograms[i], o.histograms[i] = h, nil
			default:
				b.histograms[i].Merge(h)
			}
		}
	}
	return b
}

// mergeParts adds another buffer's parts to b's, taking over those that b has none of.
func (b *buffer) mergeParts(o *buffer) {
	for i, part := range o.parts {
		for len(b.parts) <= i {
			b.parts = append(b.parts, nil)
		}
		switch {
		case part == nil:
		case b.parts[i] == nil:
			b.parts[i], o.parts[i] = part, nil
		default:
			b.parts[i].merge([]*buffer{part})
		}
	}
}

// row adds what a series did in one phase to the interval.
func (s *Series) row(in *results.Interval, phase results.PhaseName, b *buffer) error {
	encoded := map[string]results.Histogram{}
	for q, h := range b.histograms {
		if h == nil {
			continue
		}
		e, err := results.EncodeHistogram(h)
		if err != nil {
			return fmt.Errorf("%s of %s.%s: %w", Quantity(q).name(), s.workload, s.operation, err)
		}
		encoded[Quantity(q).name()] = e
	}
	switch s.kind {
	case operationSeries, chainSeries:
		parts, err := s.parts(b)
		if err != nil {
			return err
		}
		in.Operations = append(in.Operations, results.OperationInterval{
			Workload: s.workload, Operation: s.operation, Resource: s.resource, Chain: s.kind == chainSeries, Phase: phase,
			Counts: b.operationCounts(), Quantities: encoded, Endpoints: parts,
		})
	case watchSeries:
		in.Watches = append(in.Watches, results.WatchInterval{
			Workload: s.workload, Phase: phase, Watchers: s.watchers,
			Expected: b.counts[Expected], Delivered: b.counts[Delivered], Late: b.counts[Late], Missing: b.counts[Missing],
			Duplicated: b.counts[Duplicated], OutOfOrder: b.counts[OutOfOrder], Unmatched: b.counts[Unmatched], Replayed: b.counts[Replayed],
			Clamped:    b.counts[Clamped],
			Quantities: encoded,
		})
	case lagSeries:
		in.Lag = append(in.Lag, results.LagInterval{Workload: s.workload, Phase: phase, Lag: encoded[results.Lag], Clamped: b.counts[Clamped]})
	case wakeSeries:
		in.Wake = append(in.Wake, results.WakeInterval{Phase: phase, Wake: encoded[results.Wake]})
	case linkSeries:
		in.Links = append(in.Links, results.LinkInterval{From: s.workload, To: s.operation, Phase: phase, RTT: encoded[results.RTT]})
	}
	return nil
}

// parts are what an operation did at each endpoint.
func (s *Series) parts(b *buffer) (rows []results.EndpointInterval, err error) {
	for i, part := range b.parts {
		if part == nil {
			continue
		}
		row := results.EndpointInterval{Endpoint: s.endpoints.name(i), Counts: part.operationCounts()}
		if h := part.histograms[partService]; h != nil {
			if row.Service, err = results.EncodeHistogram(h); err != nil {
				return nil, fmt.Errorf("%s of %s.%s at %s: %w", results.Service, s.workload, s.operation, row.Endpoint, err)
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func (b *buffer) operationCounts() results.Counts {
	c := results.Counts{
		Intended: b.counts[Intended], Sent: b.counts[Sent], Succeeded: b.counts[Succeeded], Conflicts: b.counts[Conflicts], Achieved: b.counts[Achieved],
		Retries: b.counts[Retries], Dropped: b.counts[Dropped], Skipped: b.counts[Skipped], Unreached: b.counts[Unreached],
		Unfinished: b.counts[Unfinished], Clamped: b.counts[Clamped], Chunks: b.counts[Chunks],
		BytesSent: b.counts[BytesSent], BytesReceived: b.counts[BytesReceived],
	}
	for code, n := range b.errors {
		if n > 0 {
			if c.Errors == nil {
				c.Errors = map[string]int64{}
			}
			c.Errors[codes.Code(code).String()] = n
		}
	}
	return c
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
