package results

import (
	"math/rand/v2"
	"slices"
	"testing"

	hdr "github.com/HdrHistogram/hdrhistogram-go"
)

// sameAs compares buckets with what the library reads of the same encoding.
func sameAs(t *testing.T, b buckets, h *hdr.Histogram) {
	t.Helper()
	if b.total != h.TotalCount() {
		t.Fatalf("%d values, want %d", b.total, h.TotalCount())
	}
	if b.total > 0 && b.max() != h.Max() {
		t.Errorf("the maximum is %d, want %d", b.max(), h.Max())
	}
	for _, p := range []float64{50, 90, 99, 99.9, 100} {
		if got, want := b.at(p), h.ValueAtPercentile(p); got != want {
			t.Errorf("p%g is %d, want %d", p, got, want)
		}
	}
	merged := NewHistogram(b.figures)
	if err := b.mergeInto(merged); err != nil {
		t.Fatal(err)
	}
	if !merged.Equals(h) {
		t.Error("what is merged is another histogram")
	}
}

func random(t *testing.T, rng *rand.Rand, figures int) *hdr.Histogram {
	t.Helper()
	h := NewHistogram(figures)
	for range rng.IntN(500) {
		if err := h.RecordValues(rng.Int64N(1<<rng.IntN(32))%HighestMicros, 1+rng.Int64N(1<<rng.IntN(40))); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

// What is read here is what the library wrote, and two together are what the library makes of both.
func TestBuckets(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range 100 {
		figures := []int{Figures, LagFigures, 1, 0}[i%4]
		one, other := random(t, rng, figures), random(t, rng, figures)
		var read [2]buckets
		for k, h := range []*hdr.Histogram{one, other} {
			e, err := EncodeHistogram(h)
			if err != nil {
				t.Fatal(err)
			}
			if read[k], err = e.buckets(); err != nil {
				t.Fatal(err)
			}
			sameAs(t, read[k], h)
		}
		both := read[0].with(read[1])
		one.Merge(other)
		sameAs(t, both, one)
	}
}

// FuzzBuckets holds that what is read here is what the library reads of any
// encoding, that nothing is read which the library refuses, and that nothing
// panics. What is not of the common range is refused here alone.
func FuzzBuckets(f *testing.F) {
	for _, values := range [][]int64{{}, {1}, {5, 5, 5_000_000}, {HighestMicros, 1}} {
		h := NewHistogram(Figures)
		for _, v := range values {
			if err := h.RecordValue(v); err != nil {
				f.Fatal(err)
			}
		}
		e, err := EncodeHistogram(h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add([]byte(e))
	}
	f.Add([]byte("HISTFAAA"))
	f.Fuzz(func(t *testing.T, encoded []byte) {
		b, err := Histogram(encoded).buckets()
		if err != nil {
			return
		}
		h, wrong := hdr.Decode(encoded)
		if wrong != nil {
			t.Fatalf("the library refuses it: %v", wrong)
		}
		if h.LowestTrackableValue() > LowestMicros || h.HighestTrackableValue() > HighestMicros {
			t.Fatalf("it is of %d to %d µs", h.LowestTrackableValue(), h.HighestTrackableValue())
		}
		if h.TotalCount() < 1<<53 && b.figures <= Figures { // beyond it the library's own ranks are rounded; more figures take long
			sameAs(t, b, h)
		}
	})
}

// What is added up fast is what is added up one after the other.
func TestDense(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	var d dense
	for range 15 {
		var want buckets
		for range rng.IntN(6) {
			var values []int64
			for range rng.IntN(200) {
				values = append(values, rng.Int64N(1<<rng.IntN(31)))
			}
			b := bucketsOf(t, values...)
			if want = want.with(b); !d.add(b) {
				t.Fatal("not added")
			}
		}
		got := d.take()
		if got.total != want.total || !slices.Equal(got.filled, want.filled) {
			t.Fatalf("got %v, want %v", got, want)
		}
	}
	if d.add(buckets{figures: 3, half: 10, filled: []bucket{{1, 1}}, total: 1}); d.add(buckets{figures: 2, half: 7, filled: []bucket{{1, 1}}, total: 1}) {
		t.Error("another precision is added")
	}
}
