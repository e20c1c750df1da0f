//go:build accuracy

package runner

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gonum.org/v1/gonum/stat"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

// The same scenario on the same lab, ten times, each on a fresh data directory:
// how far percentiles lie apart when nothing was changed is the noise floor of
// the machine. Whatever differs by less is no difference.
func TestAccuracyRepeatability(t *testing.T) {
	scenario, err := scenarios.LoadScenario("pod-churn", nil)
	if err != nil {
		t.Fatal(err)
	}
	told := [...][2]string{{"churn", "create"}, {"churn", "update-status"}, {"churn", "pod-start"}, {"heartbeats", "renew-lease"}, {"relist", "list"}}
	seen := map[string][]float64{}
	for range 10 {
		job := jobOf(t, puts, "")
		job.Scenario = scenario
		run, result := runJob(t, job)
		if missing := result.Watches[0].Missing; !result.Complete || missing == nil || *missing > 0 {
			t.Errorf("complete %v, watch %+v", result.Complete, result.Watches[0])
		}
		if !result.Valid {
			t.Logf("not valid: %v", result.InvalidReasons)
		}
		for _, o := range told {
			h := operationOf(t, run, o[0], o[1]).Quantities[results.Response]
			for _, p := range [...]float64{50, 95, 99} {
				if results.Enough(h.TotalCount(), p) {
					name := fmt.Sprintf("%s.%s p%g", o[0], o[1], p)
					seen[name] = append(seen[name], float64(h.ValueAtPercentile(p))/1000)
				}
			}
		}
	}
	for _, o := range told {
		for _, p := range [...]float64{50, 95, 99} {
			name := fmt.Sprintf("%s.%s p%g", o[0], o[1], p)
			all := seen[name]
			if len(all) < 2 {
				continue
			}
			slices.Sort(all)
			mean, deviation := stat.MeanStdDev(all, nil)
			t.Logf("%-28s median %8.2f ms, %8.2f to %8.2f ms, coefficient of variation %4.1f %%", name,
				stat.Quantile(0.5, stat.LinInterp, all, nil), all[0], all[len(all)-1], 100*deviation/math.Max(mean, 1e-9))
		}
	}
}
