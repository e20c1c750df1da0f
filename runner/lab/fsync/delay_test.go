package fsync

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

const ms = time.Millisecond

func TestDelayCheck(t *testing.T) {
	for name, c := range map[string]struct {
		delay Delay
		want  string // in the error, which is none where it is empty
	}{
		"none":                {Delay{}, ""},
		"fixed":               {Delay{P50: ms, P99: ms}, ""},
		"varying":             {Delay{P50: ms, P99: 5 * ms}, ""},
		"stalls alone":        {Delay{Stall: Stall{Every: 10 * ms, For: ms}}, ""},
		"negative":            {Delay{P50: -ms, P99: ms}, "-1ms is negative"},
		"below the median":    {Delay{P50: 2 * ms, P99: ms}, "1ms, is below its median, 2ms"},
		"no 99th percentile":  {Delay{P50: 2 * ms}, "0s, is below its median, 2ms"},
		"no median":           {Delay{P99: ms}, "needs a median"},
		"too long":            {Delay{P50: ms, P99: 2 * time.Hour}, "2h0m0s, is above 1h0m0s"},
		"always stalled":      {Delay{Stall: Stall{Every: ms, For: ms}}, "stall of 1ms in every 1ms"},
		"stalled without end": {Delay{Stall: Stall{For: ms}}, "stall of 1ms in every 0s"},
		"stalled for nothing": {Delay{Stall: Stall{Every: ms}}, "stall of 0s in every 1ms"},
		"stall is negative":   {Delay{Stall: Stall{Every: ms, For: -ms}}, "stall of -1ms in every 1ms"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.delay.Check()
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error %v, want %q", err, c.want)
			}
			if _, _, opened := Open(c.delay, 1); c.want != "" && (opened == nil || opened.Error() != err.Error()) {
				t.Errorf("Open says %v", opened)
			}
		})
	}
}

func TestDelayHasThePercentilesAskedFor(t *testing.T) {
	const n = 200_000
	for name, d := range map[string]Delay{
		"narrow": {P50: 2 * ms, P99: 3 * ms},
		"wide":   {P50: ms, P99: 100 * ms},
		"fixed":  {P50: 7 * ms, P99: 7 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			draws := rand.New(rand.NewPCG(1, 2))
			delays := make([]time.Duration, n)
			for i := range delays {
				delays[i] = d.of(draws.NormFloat64())
			}
			slices.Sort(delays)
			for want, got := range map[time.Duration]time.Duration{d.P50: delays[n/2], d.P99: delays[n*99/100]} {
				if off := math.Abs(float64(got)/float64(want) - 1); off > 0.06 {
					t.Errorf("a percentile is %v, want %v", got, want)
				}
			}
		})
	}
}

func TestDelayIsBounded(t *testing.T) {
	d := Delay{P50: 1, P99: time.Hour}
	if got := d.of(8); got != time.Hour {
		t.Errorf("an extreme draw is delayed by %v", got)
	}
}

func TestStall(t *testing.T) {
	s := Stall{Every: 10 * ms, For: 4 * ms} // from 6 to 10, 16 to 20 and so on
	for name, c := range map[string]struct{ from, work, want time.Duration }{
		"before any":            {0, 5 * ms, 5 * ms},
		"through one":           {5 * ms, 2 * ms, 11 * ms},
		"ends where one begins": {5 * ms, ms, 10 * ms},
		"begins in one":         {7 * ms, 2 * ms, 12 * ms},
		"no work in one":        {8 * ms, 0, 10 * ms},
		"no work outside":       {11 * ms, 0, 11 * ms},
		"through many":          {5 * ms, 14 * ms, 31 * ms},
		"begins as one ends":    {10 * ms, ms, 11 * ms},
	} {
		t.Run(name, func(t *testing.T) {
			if got := s.end(c.from, c.work); got != c.want {
				t.Errorf("what begins at %v and takes %v ends at %v, want %v", c.from, c.work, got, c.want)
			}
		})
	}
}
