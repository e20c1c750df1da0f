package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/etcd-dyno/etcd-dyno/results"
)

// sweepFixture makes a sweep of which all runs are known.
type sweepFixture struct {
	scenario string
	design   string
	factors  []results.SweepFactor
	rounds   int
	// slower is by how much a level of a factor makes requests slower, as a share.
	slower func(levels []int) float64
	// missing are the places of points that were not measured.
	missing []int
}

// sweep computes what a fixture came to; what is left open are Best, Tied, Advised and Why.
func (f sweepFixture) sweep() results.Sweep {
	s := results.Sweep{
		Scenario: f.scenario, Design: f.design, Factors: f.factors, Rounds: f.rounds, Comparable: true, Reasons: []string{}, Notes: []string{}, Advises: true, Objective: "churn.create.response.p99", Tied: []int{},
	}
	f.points(&s, nil)
	s.Baseline = slices.IndexFunc(s.Points, func(p results.SweepPoint) bool { return slices.Equal(p.Levels, levelsAt(s, nil)) })
	s.Metrics = []results.SweptMetric{
		f.metric(s, s.Objective, "lower", 8.4, true, 1), f.metric(s, "churn.create.achieved_rate", "higher", 1250, true, -0.4), f.metric(s, "server.rss_bytes", "lower", 180<<20, true, -1.5),
		f.metric(s, "churn.create.error_rate", "lower", 0.002, false, 0.01), f.metric(s, "churn.create.response.p50", "lower", 2.1, true, 0.6), f.metric(s, "churn.get.response.p50", "lower", 0.6, true, 0.1),
		f.metric(s, "server.fsync.p99", "lower", 3.9, true, 0.8), f.metric(s, "server.db_bytes", "neutral", 96<<20, true, 0.3),
	}
	for i := range 3 {
		s.Metrics[i].Asked = true
	}
	best := s.Baseline
	for i, c := range s.Metrics[0].Centres {
		if c != nil && *c < *s.Metrics[0].Centres[best] {
			best = i
		}
	}
	s.Best, s.Advised = &best, &best
	for i, c := range s.Metrics[0].Centres {
		if c != nil && i != best && *c < 1.04**s.Metrics[0].Centres[best] {
			s.Tied = append(s.Tied, i)
		}
	}
	s.Why = "it is better than the baseline by more than chance, and by more than what matters"
	return s
}

// points adds those of the design.
func (f sweepFixture) points(s *results.Sweep, levels []int) {
	if len(levels) < len(f.factors) {
		for l := range f.factors[len(levels)].Levels {
			f.points(s, append(slices.Clone(levels), l))
		}
		return
	}
	different := 0
	var names []string
	for i, l := range levels {
		if l != f.factors[i].Baseline {
			different++
		}
		names = append(names, f.factors[i].Name+"="+f.factors[i].Levels[l])
	}
	if f.design == "one-at-a-time" && different > 1 {
		return
	}
	at := len(s.Points)
	p := results.SweepPoint{Name: strings.Join(names, " "), Levels: levels, Differences: []results.Difference{}}
	for r := range f.rounds {
		run := results.ComparedRun{}
		if !slices.Contains(f.missing, at) {
			id := fmt.Sprintf("20260301T12%02d%02dZ-%s", at, r, f.scenario)
			run = results.ComparedRun{ID: id, Folder: "/runs/" + id, Valid: at != 2 || r != 1}
		}
		p.Runs = append(p.Runs, run)
	}
	s.Points = append(s.Points, p)
}

