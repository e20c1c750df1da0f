package results

import "slices"

// dense adds up histograms of one precision fast: each bucket has its place. It is
// used again and again, and by one goroutine at a time.
type dense struct {
	figures, half int
	counts        []int64 // by bucket; none but those from low to high hold anything
	low, high     int32
	total         int64
	filled        []bucket
}

// add adds a histogram. One of another precision than the first is not added, and reports false.
func (d *dense) add(b buckets) bool {
	if b.total == 0 {
		return true
	}
	if d.total == 0 {
		d.figures, d.half, d.low, d.high = b.figures, b.half, b.filled[0].index, -1
	} else if d.figures != b.figures {
		return false
	}
	first, last := b.filled[0].index, b.filled[len(b.filled)-1].index
	if grow := int(last) + 1 - len(d.counts); grow > 0 {
		d.counts = append(d.counts, make([]int64, grow)...)
	}
	for _, each := range b.filled {
		d.counts[each.index] += each.count
	}
	d.low, d.high, d.total = min(d.low, first), max(d.high, last), d.total+b.total
	return true
}

// take is the sum, which holds until the next take, and leaves nothing.
func (d *dense) take() buckets {
	d.filled = d.filled[:0]
	if d.total > 0 {
		for i, n := range d.counts[d.low : d.high+1] {
			if n > 0 {
				d.filled = append(d.filled, bucket{d.low + int32(i), n})
			}
		}
		clear(d.counts[d.low : d.high+1])
	}
	sum := buckets{figures: d.figures, half: d.half, filled: slices.Clip(d.filled), total: d.total}
	d.total = 0
	return sum
}
