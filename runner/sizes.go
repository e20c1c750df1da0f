package runner

import (
	"math"
	"math/rand/v2"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
	"github.com/etcd-dyno/etcd-dyno/scenarios/model"
)

// sizes draws value sizes in bytes.
type sizes struct {
	scenarios.SizeDistribution
	// below are the cumulated shares of the table.
	below []float64
}

// sizesOf is the usual distribution of a resource.
func sizesOf(r model.Resource) sizes {
	return sizesIn(scenarios.SizeDistribution{P50: scenarios.Size(r.P50), P99: scenarios.Size(r.P99)})
}

func sizesIn(d scenarios.SizeDistribution) sizes {
	s := sizes{SizeDistribution: d}
	sum := 0.0
	for _, each := range d.Table {
		sum += float64(each.Share)
		s.below = append(s.below, sum)
	}
	return s
}

// maxValue bounds a drawn size: etcd takes requests of 1.5 MiB.
const maxValue = 1<<20 + 1<<18

func (s sizes) draw(rng *rand.Rand) int {
	switch {
	case len(s.below) > 0:
		at := rng.Float64() * s.below[len(s.below)-1]
		for i, below := range s.below {
			if at < below {
				return int(s.Table[i].Size)
			}
		}
		return int(s.Table[len(s.Table)-1].Size)
	case s.Max > 0:
		return int(s.Min) + rng.IntN(int(s.Max-s.Min)+1)
	case s.P99 > s.P50:
		sigma := math.Log(float64(s.P99)/float64(s.P50)) / scenarios.Z99
		size := math.Round(float64(s.P50) * math.Exp(sigma*rng.NormFloat64()))
		return int(min(max(size, 1), max(maxValue, float64(s.P99))))
	default:
		return int(s.P50)
	}
}
