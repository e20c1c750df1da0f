package scenarios

import (
	"math"
	"strconv"

	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

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

// Percent is a share of a hundred. In a file it is written "10%".
type Percent float64

// String writes the share as a file does.
func (p Percent) String() string { return strconv.FormatFloat(float64(p), 'f', -1, 64) + "%" }

// SizeDistribution is the distribution of value sizes, in one of three forms.
// Every size is at least 1 byte and at most 1.5 MiB.
type SizeDistribution struct {
	// P50 and P99 are those of a log-normal distribution; where they are equal, the size is fixed.
	P50, P99 Size
	// Min and Max are the ends of a uniform distribution, both included; 0 where it is another.
	Min, Max Size
	// Table is an empirical distribution, of at most 1,000 sizes; empty where it is another.
	Table []SizeShare
}

// SizeShare is a size and its share of all values, above 0; shares need not add up to 100 %.
type SizeShare struct {
	Size  Size
	Share Percent
}

// String writes the size and its share as a file does: "4KiB 90%".
func (s SizeShare) String() string {
	return s.Size.String() + " " + s.Share.String()
}

// Mean is the mean size in bytes.
func (d SizeDistribution) Mean() float64 {
	switch {
	case len(d.Table) > 0:
		sum, shares := 0.0, 0.0
		for _, s := range d.Table {
			sum += float64(s.Size) * float64(s.Share)
			shares += float64(s.Share)
		}
		return sum / shares
	case d.Max > 0:
		return float64(d.Min+d.Max) / 2
	case d.P99 > d.P50:
		sigma := math.Log(float64(d.P99)/float64(d.P50)) / Z99
		return float64(d.P50) * math.Exp(sigma*sigma/2)
	default:
		return float64(d.P50)
	}
}

// Z99 is the 99th percentile of the standard normal distribution.
const Z99 = 2.3263478740408408

// The bounds of what a file may ask for.
const (
	minRate  = 1.0 / 3600  // arrivals a second
	maxRate  = 1e6         // arrivals a second
	maxSize  = 1536 * 1024 // bytes of a value: etcd's own limit of a request
	maxCount = 100_000_000 // objects of a population, keys of a workload
	maxTable = 1000        // sizes of an empirical distribution
)
