package runner

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// chosen counts how often each key is chosen in so many arrivals.
func chosen(k scenarios.Keys, arrivals int) []int {
	counts := make([]int, k.Count)
	for i := range arrivals {
		counts[chooseKey(k, rand.New(rand.NewPCG(1, uint64(i))), i)]++
	}
	return counts
}

func TestKeyChoice(t *testing.T) {
	notUnderRace(t)
	const n, arrivals = 1000, 200_000
	t.Run("uniform", func(t *testing.T) {
		chi := 0.0
		for _, c := range chosen(scenarios.Keys{Count: n, Choice: scenarios.Uniform}, arrivals) {
			chi += (float64(c) - arrivals/n) * (float64(c) - arrivals/n) / (arrivals / n)
		}
		// χ² of 999 degrees of freedom has its 99.9th percentile at 1,143.
		if chi > 1143 {
			t.Errorf("χ² = %.0f", chi)
		}
	})
	t.Run("sequential", func(t *testing.T) {
		for i, c := range chosen(scenarios.Keys{Count: n, Choice: scenarios.Sequential}, 3*n) {
			if c != 3 {
				t.Fatalf("key %d was chosen %d times", i, c)
			}
		}
	})
	t.Run("zipf", func(t *testing.T) {
		k := scenarios.Keys{Count: n, Choice: scenarios.Zipf, Exponent: 1.5}
		counts := chosen(k, arrivals)
		sum := 0.0
		for rank := range n {
			sum += math.Pow(float64(rank+1), -k.Exponent)
		}
		for _, rank := range []int{0, 1, 2, 9} {
			want := arrivals * math.Pow(float64(rank+1), -k.Exponent) / sum
			if got := float64(counts[scattered(rank, n)]); math.Abs(got-want) > 5*math.Sqrt(want) {
				t.Errorf("the key of rank %d was chosen %.0f times, want about %.0f", rank+1, got, want)
			}
		}
	})
	t.Run("latest", func(t *testing.T) {
		k := scenarios.Keys{Count: n, Choice: scenarios.Latest, Exponent: 2}
		near := 0
		for i := range arrivals {
			if back := ((i-chooseKey(k, rand.New(rand.NewPCG(1, uint64(i))), i))%n + n) % n; back < 10 {
				near++
			}
		}
		// Σ k^−2 up to 10 of that up to 1,000 is 94.3 %.
		if share := float64(near) / arrivals; math.Abs(share-0.943) > 0.005 {
			t.Errorf("%.3f of the arrivals took one of the ten newest keys", share)
		}
	})
	t.Run("hot", func(t *testing.T) {
		k := scenarios.Keys{Count: n, Choice: scenarios.HotSet, Hot: 5, Share: 80}
		hot := 0
		counts := chosen(k, arrivals)
		for rank := range 50 {
			hot += counts[scattered(rank, n)]
		}
		if share := float64(hot) / arrivals; math.Abs(share-0.8) > 0.005 {
			t.Errorf("%.3f of the arrivals took one of the hot keys", share)
		}
	})
}

// Each rank has a key of its own.
func TestScattered(t *testing.T) {
	for _, n := range []int{1, 2, 3, 1000, 4096, 99_999} {
		seen := make([]bool, n)
		for rank := range n {
			seen[scattered(rank, n)] = true
		}
		for i, s := range seen {
			if !s {
				t.Fatalf("of %d keys, key %d has no rank", n, i)
			}
		}
	}
}
