package limit

import "testing"

// The ends, 100m and 1000m are where the authors of the curve say that it goes through.
func TestConversionsAreThoseOfKubernetes(t *testing.T) {
	for _, c := range []struct {
		millicores     int
		shares, weight uint64
		quota          int64
	}{
		{0, 2, 1, 1000},
		{1, 2, 1, 1000},
		{5, 5, 2, 1000},
		{10, 10, 4, 1000},
		{20, 20, 6, 2000},
		{100, 102, 17, 10_000},
		{200, 204, 29, 20_000},
		{500, 512, 59, 50_000},
		{1000, 1024, 100, 100_000},
		{1500, 1536, 138, 150_000},
		{300_000, 262_144, 10_000, 30_000_000},
	} {
		if got := shares(c.millicores); got != c.shares {
			t.Errorf("%dm: %d shares, want %d", c.millicores, got, c.shares)
		}
		if got := weight(c.millicores); got != c.weight {
			t.Errorf("%dm: weight %d, want %d", c.millicores, got, c.weight)
		}
		if got := quota(c.millicores); got != c.quota {
			t.Errorf("%dm: quota %d µs, want %d", c.millicores, got, c.quota)
		}
	}
}

func TestMoreNeverWeighsLess(t *testing.T) {
	last := uint64(0)
	for m := range 300_000 {
		w := weight(m)
		if w < last || w < minWeight || w > maxWeight {
			t.Fatalf("%dm weighs %d after %d", m, w, last)
		}
		last = w
	}
}