// metric is one that follows from slower, by so much of it.
func (f sweepFixture) metric(s results.Sweep, name, better string, base float64, relative bool, times float64) results.SweptMetric {
	m := results.SweptMetric{Metric: name, Better: better, Relative: relative, Delta: 0.05}
	if !relative {
		m.Delta = 0.001
	}
	half := 0.03
	if f.rounds > 1 {
		noise := 0.021
		m.Noise = &noise
	}
	effect := func(v float64) results.SweepEffect {
		if !relative {
			v /= 10
		}
		e := results.SweepEffect{Effect: &v}
		if f.rounds > 1 {
			low, high := v-half, v+half
			e.Low, e.High, e.Verdict = &low, &high, judgeOf(better, v, half, m.Delta)
		}
		return e
	}
	for i, p := range s.Points {
		share := max(times*f.slower(p.Levels), -0.7)
		values := make([]*float64, f.rounds)
		if slices.Contains(f.missing, i) {
			m.Values, m.Centres, m.Effects = append(m.Values, values), append(m.Centres, nil), append(m.Effects, results.SweepEffect{})
			continue
		}
		centre := base * (1 + share)
		if !relative {
			centre = base + share/10
		}
		for r := range values {
			v := centre * (1 + 0.01*float64((i+2*r)%4-1))
			values[r] = &v
		}
		m.Values, m.Centres = append(m.Values, values), append(m.Centres, &centre)
		if i == s.Baseline {
			zero := 0.0
			m.Effects = append(m.Effects, results.SweepEffect{Effect: &zero})
			continue
		}
		m.Effects = append(m.Effects, effect(share))
	}
	for i, factor := range f.factors {
		var main []results.SweepEffect
		for l := range factor.Levels {
			levels := levelsAt(s, nil)
			levels[i] = l
			main = append(main, effect(times*f.slower(levels)*0.9))
		}
		m.Main = append(m.Main, main)
	}
	if f.design == "grid" && len(f.missing) == 0 && len(f.factors) > 1 {
		small, large := 0.00002, 0.41
		m.Parts = []results.SweepPart{{Factors: []int{0}, Share: 0.71, P: &small}, {Factors: []int{1}, Share: 0.2, P: &small}, {Factors: []int{0, 1}, Share: 0.06, P: &large}, {Share: 0.03}}
		if f.rounds < 2 {
			for i := range m.Parts {
				m.Parts[i].P = nil
			}
		}
	}
	return m
}

func judgeOf(better string, effect, half, delta float64) results.Verdict {
	worse := map[string]float64{"lower": 1, "higher": -1}[better]
	switch {
	case worse == 0:
		return results.NoVerdict
	case math.Abs(effect)+half <= delta:
		return results.Equivalent
	case worse*effect >= delta && worse*effect-half > 0:
		return results.Regression
	case worse*effect <= -delta && worse*effect+half < 0:
		return results.Improvement
	default:
		return results.Inconclusive
	}
}

func snapshots() results.SweepFactor {
	return results.SweepFactor{Name: "snapshot-count", Key: "configuration.etcd.flags.snapshot-count", Levels: []string{"1000", "10000", "50000", "100000"}, Baseline: 1}
}

func batches() results.SweepFactor {
	return results.SweepFactor{Name: "batch interval", Key: "configuration.etcd.flags.backend-batch-interval", Levels: []string{"10ms", "100ms", "1s"}, Baseline: 1}
}

