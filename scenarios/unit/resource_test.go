package unit_test

import (
	"testing"

	"github.com/etcd-dyno/etcd-dyno/scenarios/unit"
)

func TestParseCPU(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"500m": 500, "2": 2000, "1.5": 1500, "1.1": 1100, "0.5m": 1, "1.0001": 1001, "": -1, "2 cores": -1, "-1": -1, "1k": -1, "99999999999": -1} {
		got, err := unit.ParseCPU(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
		if back, err := unit.ParseCPU(unit.FormatCPU(max(want, 0))); err != nil || back != max(want, 0) {
			t.Errorf("%d is written %q and read as %d, %v", want, unit.FormatCPU(want), back, err)
		}
	}
}

func TestParseMemory(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"2Gi": 2 << 30, "512Mi": 512 << 20, "1G": 1e9, "100k": 100_000, "128974848": 128974848, "2GiB": 2 << 30, "1.5Gi": 3 << 29,
		"": -1, "2 gigs": -1, "2gi": -1, "-1Gi": -1, "9999999999Ti": -1,
	} {
		got, err := unit.ParseMemory(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
		if back, err := unit.ParseMemory(unit.FormatMemory(max(want, 0))); err != nil || back != max(want, 0) {
			t.Errorf("%d is written %q and read as %d, %v", want, unit.FormatMemory(want), back, err)
		}
	}
	if got := unit.FormatMemory(4 << 30); got != "4Gi" {
		t.Errorf("4 GiB are written %q", got)
	}
}

func TestParseBandwidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"1Gbit/s": 125_000_000, "100Mbit/s": 12_500_000, "50MB/s": 50_000_000, "1 MiB/s": 1 << 20,
		"1Gbit": -1, "fast": -1, "1Gb/s": -1, "-1MB/s": -1, "": -1,
	} {
		got, err := unit.ParseBandwidth(text)
		if (err != nil) != (want < 0) || err == nil && got != want {
			t.Errorf("%q: %d, %v; want %d", text, got, err, want)
		}
		if back, err := unit.ParseBandwidth(unit.FormatBandwidth(max(want, 0))); err != nil || back != max(want, 0) {
			t.Errorf("%d is written %q and read as %d, %v", want, unit.FormatBandwidth(want), back, err)
		}
	}
}
