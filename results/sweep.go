package results

// The designs of sweeps.
const (
	// Grid is each level of a factor with each of all others.
	Grid = "grid"
	// OneAtATime is each level of a factor with the baseline's of all others.
	OneAtATime = "one-at-a-time"
)

// Sweep is what came of varying some values: by how much each changes what a scenario
// measures, and which of the points is the best. Metrics are as in a Comparison.
type Sweep struct {
	Scenario string `json:"scenario"`
	// Design is "grid", each level of a factor with each of all others, or
	// "one-at-a-time", each level of a factor with the baseline's of all others.
	Design  string        `json:"design"`
	Factors []SweepFactor `json:"factors"`
	// Points are what was measured, and Baseline is the place of the one that the others are compared with.
	Points   []SweepPoint `json:"points"`
	Baseline int          `json:"baseline"`
	// Rounds is how often each point was to be measured: once in each round, in an order that
	// is turned round in the next.
	Rounds int `json:"rounds"`
	// Ended says why not all rounds were made; empty where they were.
	Ended string `json:"ended,omitempty"`
	// Comparable tells that the runs which count may be compared. Reasons say why not, and which points have no such run.
	Comparable bool     `json:"comparable"`
	Reasons    []string `json:"reasons"`
	// Forced tells that the runs are compared although they should not be.
	Forced bool `json:"forced"`
	// Notes say which runs do not count, and what else is not the same.
	Notes []string `json:"notes"`
	// Advises tells that a best point is looked for. Where it is false only effects are of interest, and Best, Tied,
	// Advised and Confirmation are empty.
	Advises bool `json:"advises"`
	// Objective is the metric by which the best is chosen. It is the first of Metrics; those
	// that Asked are shown beside it come next, and then all others.
	Objective string        `json:"objective"`
	Metrics   []SweptMetric `json:"metrics"`
	// Best is the place of the point with the best objective of those that were measured and have not Failed; null where
	// there is none, or what was measured cannot be compared. Tied are those that cannot be told from it, itself left
	// out: the truly best point is one of all these at the comparison's confidence.
	Best *int  `json:"best"`
	Tied []int `json:"tied"`
	// Advised is the place of the point to be taken: Best where it is better than the baseline by more than
	// chance and by enough to matter, else Baseline. It is null where Best is, where no run of the baseline
	// counts or one has Failed and nothing better was found, and where runs are still to be made. Where Best was measured
	// again, that alone decides. Why says so in words.
	Advised *int   `json:"advised"`
	Why     string `json:"why"`
	// Confirmation is the best against the baseline in a fresh block of runs, which did not
	// take part in choosing it; null where there was none.
	Confirmation *Contrast `json:"confirmation"`
}

// SweepFactor is one thing that varies.
type SweepFactor struct {
	Name string `json:"name"`
	// Key is what --set calls it; empty where a level changes several.
	Key string `json:"key,omitempty"`
	// Levels are its values in order, and Baseline the place of the one that the baseline has.
	Levels   []string `json:"levels"`
	Baseline int      `json:"baseline"`
}

// SweepPoint is one combination of levels.
type SweepPoint struct {
	Name string `json:"name"`
	// Levels are the places of its levels, by factor.
	Levels []int `json:"levels"`
	// Runs are by round; the zero value where there is none. One that is not valid does not count, unless Forced.
	Runs []ComparedRun `json:"runs"`
	// Failed are the checks that its runs which count failed, and the thresholds that they breached, each after the run: such a
	// point is never the best, whatever its objective.
	Failed []string `json:"failed,omitempty"`
	// Differences are the keys in which it differs from the baseline, those of its
	// configuration as --set calls them, with "configuration." before them.
	Differences []Difference `json:"differences"`
}

// SweptMetric is one metric at all points.
type SweptMetric struct {
	Metric string `json:"metric"`
	// Better is "lower", "higher" or "neutral".
	Better string `json:"better"`
	// Asked tells that the experiment asks for the metric: it is the objective, or shown beside it.
	Asked bool `json:"asked"`
	// Values are the metric of each run, by point and round; null where it is not known.
	Values [][]*float64 `json:"values"`
	// Centres are the metric at each point, freed of what the rounds have in common: the
	// geometric mean of a Relative one, else the mean; null where no run knows it.
	Centres []*float64 `json:"centres"`
	// Relative tells that effects, Delta and Noise are shares of the baseline (0.1 is a tenth more); else
	// they are differences in the metric's own unit.
	Relative bool `json:"relative"`
	// Effects are by how much each point is higher than the baseline; its own is 0 and has no interval.
	Effects []SweepEffect `json:"effects"`
	// Delta is the least effect that matters.
	Delta float64 `json:"delta"`
	// Noise is the standard deviation of a run about what its point and round say; null where there
	// are too few runs to know it, and then no interval is known either.
	Noise *float64 `json:"noise"`
	// Main are the main effects, by factor and level: by how much a level is higher than the factor's
	// baseline level, in the mean over all other factors' levels, or, of one at a time, with the baseline's
	// of them. An effect is null where a point that it takes was not measured.
	Main [][]SweepEffect `json:"main"`
	// Parts say how the differences among the points divide among the factors and pairs of factors, in the rounds in which
	// each point of a grid was measured; empty where there is no such round.
	Parts []SweepPart `json:"parts"`
}

// SweepEffect is one effect with its interval.
type SweepEffect struct {
	// Effect is null where it is not known, and Low and High are where there are too few runs. The intervals of
	// one metric's points hold together, each of all of them at the comparison's confidence at once; those of main effects as well.
	Effect  *float64 `json:"effect"`
	Low     *float64 `json:"low"`
	High    *float64 `json:"high"`
	Verdict Verdict  `json:"verdict"`
}

// SweepPart is what one factor, or two that act on one another, have in the differences among points.
type SweepPart struct {
	// Factors are the places of one factor, or of two whose interaction it is; empty for all that is left.
	Factors []int `json:"factors"`
	// Share is of the sum of squares among the points, 0 to 1; chance has its share in each.
	Share float64 `json:"share"`
	// P is the probability that chance alone makes as much or more; null where it is not known, as of one round.
	P *float64 `json:"p"`
}
