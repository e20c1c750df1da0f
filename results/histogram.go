package results

import (
	"fmt"
	"math"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// The range of every histogram, in microseconds: 1 µs to 1 h.
const (
	LowestMicros  = 1
	HighestMicros = 3_600_000_000
)

// The significant decimal figures that histograms keep: a value is told
// within 1 in 10^figures.
const (
	Figures    = 3
	LagFigures = 2
)

// Histogram is a histogram of microseconds in the standard compressed HDR V2
// encoding, base64, as .hlog files hold it.
type Histogram string

// NewHistogram returns an empty histogram of the common range. It is not safe for concurrent use.
func NewHistogram(figures int) *hdr.Histogram {
	return hdr.New(LowestMicros, HighestMicros, figures)
}

// EncodeHistogram encodes h.
func EncodeHistogram(h *hdr.Histogram) (Histogram, error) {
	b, err := h.Encode(hdr.V2CompressedEncodingCookieBase)
	if err != nil {
		return "", fmt.Errorf("encoding a histogram: %w", err)
	}
	return Histogram(b), nil
}

// Decode returns the histogram in its compact form. It refuses a histogram
// whose range is not the common one, since it could not be merged without loss.
func (e Histogram) Decode() (*hdr.PackedHistogram, error) {
	h, err := hdr.DecodePacked([]byte(e))
	if err != nil {
		return nil, fmt.Errorf("decoding a histogram: %w", err)
	}
	if h.HighestTrackableValue() > HighestMicros {
		return nil, fmt.Errorf("decoding a histogram: its range ends at %d µs, beyond %d", h.HighestTrackableValue(), HighestMicros)
	}
	return h, nil
}

// percentiles that a Distribution has.
var reported = [...]float64{50, 90, 95, 99, 99.9, 99.99}

// Enough reports whether n samples suffice to tell percentile p (0 to 100):
// at least ten must lie beyond it.
func Enough(n int64, p float64) bool {
	return float64(n)*(100-p) >= 1000-1e-6
}

// Needed is the least number of samples that suffices to tell percentile p (0 to 100, below 100).
func Needed(p float64) int64 {
	return int64(math.Ceil(1000/(100-p) - 1e-6))
}

// Distribute summarises h, which holds microseconds.
func Distribute(h *hdr.Histogram) Distribution {
	if h == nil || h.TotalCount() == 0 {
		return Distribution{}
	}
	n := h.TotalCount()
	d := Distribution{Count: n, Min: ms(h.Min()), Max: ms(h.Max())}
	mean := h.Mean() / 1000
	d.Mean = &mean
	for i, v := range h.ValueAtPercentilesSlice(reported[:]) {
		if !Enough(n, reported[i]) {
			continue
		}
		*[...]**float64{&d.P50, &d.P90, &d.P95, &d.P99, &d.P99_9, &d.P99_99}[i] = ms(min(v, h.Max()))
	}
	return d
}

// ms turns microseconds into milliseconds.
func ms(micros int64) *float64 {
	v := float64(micros) / 1000
	return &v
}

// Each visits the buckets that hold anything, in order: a bucket's lowest and
// highest value, in microseconds, and how many it has.
func (e Histogram) Each(visit func(low, high, count int64)) error {
	b, err := e.buckets()
	if err != nil {
		return err
	}
	for _, each := range b.filled {
		low, high := b.span(each.index)
		visit(low, high, each.count)
	}
	return nil
}
