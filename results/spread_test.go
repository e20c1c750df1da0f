package results

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func spreadOf(t *testing.T, micros ...int64) Spread {
	t.Helper()
	return bucketsOf(t, micros...).spread()
}

// bucketsOf is a histogram of some values as a journal would have it.
func bucketsOf(t *testing.T, micros ...int64) buckets {
	t.Helper()
	h := NewHistogram(Figures)
	for _, v := range micros {
		if err := h.RecordValue(v); err != nil {
			t.Fatal(err)
		}
	}
	encoded, err := EncodeHistogram(h)
	if err != nil {
		t.Fatal(err)
	}
	b, err := encoded.buckets()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSpread(t *testing.T) {
	got := spreadOf(t, 0, 1, 10, 100, 100, 101, 1000, 3_600_000_000)
	want := Spread{{0, 2}, {12, 1}, {24, 2}, {25, 1}, {36, 1}, {115, 1}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(Spread{{0, 4}, {12, 2}, {24, 4}, {25, 2}, {36, 2}, {115, 2}}, got.Plus(got)); diff != "" {
		t.Errorf("twice (-want +got):\n%s", diff)
	}
	if got := spreadOf(t); got != nil {
		t.Errorf("nothing: got %v", got)
	}
}

// Every value lies within the edges of its bin, to the width of a bucket.
func TestSpreadHoldsEachValue(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		value := int64(1) << rng.IntN(32)
		value = min(value+rng.Int64N(value), HighestMicros)
		s := spreadOf(t, value)
		low, high := edge(s[0].Number)/edge(1), edge(s[0].Number)
		if v := float64(value); len(s) != 1 || v > high*1.0011 || v < low*0.9989 && s[0].Number > 0 {
			t.Fatalf("%d µs is in bin %v, from %v to %v µs", value, s, low, high)
		}
	}
}
