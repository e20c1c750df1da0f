package results

import "math"

// BinsPerDecade is how many bins of a Spread a factor of ten has: each is 21 % wide.
const BinsPerDecade = 12

// Bin is how many values were in a bin of a Spread. Bin number i holds those
// above 10^((i−1)/BinsPerDecade) µs, up to and with 10^(i/BinsPerDecade) µs; number 0 holds those up to 1 µs.
type Bin struct {
	Number uint8
	Count  uint32
}

// Spread is how the values of an interval lie: a histogram coarse enough to keep
// one for each interval of a long run. It has only bins that hold something, in order.
type Spread []Bin

// edge is the upper edge of a bin in microseconds.
func edge(number uint8) float64 { return math.Pow(10, float64(number)/BinsPerDecade) }

// Plus is the sum of two spreads; neither is changed.
func (s Spread) Plus(other Spread) Spread {
	sum := make(Spread, 0, len(s)+len(other))
	for len(s) > 0 && len(other) > 0 {
		switch a, b := s[0], other[0]; {
		case a.Number < b.Number:
			sum, s = append(sum, a), s[1:]
		case a.Number > b.Number:
			sum, other = append(sum, b), other[1:]
		default:
			sum, s, other = append(sum, Bin{a.Number, a.Count + b.Count}), s[1:], other[1:]
		}
	}
	return append(append(sum, s...), other...)
}

// spread sorts the buckets of a histogram, by their highest values, into bins.
func (b buckets) spread() Spread {
	if len(b.filled) == 0 {
		return nil
	}
	var s Spread
	upTo := -1.0 // of the bin at hand, in microseconds
	for _, each := range b.filled {
		_, high := b.span(each.index)
		if float64(high) > upTo {
			number := 0
			if high > 1 {
				number = int(math.Ceil(math.Log10(float64(high))*BinsPerDecade - 1e-9))
			}
			s = append(s, Bin{Number: uint8(min(number, math.MaxUint8))})
			upTo = edge(s[len(s)-1].Number) * (1 + 1e-9)
		}
		last := &s[len(s)-1]
		last.Count = uint32(min(int64(last.Count)+each.count, math.MaxUint32))
	}
	return s
}
