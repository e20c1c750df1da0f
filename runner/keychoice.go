package runner

import (
	"math/rand/v2"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// scatter is a prime above any number of keys, so that i·scatter mod n takes each of n places once.
const scatter = 2_654_435_761

// chooseKey is the number of a key for an arrival, at least 0 and below Count.
func chooseKey(k scenarios.Keys, rng *rand.Rand, index int) int {
	n := k.Count
	switch k.Choice {
	case scenarios.Sequential:
		return index % n
	case scenarios.Zipf:
		return scattered(zipf(k, rng), n)
	case scenarios.Latest:
		return ((index-zipf(k, rng))%n + n) % n
	case scenarios.HotSet:
		hot := min(max(int(float64(n)*float64(k.Hot)/100+0.5), 1), n)
		if hot == n || rng.Float64()*100 < float64(k.Share) {
			return scattered(rng.IntN(hot), n)
		}
		return scattered(hot+rng.IntN(n-hot), n)
	default:
		return rng.IntN(n)
	}
}

// zipf is a rank from 0 on, of keys by their popularity.
func zipf(k scenarios.Keys, rng *rand.Rand) int {
	return int(rand.NewZipf(rng, k.Exponent, 1, uint64(k.Count-1)).Uint64())
}

// scattered puts ranks anywhere among n keys, each on one of its own.
func scattered(rank, n int) int { return int(uint64(rank) * scatter % uint64(n)) }