// sweeps are comparisons of all kinds of sweeps.
func sweeps() map[string]results.Comparison {
	byLevel := func(of ...[]float64) func([]int) float64 {
		return func(levels []int) (sum float64) {
			for f, l := range levels {
				sum += of[f][l]
			}
			return sum
		}
	}
	first, second := []float64{0.35, 0, -0.13, -0.17}, []float64{0.06, 0, -0.02}
	grid := sweepFixture{"pod-churn", "grid", []results.SweepFactor{snapshots(), batches()}, 3, byLevel(first, second), nil}
	rates := results.SweepFactor{Name: "rate", Key: "workloads.churn.rate", Levels: []string{"50/s", "100/s", "200/s", "400/s", "800/s"}}
	one := sweepFixture{"pod-churn", "grid", []results.SweepFactor{rates}, 4, byLevel([]float64{0, 0.01, 0.08, 0.6, 4.8}), nil}
	disk := results.SweepFactor{Name: "disk", Levels: []string{"as it is", "slow <b>", "slower, and much so"}}
	each := sweepFixture{"node-drain", "one-at-a-time", []results.SweepFactor{snapshots(), batches(), disk}, 3, byLevel(first, []float64{0.03, 0, 0.09}, []float64{0, 0.5, 1.4}), nil}
	once := grid
	once.rounds, once.missing = 1, []int{0, 8}
	cube := grid
	cube.factors = []results.SweepFactor{snapshots(), batches(), {Name: "members", Key: "configuration.members", Levels: []string{"1", "3", "5"}}}
	cube.slower = byLevel(first, second, []float64{0, 0.12, 0.2})

	confirmed, none, alone, seldom, three := grid.sweep(), one.sweep(), each.sweep(), once.sweep(), cube.sweep()
	again := metric(confirmed.Objective, 8.4, 7.1, -0.155, -0.19, -0.12, results.Improvement)
	memory := metric("server.rss_bytes", 180<<20, 226<<20, 0.26, 0.22, 0.3, results.Regression)
	plain := confirmed
	confirmed.Confirmation = &results.Contrast{Scenario: "pod-churn", Method: results.Paired, Pairs: 5, Comparable: true, Notes: []string{"a pair does not count: run-7 did not come to its end"}, Metrics: []results.MetricContrast{again, memory}}
	confirmed.Why += ", and so again in fresh runs"
	none.Why = "no point is better than the baseline by more than chance"
	seldom.Ended, seldom.Notes = "the time that was given is over", []string{"2 of 12 points were not measured"}
	seldom.Advised, seldom.Why = &seldom.Baseline, "with one round nothing can be told from chance"
	unlike := plain
	unlike.Comparable, unlike.Reasons = false, []string{"the machine is not the same: 2 × a, 24 GiB and 4 × a, 24 GiB"}
	measured, forced := plain, unlike
	measured.Advises, measured.Best, measured.Tied, measured.Advised = false, nil, []int{}, nil
	measured.Why = "churn.create.response.p99 is lowest at one point and highest at another"
	first = []float64{0, 0.01, -0.06, 0.6, 4.8}
	looks := one
	looks.slower, looks.missing = byLevel(first), []int{4}
	open := looks.sweep()
	open.Metrics[0].Effects[2].Verdict = results.Inconclusive
	open.Advised, open.Why = &open.Baseline, "rate=200/s has the best churn.create.response.p99: chance may do that"
	forced.Forced, forced.Points = true, slices.Clone(forced.Points)
	forced.Points[3].Failed = []string{"20260301T120300Z-pod-churn failed the check watch-completeness informers: 3 of 100 events never came"}
	empty := once
	empty.missing = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}
	nothing := empty.unmeasured()
	of := func(all ...results.Sweep) results.Comparison {
		return results.Comparison{MinEffect: 0.05, FloorMS: 0.2, Confidence: 0.9, Outcome: results.GateOpen, Reasons: []string{}, Contrasts: []results.Contrast{}, Gates: []results.Gate{}, Sweeps: all}
	}
	return map[string]results.Comparison{
		"sweep-grid": of(plain), "sweep-confirmed": of(confirmed), "sweep-one": of(none), "sweep-each": of(alone), "sweep-once": of(seldom), "sweep-three": of(three), "sweep-unlike": of(unlike),
		"sweep-nothing": of(nothing), "sweep-measured": of(measured), "sweep-open": of(open), "sweep-forced": of(forced), "sweep-two": of(confirmed, alone),
	}
}

// unmeasured is a sweep of which no run counts.
func (f sweepFixture) unmeasured() results.Sweep {
	s := results.Sweep{Scenario: f.scenario, Design: f.design, Factors: f.factors, Rounds: f.rounds, Comparable: true, Advises: true, Objective: "churn.create.response.p99", Why: "no run counts"}
	f.points(&s, nil)
	s.Baseline = levelPoint(s, 0, f.factors[0].Baseline)
	s.Metrics = []results.SweptMetric{{Metric: s.Objective, Better: "lower", Asked: true, Relative: true, Delta: 0.05}}
	return s
}
