package stats

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func near(a, b float64) bool { return math.Abs(a-b) <= 1e-9*(1+math.Abs(b)) }

// Three points in two rounds, by hand: the means of the points are 11, 13 and 18, those of the rounds 13
// and 15, so that 0, 0, 1, −1, −1 and 1 are left: 4 with 2 degrees of freedom.
func TestBlocksByHand(t *testing.T) {
	b := FitBlocks([][]float64{{10, 12}, {13, 13}, {16, 20}})
	if b.Free != 2 || !near(b.Variance, 2) || !near(b.Centres[0], 11) || !near(b.Centres[1], 13) || !near(b.Centres[2], 18) {
		t.Errorf("%+v", b)
	}
	// t(0.95, 2) = 2.919986, and the error of a difference is √(2·2/2).
	if in := b.Interval([]float64{-1, 0, 1}, 0.05); !near(in.Estimate, 7) || math.Abs(in.High-7-2.919986*math.Sqrt2) > 1e-5 || !near(in.High-7, 7-in.Low) {
		t.Errorf("%+v", in)
	}
	if e, se, known := b.Contrast([]float64{-1, 0.5, 0.5}); !known || !near(e, 4.5) || !near(se, math.Sqrt(1.5)) {
		t.Errorf("%v ± %v, %v", e, se, known)
	}
}

// What the values do not say is not told: the points of other rounds, one that never was
// measured, a sum that is no difference, and the noise of a single round.
func TestBlocksUnknown(t *testing.T) {
	no := math.NaN()
	apart := FitBlocks([][]float64{{1, 2, no, no}, {3, 5, no, no}, {no, no, 7, 8}, {no, no, 9, 9}, {no, no, no, no}})
	for _, tc := range []struct {
		name    string
		weights []float64
		known   bool
		want    float64
	}{
		{"of the same rounds", []float64{-1, 1, 0, 0, 0}, true, 2.5},
		{"of other rounds", []float64{-1, 0, 1, 0, 0}, false, no},
		{"differences in both", []float64{-1, 1, -1, 1, 0}, true, 4},
		{"never measured", []float64{-1, 0, 0, 0, 1}, false, no},
		{"a sum", []float64{1, 1, 0, 0, 0}, false, no},
		{"nothing", []float64{0, 0, 0, 0, 0}, true, 0},
	} {
		got, _, known := apart.Contrast(tc.weights)
		in := apart.Interval(tc.weights, 0.05)
		if known != tc.known || known && !near(got, tc.want) || math.IsNaN(in.Estimate) == tc.known {
			t.Errorf("%s: %v, %v, %+v", tc.name, got, known, in)
		}
	}
	if apart.Free != 2 || apart.Measured(4) || !apart.Measured(0) || !near(apart.Centres[2], 7.5) || !math.IsNaN(apart.Centres[4]) {
		t.Errorf("%+v", apart)
	}
	one := FitBlocks([][]float64{{1}, {3}})
	if in := one.Interval([]float64{-1, 1}, 0.05); one.Free != 0 || !math.IsNaN(one.Variance) || in.Estimate != 2 || !math.IsInf(in.Low, -1) || !math.IsInf(in.High, 1) {
		t.Errorf("one round: %+v, %+v", one, in)
	}
	same := FitBlocks([][]float64{{0.1, 0.1, 0.1}, {0.1, 0.1, no}, {0.1, 0.1, 0.1}})
	if same.Free != 3 || same.Variance != 0 {
		t.Errorf("all the same: %+v", same)
	}
	for _, none := range [][][]float64{nil, {{}, {}}, {{no}, {no}}} {
		if b := FitBlocks(none); b.Free != 0 || len(b.Centres) != len(none) {
			t.Errorf("%v: %+v", none, b)
		}
	}
}

// A point that missed the slow round is not better for it.
func TestBlocksCentres(t *testing.T) {
	b := FitBlocks([][]float64{{10, 14}, {20, 24}, {30, math.NaN()}})
	if !near(b.Centres[0], 12) || !near(b.Centres[1], 22) || !near(b.Centres[2], 32) || b.Free != 1 || b.Variance != 0 {
		t.Errorf("%+v", b)
	}
}

// byTurns fits the same model another way: points and rounds in turns are the means of what the others leave.
func byTurns(values [][]float64) (points []float64, left float64) {
	points, rounds := make([]float64, len(values)), make([]float64, roundsOf(values))
	for range 3000 {
		for i, row := range values {
			sum, n := 0.0, 0.0
			for j, v := range row {
				if !math.IsNaN(v) {
					sum, n = sum+v-rounds[j], n+1
				}
			}
			points[i] = sum / n
		}
		for j := range rounds {
			sum, n := 0.0, 0.0
			for i := range values {
				if v := values[i][j]; !math.IsNaN(v) {
					sum, n = sum+v-points[i], n+1
				}
			}
			rounds[j] = sum / n
		}
	}
	for i, row := range values {
		for j, v := range row {
			if !math.IsNaN(v) {
				left += (v - points[i] - rounds[j]) * (v - points[i] - rounds[j])
			}
		}
	}
	return points, left
}

