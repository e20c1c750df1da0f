package verdict

import (
	"math"
	"slices"
	"time"

	"github.com/etcd-dyno/etcd-dyno/results"
	"github.com/etcd-dyno/etcd-dyno/results/stats"
	"github.com/etcd-dyno/etcd-dyno/scenarios/threshold"
)

// Rules are how runs are compared.
type Rules struct {
	// MinEffect is the least change that matters, as a share above 0.
	MinEffect float64
	// FloorMS is the least change of a time that matters, in milliseconds.
	FloorMS float64
	// Looks is how often the runs so far are compared before the last of them is made:
	// 1 where they are compared once. Each look has its part of the chance of an error (Bonferroni).
	Looks int
	// Gates are the metrics that decide; each is one of what is compared.
	Gates []threshold.Metric
	// Force compares what is not comparable.
	Force bool
	// ScenariosDiffer tells that two sides have different scenarios on purpose, as points of a
	// sweep may: that is then what is compared. The runs of one side are of one scenario even so.
	ScenariosDiffer bool
}

// The defaults of Rules, and the chance of a false regression that gates allow.
const (
	DefaultMinEffect = 0.05
	DefaultFloorMS   = 0.2
	gateLevel        = 0.05
)

// The least difference that matters of what may be zero.
const (
	leastShare = 0.001
	leastCount = 1
)

// Confidence is that of the intervals: 90 % for one look.
func (r Rules) Confidence() float64 { return 1 - 2*gateLevel/float64(max(r.Looks, 1)) }

// Side is the runs of one configuration.
type Side struct {
	Name    string
	Samples []Sample
}

// Median is a metric's over all runs; it reports false where one of them does not know it.
func (s Side) Median(m threshold.Metric) (float64, bool) {
	_, known := valuesOf(s, m)
	return stats.Median(known), len(known) == len(s.Samples) && len(known) > 0
}

// Compare compares two sides under one scenario. Where paired, the runs at the same
// place were made side by side. One run against one is only indicative: see Indicate.
func Compare(baseline, candidate Side, paired bool, rules Rules) results.Contrast {
	c := newContrast(baseline, candidate, rules)
	switch {
	case paired:
		c.Method, c.Pairs = results.Paired, min(len(baseline.Samples), len(candidate.Samples))
	case len(baseline.Samples) == 1 && len(candidate.Samples) == 1:
		c.Method = results.Indicative
	default:
		c.Method = results.Unpaired
		c.TimeConfounded = apart(baseline, candidate)
	}
	for _, m := range metricsOf(slices.Concat(baseline.Samples, candidate.Samples), rules.Gates) {
		mc, ok := contrast(m, baseline, candidate, c.Method, rules)
		if !ok {
			continue
		}
		mc.Gates = slices.Contains(rules.Gates, m)
		if !c.Comparable && !c.Forced {
			mc.Verdict, mc.P, mc.PairsNeeded = results.NoVerdict, nil, 0
		}
		c.Metrics = append(c.Metrics, mc)
	}
	return c
}

// likelyByTurns is how probable at least it must be that runs which are made in random order
// lie in time as those of two sides do.
const likelyByTurns = 0.2

// apart reports whether one side's runs were made so much before the other's that what
// drifts with time tells the sides apart.
func apart(a, b Side) bool {
	x, y := starts(a), starts(b)
	return stats.RankSumP(x, y) < likelyByTurns || stats.RankSumP(y, x) < likelyByTurns
}

// starts are when a side's runs began, in seconds.
func starts(side Side) (all []float64) {
	for _, s := range side.Samples {
		all = append(all, float64(s.Started.UnixMicro())/1e6)
	}
	return all
}

// ByTurns reports whether the runs of two sides, each in order of their start, were made
// in pairs: one of each side, and only then the next two.
func ByTurns(a, b Side) bool {
	if len(a.Samples) != len(b.Samples) {
		return false
	}
	var over time.Time
	for i := range a.Samples {
		x, y := a.Samples[i], b.Samples[i]
		if x.Started.Before(over) || y.Started.Before(over) {
			return false
		}
		over = later(x.Ended, y.Ended)
	}
	return len(a.Samples) > 0
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// metricsOf are the metrics of all runs in the order of the first that has each, then the gates.
func metricsOf(samples []Sample, gates []threshold.Metric) (all []threshold.Metric) {
	known := map[threshold.Metric]bool{}
	put := func(metrics []threshold.Metric) {
		for _, m := range metrics {
			if !known[m] {
				known[m] = true
				all = append(all, m)
			}
		}
	}
	for _, s := range samples {
		put(s.Metrics)
	}
	slices.SortStableFunc(all, compareWorkloads) // an operation that only one side has goes to its workload
	put(gates)                                   // also those that no run has: a gate without data is no gate that passed
	return all
}

// Measured reports whether any run has the metric.
func Measured(baseline, candidate Side, m threshold.Metric) bool {
	return slices.ContainsFunc(slices.Concat(baseline.Samples, candidate.Samples), func(s Sample) bool {
		_, known := s.Values[m]
		return known
	})
}

// contrast compares one metric; it reports false where no run has it.
func contrast(m threshold.Metric, baseline, candidate Side, method results.Method, rules Rules) (results.MetricContrast, bool) {
	c := results.MetricContrast{Metric: m.String(), Better: m.Better().String()}
	var a, b []float64 // of the runs that know it
	c.Baseline, a = valuesOf(baseline, m)
	c.Candidate, b = valuesOf(candidate, m)
	if method == results.Paired {
		a, b = pairsOf(c.Baseline, c.Candidate)
	}
	if len(a) == 0 || len(b) == 0 {
		return c, slices.Contains(rules.Gates, m)
	}
	c.BaselineMedian, c.CandidateMedian = stats.Median(a), stats.Median(b)
	c.Relative = !m.Share() && !m.Count() && positive(a) && positive(b)
	if c.Relative {
		a, b = logs(a), logs(b)
	}
	delta := Least(m, c, rules)
	var in stats.Interval
	worse := 1.0
	if m.Better() == threshold.HigherIsBetter {
		worse = -1
	}
	var p float64
	switch method {
	case results.Paired:
		d := differences(a, b)
		in, p = stats.SignedRank(d, rules.Confidence()), stats.SignedRankP(scaled(d, worse))
		if len(d) > 1 {
			_, noise := stats.MeanAndSD(d)
			c.Noise = &noise
		}
	case results.Unpaired:
		in, p = stats.RankSum(a, b, rules.Confidence()), stats.RankSumP(scaled(a, worse), scaled(b, worse))
	default:
		in = stats.Interval{Low: math.NaN(), Estimate: stats.Median(b) - stats.Median(a), High: math.NaN()}
	}
	if method != results.Indicative && m.Better() != threshold.Neutral {
		c.Verdict, c.P = judgeEffect(in, worse, delta), &p
		if c.Verdict == results.Inconclusive {
			c.PairsNeeded = pairsNeeded(in, delta, min(len(a), len(b)))
		}
	}
	show(&c, in, delta)
	return c, true
}
