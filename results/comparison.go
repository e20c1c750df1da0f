package results

import "time"

// ComparisonSchema names the format of comparison.json; its JSON Schema is comparison.schema.json.
const ComparisonSchema = "etcd-dyno/comparison/v1"

// Comparison is which of configurations is better, and how certain that is. Metrics
// are as thresholds name them, times in milliseconds, rates per second, shares from 0 to 1.
type Comparison struct {
	Schema string `json:"schema"`
	// MinEffect is the least change of a metric that matters, as a share, and FloorMS
	// the least of a time in milliseconds: a change must come to both.
	MinEffect float64 `json:"min_effect"`
	FloorMS   float64 `json:"floor_ms"`
	// Confidence is that of the intervals, between 0 and 1.
	Confidence float64 `json:"confidence"`
	// AA tells that both sides are the same configuration, to measure the noise.
	AA        bool       `json:"aa"`
	Contrasts []Contrast `json:"contrasts"`
	// Sweeps are of an experiment that varies values, one for each scenario; it has no Contrasts and no Gates.
	Sweeps []Sweep `json:"sweeps,omitempty"`
	// Gates are what decides; empty where nothing does.
	Gates []Gate `json:"gates"`
	// Outcome is that of all gates together.
	Outcome GateStatus `json:"outcome"`
	// Reasons say why there is no verdict, or only a marked one.
	Reasons []string `json:"reasons"`
}

// Method is how two sides are compared.
type Method string

// The methods.
const (
	// Paired compares runs that were made side by side, pair by pair.
	Paired Method = "paired"
	// Unpaired compares all runs of one side with all of the other.
	Unpaired Method = "unpaired"
	// Indicative compares one run with one run: no test can be made of it.
	Indicative Method = "indicative"
)

// Contrast is one configuration against another under one scenario.
type Contrast struct {
	Scenario  string `json:"scenario"`
	Baseline  Side   `json:"baseline"`
	Candidate Side   `json:"candidate"`
	Method    Method `json:"method"`
	// Pairs is how many pairs both of whose runs are there; 0 unless Method is Paired.
	Pairs int `json:"pairs"`
	// Comparable tells that the two may be compared; Reasons say why not, or why only with care.
	Comparable bool     `json:"comparable"`
	Reasons    []string `json:"reasons"`
	// Forced tells that the two are compared although they should not be.
	Forced bool `json:"forced"`
	// TimeConfounded tells that all runs of one side were made before the other's: what
	// else changed meanwhile cannot be told from what is compared.
	TimeConfounded bool     `json:"time_confounded"`
	Notes          []string `json:"notes"`
	// Differences are the keys in which the two configurations differ.
	Differences []Difference     `json:"differences"`
	Metrics     []MetricContrast `json:"metrics"`
}

// Side is one configuration's runs.
type Side struct {
	Name          string           `json:"name"`
	Configuration ConfigurationRef `json:"configuration"`
	// Runs are in order of their pairs, or of their start.
	Runs []ComparedRun `json:"runs"`
}

// ComparedRun is one run of a side.
type ComparedRun struct {
	ID string `json:"id"`
	// Folder is where it was read from.
	Folder  string    `json:"folder"`
	Started time.Time `json:"started"`
	Valid   bool      `json:"valid"`
}

// Difference is a key of two configurations that is not the same; empty where one has not got it.
type Difference struct {
	Key       string `json:"key"`
	Baseline  string `json:"baseline"`
	Candidate string `json:"candidate"`
}

// Verdict is what became of a metric.
type Verdict string

// The verdicts. There is none where no test is made.
const (
	NoVerdict    Verdict = ""
	Regression   Verdict = "regression"
	Improvement  Verdict = "improvement"
	Equivalent   Verdict = "equivalent"
	Inconclusive Verdict = "inconclusive"
)

// MetricContrast is one metric on both sides.
type MetricContrast struct {
	Metric string `json:"metric"`
	// Better is "lower" or "higher".
	Better string `json:"better"`
	// Baseline and Candidate are the metric of each run, in the order of the runs; null where it is not known.
	Baseline  []*float64 `json:"baseline"`
	Candidate []*float64 `json:"candidate"`
	// BaselineMedian and CandidateMedian are over the runs that know it.
	BaselineMedian  float64 `json:"baseline_median"`
	CandidateMedian float64 `json:"candidate_median"`
	// Relative tells that Effect, Low, High, Delta and Noise are shares of the
	// baseline (0.1 is a tenth more); else they are differences in the metric's own unit.
	Relative bool `json:"relative"`
	// Effect is by how much the candidate is higher, and Low and High its interval; null where there are too few runs.
	Effect float64  `json:"effect"`
	Low    *float64 `json:"low"`
	High   *float64 `json:"high"`
	// Delta is the least effect that matters.
	Delta float64 `json:"delta"`
	// Noise is the standard deviation of the differences of pairs; null where there are less than two.
	Noise *float64 `json:"noise"`
	// P is the one-sided probability that chance makes the candidate as much worse as
	// this or more; null where no test is made.
	P       *float64 `json:"p"`
	Verdict Verdict  `json:"verdict"`
	// PairsNeeded is how many pairs would settle what is inconclusive, as far as can be told; 0 where it is not.
	PairsNeeded int `json:"pairs_needed,omitempty"`
	// Gates tells that the metric decides.
	Gates bool `json:"gates"`
}

// GateStatus is what a gate came to.
type GateStatus string

// The outcomes of gates.
const (
	// GateOpen is no outcome: nothing gates.
	GateOpen         GateStatus = "none"
	GatePass         GateStatus = "pass"
	GateFail         GateStatus = "fail"
	GateInconclusive GateStatus = "inconclusive"
	// GateNoData is a metric that some run does not have: nothing excuses it.
	GateNoData GateStatus = "no-data"
	// GateNotComparable is one of two sides that cannot be compared.
	GateNotComparable GateStatus = "not-comparable"
)

// Gate is a metric that decides.
type Gate struct {
	Scenario  string     `json:"scenario"`
	Baseline  string     `json:"baseline"`
	Candidate string     `json:"candidate"`
	Metric    string     `json:"metric"`
	Status    GateStatus `json:"status"`
	// P is one-sided, and AdjustedP what Holm's method makes of it over all gates; null where no test was made.
	P         *float64 `json:"p"`
	AdjustedP *float64 `json:"adjusted_p"`
	// Confirmation is what a fresh block of runs said of a regression; null where there was none.
	Confirmation *MetricContrast `json:"confirmation"`
	Why          string          `json:"why"`
}
