package experiment

import (
	"encoding/json"
	"errors"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/scenarios"
)

const twelve = `
name = "twelve"
scenarios = ["pod-churn"]
set = ["phases.warmup=0s", "phases.measure=25s"]
objective = "churn.create.response.p90"
metrics = ["churn.create.response.p50"]
rounds = 4
[sweep.interval]
key = "configuration.etcd.backend-batch-interval"
values = ["10ms", "100ms", "1s", "10m"]
baseline = "100ms"
[sweep.count]
key = "configuration.etcd.snapshot-count"
values = [1000, 10000, 100000]
baseline = 10000
`

func swept(t *testing.T, sets ...string) scenarios.Experiment {
	t.Helper()
	e, err := scenarios.ParseExperiment("x.toml", []byte(twelve), sets, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// planted is 5 ms and a little noise, and less by a factor at one point, with a drift of so much from first to last.
func planted(place int, factor, drift float64) func(Slot) int64 {
	return func(s Slot) int64 {
		base := 5000 * (1 + 0.01*float64((s.Pair*7+s.Configuration*5)%5) + drift*float64(s.Pair)/4)
		if s.Configuration == place {
			base *= factor
		}
		return int64(base)
	}
}

// Each point comes once in each round, and the order of a round is turned round in the next.
func TestSweepOrder(t *testing.T) {
	e := swept(t)
	plan := Plan(e, false, 0, 4)
	if len(plan) != 48 {
		t.Fatalf("%d runs", len(plan))
	}
	late := make([]int, 12) // the sum of each point's places
	var rounds [4][]int
	for i, s := range plan {
		late[s.Configuration] += i % 12
		rounds[s.Pair] = append(rounds[s.Pair], s.Configuration)
	}
	for point, sum := range late {
		if sum != 2*11 {
			t.Errorf("%d comes at %d in all four rounds, want 22", point, sum)
		}
	}
	if slices.IsSorted(rounds[0]) || slices.Equal(rounds[0], rounds[2]) {
		t.Errorf("%v and %v are no random orders", rounds[0], rounds[2])
	}
}

// The planted best of twelve points is found, confirmed, and the same however often it is killed.
func TestSweepFinds(t *testing.T) {
	e := swept(t)
	best := slices.IndexFunc(e.Sweep.Points, func(p scenarios.Point) bool { return slices.Equal(p.Levels, []int{3, 1}) })
	whole := &maker{micros: planted(best, 0.8, 0.15)}
	want := outcome(t, whole, e)
	s := want.Sweeps[0]
	if s.Best == nil || *s.Best != best || s.Advised == nil || *s.Advised != best || s.Confirmation == nil || len(whole.made) != 48+12 {
		t.Fatalf("best %v, advised %v of %d after %d runs: %s", s.Best, s.Advised, best, len(whole.made), s.Why)
	}
	if m := s.Metrics[0]; *m.Effects[best].High > -0.1 || m.Effects[best].Verdict != results.Improvement {
		t.Errorf("%+v", m.Effects[best])
	}
	for range 2 {
		m := &maker{micros: planted(best, 0.8, 0.15), most: 1 + rand.IntN(5)}
		got := outcome(t, m, e)
		if !slices.Equal(m.made, whole.made) {
			t.Errorf("made %v, want %v", m.made, whole.made)
		}
		if d := cmp.Diff(table(t, want), table(t, got)); d != "" {
			t.Errorf("another table: %s", d)
		}
	}
}

// table is a comparison without the names and times of its runs.
func table(t *testing.T, c results.Comparison) string {
	t.Helper()
	for i := range c.Sweeps {
		for k := range c.Sweeps[i].Points {
			c.Sweeps[i].Points[k].Runs = nil
		}
		if again := c.Sweeps[i].Confirmation; again != nil {
			again.Baseline.Runs, again.Candidate.Runs = nil, nil
		}
	}
	text, err := json.MarshalIndent(c, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Where nothing is better the baseline is advised, without a fresh block; what does not show again is not advised.
func TestSweepAdvises(t *testing.T) {
	e := swept(t)
	m := &maker{micros: planted(0, 1, 0.1)}
	c := outcome(t, m, e)
	if s := c.Sweeps[0]; *s.Advised != e.Baseline || s.Confirmation != nil || len(m.made) != 48 {
		t.Errorf("advised %d after %d runs: %s", *s.Advised, len(m.made), s.Why)
	}
	chance := &maker{micros: func(s Slot) int64 { return planted(0, map[bool]float64{false: 0.8, true: 1}[s.Confirms], 0)(s) }}
	c = outcome(t, chance, e)
	if s := c.Sweeps[0]; *s.Best != 0 || *s.Advised != e.Baseline || s.Confirmation == nil {
		t.Errorf("what did not show again is advised: %d, %s", *s.Advised, s.Why)
	}
	bad := &maker{micros: planted(0, 0.8, 0), invalid: func(s Slot, _ int) bool { return s.Configuration == 0 && !s.Confirms }}
	c = outcome(t, bad, e)
	if s := c.Sweeps[0]; *s.Advised != e.Baseline || len(s.Notes) == 0 || !s.Comparable {
		t.Errorf("a point that is never valid: advised %d, notes %q, reasons %q", *s.Advised, s.Notes, s.Reasons)
	}
}

// The time of a sweep ends it, with what was measured; one that was killed and goes on has no more of it.
func TestSweepTime(t *testing.T) {
	e := swept(t, "max_time=15m")
	for _, most := range []int{0, 20} {
		m := &maker{tb: t, e: e, micros: planted(3, 0.8, 0), took: 20 * time.Second, most: most}
		folder := filepath.Join(t.TempDir(), "experiment")
		x, err := Create(folder, e, "test", "")
		if err != nil {
			t.Fatal(err)
		}
		x.now = m.now
		c, err := x.Run(t.Context(), m.run)
		if errors.Is(err, errKilled) {
			if err := x.Close(); err != nil {
				t.Fatal(err)
			}
			if x, err = Resume(folder); err != nil {
				t.Fatal(err)
			}
			x.now, m.most = m.now, 0
			c, err = x.Run(t.Context(), m.run)
		}
		if err := errors.Join(err, x.Close()); err != nil {
			t.Fatal(err)
		}
		// 45 runs fit, of which twelve are left for what confirms the best.
		s := c.Sweeps[0]
		if len(m.made) != 45 || s.Ended != "its time, 15m, was used up: 15 of 48 runs are missing" || s.Confirmation == nil || s.Confirmation.Pairs != 6 {
			t.Errorf("%d runs, %q, %s", len(m.made), s.Ended, s.Why)
		}
		if again, unfinished, err := x.Compare(); err != nil || unfinished != 0 || table(t, again) != table(t, c) {
			t.Errorf("%d runs are to be made yet, %v", unfinished, err)
		}
	}
}

// Where only the effects are asked for, nothing is advised, and nothing measured again.
func TestSweepWithoutAdvice(t *testing.T) {
	m := &maker{micros: planted(3, 0.8, 0)}
	s := outcome(t, m, swept(t, "advise=false")).Sweeps[0]
	if len(m.made) != 48 || s.Advised != nil || s.Best != nil || s.Confirmation != nil || s.Metrics[0].Effects[3].Verdict != results.Improvement {
		t.Errorf("%d runs, best %v, advised %v: %s", len(m.made), s.Best, s.Advised, s.Why)
	}
}

// What is better by less than what it takes to look better by chance is measured again too.
func TestPromising(t *testing.T) {
	best, gain := 1, -0.3
	s := results.Sweep{Best: &best, Metrics: []results.SweptMetric{{Relative: true, Delta: 0.4, Effects: []results.SweepEffect{{}, {Effect: &gain}}}}}
	if !promising(s) {
		t.Error("0.7 times as much is as far from 1 as 1.43 times")
	}
	if gain = -0.2; promising(s) {
		t.Error("0.8 times as much is less than 1.4 times")
	}
	if s.Metrics[0].Effects[1].Verdict = results.Improvement; !promising(s) {
		t.Error("an improvement would be advised without being shown again")
	}
}

// A time that is too short for one round is refused, and what is taken is told before.
func TestSweepRefused(t *testing.T) {
	if got := Refused(swept(t, "max_time=1m", "confirm=false")); len(got) != 1 || !strings.Contains(got[0].Message, "one round of 12 points takes about 360 s") {
		t.Errorf("%+v", got)
	}
	if got := Refused(swept(t, "max_time=1h")); got != nil {
		t.Errorf("%+v", got)
	}
	n := NeedsOf(swept(t))
	if n.Runs != 48 || n.ConfirmRuns != 12 || n.Seconds != 48*30 || n.DiskBytes < 100e6 || n.DiskBytes > 1e9 || n.KeptBytes < 40*100e6 || n.Build || n.Limits {
		t.Errorf("%+v", n)
	}
}
