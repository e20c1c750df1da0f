package stats

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// The smallest two-sided p that so many pairs can have is that of the tables.
func TestSmallestP(t *testing.T) {
	for n, want := range map[int]float64{4: .125, 5: .0625, 6: .03125, 8: .0078125, 10: .001953125} {
		d := make([]float64, n)
		for i := range d {
			d[i] = float64(i + 1)
		}
		if p := 2 * SignedRankP(d); p != want {
			t.Errorf("n = %d: p = %g, want %g", n, p, want)
		}
	}
}

func TestSignedRankP(t *testing.T) {
	for _, tc := range []struct {
		name string
		d    []float64
		want float64
	}{
		{"none", nil, 1},
		{"only zeros", []float64{0, 0, 0}, 1},
		{"one above", []float64{2}, 0.5},
		{"one below", []float64{-2}, 1},
		// W⁺ = 5 of ranks 1, 2, 3: {2, 3} and {1, 2, 3} of eight.
		{"mixed", []float64{-1, 2, 3}, 2.0 / 8},
		// Pratt: the zero has rank 1, so that the others' are 2 and 3; both above is one of four.
		{"a zero", []float64{0, 1, 2}, 1.0 / 4},
		// Ranks 1.5, 1.5 and 3; a sum of at least 4.5 is {1.5, 3} twice and all.
		{"ties", []float64{-1, 1, 2}, 3.0 / 8},
	} {
		if p := SignedRankP(tc.d); math.Abs(p-tc.want) > 1e-12 {
			t.Errorf("%s: p = %g, want %g", tc.name, p, tc.want)
		}
	}
}

// The exact tests are those of all signs and all divisions, counted one by one.
func TestExactByCounting(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		n := 1 + random.IntN(8)
		d := make([]float64, n)
		for i := range d {
			d[i] = float64(random.IntN(9) - 4) // with ties and zeros
		}
		if got, want := SignedRankP(d), countedSigns(d); math.Abs(got-want) > 1e-12 {
			t.Errorf("%v: p = %g, counted %g", d, got, want)
		}
		cut := random.IntN(n + 1)
		if got, want := RankSumP(d[:cut], d[cut:]), countedDivisions(d, cut); math.Abs(got-want) > 1e-12 {
			t.Errorf("%v and %v: p = %g, counted %g", d[:cut], d[cut:], got, want)
		}
	}
}

// countedSigns is SignedRankP by trying all signs.
func countedSigns(d []float64) float64 {
	sum := func(d []float64) (s float64) {
		for i := range d {
			rank := 0.5
			for j := range d {
				switch a, b := math.Abs(d[i]), math.Abs(d[j]); {
				case b < a:
					rank++
				case b == a:
					rank += 0.5
				}
			}
			if d[i] > 0 {
				s += rank
			}
		}
		return s
	}
	high, observed := 0, sum(d)
	for signs := range 1 << len(d) {
		turned := slices.Clone(d)
		for i := range turned {
			if signs>>i&1 == 1 {
				turned[i] = -turned[i]
			}
		}
		if sum(turned) >= observed-1e-9 {
			high++
		}
	}
	return float64(high) / float64(int(1)<<len(d))
}

// countedDivisions is RankSumP by trying all divisions of the values.
func countedDivisions(all []float64, cut int) float64 {
	if cut == 0 || cut == len(all) {
		return 1
	}
	wins := func(in int) (u float64) {
		for i := range all {
			for j := range all {
				if in>>i&1 == 1 && in>>j&1 == 0 {
					switch {
					case all[i] > all[j]:
						u++
					case all[i] == all[j]:
						u += 0.5
					}
				}
			}
		}
		return u
	}
	observed := wins((1<<len(all) - 1) &^ (1<<cut - 1))
	high, tried := 0, 0
	for in := range 1 << len(all) {
		members := 0
		for i := range all {
			members += in >> i & 1
		}
		if members != len(all)-cut {
			continue
		}
		tried++
		if wins(in) >= observed-1e-9 {
			high++
		}
	}
	return float64(high) / float64(tried)
}

func TestHolm(t *testing.T) {
	got := Holm([]float64{0.01, 0.04, 0.03, 0.9})
	for i, want := range []float64{0.04, 0.09, 0.09, 0.9} {
		if math.Abs(got[i]-want) > 1e-12 {
			t.Errorf("%v", got)
		}
	}
	if len(Holm(nil)) != 0 {
		t.Error("of no test there is a p")
	}
}

func TestRankSum(t *testing.T) {
	got := RankSum([]float64{1, 2, 3, 4}, []float64{11, 12, 13, 14}, 0.90)
	// The shifts of 4 and 4 are 16; P(U ≤ 1) = 2/70 is at most 5 %, P(U ≤ 2) = 4/70 is more.
	if got != (Interval{8, 10, 12}) {
		t.Errorf("%+v", got)
	}
	if few := RankSum([]float64{1}, []float64{3}, 0.9); !math.IsInf(few.Low, -1) || few.Estimate != 2 {
		t.Errorf("of one and one: %+v", few)
	}
	if none := RankSum(nil, []float64{3}, 0.9); !math.IsNaN(none.Estimate) {
		t.Errorf("of none and one: %+v", none)
	}
}

// Two runs that differ only by chance have bounds around zero, others do not, and
// short ones have none.
func TestPercentileRatio(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 6))
	run := func(stretches int, factor float64) (all []Stretch) {
		for range stretches {
			var s Stretch
			for range 200 {
				s = append(s, Bucket{math.Round(1000 * factor * math.Exp(0.3*random.NormFloat64())), 1})
			}
			all = append(all, s)
		}
		return all
	}
	if i, ok := PercentileRatio(run(12, 1), run(12, 1.5), 50, 0.9, 1); !ok || i.Low > math.Log(1.5) || i.High < math.Log(1.5) || i.Low < 0.3 {
		t.Errorf("of 1.5 times: %+v, %v", i, ok)
	}
	missed := 0
	for n := range 40 {
		if i, ok := PercentileRatio(run(12, 1), run(12, 1), 50, 0.9, uint64(n)); !ok || i.Low > 0 || i.High < 0 {
			missed++
		}
	}
	if missed > 12 {
		t.Errorf("%d of 40 intervals of the same miss zero", missed)
	}
	if i, ok := PercentileRatio(run(9, 1), run(12, 2), 50, 0.9, 1); ok || !math.IsNaN(i.Low) || i.Estimate < 0.5 {
		t.Errorf("of 9 stretches: %+v, %v", i, ok)
	}
	if i, ok := PercentileRatio(make([]Stretch, 10), run(10, 1), 50, 0.9, 1); ok || !math.IsNaN(i.Estimate) {
		t.Errorf("of nothing: %+v, %v", i, ok)
	}
}
