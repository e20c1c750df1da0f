package unit_test

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

func TestParseRate(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, fault string
		want        float64
	}{
		{text: "500/s", want: 500},
		{text: "30/min", want: 0.5},
		{text: "2/h", want: 2.0 / 3600},
		{text: "0.25/s", want: 0.25},
		{text: "0/s", want: 0},
		{text: "5", fault: "without its time"},
		{text: "5/x", fault: `unknown time "x"`},
		{text: "5/sec", fault: `unknown time "sec"`},
		{text: "-5/s", fault: "is negative"},
		{text: "1e9/s", fault: "without its time"},
		{text: "", fault: "not a rate"},
		{text: "inf/s", fault: "not a rate"},
		{text: strings.Repeat("9", 400) + "/s", fault: "too large"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, err := unit.ParseRate(tt.text)
			check(t, got, tt.want, err, tt.fault)
		})
	}
}

func TestParseSize(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, fault string
		want        int64
	}{
		{text: "64B", want: 64},
		{text: "6.8KB", want: 6800},
		{text: "4KiB", want: 4096},
		{text: "1.5MiB", want: 1572864},
		{text: "8 GiB", want: 8 << 30},
		{text: "100", fault: `write "100B"`},
		{text: "6.8kb", fault: `(did you mean "KB"?)`},
		{text: "-1B", fault: "is negative"},
		{text: "big", fault: "not a size"},
		{text: "9999999999999GiB", fault: "too large"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, err := unit.ParseSize(tt.text)
			if tt.fault != "" {
				got = 0
			}
			check(t, got, tt.want, err, tt.fault)
		})
	}
}

func TestParseDuration(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text, fault string
		want        time.Duration
	}{
		{text: "250ms", want: 250 * time.Millisecond},
		{text: "1m30s", want: 90 * time.Second},
		{text: "-5s", want: -5 * time.Second},
		{text: "5", fault: `write "5s" or "5ms"`},
		{text: "5 seconds", fault: "not a duration"},
		{text: "", fault: "not a duration"},
	} {
		t.Run(tt.text, func(t *testing.T) {
			t.Parallel()
			got, err := unit.ParseDuration(tt.text)
			check(t, got, tt.want, err, tt.fault)
		})
	}
}

// check compares a value, or where a fault is wanted its text.
func check[T comparable](t *testing.T, got, want T, err error, fault string) {
	t.Helper()
	switch {
	case fault == "" && err != nil:
		t.Errorf("error %v, want none", err)
	case fault != "" && (err == nil || !strings.Contains(err.Error(), fault)):
		t.Errorf("error %v, want %q in it", err, fault)
	case got != want:
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFormat(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, got, want string }{
		{"whole rate", unit.FormatRate(500), "500/s"},
		{"rate a minute", unit.FormatRate(0.5), "0.5/s"},
		{"rate an hour", unit.FormatRate(2.0 / 3600), "2/h"},
		{"rate of a third", unit.FormatRate(20.0 / 60), "20/min"},
		{"bytes", unit.FormatSize(6787), "6787B"},
		{"decimal size", unit.FormatSize(6800), "6.8KB"},
		{"binary size", unit.FormatSize(1024), "1KiB"},
		{"a small one", unit.FormatSize(64), "64B"},
		{"a large one", unit.FormatSize(8 << 30), "8GiB"},
		{"minutes", unit.FormatDuration(5 * time.Minute), "5m"},
		{"hours", unit.FormatDuration(2 * time.Hour), "2h"},
		{"mixed", unit.FormatDuration(time.Hour + 30*time.Second), "1h0m30s"},
		{"milliseconds", unit.FormatDuration(250 * time.Millisecond), "250ms"},
		{"none", unit.FormatDuration(0), "0s"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if tt.got != tt.want {
				t.Errorf("got %q, want %q", tt.got, tt.want)
			}
		})
	}
}

// TestRoundTrip holds that what is written reads back as the identical value.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		rate := rng.ExpFloat64() * []float64{1e-4, 1, 1e5}[rng.IntN(3)]
		if back, err := unit.ParseRate(unit.FormatRate(rate)); err != nil || back != rate {
			t.Fatalf("rate %v is written %q and read back as %v, %v", rate, unit.FormatRate(rate), back, err)
		}
		size := rng.Int64N(1 << (1 + rng.IntN(50)))
		if back, err := unit.ParseSize(unit.FormatSize(size)); err != nil || back != size {
			t.Fatalf("size %d is written %q and read back as %d, %v", size, unit.FormatSize(size), back, err)
		}
		d := time.Duration(rng.Int64N(1 << (1 + rng.IntN(62))))
		if back, err := unit.ParseDuration(unit.FormatDuration(d)); err != nil || back != d {
			t.Fatalf("duration %d is written %q and read back as %d, %v", d, unit.FormatDuration(d), back, err)
		}
	}
}
