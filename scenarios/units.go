package scenarios

import "github.com/etcd-dyno/etcd-dyno/scenarios/unit"

// Rate is a number of arrivals per second, above 0 and at most 1,000,000.
// In a file it is written "500/s", "30/min" or "2/h".
type Rate float64

// String writes the rate as a file does, in the unit that is shortest.
func (r Rate) String() string { return unit.FormatRate(float64(r)) }

// Size is a number of bytes. In a file it is written "64B", "6.8KB" (1,000)
// or "4KiB" (1,024).
type Size int64

// String writes the size as a file does, in the unit that is shortest.
func (s Size) String() string { return unit.FormatSize(int64(s)) }

// SizeDistribution is the distribution of value sizes: fixed where P50 equals
// P99, log-normal through both otherwise. Both are at least 1 byte and at most
// 1.5 MiB, and P50 is not above P99.
type SizeDistribution struct {
	P50, P99 Size
}

// The bounds of what a file may ask for.
const (
	minRate  = 1.0 / 3600  // arrivals a second
	maxRate  = 1e6         // arrivals a second
	maxSize  = 1536 * 1024 // bytes of a value: etcd's own limit of a request
	maxCount = 100_000_000 // objects of a population, keys of a workload
)
