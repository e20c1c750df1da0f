package results

import (
	"bytes"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"math/bits"
	"slices"
	"sync"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// buckets is a histogram as a journal has it: the buckets that hold anything, in
// order of their values. It is not changed once it is read.
//
// An hour's run has 130,000 histograms. The library makes a new decompressor for
// each and sorts every bucket in anew; here decompressors are used again, and a
// bucket is appended. FuzzBuckets holds both to the same content.
type buckets struct {
	figures int
	// half is the logarithm of half of a doubling's sub-buckets: so many that values below 2·10^figures have one each.
	half   int
	filled []bucket
	total  int64
}

// bucket is the number of a bucket, from 0 on, and how many values it has.
type bucket struct {
	index int32
	count int64
}

// inflater reads compressed histograms one after the other.
type inflater struct {
	text, plain []byte
	source      bytes.Reader
	zlib        io.ReadCloser // nil before the first
	filled      []bucket
}

var inflaters = sync.Pool{New: func() any { return new(inflater) }} //nolint:gochecknoglobals // a pool is shared by design and holds no state that a reader could see

// The layout of the encoding: a cookie and a length, then compressed a header and the counts.
const (
	outerHeader = 8
	innerHeader = 40
	maxVarint   = 9 // bytes of a count
	cookieMask  = ^int32(0xf0)
	maxFigures  = 5
	// mostIndexes bounds a histogram of the common range: a doubling has half of the sub-buckets of 2·10^5.
	mostIndexes = (32 + 2) << 18
)

// buckets decodes the histogram. It refuses what is not of the common range,
// since it could not be merged without loss.
func (e Histogram) buckets() (buckets, error) {
	in, ok := inflaters.Get().(*inflater)
	if !ok {
		in = new(inflater)
	}
	defer inflaters.Put(in)
	header, counts, err := in.inflate(string(e))
	if err != nil {
		return buckets{}, fmt.Errorf("decoding a histogram: %w", err)
	}
	figures := int32(binary.BigEndian.Uint32(header[12:]))
	lowest, highest := int64(binary.BigEndian.Uint64(header[16:])), int64(binary.BigEndian.Uint64(header[24:]))
	if figures < 0 || figures > maxFigures || lowest > LowestMicros || highest > HighestMicros {
		return buckets{}, fmt.Errorf("decoding a histogram: it is of %d figures from %d to %d µs, beyond %d figures or %d to %d", figures, lowest, highest, maxFigures, LowestMicros, HighestMicros)
	}
	b := buckets{figures: int(figures), half: bits.Len64(uint64(2*math.Pow10(int(figures)))-1) - 1}
	if in.filled, err = b.fill(in.filled[:0], counts); err != nil {
		return buckets{}, fmt.Errorf("decoding a histogram: %w", err)
	}
	b.filled = slices.Clone(in.filled)
	return b, nil
}

// errTorn tells that an encoding is not whole.
var errTorn = errors.New("its encoding is torn")

// inflate is the header and the counts of an encoding; both are good until the next call.
func (in *inflater) inflate(encoded string) (header, counts []byte, err error) {
	in.text = append(in.text[:0], encoded...)
	n, err := base64.StdEncoding.Decode(in.text, in.text)
	if err != nil {
		return nil, nil, err
	}
	outer := in.text[:n]
	if n < outerHeader || int32(binary.BigEndian.Uint32(outer))&cookieMask != hdr.V2CompressedEncodingCookieBase {
		return nil, nil, errTorn
	}
	length := int32(binary.BigEndian.Uint32(outer[4:]))
	if length < 0 || int(length) > n-outerHeader {
		return nil, nil, errTorn
	}
	in.source.Reset(outer[outerHeader : outerHeader+int(length)])
	if err := in.begin(); err != nil {
		return nil, nil, err
	}
	in.plain = append(in.plain[:0], make([]byte, innerHeader)...)
	if _, err := io.ReadFull(in.zlib, in.plain); err != nil {
		return nil, nil, err
	}
	size := int32(binary.BigEndian.Uint32(in.plain[4:]))
	if int32(binary.BigEndian.Uint32(in.plain))&cookieMask != hdr.V2EncodingCookieBase || size < 0 || size > mostIndexes*maxVarint {
		return nil, nil, errTorn
	}
	return in.rest(int(size))
}

// begin makes the decompressor read the source.
func (in *inflater) begin() (err error) {
	if again, ok := in.zlib.(zlib.Resetter); ok {
		return again.Reset(&in.source, nil)
	}
	in.zlib, err = zlib.NewReader(&in.source)
	return err
}

// rest reads so many bytes of counts after the header, and makes sure that there are no more.
func (in *inflater) rest(size int) (header, counts []byte, err error) {
	for {
		if len(in.plain) == cap(in.plain) {
			in.plain = append(in.plain, 0)[:len(in.plain)]
		}
		n, err := in.zlib.Read(in.plain[len(in.plain):cap(in.plain)])
		in.plain = in.plain[:len(in.plain)+n]
		switch got := len(in.plain) - innerHeader; {
		case got > size, errors.Is(err, io.EOF) && got < size:
			return nil, nil, errTorn
		case errors.Is(err, io.EOF):
			return in.plain[:innerHeader], in.plain[innerHeader:], nil
		case err != nil:
			return nil, nil, err
		}
	}
}

// fill reads the counts into filled: a positive number is a bucket's, a negative
// one so many empty ones (ZigZag LEB128, nine bytes at most).
func (b *buckets) fill(filled []bucket, counts []byte) ([]bucket, error) {
	last := indexOf(HighestMicros, b.half) // every bucket of the common range has a place up to here
	index := int64(0)
	for len(counts) > 0 {
		n, size := zigZag(counts)
		if size == 0 {
			return filled, errTorn
		}
		counts = counts[size:]
		switch {
		case n == math.MinInt64, n < 0 && -n > last+1-index, n >= 0 && index > last:
			return filled, errTorn
		case n < 0:
			index -= n
			continue
		case n > math.MaxInt64-b.total:
			return filled, errTorn
		case n > 0:
			filled = append(filled, bucket{int32(index), n})
			b.total += n
		}
		index++
	}
	return filled, nil
}

// zigZag reads one number and tells its size in bytes, 0 where it is cut off.
func zigZag(b []byte) (n int64, size int) {
	var v uint64
	for i := range min(len(b), maxVarint) {
		if i == maxVarint-1 {
			v |= uint64(b[i]) << (7 * i)
			return int64(v>>1) ^ -int64(v&1), maxVarint
		}
		v |= uint64(b[i]&0x7f) << (7 * i)
		if b[i]&0x80 == 0 {
			return int64(v>>1) ^ -int64(v&1), i + 1
		}
	}
	return 0, 0
}

// span is the lowest and the highest value of a bucket, in microseconds.
func (b buckets) span(index int32) (low, high int64) {
	if index < 1<<b.half {
		return int64(index), int64(index)
	}
	magnitude := int(index)>>b.half - 1
	low = (int64(index)&(1<<b.half-1) + 1<<b.half) << magnitude
	return low, low + 1<<magnitude - 1
}

// indexOf is the bucket of a value.
func indexOf(value int64, half int) int64 {
	magnitude := max(bits.Len64(uint64(value))-half-1, 0)
	return int64(magnitude+1)<<half + value>>magnitude - 1<<half
}

// mergeInto adds the buckets to a histogram of the common range.
func (b buckets) mergeInto(h *hdr.Histogram) error {
	for _, each := range b.filled {
		low, _ := b.span(each.index)
		if err := h.RecordValues(low, each.count); err != nil {
			return fmt.Errorf("merging a histogram: %w", err)
		}
	}
	return nil
}

// at is the value, the highest of its bucket, at or below which a percentile of all lie.
func (b buckets) at(percentile float64) int64 {
	rank := min(max(int64(percentile/100*float64(b.total)+0.5), 1), b.total)
	for _, each := range b.filled {
		if rank -= each.count; rank <= 0 {
			_, high := b.span(each.index)
			return high
		}
	}
	return 0
}

// max is the highest value of the last bucket.
func (b buckets) max() int64 {
	if len(b.filled) == 0 {
		return 0
	}
	_, high := b.span(b.filled[len(b.filled)-1].index)
	return high
}

// with is the sum of two histograms; neither is changed.
func (b buckets) with(other buckets) buckets {
	switch {
	case b.total == 0:
		return other
	case other.total == 0:
		return b
	}
	sum := buckets{figures: b.figures, half: b.half, total: b.total + other.total}
	x, y := b.filled, other.filled
	for len(x) > 0 && len(y) > 0 {
		switch {
		case x[0].index < y[0].index:
			sum.filled, x = append(sum.filled, x[0]), x[1:]
		case x[0].index > y[0].index:
			sum.filled, y = append(sum.filled, y[0]), y[1:]
		default:
			both := x[0]
			both.count += y[0].count
			sum.filled, x, y = append(sum.filled, both), x[1:], y[1:]
		}
	}
	sum.filled = append(append(sum.filled, x...), y...)
	return sum
}
