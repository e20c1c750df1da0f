package stats

import (
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
)

// Two by three, by hand: the rows' means are 2 and 6 about 4, the columns' 2, 3 and 7, and of the
// interaction 1, −1, 0 and their opposites are left.
func TestGridByHand(t *testing.T) {
	levels := [][]int{{0, 0}, {0, 1}, {0, 2}, {1, 0}, {1, 1}, {1, 2}}
	values := []float64{1, 0, 5, 3, 6, 9}
	want := []GridPart{{[]int{0}, 24, 1}, {[]int{1}, 28, 2}, {[]int{0, 1}, 4, 2}}
	got, whole := GridParts([]int{2, 3}, levels, values)
	if !whole || len(got) != len(want) {
		t.Fatalf("%v, %v", got, whole)
	}
	for i := range want {
		if !near(got[i].Squares, want[i].Squares) || got[i].Free != want[i].Free || !slices.Equal(got[i].Factors, want[i].Factors) {
			t.Errorf("got %v, want %v", got[i], want[i])
		}
	}
}

// cube are the points of three factors with two levels each.
func cube() (levels [][]int) {
	for i := range 8 {
		levels = append(levels, []int{i & 1, i >> 1 & 1, i >> 2})
	}
	return levels
}

// Of factors with two levels each part is a contrast of signs, as Yates counts it.
func TestGridBySigns(t *testing.T) {
	random := rand.New(rand.NewPCG(31, 32))
	levels := cube()
	for range 50 {
		values := make([]float64, len(levels))
		for i := range values {
			values[i] = random.NormFloat64()
		}
		parts, whole := GridParts([]int{2, 2, 2}, levels, values)
		if !whole || len(parts) != 7 {
			t.Fatalf("%v, %v", parts, whole)
		}
		for _, p := range parts {
			factors := p.Factors
			if len(factors) == 0 {
				factors = []int{0, 1, 2} // nothing else is left
			}
			sum := 0.0
			for i, v := range values {
				for _, f := range factors {
					v *= float64(1 - 2*levels[i][f])
				}
				sum += v
			}
			if !near(p.Squares, sum*sum/8) || p.Free != 1 {
				t.Fatalf("%v: want %v", p, sum*sum/8)
			}
		}
	}
}

// What is no whole grid has no parts; what has no degree of freedom is none.
func TestGridEdges(t *testing.T) {
	for _, tc := range []struct {
		name   string
		sizes  []int
		levels [][]int
		values []float64
		want   []GridPart
		whole  bool
	}{
		{"one factor", []int{3}, [][]int{{0}, {2}, {1}}, []float64{1, 3, 2}, []GridPart{{[]int{0}, 2, 2}}, true},
		{"a factor of one level", []int{2, 1}, [][]int{{0, 0}, {1, 0}}, []float64{1, 3}, []GridPart{{[]int{0}, 2, 1}}, true},
		{"all the same", []int{2}, [][]int{{0}, {1}}, []float64{0.1, 0.1}, []GridPart{{[]int{0}, 0, 1}}, true},
		{"a corner lacks", []int{2, 2}, [][]int{{0, 0}, {0, 1}, {1, 0}}, []float64{1, 2, 3}, nil, false},
		{"a corner twice", []int{2, 2}, [][]int{{0, 0}, {0, 1}, {1, 0}, {1, 0}}, []float64{1, 2, 3, 4}, nil, false},
		{"one point", nil, [][]int{nil}, []float64{1}, nil, true},
	} {
		if got, whole := GridParts(tc.sizes, tc.levels, tc.values); whole != tc.whole || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s: %v, %v", tc.name, got, whole)
		}
	}
}

// Fisher's test of two levels is Student's; nothing is divided by zero.
func TestVarianceRatioP(t *testing.T) {
	a, b := []float64{1, 2, 4, 3}, []float64{3, 5, 4, 6}
	between := 2.0 * 2.0 * 2.0 // (mean − mean)² · 4·4/(4+4)
	if got, want := VarianceRatioP(between, 1, pooled(a, b), 6), StudentP(a, b); !near(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if p := VarianceRatioP(1, 1, 0, 3); p != 0 {
		t.Errorf("no noise: %v", p)
	}
	if p := VarianceRatioP(0, 1, 2, 3); p != 1 {
		t.Errorf("no difference: %v", p)
	}
	if !math.IsNaN(VarianceRatioP(0, 1, 0, 3)) || !math.IsNaN(VarianceRatioP(1, 1, math.NaN(), 0)) {
		t.Error("nothing against nothing has a p-value")
	}
}
