package live

import (
	"maps"
	"math"
	"slices"

	dto "github.com/prometheus/client_model/go"
	"google.golang.org/protobuf/proto"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// schema is the resolution of native histograms: 2^3 buckets a doubling, each 9 % wide.
const schema = 3

// classic are the bounds, in seconds, for a Prometheus that takes no native histograms.
var classic = [...]float64{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60}

// histogram is one of Prometheus, native and classic at once.
type histogram struct {
	count, zero uint64
	sum         float64 // seconds
	native      map[int]int64
	classic     [len(classic)]uint64 // each bucket for itself
}

func newHistogram() *histogram { return &histogram{native: map[int]int64{}} }

// add adds a histogram of microseconds. Each of its buckets, which are 0.1 % or
// 1 % wide, goes whole where its middle lies.
func (h *histogram) add(from results.Histogram) {
	_ = from.Each(func(low, high, count int64) { // what cannot be read is told by the journal's reader
		seconds := float64(low+high) / 2 / 1e6
		h.count += uint64(count)
		h.sum += seconds * float64(count)
		if seconds <= 0 {
			h.zero += uint64(count)
		} else {
			h.native[index(seconds)] += count
		}
		if i, _ := slices.BinarySearch(classic[:], seconds); i < len(classic) {
			h.classic[i] += uint64(count)
		}
	})
}

// index is the bucket of a value: the i-th lies above 2^((i−1)/8) and up to 2^(i/8).
func index(v float64) int { return int(math.Ceil(math.Log2(v) * (1 << schema))) }

func (h *histogram) metric() *dto.Histogram {
	m := &dto.Histogram{
		SampleCount: new(h.count), SampleSum: new(h.sum),
		Schema: proto.Int32(schema), ZeroThreshold: proto.Float64(0), ZeroCount: new(h.zero),
	}
	below := uint64(0)
	for i, bound := range classic {
		below += h.classic[i]
		m.Bucket = append(m.Bucket, &dto.Bucket{UpperBound: new(bound), CumulativeCount: new(below)})
	}
	last, count := 0, int64(0)
	for n, i := range slices.Sorted(maps.Keys(h.native)) {
		gap := i - last - 1 // the first span's offset is its index
		if n == 0 {
			gap = i
		}
		if n > 0 && gap == 0 {
			span := m.PositiveSpan[len(m.PositiveSpan)-1]
			span.Length = new(span.GetLength() + 1)
		} else {
			m.PositiveSpan = append(m.PositiveSpan, &dto.BucketSpan{Offset: new(int32(gap)), Length: new(uint32(1))})
		}
		m.PositiveDelta = append(m.PositiveDelta, h.native[i]-count)
		last, count = i, h.native[i]
	}
	if len(m.PositiveSpan) == 0 { // else it would not be known for a native one
		m.PositiveSpan = []*dto.BucketSpan{{Offset: proto.Int32(0), Length: proto.Uint32(0)}}
	}
	return m
}
