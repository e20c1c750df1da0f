//go:build accuracy

package runner

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

// What this program spends beside a bare loop with the same calls, in pairs of
// which every other one is turned round (ABBA). At full speed the bounds are
// judged; what either spends at a rate is mostly wake-ups, and is reported.
func TestAccuracyCost(t *testing.T) {
	const pairs = 8
	for _, perSecond := range []int{0, 1000, 5000} {
		t.Run(fmt.Sprint(perSecond), func(t *testing.T) {
			var cpu, speed []float64
			var sumOurs, sumBare time.Duration
			for i := range pairs {
				var a, b cost
				if i%2 == 0 {
					a, b = ours(t, perSecond, 3*time.Second), bare(t, perSecond, 3*time.Second)
				} else {
					b, a = bare(t, perSecond, 3*time.Second), ours(t, perSecond, 3*time.Second)
				}
				t.Logf("ours %.0f/s at %v each, bare %.0f/s at %v each", a.perSecond, a.cpu, b.perSecond, b.cpu)
				cpu, speed = append(cpu, float64(a.cpu)/float64(b.cpu)), append(speed, a.perSecond/b.perSecond)
				sumOurs, sumBare = sumOurs+a.cpu, sumBare+b.cpu
			}
			slices.Sort(cpu)
			slices.Sort(speed)
			middle := func(all []float64) float64 { return (all[pairs/2-1] + all[pairs/2]) / 2 }
			t.Logf("CPU an operation: ours %v, bare %v; ratio %.3f (%.3f to %.3f); throughput ratio %.3f",
				sumOurs/pairs, sumBare/pairs, middle(cpu), cpu[0], cpu[pairs-1], middle(speed))
			if perSecond == 0 && (middle(cpu) > 1.10 || middle(speed) < 0.9) {
				t.Errorf("CPU ratio %.3f, throughput ratio %.3f; want at most 1.10, at least 0.9", middle(cpu), middle(speed))
			}
		})
	}
}