// rankOf is the rank of the model's equations, by their singular values.
func rankOf(values [][]float64) (cells, rank int) {
	n, m := len(values), roundsOf(values)
	var rows []float64
	for i, row := range values {
		for j, v := range row {
			if math.IsNaN(v) {
				continue
			}
			line := make([]float64, n+m)
			line[i], line[n+j] = 1, 1
			rows = append(rows, line...)
			cells++
		}
	}
	var svd mat.SVD
	svd.Factorize(mat.NewDense(cells, n+m, rows), mat.SVDNone)
	return cells, svd.Rank(1e-9)
}

// With values missing here and there, estimates, noise and errors are those of other ways: points and rounds in
// turns, the rank of the equations, and how an estimate follows each of the values.
func TestBlocksMissing(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 22))
	moderated := 0
	for range 40 {
		n, m := 3+random.IntN(4), 2+random.IntN(3)
		values := make([][]float64, n)
		for i := range values {
			values[i] = make([]float64, m)
			for j := range values[i] {
				values[i][j] = random.NormFloat64() + float64(i) + 10*float64(j)
				if i > 0 && j > 0 && random.Float64() < 0.4 { // the first of both hold all together
					values[i][j] = math.NaN()
				}
			}
		}
		b := FitBlocks(values)
		points, left := byTurns(values)
		cells, rank := rankOf(values)
		if b.Free != cells-rank || b.Free > 0 && math.Abs(b.Variance*float64(b.Free)-left) > 1e-6 {
			t.Fatalf("%v: %d free and %v, want %d and %v", values, b.Free, b.Variance, cells-rank, left/float64(cells-rank))
		}
		weights := make([]float64, n)
		weights[0], weights[1], weights[n-1] = -1, 0.25, 0.75
		got, se, known := b.Contrast(weights)
		if want := -points[0] + 0.25*points[1] + 0.75*points[n-1]; !known || math.Abs(got-want) > 1e-6 {
			t.Fatalf("%v: %v, want %v", values, got, want)
		}
		follows := 0.0
		for i, row := range values {
			for j := range row {
				row[j]++
				moved, _, _ := FitBlocks(values).Contrast(weights)
				row[j]--
				if !math.IsNaN(values[i][j]) {
					follows += b.variances[i] * (moved - got) * (moved - got)
				}
			}
		}
		if b.Free > 0 && math.Abs(se*se-follows) > 1e-6*(1+follows) {
			t.Fatalf("%v: error %v, want %v", values, se, math.Sqrt(follows))
		}
		all := 0.0
		for _, f := range b.freedom() {
			all += f
		}
		if math.Abs(all-float64(b.Free)) > 1e-6 {
			t.Fatalf("%v: the points have %v degrees of freedom, want all %d", values, all, b.Free)
		}
		if b.Moderated {
			moderated++
		}
	}
	if moderated == 0 || moderated == 40 {
		t.Errorf("%d of 40 have variances of their own, want some, and not all", moderated)
	}
}

// missesOf is how many of so many experiments have an interval that misses the truth: of 12 points in two rounds
// against the first of them, with a share of the values missing.
func missesOf(experiments int, missing float64, seed uint64) (missed int) {
	random := rand.New(rand.NewPCG(seed, 23))
	const n, tail = 12, 0.05 / 11
	for range experiments {
		values := make([][]float64, n)
		for i := range values {
			for range 2 {
				v := float64(i) + random.NormFloat64()
				if random.Float64() < missing {
					v = math.NaN()
				}
				values[i] = append(values[i], v)
			}
		}
		b := FitBlocks(values)
		for i := 1; i < n; i++ {
			weights := make([]float64, n)
			weights[0], weights[i] = -1, 1
			if in := b.Interval(weights, tail); in.Low > float64(i) || in.High < float64(i) {
				missed++
				break
			}
		}
	}
	return missed
}

// Intervals at 90 % hold all truths at once in nine of ten experiments or more, but not in nearly all:
// Bonferroni's are a little wider than need be, since all have the baseline in common.
func TestBlocksCoverage(t *testing.T) {
	const experiments = 1500
	for _, missing := range []float64{0, 0.2} {
		share := float64(missesOf(experiments, missing, 24)) / experiments
		t.Logf("%.0f %% of the values missing: %.1f %% of the experiments miss a truth", 100*missing, 100*share)
		if share < 0.03 || share > 0.10 {
			t.Errorf("%.0f %% of the values missing: %.3f of the experiments miss a truth, want a little below 0.1", 100*missing, share)
		}
	}
}
